import type { FastifyInstance } from 'fastify';
import pino, { type Logger } from 'pino';
import { inject } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { UNKEPT } from '../../src/hooks/idempotency.ts';
import { createSystem, type System } from '../../src/system.ts';
import { makeDatabase } from './database.ts';
import { type Accounts, makeAccounts } from './factories.ts';

export interface TestApp {
  app: FastifyInstance;
  system: System;
  /** A company, its two interfaces, three clients and a user. */
  accounts: Accounts;
  /** What was logged as an error or worse. */
  errors: Record<string, unknown>[];
  /** Ends everything and drops the database. Fails when a use case forgot to keep the answer of its Idempotency-Key. */
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** Settings other than the defaults for tests. */
  env?: Record<string, string>;
  /** Routes of the test's own, behind the real hooks. */
  routes?: (app: FastifyInstance) => void | Promise<void>;
}

/** Cheap hashes, few connections, no worker; and no refusals because the machine is busy with other tests. */
const FOR_TESTS = { BCRYPT_COST: '4', DATABASE_POOL: '8', WORKER: 'false', EVENT_LOOP_DELAY: '60000' };

/** The whole application on a database of its own. */
export async function testApp({ env = {}, routes }: TestAppOptions = {}): Promise<TestApp> {
  const database = await makeDatabase();
  const config = readConfig({ ...FOR_TESTS, DATA_DIR: inject('dataDir'), ...env });
  const errors: TestApp['errors'] = [];
  const system = createSystem(config, logInto(errors), database.url);
  const accounts = await makeAccounts(system);
  const app = await buildApp(system);
  if (routes) await app.register(async (scope) => routes(scope));
  await app.ready();
  return {
    app,
    system,
    accounts,
    errors,
    async close() {
      await app.close();
      await system.close();
      await database.drop();
      const unkept = errors.filter(({ msg }) => msg === UNKEPT).map(({ operation }) => operation);
      if (unkept.length) throw new Error(`${UNKEPT}: ${unkept}`);
    },
  };
}

/** pino's number for it. */
const ERROR = 50;

/** Keeps errors for the test to look at; TEST_LOG=1 prints everything as well. */
function logInto(errors: TestApp['errors']): Logger {
  const level = process.env.TEST_LOG ? 'trace' : 'error';
  return pino(
    { level },
    {
      write(line: string) {
        if (process.env.TEST_LOG) process.stderr.write(line);
        const entry = JSON.parse(line);
        if (entry.level >= ERROR) errors.push(entry);
      },
    },
  );
}
