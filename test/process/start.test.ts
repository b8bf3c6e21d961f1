import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  bearer,
  environmentPath,
  fill,
  get,
  runToEnd,
  type Server,
  SLOW,
  startServer,
  stop,
  useFolder,
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

const place = useFolder();
const data = () => path.join(place.folder, 'data');
const start = () => startServer(data());

const postmaster = (): number =>
  Number.parseInt(fs.readFileSync(path.join(data(), 'postgres/data/postmaster.pid'), 'utf8'), 10);

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
    expect([...environment].filter(([, value]) => value === '')).toEqual([]);
    expect(['api_url', 'country_id', 'state_id'].map((name) => environment.get(name))).toEqual([
      url,
      '46',
      '530',
    ]);
    expect(fs.statSync(environmentPath(data())).mode & 0o777).toBe(0o600);
    for (const name of ['client_id', 'client_secret', 'username', 'password', 'demo_web_client_secret'])
      expect(server.stdout()).toContain(environment.get(name));
    expect(server.stdout()).toContain(`${url}/docs`);
  });

  it('fills the environment file with values that are alive', async () => {
    for (const address of [
      ...[
        '/interfaces/{interface_id}',
        '/events/{event_id}',
        '/plans/{plan_id}/plan_settings/{plan_setting_id}',
        '/subscriptions/{subscription_id}',
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
    const [commands = ''] = server.stdout().slice(server.stdout().indexOf('TOKEN=')).split('\n\n'); // what is logged comes after it
    const answer = JSON.parse(execFileSync('bash', ['-c', commands], { encoding: 'utf8' }));
    expect(answer.events.length).toBeGreaterThanOrEqual(4);
  });

  it('is the stage of the demo story', async () => {
    const { code, stdout, stderr } = await runToEnd('src/commands/demo.ts', { DATA_DIR: data() });
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
    const { code, stdout } = await runToEnd('src/commands/verify.ts', { DATA_DIR: data() });
    expect([code, stdout]).toEqual([0, expect.any(String)]);
  });
});
