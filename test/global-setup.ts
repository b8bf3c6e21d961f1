import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../src/db/embedded.ts';
import { applyMigrations } from '../src/db/migrate.ts';
import { migrateJobs } from '../src/jobs/worker.ts';
import { walletSettings } from './helpers/wallet-certificates.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connection string of a superuser, or of a user who may create databases. */
    adminUrl: string;
    /** Name of the migrated database that each test file copies. */
    template: string;
    /** Settings of certificates that passes are signed by. */
    wallet: Record<string, string>;
    /** A folder of this run's own. Mails that nobody looks at land there. */
    dataDir: string;
  }
}

/** A server of this run's own, or that of TEST_DATABASE_URL; in it a migrated template database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await openServer();
  const wallet = walletSettings();
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'ticketing-data-'));
  const template = `ticketing_test_${process.pid}`;
  const admin = new pg.Client(server.url);
  await admin.connect();
  const teardown = async () => {
    const { rows } = await admin.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE datname = $1 OR starts_with(datname, $2)',
      [template, `${template}_`],
    );
    for (const { datname } of rows) await admin.query(`DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`);
    await admin.end();
    await server.close();
    wallet.remove();
    fs.rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await admin.query(`CREATE DATABASE ${template}`);
    const url = new URL(server.url);
    url.pathname = `/${template}`;
    await applyMigrations(url.href);
    await migrateJobs(url.href);
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide('adminUrl', server.url);
  project.provide('template', template);
  project.provide('wallet', wallet.env);
  project.provide('dataDir', dataDir);
  return teardown;
}

async function openServer(): Promise<{ url: string; close(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, close: async () => {} };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ticketing-test-'));
  const server = await startEmbeddedPostgres({ folder, profile: 'test' });
  return {
    url: server.url(),
    async close() {
      await server.stop();
      for (const made of [folder, server.folder]) fs.rmSync(made, { recursive: true, force: true });
    },
  };
}
