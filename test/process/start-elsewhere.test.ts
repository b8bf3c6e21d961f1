import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeEmptyDatabase } from '../helpers/database.ts';
import { get, run, runToEnd, SLOW, startServer, stop, useFolder } from './server-process.ts';

const asRoot = process.getuid?.() === 0;
const ORDINARY_USER = { uid: 65_534, gid: 65_534 };

const place = useFolder();

it('makes the demo company whole after a first start that was killed on the way', {
  timeout: SLOW,
}, async () => {
  const data = path.join(place.folder, 'killed');
  const killed = run('src/main.ts', { DATA_DIR: data, PORT: '0' });
  const seeding = () => fs.existsSync(path.join(data, 'demo-secrets.json'));
  await expect.poll(seeding, { timeout: 120_000, interval: 10 }).toBe(true);
  await sleep(300);
  await stop(killed, 'SIGKILL');
  const server = await startServer(data);
  expect(server.stdout()).not.toContain('Note:');
  const soldOut = await get(server, '/events/{demo_sold_out_event_id}');
  expect(await soldOut.json()).toMatchObject({ event: { remaining: 0 } });
  expect((await get(server, '/tickets/{ticket_id}')).status).toBe(200);
  await stop(server);
});

describe('the demo story', { timeout: SLOW }, () => {
  it('brings its own server where none runs, and leaves nothing behind', async () => {
    const temporary = path.join(place.folder, 'tmp');
    fs.mkdirSync(temporary, { mode: 0o755 });
    const { code, stdout, stderr } = await runToEnd('src/commands/demo.ts', {
      DATA_DIR: path.join(place.folder, 'none'),
      TMPDIR: temporary,
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Sold end to end');
    expect(fs.readdirSync(temporary).filter((name) => name.startsWith('ticketing-demo'))).toEqual([]);
    expect(fs.existsSync(path.join(place.folder, 'none'))).toBe(false);
  });

  it('fails when nothing answers where it was sent', async () => {
    const { code, stderr } = await runToEnd('src/commands/demo.ts', {
      API_URL: 'http://127.0.0.1:9',
      DATA_DIR: path.join(place.folder, 'none'),
    });
    expect([code, stderr.trim()]).toEqual([1, 'No server answers at http://127.0.0.1:9.']);
  });
});

describe('a server with DATABASE_URL', { timeout: SLOW }, () => {
  it('works on that database, and tells a second folder new secrets', async () => {
    const database = await makeEmptyDatabase();
    const env = { DATABASE_URL: database.url };
    const folders = ['here', 'there'].map((name) => path.join(place.folder, name));
    try {
      const [here, there] = folders as [string, string];
      const first = await startServer(here, env);
      expect((await get(first, '/events')).status).toBe(200);
      expect(fs.existsSync(path.join(here, 'postgres'))).toBe(false);
      expect(first.stdout()).not.toContain('Note:');
      await stop(first);
      const second = await startServer(there, env);
      expect(second.stdout()).toMatch(/Note: New demo secrets.*demo-web/);
      expect((await get(second, '/events')).status).toBe(200);
      expect(second.environment.get('ticket_id')).toBe(first.environment.get('ticket_id'));
      await stop(second);
    } finally {
      await database.drop();
    }
  });
});

describe.runIf(asRoot)('where others may not enter', { timeout: SLOW }, () => {
  it('an ordinary user starts it in a folder closed to everybody else', async () => {
    const closed = path.join(place.folder, 'closed');
    fs.mkdirSync(closed, { mode: 0o700 });
    fs.chownSync(closed, ORDINARY_USER.uid, ORDINARY_USER.gid);
    const server = await startServer(closed, { HOME: closed, SEED: 'reference' }, ORDINARY_USER);
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    expect(fs.statSync(path.join(closed, 'postgres/data')).uid).toBe(ORDINARY_USER.uid);
    expect(await stop(server)).toBeLessThan(5_000);
  });
});
