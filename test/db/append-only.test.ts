import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRow } from '../../prisma/seed/rows.ts';
import { type Database, openDatabase } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { uuidv7 } from '../../src/uuid.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await makeDatabase();
  db = openDatabase({ url: database.url, poolSize: 2, onError: () => {} });
});

afterAll(async () => {
  await db.close();
  await database.drop();
});

const BOOKS: Record<string, () => Record<string, unknown>> = {
  ledger_entry: () => ({
    ...{ company_id: 1, id: uuidv7(), kind: 'sale', cart_id: uuidv7() },
    ...{ interface_id: 1, amount: 1, currency: 'EUR' },
  }),
  credit_entry: () => ({
    ...{ company_id: 1, id: uuidv7(), user_id: 1, currency: 'EUR', amount: 1, kind: 'give_back' },
  }),
  cash_movement: () => ({
    ...{
      company_id: 1,
      id: uuidv7(),
      cash_session_id: uuidv7(),
      kind: 'pay_in',
      amount: 1,
      reason: 'change',
    },
  }),
  audit_log: () => ({
    ...{ company_id: 1, id: uuidv7(), client_id: 'web', request_id: 'r' },
    ...{ action: 'update', subject_type: 'event', subject_id: '1' },
  }),
};

describe('append-only books', () => {
  it.each(Object.keys(BOOKS))('%s takes rows and gives none back', async (table) => {
    const row = BOOKS[table]?.() as Record<string, unknown>;
    await inTransaction(db, (tx) => insertRow(tx, table, row));
    for (const sql of [
      `UPDATE ${table} SET created_at = now()`,
      `UPDATE ${table} SET created_at = now() WHERE false`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
      `INSERT INTO ${table} SELECT * FROM ${table} ON CONFLICT (company_id, id) DO UPDATE SET created_at = now()`,
    ]) {
      const refusal = await db.pool.query(sql).catch((error: unknown) => error);
      expect([sql, refusal]).toEqual([sql, expect.objectContaining({ code: '23001' })]);
      expect((refusal as Error).message).toBe(`${table} is append-only`);
    }
    const { rows } = await db.pool.query(`SELECT id FROM ${table}`);
    expect(rows).toEqual([{ id: row.id }]);
  });

  it('are all that the schema has triggers for', async () => {
    const { rows } = await db.pool.query(
      "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%append%' ORDER BY tgname",
    );
    expect(rows.map(({ tgname }) => tgname)).toEqual(
      Object.keys(BOOKS)
        .map((table) => `${table}_append_only`)
        .sort(),
    );
  });
});

describe('the rows that must be there', () => {
  it('auth_revision counts from zero, in one row', async () => {
    const { rows } = await db.pool.query('SELECT id, revision FROM auth_revision');
    expect(rows).toEqual([{ id: 1, revision: 0 }]);
  });
});
