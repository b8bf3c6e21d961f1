import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken, makeAccounts, makeUser } from '../helpers/factories.ts';
import { postForm } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp({ env: { RATE_LIMIT_LOGIN: '3', RATE_LIMIT: '20' } }));
});
afterAll(() => close());

const signIn = (username: string, password: string, client = accounts.clients.web) =>
  postForm(app, '/auth/token', { grant_type: 'password', username, password }, client);

test('guesses at one user are limited, whatever the spelling and the client, known or not', async () => {
  const { web, admin } = accounts.clients;
  for (const username of ['john.doe@mail.com', 'nobody@mail.com']) {
    expect((await signIn(username, 'a')).statusCode).toBe(400);
    expect((await signIn(username.toUpperCase(), 'b')).statusCode).toBe(400);
    expect((await signIn(` ${username}`, 'c', admin)).statusCode).toBe(400);
    const refused = await signIn(username, accounts.user.password, web);
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toEqual({
      error: 'rate_limited',
      error_description: expect.stringMatching(/^Too many attempts; try again in \d+ seconds\.$/),
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_590);
    expect(refused.headers['cache-control']).toBe('no-store');
  }
});

test('others sign in meanwhile, also of the same address in another company', async () => {
  const jane = await inTransaction(app.system.db, (tx) => makeUser(tx, accounts.company_id, 'jane@mail.com'));
  expect((await signIn(jane.email, jane.password)).statusCode).toBe(200);
  const other = await makeAccounts(app.system, 'other');
  expect((await signIn(other.user.email, other.user.password, other.clients.web)).statusCode).toBe(200);
});

test('guesses at a password by its change count with those at sign-in', async () => {
  const user = await inTransaction(app.system.db, (tx) => makeUser(tx, accounts.company_id, 'ann@mail.com'));
  const token = await accessToken(app.system, { client: accounts.clients.web, user });
  const change = () =>
    app.inject({
      method: 'PUT',
      url: `/users/${user.id}/password`,
      headers: { authorization: `Bearer ${token}` },
      payload: { password: 'wrong', new_password: 'long enough' },
    });
  expect((await change()).json()).toMatchObject({ status: 403, code: 'wrong_password' });
  expect((await change()).statusCode).toBe(403);
  expect((await signIn(user.email, 'wrong')).statusCode).toBe(400);
  const refused = await change();
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ code: 'rate_limited', retry_after: expect.any(Number) });
  expect(refused.headers['retry-after']).toBe(String(refused.json().retry_after));
});

test('a client is limited once it has proved itself; nobody else can use up its share', async () => {
  const { pos } = accounts.clients;
  const ask = (secret: string) =>
    postForm(app, '/auth/token', { grant_type: 'client_credentials' }, { ...pos, secret });
  const many = async (n: number, secret: string) => {
    const statuses = new Set<number>();
    for (let i = 0; i < n; i += 1) statuses.add((await ask(secret)).statusCode);
    return [...statuses];
  };
  expect(await many(25, 'wrong')).toEqual([401]);
  expect(await many(20, pos.secret)).toEqual([200]);
  expect(await many(1, pos.secret)).toEqual([429]);
  await app.system.db.query(statement('t_limit', 'UPDATE client SET rate_limit = 22 WHERE id = $1'), [
    pos.id,
  ]);
  await app.system.db.query(statement('t_bump', 'UPDATE auth_revision SET revision = revision + 1'));
  await app.system.auth.reload();
  expect(await many(2, pos.secret)).toEqual([200]);
  expect(await many(1, pos.secret)).toEqual([429]);
});

test('more sign-ins at once than passwords can be compared are put off, as RFC 6749 would have it', async () => {
  const busy = await testApp({ env: { BCRYPT_COST: '8' } });
  const fields = { grant_type: 'password', username: 'nobody@mail.com', password: 'wrong' };
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => postForm(busy.app, '/auth/token', fields, busy.accounts.clients.web)),
  );
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([400, 503]));
  const refused = answers.find(({ statusCode }) => statusCode === 503);
  expect(refused?.json()).toMatchObject({ error: 'temporarily_unavailable' });
  expect(refused?.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
  await busy.close();
});
