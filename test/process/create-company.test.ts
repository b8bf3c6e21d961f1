import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashSecret } from '../../src/services/oauth/client-auth.ts';
import { makeEmptyDatabase, type TestDatabase } from '../helpers/database.ts';
import { runToEnd } from './server-process.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await makeEmptyDatabase();
});

afterAll(() => database.drop());

const create = (...options: string[]) =>
  runToEnd('src/commands/create-company.ts', { DATABASE_URL: database.url }, options);

async function read(sql: string): Promise<unknown[]> {
  const client = new pg.Client(database.url);
  await client.connect();
  return client
    .query(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

describe('company:create', { timeout: 60_000 }, () => {
  it('makes a company in an empty database, and tells the secret of its client once', async () => {
    const { code, stdout, stderr } = await create(
      ...['--name', 'Real Tickets', '--currency', 'EUR', '--time-zone', 'Europe/Madrid', '--language', 'es'],
    );
    expect([code, stderr]).toEqual([0, '']);
    const [, id] = /client_id\s+(\S+)/.exec(stdout) ?? [];
    const [, secret = ''] = /client_secret\s+(\S+)/.exec(stdout) ?? [];
    expect(
      await read(
        `SELECT c.id, c.secret_hash, array_to_string(c.scopes, ' ') AS scopes, i.currency, i.time_zone, i.language,
           o.name, (SELECT count(*)::int FROM category) > 0 AS has_categories
         FROM client c JOIN client_interface g ON g.client_id = c.id JOIN interface i ON i.id = g.interface_id
         JOIN company o ON o.id = c.company_id`,
      ),
    ).toEqual([
      {
        ...{ id, secret_hash: hashSecret(secret), scopes: 'public buy sell admin', name: 'Real Tickets' },
        ...{ currency: 'EUR', time_zone: 'Europe/Madrid', language: 'es', has_categories: true },
      },
    ]);
  });

  it('names every wrong option', async () => {
    const { code, stdout, stderr } = await create('--currency', 'EUX', '--time-zone', 'Mars');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/--name .*; --currency is no code of ISO 4217; --time-zone is no IANA time zone/);
    expect((await create('--nome', 'x')).stderr).toMatch(/--nome/);
  });
});
