import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertRow } from '../../prisma/seed/rows.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { User } from '../../src/schemas/users.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken, makeAccounts, makeUser, type TestUser } from '../helpers/factories.ts';
import { postForm } from '../helpers/oauth.ts';

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

function send(
  who: keyof typeof as,
  method: 'GET' | 'POST' | 'PATCH' | 'PUT',
  url: string,
  payload?: object,
  headers: Record<string, string> = {},
) {
  const authorization = `Bearer ${as[who]}`;
  return app.inject({ method, url, headers: { authorization, ...headers }, ...(payload && { payload }) });
}

const registration = (email: string) => ({
  email,
  password: 'long enough',
  first_name: 'Ana',
  last_name: 'Núñez',
});

const pointersOf = (answer: { json(): { errors?: { pointer: string }[] } }) =>
  answer.json().errors?.map(({ pointer }) => pointer);

describe('POST /users', () => {
  test('registers a user who can sign in', async () => {
    const whole = {
      ...registration(' Ana@Mail.com '),
      phone: '+34 600 000 000',
      document_type: 'passport',
      document_number: 'X1',
      birth_date: '1990-02-28',
      locale: 'pt',
    };
    const answer = await send('web', 'POST', '/users', whole);
    expect(answer.statusCode).toBe(201);
    const user = User.strict().parse(revive(answer.json().user));
    expect(answer.headers.location).toBe(`/users/${user.id}`);
    const { password, ...told } = whole;
    expect(user).toMatchObject({ ...told, email: 'Ana@Mail.com', active: true });
    expect(answer.body).not.toContain(password);
    const fields = { grant_type: 'password', username: 'ana@mail.com', password };
    expect((await postForm(app, '/auth/token', fields, accounts.clients.web)).statusCode).toBe(200);
    const { rows } = await app.system.db.pool.query('SELECT password_hash FROM user_account WHERE id = $1', [
      user.id,
    ]);
    expect(rows[0].password_hash).toMatch(/^\$2b\$04\$/);
  });

  test('by sell too; what is left out is null, the locale that of the request', async () => {
    const answer = await send('pos', 'POST', '/users', registration('b@mail.com'), {
      'accept-language': 'es',
    });
    expect(answer.json().user).toMatchObject({
      phone: null,
      document_type: null,
      document_number: null,
      birth_date: null,
      locale: 'es',
    });
  });

  test('one address is one user in a company, whatever its case; another company has its own', async () => {
    const taken = await send('web', 'POST', '/users', registration('JOHN.doe@MAIL.com'));
    expect(taken.statusCode).toBe(409);
    expect(taken.json()).toMatchObject({ code: 'email_taken' });
    expect((await send('stranger', 'POST', '/users', registration('jane.roe@mail.com'))).statusCode).toBe(
      201,
    );
  });

  test('of ten at once with one address one is registered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        send('web', 'POST', '/users', registration(i % 2 ? 'race@mail.com' : 'Race@mail.com')),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  test('an Idempotency-Key makes a repetition safe', async () => {
    const key = { 'idempotency-key': 'register-1' };
    const [first, again] = [
      await send('web', 'POST', '/users', registration('once@mail.com'), key),
      await send('web', 'POST', '/users', registration('once@mail.com'), key),
    ];
    expect([first.statusCode, again.statusCode]).toEqual([201, 201]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.headers.location).toBe(first.headers.location);
    expect(again.json()).toEqual(first.json());
  });

  test('tells every faulty field at once', async () => {
    const answer = await send('web', 'POST', '/users', {
      email: 'no address',
      password: 'short',
      last_name: ' ',
      phone: 'call me',
      birth_date: '2001-02-29',
      locale: 'fr',
      document_number: 'x'.repeat(51),
      age: 3,
    });
    expect(answer.statusCode).toBe(422);
    expect(pointersOf(answer)?.sort()).toEqual([
      '/age',
      '/birth_date',
      '/document_number',
      '/email',
      '/first_name',
      '/last_name',
      '/locale',
      '/password',
      '/phone',
    ]);
  });

  test.each([
    ['7 bytes', 'a'.repeat(7), false],
    ['8 bytes', 'a'.repeat(8), true],
    ['4 characters of 2 bytes', 'éééé', true],
    ['72 bytes', 'a'.repeat(72), true],
    ['73 bytes', 'a'.repeat(73), false],
    ['37 characters of 2 bytes', 'é'.repeat(37), false],
    ['NUL', 'abcd\0efghij', false],
    ['spaces', '        ', true],
  ])('a password of %s', async (name, password, good) => {
    const email = `${name.replaceAll(' ', '-')}@mail.com`;
    const answer = await send('web', 'POST', '/users', { ...registration(email), password });
    expect(answer.statusCode).toBe(good ? 201 : 422);
    if (!good) expect(pointersOf(answer)).toEqual(['/password']);
    if (password.length > 72 || name.startsWith('37')) expect(answer.body).toContain('72 bytes');
  });

  test.each([
    '1899-12-31',
    new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
    '1990-1-1',
    '1990-02-30',
  ])('a birth date of %s is none', async (birth_date) => {
    const answer = await send('web', 'POST', '/users', { ...registration('c@mail.com'), birth_date });
    expect(pointersOf(answer)).toEqual(['/birth_date']);
  });

  test('a type of document must exist', async () => {
    const answer = await send('web', 'POST', '/users', {
      ...registration('d@mail.com'),
      document_type: 'library',
    });
    expect(answer.statusCode).toBe(422);
    expect(pointersOf(answer)).toEqual(['/document_type']);
  });
});

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
    expect(User.strict().parse(revive(me.user))).toMatchObject({
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

  test('a new address signs in, is to be verified again, and may not be taken', async () => {
    const { pool } = app.system.db;
    await pool.query('UPDATE user_account SET email_verified_at = now() WHERE id = $1', [jane.id]);
    const verified = async () =>
      (await pool.query('SELECT email_verified_at FROM user_account WHERE id = $1', [jane.id])).rows[0]
        .email_verified_at;
    await send('jane', 'PATCH', `/users/${jane.id}`, { email: 'Jane.Roe@mail.com' });
    expect(await verified()).not.toBeNull();
    const answer = await send('jane', 'PATCH', `/users/${jane.id}`, { email: 'jane@example.com' });
    expect(answer.json().user.email).toBe('jane@example.com');
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

/** JSON has no dates; the schema of the answer has. */
const revive = (user: Record<string, unknown>) => ({
  ...user,
  created_at: new Date(user.created_at as string),
  updated_at: new Date(user.updated_at as string),
});
