import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { applyMigrations } from '../../src/db/migrate.ts';
import { projectRoot } from '../../src/paths.ts';
import { CHECKS } from '../../src/services/verify/run.ts';
import { makeDatabase, makeEmptyDatabase, type TestDatabase } from '../helpers/database.ts';

// The command as an operator runs it: what it prints and what it ends with.

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await makeDatabase();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'verify-'));
  fs.chmodSync(folder, 0o755); // where root runs this, the database server's user must get in
});

afterAll(async () => {
  await database.drop();
  fs.rmSync(folder, { recursive: true });
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function verify(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const command = ['--import', 'tsx', path.join('src', 'commands', 'verify.ts'), ...args];
  return new Promise((resolve) => {
    const settings = { PATH: process.env.PATH ?? '', DATA_DIR: folder, ...env };
    execFile(process.execPath, command, { cwd: projectRoot, env: settings }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

async function sql(url: string, text: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(text).finally(() => client.end());
}

describe('npm run verify', { timeout: 60_000 }, () => {
  it('ends with 0 and a line for each check when all is well', async () => {
    const { code, stdout, stderr } = await verify({ DATABASE_URL: database.url });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { name } of CHECKS) expect(stdout).toMatch(new RegExp(`^ok +${name} `, 'm'));
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^All \d+ checks are well/);
  });

  it('ends with 1 and the offending rows on a breach, as text and as JSON', async () => {
    await sql(
      database.url,
      `INSERT INTO event_seat (company_id, event_id, seat_id, map_id, section_id, status, ticket_id)
       VALUES (1, 2, 3, 4, 5, 'sold', gen_random_uuid())`,
    );
    const text = await verify({ DATABASE_URL: database.url });
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(
      /^BREACH {2}sold_seat_has_its_ticket .*\n {8}1 row breaks it:\n.*"seat_id":3/m,
    );
    const json = await verify({ DATABASE_URL: database.url }, '--json');
    expect(json.code).toBe(1);
    const { ok, as_of, findings } = JSON.parse(json.stdout);
    expect(ok).toBe(false);
    expect(new Date(as_of).getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(findings.map(({ name }: { name: string }) => name)).toEqual(CHECKS.map(({ name }) => name));
    expect(findings.filter(({ breaches }: { breaches: number }) => breaches)).toEqual([
      expect.objectContaining({
        name: 'sold_seat_has_its_ticket',
        breaches: 1,
        rows: [expect.objectContaining({ company_id: 1, event_id: 2, seat_id: 3 })],
      }),
    ]);
  });

  it('ends with 2 and one line when it cannot check', async () => {
    const empty = await makeEmptyDatabase();
    const cases: [Record<string, string>, string[], RegExp][] = [
      [
        { DATABASE_URL: 'postgresql://127.0.0.1:1/none' },
        [],
        /^Cannot use the database: nothing listens there\n$/,
      ],
      [{ DATABASE_URL: empty.url }, [], /^The database is not migrated: relation "ticket" does not exist\n$/],
      [{ DATABASE_URL: 'mysql://x' }, [], /^Wrong setting: DATABASE_URL: .*\n$/],
      [{}, [], /^There is no database in .* yet: start the server once, or set DATABASE_URL\n$/],
      [{}, ['--jsno'], /^Usage: npm run verify/],
    ];
    await Promise.all(
      cases.map(async ([env, args, said]) => {
        const { code, stdout, stderr } = await verify(env, ...args);
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
        expect(stderr).toMatch(said);
      }),
    );
    await empty.drop();
  });

  it('joins the embedded database of the data folder and leaves it running', async () => {
    const server = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres'), profile: 'test' });
    try {
      await applyMigrations(server.url());
      const { code, stderr } = await verify({});
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      await sql(server.url(), 'SELECT 1');
    } finally {
      await server.stop();
    }
  });
});
