import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** A database of this file's own, copied from the migrated template. */
export const makeDatabase = (): Promise<TestDatabase> =>
  create(`TEMPLATE ${inject('template')} STRATEGY FILE_COPY`);

/** A database of this file's own without any table. */
export const makeEmptyDatabase = (): Promise<TestDatabase> => create('TEMPLATE template0');

async function create(options: string): Promise<TestDatabase> {
  const name = `${inject('template')}_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} ${options}`);
  const url = new URL(inject('adminUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`) };
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client(inject('adminUrl'));
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
