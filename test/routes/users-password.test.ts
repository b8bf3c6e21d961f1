import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken, makeUser, type TestUser } from '../helpers/factories.ts';
import { get, postForm } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let user: TestUser;
let users = 0;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp());
});
beforeEach(async () => {
  users += 1;
  user = await inTransaction(app.system.db, (tx) =>
    makeUser(tx, accounts.company_id, `user${users}@mail.com`),
  );
});
afterAll(() => close());

async function signIn(password: string) {
  const fields = { grant_type: 'password', username: user.email, password, scope: 'public buy' };
  return (await postForm(app, '/auth/token', fields, accounts.clients.web)).json();
}

const change = (token: string, payload: object, user_id = user.id, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'PUT',
    url: `/users/${user_id}/password`,
    headers: { authorization: `Bearer ${token}`, ...headers },
    payload,
  });

const me = async (token: string) => (await get(app, '/users/me', token)).statusCode;

const good = () => ({ password: user.password, new_password: 'a new password' });

test('changes it, ends the other sessions and keeps this one', async () => {
  const [here, there] = [await signIn(user.password), await signIn(user.password)];
  const john = await accessToken(app.system, { client: accounts.clients.web, user: accounts.user });
  const answer = await change(here.access_token, good());
  expect(answer.statusCode).toBe(204);
  expect(answer.body).toBe('');
  expect(await me(here.access_token)).toBe(200);
  expect(await me(there.access_token)).toBe(401);
  expect(await me(john)).toBe(200);
  const refresh = (refresh_token: string) =>
    postForm(app, '/auth/token', { grant_type: 'refresh_token', refresh_token }, accounts.clients.web);
  expect((await refresh(here.refresh_token)).statusCode).toBe(200);
  expect((await refresh(there.refresh_token)).json()).toMatchObject({ error: 'invalid_grant' });
  expect(await signIn(user.password)).toMatchObject({ error: 'invalid_grant' });
  expect(await signIn('a new password')).toMatchObject({ token_type: 'Bearer' });
});

test('a wrong password changes nothing', async () => {
  const [here, there] = [await signIn(user.password), await signIn(user.password)];
  const answer = await change(here.access_token, { ...good(), password: 'wrong' });
  expect(answer.json()).toMatchObject({ status: 403, code: 'wrong_password' });
  expect(await me(there.access_token)).toBe(200);
  expect(await signIn(user.password)).toMatchObject({ token_type: 'Bearer' });
});

test('of two changes at once one wins', async () => {
  const { access_token } = await signIn(user.password);
  const answers = await Promise.all([
    change(access_token, { ...good(), new_password: 'the first one' }),
    change(access_token, { ...good(), new_password: 'the second one' }),
  ]);
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([204, 403]);
});

test('no session that a sign-in opens meanwhile outlives the change', async () => {
  const { access_token } = await signIn(user.password);
  const [answer, ...sessions] = await Promise.all([
    change(access_token, good()),
    ...Array.from({ length: 10 }, () => signIn(user.password)),
  ]);
  expect(answer?.statusCode).toBe(204);
  for (const session of sessions)
    if ('access_token' in session) expect(await me(session.access_token)).toBe(401);
});

test('a repetition with the same Idempotency-Key is answered alike', async () => {
  const { access_token } = await signIn(user.password);
  const key = { 'idempotency-key': `change-${user.id}` };
  expect((await change(access_token, good(), user.id, key)).statusCode).toBe(204);
  const again = await change(access_token, good(), user.id, key);
  expect(again.statusCode).toBe(204);
  expect(again.headers['idempotent-replayed']).toBe('true');
});

test('is for the user alone', async () => {
  const { access_token } = await signIn(user.password);
  const { web, admin } = accounts.clients;
  expect((await change(access_token, good(), accounts.user.id)).statusCode).toBe(404);
  expect((await change(access_token, good(), 999_999)).statusCode).toBe(404);
  const client = await change(await accessToken(app.system, { client: web }), good());
  expect(client.json()).toMatchObject({ status: 403, code: 'user_required' });
  const scopes = ['public', 'admin'] as const;
  const byAdmin = await change(await accessToken(app.system, { client: admin, scopes: [...scopes] }), good());
  expect(byAdmin.json()).toMatchObject({ status: 403, code: 'insufficient_scope' });
});

test.each([
  [{ new_password: 'a new password' }, ['/password']],
  [{ password: 'x' }, ['/new_password']],
  [{ password: 'x', new_password: 'short' }, ['/new_password']],
  [{ password: 'x', new_password: 'a'.repeat(73) }, ['/new_password']],
  [{ password: '', new_password: 7 }, ['/password', '/new_password']],
  [{ password: 'x', new_password: 'a new password', user_id: 1 }, ['/user_id']],
])('%j is refused', async (payload, pointers) => {
  const answer = await change((await signIn(user.password)).access_token, payload);
  expect(answer.statusCode).toBe(422);
  expect(answer.json().errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
});
