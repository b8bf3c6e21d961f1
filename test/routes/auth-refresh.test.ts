import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { purgeSessions } from '../../src/services/oauth/purge.ts';
import type { TokenAnswer } from '../../src/services/oauth/token.ts';
import { testApp } from '../helpers/app.ts';
import type { Accounts, TestClient } from '../helpers/factories.ts';
import { get, postForm } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp());
});
afterAll(() => close());

async function signIn(scope = 'public buy'): Promise<TokenAnswer & { refresh_token: string }> {
  const { email: username, password } = accounts.user;
  const answer = await postForm(
    app,
    '/auth/token',
    { grant_type: 'password', username, password, scope },
    accounts.clients.web,
  );
  expect(answer.statusCode).toBe(200);
  return answer.json();
}

const refresh = (refresh_token: string, more: Record<string, string> = {}, client?: TestClient) =>
  postForm(
    app,
    '/auth/token',
    { grant_type: 'refresh_token', refresh_token, ...more },
    client ?? accounts.clients.web,
  );

const me = async (token: string) => (await get(app, '/users/me', token)).statusCode;

const INVALID_GRANT = {
  error: 'invalid_grant',
  error_description: 'The refresh token is expired, used, revoked or unknown.',
};

describe('rotation', () => {
  test('each use gives an access token and the next refresh token, of the same session', async () => {
    const first = await signIn();
    const answer = await refresh(first.refresh_token);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const second = answer.json();
    expect(second).toMatchObject({ token_type: 'Bearer', scope: 'public buy', expires_in: 3600 });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const third = (await refresh(second.refresh_token)).json();
    for (const { access_token } of [first, second, third]) expect(await me(access_token)).toBe(200);
  });

  test('the database holds no refresh token, only its hash', async () => {
    const { refresh_token } = await signIn();
    const { rows } = await app.system.db.pool.query('SELECT t::text AS text FROM refresh_token t');
    expect(rows.some(({ text }) => text.includes(refresh_token))).toBe(false);
  });

  test('fewer scopes may be asked for, of the session more come back, others never', async () => {
    const { refresh_token } = await signIn();
    const narrow = (await refresh(refresh_token, { scope: 'public' })).json();
    expect(narrow.scope).toBe('public');
    expect(await me(narrow.access_token)).toBe(403);
    const whole = (await refresh(narrow.refresh_token)).json();
    expect(whole.scope).toBe('public buy');
    const more = await refresh(whole.refresh_token, { scope: 'public sell' });
    expect(more.json()).toMatchObject({ error: 'invalid_scope' });
    expect((await refresh(whole.refresh_token, { scope: 'buy' })).json()).toMatchObject({
      error: 'invalid_scope',
    });
    expect((await refresh(whole.refresh_token)).statusCode).toBe(200); // the refused ones did not spend it
  });

  test('a session of public alone never gives buy', async () => {
    const { refresh_token } = await signIn('public');
    expect((await refresh(refresh_token, { scope: 'public buy' })).json()).toMatchObject({
      error: 'invalid_scope',
    });
  });

  test("an unknown, an expired and another client's token are told alike, and harm nobody", async () => {
    const { refresh_token, access_token } = await signIn();
    expect((await refresh('nonsense')).json()).toEqual(INVALID_GRANT);
    expect((await refresh(refresh_token, {}, accounts.clients.admin)).json()).toEqual(INVALID_GRANT);
    expect(await me(access_token)).toBe(200);
    await app.system.db.query(statement('t_expire', 'UPDATE refresh_token SET expires_at = now()'));
    expect((await refresh(refresh_token)).json()).toEqual(INVALID_GRANT);
    expect(await me(access_token)).toBe(200);
  });
});

describe('reuse', () => {
  test('of a spent refresh token ends the whole session at once', async () => {
    const first = await signIn();
    const bystander = await signIn();
    const second = (await refresh(first.refresh_token)).json();
    const reused = await refresh(first.refresh_token);
    expect(reused.statusCode).toBe(400);
    expect(reused.json()).toEqual(INVALID_GRANT);
    expect((await refresh(second.refresh_token)).json()).toEqual(INVALID_GRANT);
    expect(await me(first.access_token)).toBe(401);
    expect(await me(second.access_token)).toBe(401);
    expect(await me(bystander.access_token)).toBe(200);
    expect((await refresh(bystander.refresh_token)).statusCode).toBe(200);
  });

  test('of two refreshes held up on the same row exactly one wins, and the other ends the session', async () => {
    const { refresh_token } = await signIn();
    const blocker = await app.system.db.pool.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM refresh_token FOR UPDATE');
    const racing = [refresh(refresh_token), refresh(refresh_token)];
    const waiting = `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE refresh_token%' AND datname = current_database()`;
    await expect
      .poll(async () => (await app.system.db.pool.query(waiting)).rows[0].n, { timeout: 5_000 })
      .toBe(2);
    await blocker.query('COMMIT');
    blocker.release();
    const answers = await Promise.all(racing);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 400]);
    const winner = answers.find(({ statusCode }) => statusCode === 200)?.json();
    expect(await me(winner.access_token)).toBe(401);
    expect((await refresh(winner.refresh_token)).json()).toEqual(INVALID_GRANT);
  });

  test('of twenty at once exactly one wins', async () => {
    const { refresh_token } = await signIn();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refresh_token)));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    const children = await app.system.db.pool.query(
      `SELECT count(*)::int AS n FROM refresh_token WHERE session_id =
         (SELECT session_id FROM refresh_token WHERE hash = sha256($1::bytea))`,
      [refresh_token],
    );
    expect(children.rows[0].n).toBe(2);
  });
});

test('housekeeping forgets sessions that are over, and no other', async () => {
  const { pool } = app.system.db;
  const count = async () =>
    (
      await pool.query(
        'SELECT (SELECT count(*) FROM session) AS sessions, (SELECT count(*) FROM refresh_token) AS tokens',
      )
    ).rows[0];
  await pool.query(`UPDATE refresh_token SET expires_at = now() - interval '1 second'`);
  await pool.query(`UPDATE session SET created_at = now() - interval '2 days'`);
  const { sessions, tokens } = await count();
  expect(sessions).toBeGreaterThan(3);
  const living = await signIn();
  const next = (await refresh(living.refresh_token)).json();
  await pool.query(`UPDATE session SET created_at = now() - interval '2 days'`);
  expect(await purgeSessions(app.system.db)).toBe(sessions + tokens);
  expect(await count()).toEqual({ sessions: 1, tokens: 2 });
  expect((await refresh(next.refresh_token)).statusCode).toBe(200);
});
