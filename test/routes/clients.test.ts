import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { createSystem } from '../../src/system.ts';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { accessToken } from '../helpers/factories.ts';

// Interfaces and clients, as administrators manage them.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const admin = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown) =>
  world.call(method, url, { who: 'admin', body });

async function newClient(more: object = {}) {
  const { web, pos } = world.accounts.interfaces;
  const body = {
    name: 'Shop',
    scopes: ['public', 'sell'],
    interface_ids: [web, pos],
    default_interface_id: web,
    ...more,
  };
  const answer = await admin('POST', '/clients', body);
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().client as { id: string; secret: string };
}

/** Signs a client in; the status of the answer and its token. */
async function signIn({ id, secret }: { id: string; secret: string }, scope = 'public sell') {
  const answer = await world.call('POST', '/auth/token', {
    body: { grant_type: 'client_credentials', client_id: id, client_secret: secret, scope },
  });
  return { status: answer.statusCode, token: answer.json().access_token as string, body: answer.json() };
}

const statusOf = async (token: string, url = '/carts', headers?: Record<string, string>) =>
  (await world.call('GET', url, { token, headers })).statusCode;

const audited = async (subject_id: string | number, type = 'client') =>
  (await admin('GET', `/audit_logs?subject_type=${type}&subject_id=${subject_id}`)).json().audit_logs;

describe('a client', () => {
  it('is made with a secret that is told once and kept as a hash', async () => {
    const { web, pos } = world.accounts.interfaces;
    const client = await newClient({ rate_limit: 60 });
    expect(client).toEqual({
      ...{ id: expect.stringMatching(/^client-/), name: 'Shop', scopes: ['public', 'sell'] },
      ...{ interface_ids: [web, pos], default_interface_id: web, rate_limit: 60, active: true },
      ...{ secret: expect.stringMatching(/^[\w-]{43}$/), old_secret_expires_at: null },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    });
    const { secret, ...rest } = client;
    expect((await admin('GET', `/clients/${client.id}`)).json()).toEqual({ client: rest });
    const { rows } = await world.system.db.pool.query('SELECT t::text AS row FROM client t');
    expect(rows.filter(({ row }) => row.includes(secret))).toEqual([]);
    expect((await signIn(client)).status).toBe(200);
    const [entry] = await audited(client.id);
    expect(entry).toMatchObject({ action: 'client.create', before: null, after: { rate_limit: 60 } });
    expect(JSON.stringify(entry)).not.toContain(secret);
  });

  it('loses a scope, an interface and its requests at once, with the tokens it has', async () => {
    const client = await newClient();
    const { token } = await signIn(client);
    const { web, pos } = world.accounts.interfaces;
    expect(await statusOf(token)).toBe(200);
    expect(await statusOf(token, '/carts', { 'x-interface': String(pos) })).toBe(200);
    await admin('PATCH', `/clients/${client.id}`, { interface_ids: [web] });
    expect(await statusOf(token, '/carts', { 'x-interface': String(pos) })).toBe(403);
    await admin('PATCH', `/clients/${client.id}`, { scopes: ['public'], rate_limit: 30 });
    expect(await statusOf(token)).toBe(403);
    const limited = await world.call('GET', '/venues', { token });
    expect(limited.headers['ratelimit-limit']).toBe('30');
    expect((await signIn(client)).body.error).toBe('invalid_scope');
    const [entry] = await audited(client.id);
    expect(entry).toMatchObject({
      ...{ action: 'client.update', before: { scopes: ['public', 'sell'], rate_limit: null } },
      after: { scopes: ['public'], rate_limit: 30 },
    });
  });

  it('is stopped and brought back', async () => {
    const client = await newClient();
    const { token } = await signIn(client);
    expect((await admin('DELETE', `/clients/${client.id}`)).statusCode).toBe(204);
    expect(await statusOf(token)).toBe(401);
    expect((await signIn(client)).status).toBe(401);
    const listed = (await admin('GET', '/clients?active=false')).json().clients;
    expect(listed.map(({ id }: { id: string }) => id)).toContain(client.id);
    await admin('PATCH', `/clients/${client.id}`, { active: true });
    expect(await statusOf(token)).toBe(200);
  });

  it('never gets sell or admin by the password grant', async () => {
    const client = await newClient({ scopes: ['public', 'buy', 'sell', 'admin'] });
    const { email, password } = world.accounts.user;
    const ask = async (scope: string) =>
      (
        await world.call('POST', '/auth/token', {
          body: {
            ...{ grant_type: 'password', client_id: client.id, client_secret: client.secret },
            ...{ username: email, password, scope },
          },
        })
      ).json();
    expect((await ask('public buy')).scope).toBe('public buy');
    for (const scope of ['public sell', 'public admin'])
      expect((await ask(scope)).error).toBe('invalid_scope');
    await admin('DELETE', `/clients/${client.id}`);
  });

  it('cannot have interfaces of others, nor a default that is not its own or not active', async () => {
    const { web, pos } = world.accounts.interfaces;
    const rival = world.rival.interfaces.web;
    const stopped = (
      await admin('POST', '/interfaces', {
        name: 'Old',
        kind: 'web',
        currency: 'EUR',
        time_zone: 'Europe/Madrid',
      })
    ).json().interface.id;
    await admin('DELETE', `/interfaces/${stopped}`);
    const refused = async (body: object) => {
      const base = { name: 'Shop', scopes: ['public'], interface_ids: [web], default_interface_id: web };
      const answer = await admin('POST', '/clients', { ...base, ...body });
      expect(answer.statusCode).toBe(422);
      return answer.json().errors.map(({ pointer, code }: Record<string, string>) => `${pointer} ${code}`);
    };
    expect(await refused({ interface_ids: [web, rival] })).toEqual(['/interface_ids/1 not_found']);
    expect(await refused({ default_interface_id: pos })).toEqual(['/default_interface_id not_granted']);
    expect(await refused({ interface_ids: [stopped], default_interface_id: stopped })).toEqual([
      '/default_interface_id not_active',
    ]);
    expect(await refused({ scopes: ['buy'] })).toEqual(['/scopes custom']);
    expect(await refused({ scopes: ['public', 'public'] })).toEqual(['/scopes custom']);
  });
});

describe('a rotated secret', () => {
  it('leaves the old one good for the overlap, and no third one', async () => {
    const client = await newClient();
    const rotate = async (overlap_seconds?: number) =>
      (await admin('POST', `/clients/${client.id}/rotate_secret`, { overlap_seconds })).json().client;
    const second = await rotate(3_600);
    expect(new Date(second.old_secret_expires_at).getTime()).toBeGreaterThan(Date.now() + 3_500_000);
    expect((await signIn(client)).status).toBe(200);
    expect((await signIn(second)).status).toBe(200);
    const third = await rotate();
    expect([
      (await signIn(client)).status,
      (await signIn(second)).status,
      (await signIn(third)).status,
    ]).toEqual([401, 200, 200]);
    const fourth = await rotate(0);
    expect(fourth.old_secret_expires_at).toBeNull();
    expect([(await signIn(third)).status, (await signIn(fourth)).status]).toEqual([401, 200]);
    const entries = await audited(client.id);
    expect(entries.map(({ action }: { action: string }) => action)).toEqual([
      ...Array(3).fill('client.rotate_secret'),
      'client.create',
    ]);
    const written = JSON.stringify(entries);
    for (const { secret } of [client, second, third, fourth]) expect(written).not.toContain(secret);
  });

  it('under one Idempotency-Key is one', async () => {
    const client = await newClient();
    const headers = { 'idempotency-key': 'rotate once' };
    const url = `/clients/${client.id}/rotate_secret`;
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => world.call('POST', url, { who: 'admin', body: {}, headers })),
    );
    const secrets = answers.filter((a) => a.statusCode === 200).map((a) => a.json().client.secret);
    expect(new Set(secrets).size).toBe(1);
    expect((await signIn(client)).status).toBe(200); // the first rotation's overlap: there was no second one
  });
});

describe('an interface', () => {
  it('is opened, changed and stopped, and what it is shows at once', async () => {
    const answer = await admin('POST', '/interfaces', {
      ...{ name: 'Partner', kind: 'partner', currency: 'EUR', time_zone: 'Europe/Lisbon', language: 'pt' },
      ...{ allowed_origins: ['https://shop.example'], payment_methods: ['card'] },
    });
    const made = answer.json().interface;
    expect(made).toEqual({
      ...{ id: expect.any(Number), name: 'Partner', kind: 'partner', currency: 'EUR', default: false },
      ...{
        time_zone: 'Europe/Lisbon',
        language: 'pt',
        active: true,
        allowed_origins: ['https://shop.example'],
      },
      ...{ hold_seconds: 600, max_hold_seconds: 1_800, payment_seconds: 600, payment_methods: ['card'] },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    });
    expect(answer.headers.location).toBe(`/interfaces/${made.id}`);
    const client = await newClient({ interface_ids: [made.id, world.accounts.interfaces.web] });
    const { token } = await signIn(client);
    const through = { 'x-interface': String(made.id) };
    expect(await statusOf(token, '/carts', through)).toBe(200);
    await admin('DELETE', `/interfaces/${made.id}`);
    expect(await statusOf(token, '/carts', through)).toBe(403);
    await admin('PATCH', `/interfaces/${made.id}`, { active: true, hold_seconds: 60 });
    expect(await statusOf(token, '/carts', through)).toBe(200);
    const [last] = await audited(made.id, 'interface');
    expect(last).toMatchObject({
      before: { active: false, hold_seconds: 600 },
      after: { active: true, hold_seconds: 60 },
    });
  });

  it('keeps the longest hold as long as the first one', async () => {
    const answer = await admin('POST', '/interfaces', {
      ...{ name: 'Web', kind: 'web', currency: 'EUR', time_zone: 'Europe/Lisbon', hold_seconds: 2_000 },
    });
    expect([answer.statusCode, answer.json().errors[0].pointer]).toEqual([422, '/max_hold_seconds']);
  });

  it('that is the default of active clients is not stopped', async () => {
    const answer = await admin('DELETE', `/interfaces/${world.accounts.interfaces.pos}`);
    expect(answer.statusCode).toBe(409);
    expect(answer.json().client_ids).toEqual(['acme-pos']);
    expect(await statusOf(world.tokens.pos)).toBe(200);
  });
});

describe('a company does not lock itself out', () => {
  const self = () => `/clients/${world.accounts.clients.admin.id}`;

  it('by the last client that can manage it', async () => {
    for (const body of [{ active: false }, { scopes: ['public', 'sell'] }]) {
      const answer = await admin('PATCH', self(), body);
      expect([answer.statusCode, answer.json().code]).toEqual([409, 'conflict']);
    }
    expect((await admin('DELETE', self())).statusCode).toBe(409);
  });

  it('nor by two that stop each other at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const more = await newClient({ scopes: ['public', 'admin'] });
      const { token } = await signIn(more, 'public admin');
      const answers = await Promise.all([
        world.call('DELETE', self(), { token }),
        admin('DELETE', `/clients/${more.id}`),
      ]);
      const statuses = answers.map(({ statusCode }) => statusCode).sort();
      expect(statuses.filter((status) => status === 204)).toHaveLength(1);
      const { rows } = await world.system.db.pool.query(
        "SELECT count(*)::int AS n FROM client WHERE company_id = $1 AND active AND 'admin' = ANY (scopes)",
        [world.accounts.company_id],
      );
      expect(rows).toEqual([{ n: 1 }]);
      if (answers[0]?.statusCode === 204) {
        await world.call('PATCH', self(), { token, body: { active: true } });
        await admin('DELETE', `/clients/${more.id}`);
      }
    }
  });
});

it('what is stopped in one process is stopped in every other within a second', async () => {
  const client = await newClient();
  const token = await accessToken(world.system, { client: { ...client, scopes: ['public', 'sell'] } });
  const { options } = world.system.db.pool as unknown as { options: { connectionString: string } };
  const system = createSystem(world.system.config, world.system.log, options.connectionString);
  const other = await buildApp(system);
  try {
    const ask = async () =>
      (await other.inject({ url: '/carts', headers: { authorization: `Bearer ${token}` } })).statusCode;
    expect(await ask()).toBe(200);
    await admin('DELETE', `/clients/${client.id}`);
    const began = performance.now();
    let status = await ask();
    while (status === 200 && performance.now() - began < 1_100) status = await ask();
    expect(status).toBe(401);
  } finally {
    await other.close();
    await system.close();
  }
});
