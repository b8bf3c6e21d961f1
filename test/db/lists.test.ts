import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/client.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await makeDatabase();
  db = openDatabase({ url: database.url, poolSize: 1, onError: () => {} });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

it('a list without members is empty, never null', async () => {
  const { rows } = await db.pool.query<{ name: string; is_nullable: string; column_default: string | null }>(
    `SELECT table_name || '.' || column_name AS name, is_nullable, column_default
     FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'ARRAY'`,
  );
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.filter((column) => column.is_nullable === 'YES' || !column.column_default)).toEqual([]);
});
