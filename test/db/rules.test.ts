import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRow } from '../../prisma/seed/rows.ts';
import { type Database, openDatabase } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { uuidv7 } from '../../src/uuid.ts';
import { makeCompany, makeEvent, type TestCompany, type TestEvent } from '../helpers/catalogue.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { GATE_PAIRS, GATE_RULES, makeGate } from './gate-rules.ts';
import { type CheckRule, moneyPairs, moneyRules, type PairRule } from './money-rules.ts';
import { blockRule, giveBack, QUEUES } from './queue-indexes.ts';
import { waitlistPairs, waitlistRules } from './waitlist-rules.ts';

// What the schema language cannot say lies in the SQL of the migrations; each such rule must refuse what it forbids.
// The triggers are proved in append-only.test.ts.

type Row = Record<string, unknown>;

let database: TestDatabase;
let db: Database;
let company: TestCompany;
let event: TestEvent;
let elsewhere: TestEvent;
let plan_id: number;

beforeAll(async () => {
  database = await makeDatabase();
  db = openDatabase({ url: database.url, poolSize: 2, onError: () => {} });
  await inTransaction(db, async (tx) => {
    company = await makeCompany(tx);
    event = await makeEvent(tx, company);
    await makeGate(tx, company, event);
    elsewhere = await makeEvent(tx, company);
    const { company_id } = company;
    await insertRow(tx, 'waitlist', { company_id, event_id: event.event_id });
    plan_id = (await insertRow(tx, 'plan', { company_id, name: 'Season', kind: 'season' })).id;
  });
});

afterAll(async () => {
  await db.close();
  await database.drop();
});

const UNDONE = Symbol('everything worked, and is undone');

/** Inserts rows one after the other and undoes it all; gives what stopped it: SQLSTATE and constraint. */
async function outcomeOf(...rows: [table: string, row: Row][]): Promise<string> {
  const work = inTransaction(db, async (tx) => {
    for (const [table, row] of rows) await insertRow(tx, table, row);
    throw UNDONE;
  });
  const thrown: unknown = await work.catch((error: unknown) => error);
  if (thrown === UNDONE) return 'accepted';
  if (thrown instanceof pg.DatabaseError) return `${thrown.code} ${thrown.constraint}`;
  throw thrown;
}

const CHECK = '23514';
const UNIQUE = '23505';
const line = () => ({
  ...{ company_id: company.company_id, id: uuidv7(), cart_id: uuidv7(), kind: 'ticket' },
  ...{ base_price: 1_000, unit_price: 1_000, total: 1_000, terms: {}, price_trace: [] },
});
const cart = () => ({
  ...{ company_id: company.company_id, id: uuidv7(), interface_id: company.interface_id, client_id: 'web' },
  ...{ currency: 'EUR', expires_at: new Date() },
});
const payment = () => ({
  ...{ company_id: company.company_id, id: uuidv7(), cart_id: uuidv7(), method: 'card', provider: 'sandbox' },
  ...{ currency: 'EUR', amount: 1_000, status: 'captured' },
});
const refund = () => ({
  ...{ company_id: company.company_id, id: uuidv7(), cart_id: uuidv7(), payment_id: uuidv7() },
  ...{ step_id: uuidv7(), currency: 'EUR', amount: 1, sale_detail_ids: [], status: 'succeeded' },
});
const ticket = () => ({
  ...{ company_id: company.company_id, id: uuidv7(), event_id: event.event_id },
  ...{ interface_id: company.interface_id, status: 'valid' },
});
const seat = () => ({
  ...{ company_id: company.company_id, event_id: event.event_id, seat_id: 2_000_000_000 },
  ...{ map_id: event.map_id, section_id: event.section_ids[0], status: 'available' },
});
const common = () => ({ company_id: company.company_id, event_id: event.event_id });
const counted = () => ({ ...common(), name: 'X', price: 1 });

/** Counters that fill a capacity of ten, and ways past it. */
const LIMITS = {
  allowed: [
    { capacity: null, held: 99, sold: 99 },
    { held: 0, sold: 0 },
  ],
  refused: [{ held: 5 }, { sold: 7 }, { held: -1, sold: 0 }, { held: 0, sold: -1 }, { capacity: 9 }],
};

const here = () => ({ ...company, ...event });
const CHECKS: Record<string, CheckRule> = {
  ...GATE_RULES,
  ...waitlistRules(here, () => ({ ...company, ...elsewhere })),
  block_within_quantity: blockRule(() => common()),
  event_section_within_capacity: {
    table: 'event_section',
    row: () => ({
      ...{ company_id: company.company_id, event_id: event.event_id, section_id: 2_000_000_000 },
      ...{ map_id: event.map_id, capacity: 10, held: 4, sold: 3, blocked: 3 },
    }),
    refused: [
      ...[{ held: 5 }, { sold: 4 }, { blocked: 4 }],
      ...[{ held: -1 }, { sold: -1 }, { blocked: -1 }, { capacity: 9 }],
    ],
  },
  ticket_type_within_capacity: {
    table: 'ticket_type',
    row: () => ({ ...counted(), section_ids: [], capacity: 10, held: 4, sold: 6 }),
    ...LIMITS,
  },
  product_within_capacity: {
    table: 'product',
    row: () => ({ ...counted(), capacity: 10, held: 4, sold: 6 }),
    ...LIMITS,
  },
  plan_setting_within_capacity: {
    table: 'plan_setting',
    row: () => ({
      ...{ company_id: company.company_id, plan_id, name: 'X', price: 1, currency: 'EUR', interval: 'year' },
      ...{ section_ids: [], capacity: 10, held: 4, sold: 6 },
    }),
    ...LIMITS,
  },
  code_within_limit: {
    table: 'code',
    row: () => ({
      ...{ company_id: company.company_id, event_id: event.event_id, code: 'TEN', kind: 'percentage' },
      ...{ ticket_type_ids: [], max_uses: 10, held: 4, used: 6 },
    }),
    allowed: [{ max_uses: null, held: 99, used: 99 }],
    refused: [{ held: 5 }, { used: 7 }, { held: -1, used: 0 }, { held: 0, used: -1 }, { max_uses: 9 }],
  },
  event_seat_status_complete: {
    table: 'event_seat',
    row: seat,
    allowed: [
      { status: 'held', cart_id: uuidv7(), hold_expires_at: new Date() },
      { status: 'sold', ticket_id: uuidv7() },
      { status: 'blocked', block_id: 1 },
    ],
    refused: [
      { cart_id: uuidv7() },
      { ticket_id: uuidv7() },
      { status: 'blocked', cart_id: uuidv7() },
      { status: 'blocked', ticket_id: uuidv7() },
      { status: 'held', cart_id: uuidv7() },
      { status: 'held', hold_expires_at: new Date() },
      { status: 'sold', cart_id: uuidv7() },
    ],
  },
  credit_balance_money: {
    table: 'credit_balance',
    row: () => ({ company_id: company.company_id, user_id: 1, currency: 'EUR', balance: 5 }),
    allowed: [{ balance: 0 }],
    refused: [{ balance: -1 }],
  },
  cart_money: {
    table: 'cart',
    row: cart,
    allowed: [
      { total: 5, paid: 5, refunded: 5 },
      { total: 5, paid: 0 },
    ],
    refused: [
      { total: -1 },
      { paid: -1, refunded: -1 },
      { refunded: -1 },
      { total: 5, paid: 5, refunded: 6 },
    ],
  },
  payment_money: {
    table: 'payment',
    row: payment,
    allowed: [{ amount: 0 }, { refunded: 1_000 }],
    refused: [{ amount: -1, refunded: -1 }, { refunded: -1 }, { refunded: 1_001 }],
  },
  refund_money: {
    table: 'refund',
    row: refund,
    allowed: [{ amount: 0 }], // the tickets of a free sale are given back for nothing
    refused: [{ amount: -1 }],
  },
  ticket_entries: {
    table: 'ticket',
    row: ticket,
    allowed: [{ entries: 2, inside: 1 }],
    refused: [{ entries: -1 }, { inside: -1 }],
  },
  host_quota_within: {
    table: 'host_quota',
    row: () => ({ company_id: company.company_id, event_id: event.event_id, host: uuidv7(), quota: 2 }),
    allowed: [{ used: 2 }, { quota: 0 }],
    refused: [{ used: -1 }, { used: 3 }, { quota: -1 }],
  },
  ...moneyRules(() => company),
  sale_detail_money: {
    table: 'sale_detail',
    row: line,
    allowed: [{ total: 0 }, { refunded: 1_000 }],
    refused: [{ quantity: 0 }, { total: -1 }, { discount: -1 }, { refunded: -1 }, { refunded: 1_001 }],
  },
};

describe('check constraints', () => {
  it.each(Object.keys(CHECKS))('%s', async (name) => {
    const { table, row, allowed = [], refused } = CHECKS[name] as CheckRule;
    for (const change of [{}, ...allowed])
      expect([change, await outcomeOf([table, { ...row(), ...change }])]).toEqual([change, 'accepted']);
    for (const change of refused) {
      const outcome = await outcomeOf([table, { ...row(), ...change }]);
      expect([change, outcome]).toEqual([change, `${CHECK} ${name}`]);
    }
  });
});

const LIVE = ['valid', 'used'];
const DEAD = ['void', 'transferred'];

/** Pairs of tickets on one thing: at most one of them may live. */
async function proveOneLives(index: string, shared: () => Row): Promise<void> {
  const thing = shared();
  const pair = (a: string, b: string, other: Row = {}) =>
    outcomeOf(
      ['ticket', { ...ticket(), ...thing, status: a }],
      ['ticket', { ...ticket(), ...thing, ...other, status: b }],
    );
  for (const a of LIVE) {
    for (const b of LIVE) expect(await pair(a, b)).toBe(`${UNIQUE} ${index}`);
    for (const b of DEAD) expect(await pair(a, b)).toBe('accepted');
  }
  expect(await pair('void', 'void')).toBe('accepted');
  const nothing = Object.fromEntries(Object.keys(thing).map((key) => [key, null]));
  expect(
    await outcomeOf(['ticket', { ...ticket(), ...nothing }], ['ticket', { ...ticket(), ...nothing }]),
  ).toBe('accepted');
  expect(await pair('valid', 'valid', shared())).toBe('accepted'); // another seat, another line
}

let nextSeat = 1;

const LIVE_TICKETS = ['ticket_live_line', 'ticket_live_seat'];
const PAIRS = { ...GATE_PAIRS, ...moneyPairs(() => company), ...waitlistPairs(here) };

describe('partial indexes', () => {
  it('give_back_offered: a seat of an event is given back once at a time', async () => {
    const given = (more: Row = {}): [string, Row] => ['give_back', { ...giveBack(company, event), ...more }];
    expect(await outcomeOf(given(), given())).toBe(`${UNIQUE} give_back_offered`);
    expect(await outcomeOf(given({ status: 'sold' }), given(), given({ seat_id: 2 }))).toBe('accepted');
  });

  it.each(Object.keys(PAIRS))('%s: the second of two alike is refused', async (name) => {
    const { table, row, allowed } = PAIRS[name] as PairRule;
    const first = row();
    const second = { ...row(), ...first, id: uuidv7() };
    expect(await outcomeOf([table, first], [table, second])).toBe(`${UNIQUE} ${name}`);
    for (const change of allowed)
      expect(await outcomeOf([table, first], [table, { ...second, ...change }])).toBe('accepted');
  });

  it('ticket_live_seat: one living ticket a seat of an event', async () => {
    await proveOneLives('ticket_live_seat', () => ({ seat_id: nextSeat++ }));
    const one: Row = { ...ticket(), seat_id: nextSeat++ };
    const another = { ...one, id: uuidv7(), event_id: event.event_id + 1_000 };
    expect(await outcomeOf(['ticket', one], ['ticket', another])).toBe('accepted');
  });

  it('ticket_live_line: one living ticket a sale line', () =>
    proveOneLives('ticket_live_line', () => ({ sale_detail_id: uuidv7() })));

  it.each(Object.keys(QUEUES))('%s holds what is looked for and nothing else', async (name) => {
    const { rows } = await db.pool.query('SELECT indexdef FROM pg_indexes WHERE indexname = $1', [name]);
    expect(rows[0]?.indexdef).toBe(`CREATE INDEX ${name} ON public.${QUEUES[name]}`);
  });
});

describe('this file', () => {
  const names = async (sql: string): Promise<string[]> =>
    (await db.pool.query<{ name: string }>(sql)).rows.map(({ name }) => name).sort();

  it('knows every check constraint, partial index and exclusion of the schema', async () => {
    const inPublic = `pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'`;
    const constraints = (kind: string) =>
      names(`SELECT c.conname AS name FROM pg_constraint c JOIN ${inPublic} ON t.oid = c.conrelid
             WHERE c.contype = '${kind}'`);
    expect(await constraints('c')).toEqual(Object.keys(CHECKS).sort());
    expect(await constraints('x')).toEqual([]);
    const partial = await names(`SELECT i.relname AS name FROM pg_index x
      JOIN pg_class i ON i.oid = x.indexrelid JOIN ${inPublic} ON t.oid = x.indrelid WHERE x.indpred IS NOT NULL`);
    const proved = ['address_one_default', 'give_back_offered', 'transfer_pending'];
    const pairs = [...LIVE_TICKETS, ...Object.keys(PAIRS)];
    expect(partial).toEqual([...proved, ...pairs, ...Object.keys(QUEUES)].sort());
  });
});
