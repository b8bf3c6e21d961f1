import { describe, expect, it } from 'vitest';
import { findAll, type SqlWrite, sourceFiles, sqlWrites } from './source.ts';

// Who may write what. A table or column with one writer has one place where its rules are kept.

const sources = sourceFiles('src');
const writes = sqlWrites(sources);
const prisma = findAll(
  sources,
  /\.(\w+)\s*\.\s*(create|createMany|createManyAndReturn|update|updateMany|updateManyAndReturn|upsert|delete|deleteMany)\s*\(/,
);

const describeWrite = ({ place, verb, table, columns }: SqlWrite) =>
  `${place} ${verb} ${table}${columns.length ? ` (${columns.join(', ')})` : ''}`;

/** Writes in SQL that match, outside the files that may. */
const outside = (owner: RegExp, match: (write: SqlWrite) => boolean) =>
  writes.filter((write) => !owner.test(write.place) && match(write)).map(describeWrite);

const outsideByPrisma = (owner: RegExp, models: readonly string[]) =>
  prisma
    .filter(({ place, match }) => !owner.test(place) && models.includes(match[1] as string))
    .map(({ place, match }) => `${place} ${match[0]}`);

const setsAny = (write: SqlWrite, columns: readonly string[]) =>
  write.verb === 'UPDATE' && write.columns.some((column) => columns.includes(column));

describe('stock', () => {
  const inventory = /^src\/services\/inventory\//;

  it('of seats and sections is written by services/inventory alone', () => {
    expect(outside(inventory, ({ table }) => ['event_seat', 'event_section'].includes(table))).toEqual([]);
    expect(outsideByPrisma(inventory, ['eventSeat', 'eventSection'])).toEqual([]);
  });

  it('counted on ticket types, products, plan settings and codes is written by services/inventory alone', () => {
    const counted = ['ticket_type', 'product', 'plan_setting', 'code'];
    const moves = outside(
      inventory,
      (write) => counted.includes(write.table) && setsAny(write, ['held', 'sold', 'used']),
    );
    expect(moves).toEqual([]);
  });
});

describe('states', () => {
  it('of carts are changed by services/carts/state.ts alone', () => {
    const state = /^src\/services\/carts\/state\.ts:/;
    expect(
      outside(state, (write) => write.table === 'cart' && setsAny(write, ['status', 'paid_at'])),
    ).toEqual([]);
    expect(outsideByPrisma(state, ['cart'])).toEqual([]);
  });
});

describe('money', () => {
  const money = /^src\/services\/(payments|refunds)\//;

  it('is moved by services/payments and services/refunds alone', () => {
    const moved = outside(
      money,
      (write) =>
        ['payment', 'refund', 'ledger_entry'].includes(write.table) ||
        (write.table === 'cart' && setsAny(write, ['paid', 'refunded'])),
    );
    expect(moved).toEqual([]);
    expect(outsideByPrisma(money, ['payment', 'refund', 'ledgerEntry'])).toEqual([]);
  });

  it('is never rewritten: the ledger and the audit log are only added to', () => {
    const books = (write: SqlWrite) =>
      ['ledger_entry', 'audit_log'].includes(write.table) && write.verb !== 'INSERT';
    expect(writes.filter(books).map(describeWrite)).toEqual([]);
  });
});

describe('prepared statements', () => {
  it('have names of their own: a connection keeps one plan a name', () => {
    const named = findAll(sources, /\bstatement\(\s*'([^']+)'/);
    expect(named.length).toBeGreaterThan(0);
    const places = new Map<string, string[]>();
    for (const { match, place } of named) {
      const name = match[1] as string;
      places.set(name, [...(places.get(name) ?? []), place]);
    }
    expect([...places].filter(([, taken]) => taken.length > 1)).toEqual([]);
    const tooLong = [...places].filter(([name]) => name.length > 63); // PostgreSQL cuts names off there
    expect(tooLong).toEqual([]);
  });
});
