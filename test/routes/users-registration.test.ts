import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertRow } from '../../prisma/seed/rows.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken, makeAccounts } from '../helpers/factories.ts';
import { call, pointersOf, postForm, userOf } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;

/** Tokens by who has them. */
let as: Record<'web' | 'pos' | 'stranger', string>;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp());
  const { system } = app;
  const other = await makeAccounts(system, 'other');
  await inTransaction(system.db, (tx) => insertRow(tx, 'document_type', { code: 'passport', name: {} }));
  as = {
    web: await accessToken(system, { client: accounts.clients.web }),
    pos: await accessToken(system, { client: accounts.clients.pos }),
    stranger: await accessToken(system, { client: other.clients.admin }),
  };
});
afterAll(() => close());

const register = (who: keyof typeof as, user: object, headers: Record<string, string> = {}) =>
  call(app, as[who], 'POST', '/users', user, headers);

const registration = (email: string) => ({
  email,
  password: 'long enough',
  first_name: 'Ana',
  last_name: 'Núñez',
});

test('registers a user who can sign in', async () => {
  const whole = {
    ...registration(' Ana@Mail.com '),
    phone: '+34 600 000 000',
    document_type: 'passport',
    document_number: 'X1',
    birth_date: '1990-02-28',
    locale: 'pt',
  };
  const answer = await register('web', whole);
  expect(answer.statusCode).toBe(201);
  const user = userOf(answer.json());
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
  const answer = await register('pos', registration('b@mail.com'), {
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
  const taken = await register('web', registration('JOHN.doe@MAIL.com'));
  expect(taken.statusCode).toBe(409);
  expect(taken.json()).toMatchObject({ code: 'email_taken' });
  expect((await register('stranger', registration('jane.roe@mail.com'))).statusCode).toBe(201);
});

test('of ten at once with one address one is registered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      register('web', registration(i % 2 ? 'race@mail.com' : 'Race@mail.com')),
    ),
  );
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, ...Array(9).fill(409)]);
});

test('an Idempotency-Key makes a repetition safe', async () => {
  const key = { 'idempotency-key': 'register-1' };
  const [first, again] = [
    await register('web', registration('once@mail.com'), key),
    await register('web', registration('once@mail.com'), key),
  ];
  expect([first.statusCode, again.statusCode]).toEqual([201, 201]);
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(again.headers.location).toBe(first.headers.location);
  expect(again.json()).toEqual(first.json());
});

test('tells every faulty field at once', async () => {
  const answer = await register('web', {
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
  const answer = await register('web', { ...registration(email), password });
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
  const answer = await register('web', { ...registration('c@mail.com'), birth_date });
  expect(pointersOf(answer)).toEqual(['/birth_date']);
});

test('a type of document must exist', async () => {
  const answer = await register('web', {
    ...registration('d@mail.com'),
    document_type: 'library',
  });
  expect(answer.statusCode).toBe(422);
  expect(pointersOf(answer)).toEqual(['/document_type']);
});
