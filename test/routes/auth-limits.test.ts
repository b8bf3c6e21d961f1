import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { type TestApp, testApp } from '../helpers/app.ts';
import { type Accounts, accessToken, makeAccounts, makeUser } from '../helpers/factories.ts';
import { basic, postForm } from '../helpers/oauth.ts';

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

test('guesses at a password by its change are limited by themselves: strangers cannot use them up', async () => {
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
  for (let i = 0; i < 4; i += 1) await signIn(user.email, 'wrong');
  expect((await change()).statusCode).toBe(403);
  const refused = await change();
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ code: 'rate_limited', retry_after: expect.any(Number) });
  expect(refused.headers['retry-after']).toBe(String(refused.json().retry_after));
});

const signInFrom = (
  at: TestApp,
  username: string,
  password: string,
  origin: { device_id?: string; remoteAddress?: string },
) => {
  const { device_id, remoteAddress = '127.0.0.1' } = origin;
  const fields = { grant_type: 'password', username, password, ...(device_id && { device_id }) };
  return at.app.inject({
    method: 'POST',
    url: '/auth/token',
    remoteAddress,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic(at.accounts.clients.web),
    },
    payload: new URLSearchParams(fields).toString(),
  });
};

test('a stranger slows down strangers only: where a user has signed in before, they sign in still', async () => {
  const own = await testApp({ env: { RATE_LIMIT_LOGIN: '3' } });
  const ben = await inTransaction(own.system.db, (tx) =>
    makeUser(tx, own.accounts.company_id, 'ben@mail.com'),
  );
  const phone = { device_id: 'a secret that his phone keeps' };
  const home = { remoteAddress: '10.0.0.7' };
  expect((await signInFrom(own, ben.email, ben.password, phone)).statusCode).toBe(200);
  expect((await signInFrom(own, ben.email, ben.password, home)).statusCode).toBe(200);
  for (let i = 0; i < 9; i += 1)
    await signInFrom(own, 'BEN@mail.com', `guess ${i}`, { remoteAddress: `10.0.1.${i}`, device_id: `${i}` });
  const stranger = { remoteAddress: '10.0.2.1' };
  expect((await signInFrom(own, ben.email, ben.password, stranger)).statusCode).toBe(429);
  expect((await signInFrom(own, ben.email, ben.password, phone)).statusCode).toBe(200);
  expect((await signInFrom(own, ben.email, ben.password, home)).statusCode).toBe(200);
  // Of three tries an hour from his phone two are left, and a thief of it cannot guess for ever either.
  expect((await signInFrom(own, ben.email, 'wrong', phone)).statusCode).toBe(400);
  expect((await signInFrom(own, ben.email, 'wrong', phone)).statusCode).toBe(400);
  expect((await signInFrom(own, ben.email, 'wrong', phone)).statusCode).toBe(429);
  const { rows } = await own.system.db.pool.query('SELECT hash::text FROM login_origin WHERE user_id = $1', [
    ben.id,
  ]);
  expect(rows).toHaveLength(2);
  expect(JSON.stringify(rows)).not.toMatch(/secret|10\.0/);
  await own.close();
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
  const busy = await testApp({ env: { BCRYPT_COST: '8', RATE_LIMIT_LOGIN: '1000' } });
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
