import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyMigrations } from '../../src/db/migrate.ts';
import { makeDatabase, makeEmptyDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await makeEmptyDatabase();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migrations-'));
  write('1_ticket', 'CREATE TABLE ticket (id int PRIMARY KEY);');
  write('2_seat', 'CREATE TABLE seat (id int PRIMARY KEY); INSERT INTO ticket VALUES (1);');
});

afterEach(async () => {
  await database.drop();
  fs.rmSync(folder, { recursive: true });
});

function write(name: string, sql: string): void {
  fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, name, 'migration.sql'), sql);
}

async function select<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  const client = new pg.Client(database.url);
  await client.connect();
  return client
    .query<Row>(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

const recorded = () =>
  select(
    'SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations ORDER BY started_at',
  );

describe('applyMigrations', () => {
  it('applies what is missing, in order, and nothing twice', async () => {
    expect(await applyMigrations(database.url, folder)).toEqual(['1_ticket', '2_seat']);
    expect(await applyMigrations(database.url, folder)).toEqual([]);
    write('3_row', 'CREATE TABLE "row" (id int);');
    expect(await applyMigrations({ connectionString: database.url }, folder)).toEqual(['3_row']);
    expect(await select('SELECT id FROM ticket')).toEqual([{ id: 1 }]);
    expect(await recorded()).toEqual([
      { migration_name: '1_ticket', finished: true },
      { migration_name: '2_seat', finished: true },
      { migration_name: '3_row', finished: true },
    ]);
  });

  it('refuses a migration that was edited after it was applied, before it applies anything', async () => {
    await applyMigrations(database.url, folder);
    write('1_ticket', 'CREATE TABLE ticket (id bigint PRIMARY KEY);');
    write('3_row', 'CREATE TABLE "row" (id int);');
    await expect(applyMigrations(database.url, folder)).rejects.toThrow(
      /Edited after being applied: 1_ticket\./,
    );
    expect(await recorded()).toHaveLength(2);
  });

  it('applies once when several processes start at the same time', async () => {
    write('3_slow', 'SELECT pg_sleep(0.2); INSERT INTO ticket VALUES (2);');
    const runs = await Promise.all([1, 2, 3, 4].map(() => applyMigrations(database.url, folder)));
    expect(runs.flat().sort()).toEqual(['1_ticket', '2_seat', '3_slow']);
    expect(await select('SELECT id FROM ticket ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('names a migration that fails, undoes it whole, and goes on once it is corrected', async () => {
    write('3_wrong', 'INSERT INTO ticket VALUES (3); INSERT INTO nowhere VALUES (1);');
    write('4_later', 'INSERT INTO ticket VALUES (4);');
    await expect(applyMigrations(database.url, folder)).rejects.toThrow(
      /^Migration 3_wrong failed: relation "nowhere" does not exist \(at character 44\)$/,
    );
    expect(await select('SELECT id FROM ticket ORDER BY id')).toEqual([{ id: 1 }]);
    write('3_wrong', 'INSERT INTO ticket VALUES (3);');
    expect(await applyMigrations(database.url, folder)).toEqual(['3_wrong', '4_later']);
  });

  it('refuses a database in which the Prisma CLI left a failed migration', async () => {
    await applyMigrations(database.url, folder);
    await select(
      "UPDATE _prisma_migrations SET finished_at = NULL, logs = 'disk full' WHERE migration_name = '2_seat'",
    );
    await expect(applyMigrations(database.url, folder)).rejects.toThrow(
      /Migration 2_seat failed earlier .*disk full/,
    );
  });

  it('finds nothing to do in a copy of the template database', async () => {
    const copy = await makeDatabase();
    try {
      expect(await applyMigrations(copy.url)).toEqual([]);
    } finally {
      await copy.drop();
    }
  });
});
