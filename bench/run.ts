import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import pino from 'pino';
import { readConfig } from '../src/config.ts';
import { startEmbeddedPostgres } from '../src/db/embedded.ts';
import { applyMigrations } from '../src/db/migrate.ts';
import { createSystem } from '../src/system.ts';
import { type Bench, PATHS } from './paths.ts';
import { startServer } from './processes.ts';
import { makeWorld } from './world.ts';

// npm run bench [name …]: every path of the budget beside its reference, in one run on one machine. Rounds of the two are
// interleaved and medians compared, so that what else the machine does falls on both; the first only warms both up. PostgreSQL is durable.

const ROUNDS = 4;
const folder = mkdtempSync(join(tmpdir(), 'ticketing-bench-'));
const server = await startEmbeddedPostgres({ folder: join(folder, 'pg') });
const admin = new pg.Client(server.url());
await admin.connect();
await admin.query('CREATE DATABASE bench');
await admin.end();
const url = server.url('bench');
await applyMigrations(url);
const system = createSystem(readConfig({ RATE_LIMIT: '1000000' }), pino({ level: 'error' }), url);

console.log('making a company with 350,000 seats …');
const world = await makeWorld(system, ROUNDS);
const api = await startServer('api-server', { DATABASE_URL: url });
const bare = await startServer('bare-server');
const token = await tokenOf(api.url, 'public buy sell admin');
const publicToken = () => tokenOf(api.url, 'public');
const bench: Bench = { folder, url, system, world, api, bare, token, publicToken, rounds: ROUNDS };

const wanted = process.argv.slice(2);
let missed = 0;
try {
  for (const path of PATHS) {
    if (wanted.length && !wanted.some((word) => path.name.includes(word))) continue;
    for (const result of await path.measure(bench)) {
      if (!result.met) missed++;
      console.log(
        `${result.met ? 'met   ' : 'MISSED'}  ${result.what.padEnd(62)} ${result.figure.padStart(16)}   goal ${result.goal}`,
      );
      if (result.detail) console.log(`        ${result.detail}`);
    }
  }
} finally {
  await api.stop();
  await bare.stop();
  await system.close();
  await server.stop();
  for (const used of [folder, server.folder]) rmSync(used, { recursive: true, force: true });
}
console.log(missed ? `${missed} goals missed` : 'all goals met');

async function tokenOf(address: string, scope: string): Promise<string> {
  const answer = await fetch(`${address}/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_id: world.client_id,
      client_secret: world.client_secret,
      scope,
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}
