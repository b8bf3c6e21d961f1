import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERSONAL_TABLES } from '../../src/services/users/personal-data.ts';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const sql = async (text: string, ...values: unknown[]) =>
  (await world.system.db.pool.query(text, values)).rows;

describe('the list of what names persons', () => {
  it('has every column of the database that could', async () => {
    const columns = await sql(
      `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
         AND (column_name ~ '(email|first_name|last_name|phone|document|birth|^line[12]$|holder|notes|password|user_id)')
         AND table_name NOT LIKE '\\_prisma%'`,
    );
    expect(columns.length).toBeGreaterThan(40);
    const known = new Set(PERSONAL_TABLES.map(({ table }) => table));
    const missing = columns
      .filter(({ table_name }) => !known.has(table_name) && !(table_name in NO_PERSONS))
      .map(({ table_name, column_name }) => `${table_name}.${column_name}`);
    expect(missing, 'add the table to services/users/personal-data.ts').toEqual([]);
    const tables = new Set(columns.map(({ table_name }) => table_name));
    expect(Object.keys(NO_PERSONS).filter((table) => !tables.has(table))).toEqual([]);
  });

  it('erases every such column of the tables it has, unless the row stays for a reason', async () => {
    for (const { table, erase } of PERSONAL_TABLES) {
      if (typeof erase === 'string') continue;
      const columns = await sql(
        `SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1
           AND column_name ~ '(email|first_name|last_name|phone|document|birth|^holders$|notes|password)'`,
        table,
      );
      const left = columns.filter(({ column_name }) => !(column_name in erase)).map((c) => c.column_name);
      expect([table, left]).toEqual([table, []]);
    }
  });
});

/** Tables with columns of such names that say nothing of persons, and what they mean by them. */
const NO_PERSONS: Record<string, string> = {
  export: 'who asked for it, by number; its files go with every erasure',
  event: 'until when a holder may change',
  plan_setting: 'how many holders',
  venue: 'where events take place',
};
