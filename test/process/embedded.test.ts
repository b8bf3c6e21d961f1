import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { inProject } from '../../src/paths.ts';

interface Started {
  url: string;
  owned: boolean;
  folder: string;
  process: ChildProcess;
}

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // several clusters are made, on a machine that may be busy

const asRoot = process.getuid?.() === 0;
const ORDINARY_USER = { uid: 65_534, gid: 65_534 };

let parent: string;
let folder: string;
let processes: ChildProcess[];
let servers: EmbeddedPostgres[];
let folders: string[];

beforeEach(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'embedded-'));
  fs.chmodSync(parent, 0o755);
  folder = path.join(parent, 'pg');
  processes = [];
  servers = [];
  folders = [parent];
});

afterEach(async () => {
  for (const server of servers) await server.stop();
  await Promise.all(processes.map(end));
  for (const made of folders) fs.rmSync(made, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder });
  servers.push(server);
  folders.push(server.folder);
  return server;
}

/** A start in a process of its own. */
async function startElsewhere(user?: { uid: number; gid: number }): Promise<Started> {
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), inProject('test/process/start-embedded.ts'), folder],
    { stdio: ['pipe', 'pipe', 'inherit'], ...(user && { ...user, env: { ...process.env, HOME: parent } }) },
  );
  processes.push(child);
  const [line] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line')) as [string];
  const started = { ...(JSON.parse(line) as Omit<Started, 'process'>), process: child };
  folders.push(started.folder);
  return started;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  await once(child, 'exit');
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  return client
    .query(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

describe('the embedded server', () => {
  it('starts, keeps what was committed over a restart, and is durable by default', async () => {
    const first = await start();
    expect(first).toMatchObject({ owned: true, fresh: true });
    await query(first.url(), 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    await first.exited;
    await expect(query(first.url(), 'SELECT 1')).rejects.toThrow();

    const second = await start();
    expect(second).toMatchObject({ owned: true, fresh: false });
    expect(await query(second.url(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      expect(await query(second.url(), `SELECT current_setting('${setting}') AS value`)).toEqual([
        { value: 'on' },
      ]);
    }
  });

  it('asks for its password', async () => {
    const server = await start();
    const guess = new URL(server.url());
    guess.password = 'postgres';
    await expect(query(guess.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  });

  it('is joined by a second start, which leaves it running when it stops', async () => {
    const owner = await startElsewhere();
    const guest = await start();
    expect(guest.owned).toBe(false);
    expect(guest.url()).toBe(owner.url);
    await guest.stop();
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('goes with its only user on kill -9, and the next start finds every commit', async () => {
    const owner = await startElsewhere();
    await query(owner.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    const pid = postmasterPid(owner.folder);
    owner.process.kill('SIGKILL');
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
    const next = await start();
    expect(next).toMatchObject({ owned: true, fresh: false });
    expect(await query(next.url(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('gives a start that comes at the very moment of a kill -9 a server that stays', async () => {
    const owner = await startElsewhere();
    await query(owner.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    owner.process.kill('SIGKILL');
    const next = await start();
    await sleep(200);
    expect(await query(next.url(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('stays as long as anybody uses it, also when its owner is killed', async () => {
    const owner = await startElsewhere();
    const guest = await start();
    owner.process.kill('SIGKILL');
    await once(owner.process, 'exit');
    await sleep(200);
    expect(await query(guest.url(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const pid = postmasterPid(guest.folder);
    await guest.stop();
    expect(isRunning(pid)).toBe(false);
    expect(
      fs.readdirSync(path.join(guest.folder, 'data')).filter((name) => name.startsWith('lifeline')),
    ).toEqual([]);
  });

  it('recovers when the server itself is killed', async () => {
    const killed = await start();
    await query(killed.url(), 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(postmasterPid(killed.folder), 'SIGKILL');
    await killed.exited;
    const next = await start();
    expect(next.owned).toBe(true);
    expect(await query(next.url(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('is not kept from starting by a pid file that names another program', async () => {
    const first = await start();
    await query(first.url(), 'CREATE TABLE kept AS SELECT 7 AS n');
    const pidFile = path.join(first.folder, 'data/postmaster.pid');
    const content = fs.readFileSync(pidFile, 'utf8');
    await first.stop();
    fs.writeFileSync(pidFile, content.replace(/^\d+/, String(process.pid)), { mode: 0o600 });
    const next = await start();
    expect(next.owned).toBe(true);
    expect(await query(next.url(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('is one server when several processes start at the same time in an empty folder', async () => {
    const started = await Promise.all([startElsewhere(), startElsewhere(), startElsewhere()]);
    expect(started.filter(({ owned }) => owned)).toHaveLength(1);
    expect(new Set(started.map(({ url }) => url)).size).toBe(1);
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('init-'))).toEqual([]);
  });

  it('says in its own words why it cannot start', async () => {
    await expect(startEmbeddedPostgres({ folder, settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /PostgreSQL did not start:[\s\S]*shared_buffers/,
    );
  });

  it('refuses a cluster of another major version', async () => {
    const first = await start();
    await first.stop();
    fs.writeFileSync(path.join(first.folder, 'data/PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 17 and this is 18/);
  });

  it.runIf(asRoot)('keeps its data elsewhere when others may not enter the folder of root', async () => {
    fs.chmodSync(parent, 0o700);
    const first = await start();
    expect(first.folder.startsWith(parent)).toBe(false);
    await query(first.url(), 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    const second = await start();
    expect(second.folder).toBe(first.folder);
    expect(await query(second.url(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it.runIf(asRoot)('runs for an ordinary user in a folder closed to all others', async () => {
    fs.chmodSync(parent, 0o700);
    fs.chownSync(parent, ORDINARY_USER.uid, ORDINARY_USER.gid);
    const started = await startElsewhere(ORDINARY_USER);
    expect(started).toMatchObject({ owned: true, folder });
    expect(fs.statSync(path.join(folder, 'data')).uid).toBe(ORDINARY_USER.uid);
    expect(await query(started.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    started.process.kill('SIGKILL');
    const next = await startElsewhere(ORDINARY_USER);
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

function postmasterPid(base: string): number {
  return Number.parseInt(fs.readFileSync(path.join(base, 'data/postmaster.pid'), 'utf8'), 10);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
