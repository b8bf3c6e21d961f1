import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertRow } from '../../prisma/seed/rows.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken, makeAccounts, makeUser, type TestUser } from '../helpers/factories.ts';
import { call, pointersOf, postForm, type RequestParts, userOf } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let other: Accounts;
let jane: TestUser;
let close: () => Promise<void>;

/** Tokens by who has them. */
let as: Record<'john' | 'jane' | 'web' | 'pos' | 'admin' | 'stranger', string>;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp());
  const { system } = app;
  other = await makeAccounts(system, 'other');
  jane = await inTransaction(system.db, async (tx) => {
    await insertRow(tx, 'document_type', { code: 'passport', name: {} });
    return makeUser(tx, accounts.company_id, 'jane.roe@mail.com');
  });
  const { web, pos, admin } = accounts.clients;
  as = {
    john: await accessToken(system, { client: web, user: accounts.user }),
    jane: await accessToken(system, { client: web, user: jane }),
    web: await accessToken(system, { client: web }),
    pos: await accessToken(system, { client: pos }),
    admin: await accessToken(system, { client: admin, scopes: ['public', 'admin'] }),
    stranger: await accessToken(system, { client: other.clients.admin }),
  };
});
afterAll(() => close());

const send = (who: keyof typeof as, ...request: RequestParts) => call(app, as[who], ...request);

describe('who reads whom', () => {
  const urls = () => ({
    me: '/users/me',
    own: `/users/${accounts.user.id}`,
    other: `/users/${jane.id}`,
    list: '/users',
  });
  test.each([
    ['john', { me: 200, own: 200, other: 404, list: 403 }],
    ['web', { me: 403, own: 403, other: 403, list: 403 }],
    ['pos', { me: 403, own: 200, other: 200, list: 200 }],
    ['admin', { me: 403, own: 200, other: 200, list: 200 }],
    ['stranger', { me: 403, own: 404, other: 404, list: 200 }],
  ] as const)('%s', async (who, expected) => {
    for (const [name, status] of Object.entries(expected)) {
      const answer = await send(who, 'GET', urls()[name as keyof typeof expected]);
      expect([name, answer.statusCode]).toEqual([name, status]);
    }
  });

  test('without a user and without sell or admin: user_required', async () => {
    for (const url of ['/users/me', `/users/${jane.id}`, '/users/999999'])
      expect((await send('web', 'GET', url)).json()).toMatchObject({ status: 403, code: 'user_required' });
  });

  test('without a token: 401', async () => {
    for (const url of ['/users', '/users/me', `/users/${jane.id}`])
      expect((await app.inject(url)).statusCode).toBe(401);
  });

  test('the same object everywhere, with no secret in it', async () => {
    const me = (await send('john', 'GET', '/users/me')).json();
    expect(userOf(me)).toMatchObject({
      id: accounts.user.id,
      email: accounts.user.email,
    });
    expect((await send('admin', 'GET', `/users/${accounts.user.id}`)).json()).toEqual(me);
  });

  test.each(['0', '-1', 'abc', '1e3', '99999999999', '1%00'])('%s is not found', async (id) => {
    expect((await send('admin', 'GET', `/users/${id}`)).statusCode).toBe(404);
  });
});

describe('GET /users', () => {
  const list = async (query: string, who: 'pos' | 'admin' = 'pos') => {
    const answer = await send(who, 'GET', `/users${query}`);
    expect(answer.statusCode).toBe(200);
    return { users: answer.json().users as { id: number; email: string }[], headers: answer.headers };
  };

  test('in pages that add up to all, in order', async () => {
    const { headers } = await list('');
    expect(headers).toMatchObject({ 'x-page': '1', 'x-per-page': '10' });
    const total = Number(headers['x-total']);
    const all: number[] = [];
    for (let page = 1; page <= Math.ceil(total / 3); page += 1)
      all.push(...(await list(`?per_page=3&page=${page}`)).users.map(({ id }) => id));
    expect(all).toHaveLength(total);
    expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
    const beyond = await list('?page=1000');
    expect(beyond.users).toEqual([]);
    expect(beyond.headers['x-total']).toBe(String(total));
  });

  test('by the whole address, in any case', async () => {
    const { users, headers } = await list('?email=JANE.ROE@mail.com');
    expect(users.map(({ id }) => id)).toEqual([jane.id]);
    expect(headers['x-total']).toBe('1');
    expect((await list('?email=jane.roe')).users).toEqual([]);
  });

  test('by part of name or address; wildcards are letters like any', async () => {
    expect((await list('?q=john%20d')).users.map(({ id }) => id)).toContain(accounts.user.id);
    expect((await list('?q=ANE.RO')).users.map(({ id }) => id)).toEqual([jane.id]);
    expect((await list('?q=%25')).users).toEqual([]);
    expect((await list('?q=_')).users).toEqual([]);
  });

  test('never those of another company', async () => {
    const { users } = await list('?per_page=100');
    expect(users.map(({ id }) => id)).not.toContain(other.user.id);
  });

  test.each(['?page=0', '?per_page=x', '?name=a', '?email=', `?q=${'a'.repeat(101)}`])(
    '%s is refused',
    async (query) => {
      expect((await send('pos', 'GET', `/users${query}`)).statusCode).toBe(422);
    },
  );
});

describe('PATCH /users/:user_id', () => {
  const url = () => `/users/${accounts.user.id}`;

  test('changes what is given and leaves the rest', async () => {
    const before = (await send('john', 'GET', url())).json().user;
    const answer = await send('john', 'PATCH', url(), {
      phone: '60000',
      birth_date: '1980-01-31',
      locale: 'es',
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().user).toEqual({
      ...before,
      phone: '60000',
      birth_date: '1980-01-31',
      locale: 'es',
      updated_at: expect.any(String),
    });
    const cleared = await send('john', 'PATCH', url(), { phone: null, birth_date: null });
    expect(cleared.json().user).toMatchObject({ phone: null, birth_date: null, locale: 'es' });
  });

  test('users themselves and admin only', async () => {
    for (const [who, status] of [
      ['john', 200],
      ['admin', 200],
      ['jane', 404],
      ['stranger', 404],
      ['pos', 403],
      ['web', 403],
    ] as const)
      expect([who, (await send(who, 'PATCH', url(), { first_name: 'J' })).statusCode]).toEqual([who, status]);
  });

  test('an address that admin sets signs in at once, is to be verified again, and may not be taken', async () => {
    const { pool } = app.system.db;
    await pool.query('UPDATE user_account SET email_verified_at = now() WHERE id = $1', [jane.id]);
    const verified = async () =>
      (await pool.query('SELECT email_verified_at FROM user_account WHERE id = $1', [jane.id])).rows[0]
        .email_verified_at;
    await send('jane', 'PATCH', `/users/${jane.id}`, { email: 'Jane.Roe@mail.com' });
    expect(await verified()).not.toBeNull();
    const answer = await send('admin', 'PATCH', `/users/${jane.id}`, { email: 'jane@example.com' });
    expect(answer.json().user).toMatchObject({ email: 'jane@example.com', pending_email: null });
    expect(await verified()).toBeNull();
    const fields = { grant_type: 'password', username: 'jane@example.com', password: jane.password };
    expect((await postForm(app, '/auth/token', fields, accounts.clients.web)).statusCode).toBe(200);
    const taken = await send('jane', 'PATCH', `/users/${jane.id}`, { email: 'John.Doe@mail.com' });
    expect(taken.json()).toMatchObject({ status: 409, code: 'email_taken' });
  });

  test('If-Match lets one of two who read the same state change it', async () => {
    const read = await send('john', 'GET', url());
    const tag = { 'if-match': read.headers.etag as string };
    const answers = await Promise.all([
      send('john', 'PATCH', url(), { phone: '1111' }, tag),
      send('admin', 'PATCH', url(), { phone: '2222' }, tag),
    ]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412]);
    expect((await send('john', 'PATCH', url(), { phone: '3333' }, { 'if-match': '*' })).statusCode).toBe(200);
  });

  test('active is for admin', async () => {
    const answer = await send('john', 'PATCH', url(), { active: true });
    expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope", scope="admin"');
    expect(answer.json()).toMatchObject({ status: 403, code: 'insufficient_scope', scopes: ['admin'] });
  });

  test.each([
    [{ first_name: null }, '/first_name'],
    [{ email: null }, '/email'],
    [{ locale: null }, '/locale'],
    [{ active: 'no' }, '/active'],
    [{ password: 'long enough' }, '/password'],
    [{ id: 7 }, '/id'],
    [{ document_type: 'library' }, '/document_type'],
  ])('%j is refused', async (payload, pointer) => {
    const answer = await send('admin', 'PATCH', url(), payload);
    expect(answer.statusCode).toBe(422);
    expect(pointersOf(answer)).toEqual([pointer]);
  });
});
