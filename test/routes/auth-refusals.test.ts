import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testApp } from '../helpers/app.ts';
import type { Accounts } from '../helpers/factories.ts';
import { postForm } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp());
});
afterAll(() => close());

const GRANT = { grant_type: 'client_credentials' };

const signIn = () => ({
  grant_type: 'password',
  username: accounts.user.email,
  password: accounts.user.password,
});

const invalidRequest = [400, 'invalid_request'] as const;
const invalidClient = [401, 'invalid_client'] as const;

test.each([
  ['no grant_type', () => postForm(app, '/auth/token', {}, accounts.clients.web), ...invalidRequest],
  [
    'an empty grant_type',
    () => postForm(app, '/auth/token', { grant_type: '' }, accounts.clients.web),
    ...invalidRequest,
  ],
  [
    'an unknown grant_type',
    () => postForm(app, '/auth/token', { grant_type: 'implicit' }, accounts.clients.web),
    400,
    'unsupported_grant_type',
  ],
  [
    'grant_type constructor',
    () => postForm(app, '/auth/token', { grant_type: 'constructor' }, accounts.clients.web),
    400,
    'unsupported_grant_type',
  ],
  [
    'no username',
    () => postForm(app, '/auth/token', { grant_type: 'password', password: 'x' }, accounts.clients.web),
    ...invalidRequest,
  ],
  [
    'no password',
    () => postForm(app, '/auth/token', { grant_type: 'password', username: 'x' }, accounts.clients.web),
    ...invalidRequest,
  ],
  [
    'no refresh_token',
    () => postForm(app, '/auth/token', { grant_type: 'refresh_token' }, accounts.clients.web),
    ...invalidRequest,
  ],
  [
    'a parameter given twice',
    () =>
      postForm(
        app,
        '/auth/token',
        'grant_type=client_credentials&scope=public&scope=buy',
        accounts.clients.web,
      ),
    ...invalidRequest,
  ],
  [
    'a number in JSON',
    () => app.inject({ method: 'POST', url: '/auth/token', payload: { grant_type: 1 } }),
    ...invalidRequest,
  ],
  [
    'NUL in a parameter',
    () => postForm(app, '/auth/token', { ...signIn(), username: 'a\0b' }, accounts.clients.web),
    ...invalidRequest,
  ],
  [
    'an over-long parameter',
    () => postForm(app, '/auth/token', { ...signIn(), username: 'a'.repeat(300) }, accounts.clients.web),
    ...invalidRequest,
  ],
  [
    'a parameter in the address',
    () => postForm(app, '/auth/token?grant_type=client_credentials', GRANT, accounts.clients.web),
    ...invalidRequest,
  ],
  [
    'JSON that is none',
    () =>
      app.inject({
        method: 'POST',
        url: '/auth/token',
        headers: { 'content-type': 'application/json' },
        payload: '{',
      }),
    ...invalidRequest,
  ],
  ['no body', () => app.inject({ method: 'POST', url: '/auth/token' }), ...invalidRequest],
  [
    'another content type',
    () =>
      app.inject({
        method: 'POST',
        url: '/auth/token',
        headers: { 'content-type': 'text/plain' },
        payload: 'grant_type=password',
      }),
    415,
    'invalid_request',
  ],
  [
    'a body beyond 16 KB',
    () => postForm(app, '/auth/token', { ...GRANT, more: 'x'.repeat(20_000) }, accounts.clients.web),
    413,
    'invalid_request',
  ],
  [
    'both ways of authentication at once',
    () =>
      postForm(
        app,
        '/auth/token',
        { ...GRANT, client_id: accounts.clients.web.id, client_secret: accounts.clients.web.secret },
        accounts.clients.web,
      ),
    ...invalidRequest,
  ],
  [
    'two different clients',
    () =>
      postForm(app, '/auth/token', { ...GRANT, client_id: accounts.clients.pos.id }, accounts.clients.web),
    ...invalidRequest,
  ],
  ['no client', () => postForm(app, '/auth/token', GRANT), ...invalidClient],
  [
    'a client without its secret',
    () => postForm(app, '/auth/token', { ...GRANT, client_id: accounts.clients.web.id }),
    ...invalidClient,
  ],
  [
    'a wrong secret',
    () => postForm(app, '/auth/token', GRANT, { ...accounts.clients.web, secret: 'wrong' }),
    ...invalidClient,
  ],
  [
    'an unknown client',
    () => postForm(app, '/auth/token', GRANT, { id: 'nobody', secret: 'wrong' }),
    ...invalidClient,
  ],
  [
    'the secret of another client',
    () =>
      postForm(app, '/auth/token', GRANT, {
        id: accounts.clients.admin.id,
        secret: accounts.clients.web.secret,
      }),
    ...invalidClient,
  ],
  ['another scheme', () => withAuthorization('Bearer abc'), ...invalidClient],
  ['Basic without a colon', () => withAuthorization(`Basic ${btoa('abc')}`), ...invalidClient],
  ['Basic with a stray %', () => withAuthorization(`Basic ${btoa('a%:b')}`), ...invalidClient],
  ['Basic that is not base64', () => withAuthorization('Basic !!!'), ...invalidClient],
])('%s', async (_, send, status, error) => {
  const answer = await send();
  expect(answer.statusCode).toBe(status);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-interface': String(accounts.interfaces.web),
  });
  expect(answer.headers['www-authenticate']).toBe(
    status === 401 ? 'Basic realm="ticketing", charset="UTF-8"' : undefined,
  );
  expect(answer.json()).toEqual({ error, error_description: expect.stringMatching(/^[\x20-\x7e]+$/) });
});

test('an unknown client and a wrong secret are told alike', async () => {
  const unknown = await postForm(app, '/auth/token', GRANT, { id: 'nobody', secret: 'wrong' });
  const wrong = await postForm(app, '/auth/token', GRANT, { ...accounts.clients.web, secret: 'wrong' });
  expect(unknown.json()).toEqual(wrong.json());
});

test('GET is told what the address answers', async () => {
  const answer = await app.inject({ method: 'GET', url: '/auth/token' });
  expect(answer.statusCode).toBe(405);
  expect(answer.headers.allow).toBe('POST');
});

const withAuthorization = (authorization: string) =>
  app.inject({ method: 'POST', url: '/auth/token', headers: { authorization }, payload: GRANT });

test('what the hooks refuse is told in the same form', async () => {
  const answer = await app.inject({
    method: 'POST',
    url: '/auth/token',
    headers: { 'x-interface': 'abc' },
    payload: GRANT,
  });
  expect(answer.statusCode).toBe(400);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.json()).toMatchObject({
    error: 'invalid_request',
    error_description: expect.stringMatching(/^X-Interface takes/),
  });
});

test('with the database away it is temporarily_unavailable; what needs no database is answered', async () => {
  const { app: cut, accounts: known, close: closeCut } = await testApp();
  const { pool } = cut.system.db;
  const { connect, query } = pool;
  const refused = () =>
    Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  Object.assign(pool, { connect: refused, query: refused });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const answer = await postForm(cut, '/auth/token', GRANT, known.clients.web);
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ error: 'temporarily_unavailable' });
  expect(answer.headers['retry-after']).toBe('1');
  const open = await cut.inject('/.well-known/oauth-authorization-server');
  expect([open.statusCode, open.headers['x-interface']]).toEqual([200, String(known.interfaces.web)]);
  Object.assign(pool, { connect, query });
  expect((await postForm(cut, '/auth/token', GRANT, known.clients.web)).statusCode).toBe(200);
  await closeCut();
});
