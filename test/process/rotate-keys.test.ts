import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { accessToken } from '../helpers/factories.ts';
import { runToEnd } from './server-process.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

function rotate(...options: string[]) {
  const { options: pool } = world.system.db.pool as unknown as { options: { connectionString: string } };
  return runToEnd('src/commands/rotate-keys.ts', { DATABASE_URL: pool.connectionString }, options);
}

const statusWith = async (token: string) => (await world.call('GET', '/venues', { token })).statusCode;

describe('keys:rotate', { timeout: 60_000 }, () => {
  it('makes a key for access tokens; tokens of the old one stay good', async () => {
    const { code, stdout, stderr } = await rotate('--access-tokens');
    expect([code, stderr]).toEqual([0, '']);
    const [, kid] = /access tokens: ([\w-]+)/.exec(stdout) ?? [];
    await sleep(1_010); // what another process changed is known within a second
    const { keys } = (await world.call('GET', '/.well-known/jwks.json')).json();
    expect(keys.map((key: { kid: string }) => key.kid)).toContain(kid);
    expect(keys).toHaveLength(2);
    expect(await statusWith(world.tokens.reader)).toBe(200);
    expect(await statusWith(await accessToken(world.system, { client: world.accounts.clients.web }))).toBe(
      200,
    );
  });

  it('makes a key for the tickets of a company; codes of the old one stay good', async () => {
    const code = await world.code();
    const { company_id } = world.accounts;
    const made = await rotate('--tickets', '--company', String(company_id));
    expect([made.code, made.stderr, made.stdout]).toEqual([0, '', expect.stringContaining('acme: 2.')]);
    expect((await world.call('GET', `/tickets/qr/${code}`, { who: 'admin' })).statusCode).toBe(200);
    const { rows } = await world.system.db.pool.query(
      'SELECT number, retired_at IS NOT NULL AS retired FROM ticket_key WHERE company_id = $1 ORDER BY number',
      [company_id],
    );
    expect(rows).toEqual([
      { number: 1, retired: true },
      { number: 2, retired: false },
    ]);
  });

  it('says what is wrong', async () => {
    expect((await rotate()).stderr).toMatch(/Name one kind of key/);
    expect((await rotate('--tickets')).stderr).toMatch(/Ticket keys are those of a company/);
    const unknown = await rotate('--tickets', '--company', '999');
    expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([
      1,
      '',
      expect.stringMatching(/no company 999/),
    ]);
  });
});
