import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { start as startHere } from '../../src/start/start.ts';
import { explain } from '../../src/start/start-error.ts';
import { makeEmptyDatabase } from '../helpers/database.ts';
import {
  type Ended,
  ended,
  environmentPath,
  type Program,
  run,
  type Server,
  startServer,
  stop,
} from './server-process.ts';

const VARIABLES = [
  ...['site_url', 'api_url', 'access_token_url', 'client_id', 'client_secret', 'username', 'password'],
  ...[
    'new_password',
    'access_token',
    'refresh_token',
    'scope',
    'interface_id',
    'event_id',
    'map_id',
    'cart_id',
  ],
  ...['job_id', 'code', 'seat_id', 'ticket_id', 'qr_code', 'sale_detail_id', 'user_id', 'user_email'],
  ...['user_first_name', 'user_last_name', 'country_id', 'state_id', 'address_id', 'guest_id', 'plan_id'],
  ...['plan_setting_id', 'subscription_id', 'resources'],
];
const SLOW = 300_000;
const asRoot = process.getuid?.() === 0;
const ORDINARY_USER = { uid: 65_534, gid: 65_534 };

let parent: string;
let folder: string;
const programs: Program[] = [];

beforeAll(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'start-'));
  fs.chmodSync(parent, 0o755); // the database server's user must get in when root starts it
  folder = path.join(parent, 'data');
});

afterAll(async () => {
  for (const program of programs) await stop(program, 'SIGKILL');
  fs.rmSync(parent, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}, where = folder): Promise<Server> {
  const server = await startServer(where, env);
  programs.push(server);
  return server;
}

function runToEnd(script: string, env: Record<string, string>): Promise<Ended> {
  const program = run(script, env);
  programs.push(program);
  return ended(program);
}

const bearer = ({ environment }: Server) => ({ authorization: `Bearer ${environment.get('access_token')}` });

const get = (server: Server, address: string) =>
  fetch(`${server.url}${fill(address, server)}`, { headers: bearer(server) });

const fill = (text: string, { environment }: Server): string =>
  text.replace(/\{(\w+)\}/g, (_, name) => environment.get(name) ?? '');

const postmaster = (): number =>
  Number.parseInt(fs.readFileSync(path.join(folder, 'postgres/data/postmaster.pid'), 'utf8'), 10);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What must stay over restarts. */
const LASTING = [
  'client_secret',
  'password',
  'cart_id',
  'job_id',
  'ticket_id',
  'qr_code',
  'demo_pos_client_secret',
];
const lasting = ({ environment }: Server) => LASTING.map((name) => environment.get(name));

// One folder through the life of its servers: these tests follow each other.
describe('a server without any setting', { timeout: SLOW }, () => {
  let server: Server;
  let other: Server;
  let first: ReturnType<typeof lasting>;

  it('starts in an empty folder, prints what its operator needs and writes the environment file', async () => {
    server = await start();
    first = lasting(server);
    const { environment, url } = server;
    const names = [...environment.keys()];
    expect(names.slice(0, VARIABLES.length)).toEqual(VARIABLES);
    expect(names.slice(VARIABLES.length).filter((name) => !name.startsWith('demo_'))).toEqual([]);
    expect([...environment].filter(([, value]) => value === '')).toEqual([['subscription_id', '']]);
    expect(['api_url', 'country_id', 'state_id'].map((name) => environment.get(name))).toEqual([
      url,
      '46',
      '530',
    ]);
    expect(fs.statSync(environmentPath(folder)).mode & 0o777).toBe(0o600);
    for (const name of ['client_id', 'client_secret', 'username', 'password', 'demo_web_client_secret'])
      expect(server.stdout()).toContain(environment.get(name));
    expect(server.stdout()).toContain(`${url}/docs`);
  });

  it('fills the environment file with values that are alive', async () => {
    for (const address of [
      ...[
        '/interfaces/{interface_id}',
        '/events/{event_id}',
        '/events/{event_id}/maps/{map_id}',
        '/jobs/{job_id}',
      ],
      ...['/events/{event_id}/seats/{seat_id}', '/events/{event_id}/codes/{code}', '/carts/{cart_id}'],
      ...['/carts/{cart_id}/sale_details/{sale_detail_id}', '/tickets/{ticket_id}', '/tickets/qr/{qr_code}'],
      ...['/users/{user_id}', '/countries/{country_id}/states', '/resources?resources={resources}'],
      ...['/events/{demo_festival_event_id}', '/events/{demo_stadium_event_id}'],
    ])
      expect([address, (await get(server, address)).status]).toEqual([address, 200]);
    const soldOut = await get(server, '/events/{demo_sold_out_event_id}');
    expect(await soldOut.json()).toMatchObject({ event: { sales_status: 'sold_out', remaining: 0 } });
    const refreshed = await fetch(fill('{access_token_url}', server), {
      method: 'POST',
      body: new URLSearchParams(
        fill('grant_type=refresh_token&refresh_token={refresh_token}&client_id={client_id}', server) +
          fill('&client_secret={client_secret}', server),
      ),
    });
    expect(await refreshed.json()).toMatchObject({ scope: 'public buy' });
  });

  it('prints commands that work when they are pasted', () => {
    const commands = server.stdout().slice(server.stdout().indexOf('TOKEN='));
    const answer = JSON.parse(execFileSync('bash', ['-c', commands], { encoding: 'utf8' }));
    expect(answer.events.length).toBeGreaterThanOrEqual(4);
  });

  it('is the stage of the demo story', async () => {
    const { code, stdout, stderr } = await runToEnd('src/commands/demo.ts', { DATA_DIR: folder });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(server.url);
    expect(stdout).toMatch(/accepted[\s\S]*already_used[\s\S]*Sold end to end/);
  });

  it('answers what is under way on SIGTERM, and is gone within seconds', async () => {
    const pid = postmaster();
    const underWay = [get(server, '/events?per_page=100'), get(server, '/jobs/{job_id}?wait=30')];
    await sleep(100);
    expect(await stop(server)).toBeLessThan(5_000);
    expect(await server.exited).toBe(0);
    for (const answer of underWay) expect((await answer).status).toBe(200);
    expect(isRunning(pid)).toBe(false);
  });

  it('is the same after a second start', async () => {
    server = await start();
    expect(lasting(server)).toEqual(first);
  });

  it('starts after kill -9 with everything it had, also twice at once on different ports', async () => {
    await stop(server, 'SIGKILL');
    [server, other] = await Promise.all([start(), start()]);
    expect(server.url).not.toBe(other.url);
    for (const each of [server, other]) expect(lasting(each)).toEqual(first);
    const opened = await fetch(`${server.url}/carts`, { method: 'POST', headers: bearer(server) });
    const { cart } = (await opened.json()) as { cart: { id: string } };
    expect((await get(other, `/carts/${cart.id}`)).status).toBe(200);
  });

  it('goes on when the process that started the database is killed', async () => {
    await stop(server, 'SIGKILL');
    expect((await get(other, '/carts')).status).toBe(200);
    server = await start();
    await stop(other, 'SIGKILL');
    expect((await get(server, '/carts')).status).toBe(200);
  });

  it('starts its database again when that is killed; requests in between are told to come back', async () => {
    other = await start();
    const statuses = new Set<number>();
    process.kill(postmaster(), 'SIGKILL');
    for (const each of [server, other]) {
      const answer = async () => {
        const { status, headers } = await get(each, '/carts');
        statuses.add(status);
        if (status === 503) expect(headers.get('retry-after')).toMatch(/^\d+$/);
        return status;
      };
      await expect.poll(answer, { timeout: 30_000, interval: 20 }).toBe(200);
      await expect.poll(async () => (await get(each, '/health/ready')).status, { timeout: 5_000 }).toBe(200);
    }
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  });

  it('takes a Ctrl-C that arrives twice for one', async () => {
    const pid = postmaster();
    const began = performance.now();
    for (const { child } of [server, other]) child.kill('SIGINT');
    await sleep(20);
    for (const { child } of [server, other]) child.kill('SIGINT');
    expect(await Promise.all([server.exited, other.exited])).toEqual([0, 0]);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(isRunning(pid)).toBe(false);
  });

  it('has broken no invariant in all this', async () => {
    const { code, stdout } = await runToEnd('src/commands/verify.ts', { DATA_DIR: folder });
    expect([code, stdout]).toEqual([0, expect.any(String)]);
  });
});

it('makes the demo company whole after a first start that was killed on the way', {
  timeout: SLOW,
}, async () => {
  const data = path.join(parent, 'killed');
  const killed = run('src/main.ts', { DATA_DIR: data, PORT: '0' });
  programs.push(killed);
  const seeding = () => fs.existsSync(path.join(data, 'demo-secrets.json'));
  await expect.poll(seeding, { timeout: 120_000, interval: 10 }).toBe(true);
  await sleep(300);
  await stop(killed, 'SIGKILL');
  const server = await start({}, data);
  expect(server.stdout()).not.toContain('Note:');
  const soldOut = await get(server, '/events/{demo_sold_out_event_id}');
  expect(await soldOut.json()).toMatchObject({ event: { remaining: 0 } });
  expect((await get(server, '/tickets/{ticket_id}')).status).toBe(200);
  await stop(server);
});

describe('the demo story', { timeout: SLOW }, () => {
  it('brings its own server where none runs, and leaves nothing behind', async () => {
    const temporary = path.join(parent, 'tmp');
    fs.mkdirSync(temporary, { mode: 0o755 });
    const { code, stdout, stderr } = await runToEnd('src/commands/demo.ts', {
      DATA_DIR: path.join(parent, 'none'),
      TMPDIR: temporary,
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Sold end to end');
    expect(fs.readdirSync(temporary).filter((name) => name.startsWith('ticketing-demo'))).toEqual([]);
    expect(fs.existsSync(path.join(parent, 'none'))).toBe(false);
  });

  it('fails when nothing answers where it was sent', async () => {
    const { code, stderr } = await runToEnd('src/commands/demo.ts', {
      API_URL: 'http://127.0.0.1:9',
      DATA_DIR: path.join(parent, 'none'),
    });
    expect([code, stderr.trim()]).toEqual([1, 'No server answers at http://127.0.0.1:9.']);
  });
});

describe('a server that cannot start', { timeout: SLOW }, () => {
  /** One line, and nothing else, tells why. */
  async function refusal(env: Record<string, string>): Promise<string> {
    const { code, stderr } = await runToEnd('src/main.ts', {
      DATA_DIR: path.join(parent, 'refused'),
      PORT: '0',
      LOG_LEVEL: 'warn',
      ...env,
    });
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
    return stderr.trim();
  }

  it('names every wrong setting', async () => {
    expect(await refusal({ PORT: 'http', SEED: 'everything' })).toMatch(/^Wrong setting: PORT: .*; SEED: /);
  });

  it('says that its port is taken, and leaves no database running', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as net.AddressInfo;
    const data = path.join(parent, 'refused');
    expect(await refusal({ PORT: String(port), SEED: 'reference' })).toMatch(
      new RegExp(`^Port ${port} is in use on 127.0.0.1`),
    );
    other.close();
    expect(fs.existsSync(path.join(data, 'postgres/data/postmaster.pid'))).toBe(false);
  });

  /** The same without a process of its own. */
  async function faultOf(env: Record<string, string>): Promise<string> {
    const data = path.join(parent, 'refused');
    const config = readConfig({ DATA_DIR: data, PORT: '0', LOG_LEVEL: 'silent', ...env });
    const told = explain(
      await startHere(config).then(
        () => 'nothing',
        (error: unknown) => error,
      ),
    );
    expect(told.split('\n')).toHaveLength(1);
    return told;
  }

  it('says which folder it cannot write to', async () => {
    const file = path.join(parent, 'file');
    fs.writeFileSync(file, '');
    expect(await faultOf({ DATA_DIR: path.join(file, 'data') })).toContain(`'${file}`);
  });

  it('says which database it cannot use, without its password', async () => {
    const nobody = await faultOf({ DATABASE_URL: 'postgresql://me:hidden@127.0.0.1:9/tickets' });
    expect(nobody).toBe(
      'Cannot use the database of DATABASE_URL (127.0.0.1:9/tickets): nothing listens there',
    );
    const url = new URL(inject('adminUrl'));
    url.pathname = '/no_such_database';
    expect(await faultOf({ DATABASE_URL: url.href })).toMatch(/no_such_database.* does not exist$/);
  });
});

describe('a server with DATABASE_URL', { timeout: SLOW }, () => {
  it('works on that database, and tells a second folder new secrets', async () => {
    const database = await makeEmptyDatabase();
    const env = { DATABASE_URL: database.url };
    const folders = ['here', 'there'].map((name) => path.join(parent, name));
    try {
      const [here, there] = folders as [string, string];
      const first = await start(env, here);
      expect((await get(first, '/events')).status).toBe(200);
      expect(fs.existsSync(path.join(here, 'postgres'))).toBe(false);
      expect(first.stdout()).not.toContain('Note:');
      await stop(first);
      const second = await start(env, there);
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
    const closed = path.join(parent, 'closed');
    fs.mkdirSync(closed, { mode: 0o700 });
    fs.chownSync(closed, ORDINARY_USER.uid, ORDINARY_USER.gid);
    const server = await startServer(closed, { HOME: closed, SEED: 'reference' }, ORDINARY_USER);
    programs.push(server);
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    expect(fs.statSync(path.join(closed, 'postgres/data')).uid).toBe(ORDINARY_USER.uid);
    expect(await stop(server)).toBeLessThan(5_000);
  });
});
