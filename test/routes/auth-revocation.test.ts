import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { Introspection } from '../../src/schemas/auth.ts';
import { recall, verify } from '../../src/services/oauth/access-token.ts';
import { bumpAuthRevision } from '../../src/services/oauth/revision.ts';
import { createSystem, type System } from '../../src/system.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken, makeAccounts } from '../helpers/factories.ts';
import { get, postForm } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;
/** A second, and what a request takes on a busy machine. */
const LATEST_MS = 1_300;

/** Another process, as far as memory goes: the same database, a memory of its own. */
let elsewhere: System;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp());
  elsewhere = createSystem(
    app.system.config,
    pino({ level: 'silent' }),
    app.system.db.pool.options.connectionString ?? '',
  );
});
afterAll(async () => {
  await elsewhere.close();
  await close();
});

const me = async (token: string) => (await get(app, '/users/me', token)).statusCode;
const goodElsewhere = async (token: string) =>
  (await verify(elsewhere, `Bearer ${token}`, token)) !== undefined;
const userToken = () => accessToken(app.system, { client: accounts.clients.web, user: accounts.user });

async function signIn(client = accounts.clients.web) {
  const { email: username, password } = accounts.user;
  const fields = { grant_type: 'password', username, password, scope: 'public buy' };
  return (await postForm(app, '/auth/token', fields, client)).json();
}

/** A change by hand of what grants access, with the revision that every process watches. */
async function change(name: string, sql: string, values: unknown[]): Promise<void> {
  await inTransaction(app.system.db, async (tx) => {
    await tx.execute(statement(name, sql), values);
    await bumpAuthRevision(tx);
  });
}

describe('POST /auth/revoke', () => {
  test('an access token stops at once here, and within a second in every process', async () => {
    const token = await userToken();
    const other = await userToken();
    expect(await me(token)).toBe(200);
    expect(await goodElsewhere(token)).toBe(true);
    const answer = await postForm(app, '/auth/revoke', { token }, accounts.clients.web);
    const began = performance.now();
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await me(token)).toBe(401);
    while (await goodElsewhere(token)) await sleep(20);
    expect(performance.now() - began).toBeLessThan(LATEST_MS);
    expect(await me(other)).toBe(200);
    expect(await goodElsewhere(other)).toBe(true);
  });

  test('a refresh token ends its session, with its access tokens', async () => {
    const { access_token, refresh_token } = await signIn();
    const fields = { token: refresh_token, token_type_hint: 'refresh_token' };
    expect((await postForm(app, '/auth/revoke', fields, accounts.clients.web)).statusCode).toBe(200);
    expect(await me(access_token)).toBe(401);
    const again = await postForm(
      app,
      '/auth/token',
      { grant_type: 'refresh_token', refresh_token },
      accounts.clients.web,
    );
    expect(again.json()).toMatchObject({ error: 'invalid_grant' });
  });

  test('what is unknown, revoked already or over is revoked', async () => {
    const token = await userToken();
    for (const known of [token, token, 'nonsense', 'a.b.c', 'é'])
      expect((await postForm(app, '/auth/revoke', { token: known }, accounts.clients.web)).statusCode).toBe(
        200,
      );
  });

  test('the token of another client stays', async () => {
    const { access_token, refresh_token } = await signIn();
    for (const token of [access_token, refresh_token]) {
      const answer = await postForm(app, '/auth/revoke', { token }, accounts.clients.admin);
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ error: 'invalid_request' });
    }
    expect(await me(access_token)).toBe(200);
  });

  test('needs a client and a token', async () => {
    expect((await postForm(app, '/auth/revoke', { token: 'x' })).json()).toMatchObject({
      error: 'invalid_client',
    });
    expect((await postForm(app, '/auth/revoke', {}, accounts.clients.web)).json()).toMatchObject({
      error: 'invalid_request',
    });
  });
});

describe('POST /auth/introspect', () => {
  const introspect = async (token: string, client = accounts.clients.web) => {
    const answer = await postForm(app, '/auth/introspect', { token }, client);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    return Introspection.strict().parse(answer.json());
  };

  test('tells a client of its own tokens', async () => {
    const { access_token, refresh_token } = await signIn();
    const access = await introspect(access_token);
    expect(access).toMatchObject({
      active: true,
      scope: 'public buy',
      client_id: accounts.clients.web.id,
      token_type: 'Bearer',
      sub: String(accounts.user.id),
      iss: app.system.publicUrl,
      aud: app.system.publicUrl,
    });
    expect((access.exp ?? 0) - (access.iat ?? 0)).toBe(3600);
    const spare = await introspect(refresh_token);
    expect(spare).toMatchObject({ active: true, token_type: 'refresh_token', sub: String(accounts.user.id) });
    expect((spare.exp ?? 0) - (spare.iat ?? 0)).toBe(30 * 86_400);
    const own = await introspect(await accessToken(app.system, { client: accounts.clients.web }));
    expect(own).toMatchObject({ active: true, sub: accounts.clients.web.id });
  });

  test('tells others nothing, but for admin clients of the company', async () => {
    const { access_token, refresh_token } = await signIn();
    const stranger = (await makeAccounts(app.system, 'stranger')).clients;
    for (const token of [access_token, refresh_token]) {
      expect(await introspect(token, accounts.clients.pos)).toEqual({ active: false });
      expect(await introspect(token, stranger.admin)).toEqual({ active: false });
      expect(await introspect(token, accounts.clients.admin)).toMatchObject({ active: true });
    }
  });

  test('tells nothing of tokens that are not active', async () => {
    const { access_token, refresh_token } = await signIn();
    const next = await postForm(
      app,
      '/auth/token',
      { grant_type: 'refresh_token', refresh_token },
      accounts.clients.web,
    );
    expect(await introspect(refresh_token)).toEqual({ active: false });
    await postForm(app, '/auth/revoke', { token: access_token }, accounts.clients.web);
    expect(await introspect(access_token)).toEqual({ active: false });
    await postForm(app, '/auth/revoke', { token: next.json().refresh_token }, accounts.clients.web);
    expect(await introspect(next.json().refresh_token)).toEqual({ active: false });
    expect(await introspect(next.json().access_token)).toEqual({ active: false });
    expect(await introspect('nonsense')).toEqual({ active: false });
  });
});

describe('within a second, without anybody telling this process,', () => {
  const within = async (status: number, send: () => Promise<{ statusCode: number }>) => {
    const began = performance.now();
    while ((await send()).statusCode !== status) {
      expect(performance.now() - began).toBeLessThan(LATEST_MS);
      await sleep(20);
    }
  };

  test('a deactivated client loses access, and has it back once it is active', async () => {
    const { pos } = accounts.clients;
    const token = await accessToken(app.system, { client: pos });
    const list = () => get(app, '/users', token);
    const SET = 'UPDATE client SET active = $2 WHERE id = $1';
    expect((await list()).statusCode).toBe(200);
    await change('t_client', SET, [pos.id, false]);
    await within(401, list);
    expect(
      (await postForm(app, '/auth/token', { grant_type: 'client_credentials' }, pos)).json(),
    ).toMatchObject({
      error: 'invalid_client',
    });
    await change('t_client', SET, [pos.id, true]);
    await within(200, list);
  });

  test('a deactivated interface is refused, as a default and by name', async () => {
    const { pos } = accounts.clients;
    const id = accounts.interfaces.pos;
    const token = await accessToken(app.system, { client: pos });
    const SET = 'UPDATE interface SET active = $2 WHERE id = $1';
    await change('t_interface', SET, [id, false]);
    await within(403, () => get(app, '/users', token));
    const named = await get(app, '/users', token, { 'x-interface': String(id) });
    expect(named.json()).toMatchObject({ status: 403, code: 'interface_not_allowed', interface_ids: [] });
    expect(named.headers['x-interface']).toBe(String(accounts.interfaces.web));
    await change('t_interface', SET, [id, true]);
    await within(200, () => get(app, '/users', token));
  });

  test('a scope taken from a client is gone from the tokens it has', async () => {
    const { pos } = accounts.clients;
    const token = await accessToken(app.system, { client: pos });
    const SET = 'UPDATE client SET scopes = $2 WHERE id = $1';
    await change('t_scopes', SET, [pos.id, ['public']]);
    await within(403, () => get(app, '/users', token));
    await change('t_scopes', SET, [pos.id, ['public', 'sell']]);
    await within(200, () => get(app, '/users', token));
  });
});

test('a deactivated user is signed out at once', async () => {
  const { access_token, refresh_token } = await signIn();
  const admin = await accessToken(app.system, { client: accounts.clients.admin });
  const patch = (active: boolean) =>
    app.inject({
      method: 'PATCH',
      url: `/users/${accounts.user.id}`,
      headers: { authorization: `Bearer ${admin}` },
      payload: { active },
    });
  expect((await patch(false)).json()).toMatchObject({ user: { active: false } });
  expect(await me(access_token)).toBe(401);
  const fields = { grant_type: 'refresh_token', refresh_token };
  expect((await postForm(app, '/auth/token', fields, accounts.clients.web)).json()).toMatchObject({
    error: 'invalid_grant',
  });
  expect((await patch(true)).json()).toMatchObject({ user: { active: true } });
  expect(await me(access_token)).toBe(401);
  expect(await me((await signIn()).access_token)).toBe(200);
});

test('a process asks the database once a second, however many requests there are', async () => {
  const token = await userToken();
  await me(token);
  const { pool } = elsewhere.db;
  await goodElsewhere(token);
  await sleep(1_000);
  let queries = 0;
  const query = pool.query.bind(pool);
  pool.query = ((...args: Parameters<typeof query>) => {
    queries += 1;
    return query(...args);
  }) as never;
  await Promise.all(Array.from({ length: 50 }, () => goodElsewhere(token)));
  expect(queries).toBe(1);
  expect(recall(elsewhere, `Bearer ${token}`)).toBeDefined();
  pool.query = query;
});

test('revoked tokens are remembered for as long as they would have lived, and no longer kept', async () => {
  const count = async () =>
    (await app.system.db.pool.query('SELECT count(*)::int AS n FROM revoked_token')).rows[0].n;
  await app.system.db.pool.query(`UPDATE revoked_token SET expires_at = now() - interval '1 second'`);
  await postForm(app, '/auth/revoke', { token: await userToken() }, accounts.clients.web);
  expect(await count()).toBe(1);
});
