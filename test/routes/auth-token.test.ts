import type { FastifyInstance } from 'fastify';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { TokenAnswer } from '../../src/schemas/auth.ts';
import { createClientSecret, hashSecret } from '../../src/services/oauth/client-auth.ts';
import { bumpAuthRevision } from '../../src/services/oauth/revision.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, makeAccounts } from '../helpers/factories.ts';
import { basic, postForm } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp());
});
afterAll(() => close());

const signIn = () => ({
  grant_type: 'password',
  username: accounts.user.email,
  password: accounts.user.password,
});

describe('client_credentials', () => {
  test('gives a token of the scopes asked for, and nothing to refresh', async () => {
    const { web } = accounts.clients;
    const fields = { grant_type: 'client_credentials', scope: 'buy public' };
    const answer = await postForm(app, '/auth/token', fields, web);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'content-type': 'application/json; charset=utf-8',
      'x-interface': String(accounts.interfaces.web),
    });
    const body = TokenAnswer.strict().parse(answer.json());
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'public buy' });
    expect(body).not.toHaveProperty('refresh_token');
    expect(decodeProtectedHeader(body.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'EdDSA' });
    const claims = decodeJwt(body.access_token);
    expect(claims).toMatchObject({
      iss: app.system.publicUrl,
      aud: app.system.publicUrl,
      sub: web.id,
      client_id: web.id,
      company: accounts.company_id,
      scope: 'public buy',
      exp: (claims.iat ?? 0) + 3600,
    });
    expect(claims.jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(claims).not.toHaveProperty('sid');
  });

  test.each([
    ['form, HTTP Basic', (id: string, secret: string) => postForm(app, '/auth/token', GRANT, { id, secret })],
    [
      'form, body',
      (client_id: string, client_secret: string) =>
        postForm(app, '/auth/token', { ...GRANT, client_id, client_secret }),
    ],
    [
      'form, HTTP Basic and the same client_id in the body',
      (id: string, secret: string) =>
        postForm(app, '/auth/token', { ...GRANT, client_id: id }, { id, secret }),
    ],
    [
      'JSON, body',
      (client_id: string, client_secret: string) =>
        app.inject({ method: 'POST', url: '/auth/token', payload: { ...GRANT, client_id, client_secret } }),
    ],
    [
      'JSON, HTTP Basic',
      (id: string, secret: string) =>
        app.inject({
          method: 'POST',
          url: '/auth/token',
          headers: { authorization: basic({ id, secret }) },
          payload: GRANT,
        }),
    ],
  ])('%s', async (_, send) => {
    const { id, secret } = accounts.clients.web;
    const answer = await send(id, secret);
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', scope: 'public' });
  });
});

const GRANT = { grant_type: 'client_credentials' };

describe('password', () => {
  test('gives a user token and a refresh token, whatever the case of the address', async () => {
    const { web } = accounts.clients;
    const fields = { ...signIn(), username: ' John.DOE@Mail.com', scope: 'public buy' };
    const answer = await postForm(app, '/auth/token', fields, web);
    expect(answer.statusCode).toBe(200);
    const body = TokenAnswer.strict().parse(answer.json());
    expect(body.scope).toBe('public buy');
    expect(body.refresh_token).toMatch(/^[\w-]{43}$/);
    const claims = decodeJwt(body.access_token);
    expect(claims).toMatchObject({ sub: String(accounts.user.id), client_id: web.id });
    expect(claims.sid).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a wrong password, an unknown user and a user of another company are told alike', async () => {
    const other = await makeAccounts(app.system, 'other');
    const refusals = [
      await postForm(app, '/auth/token', { ...signIn(), password: 'wrong' }, accounts.clients.web),
      await postForm(app, '/auth/token', { ...signIn(), username: 'jane@mail.com' }, accounts.clients.web),
      await postForm(app, '/auth/token', { ...signIn(), username: 'x'.repeat(254) }, accounts.clients.web),
      await postForm(app, '/auth/token', { ...signIn(), password: 'wrong' }, other.clients.web),
    ];
    for (const refusal of refusals) {
      expect(refusal.statusCode).toBe(400);
      expect(refusal.json()).toEqual({
        error: 'invalid_grant',
        error_description: 'Wrong username or password.',
      });
    }
  });

  test('a deactivated user is told the same', async () => {
    const { db } = app.system;
    await db.query(statement('t_off', 'UPDATE user_account SET active = false WHERE id = $1'), [
      accounts.user.id,
    ]);
    const answer = await postForm(app, '/auth/token', signIn(), accounts.clients.web);
    await db.query(statement('t_on', 'UPDATE user_account SET active = true WHERE id = $1'), [
      accounts.user.id,
    ]);
    expect(answer.json()).toEqual({
      error: 'invalid_grant',
      error_description: 'Wrong username or password.',
    });
  });

  test('a longer password than bcrypt looks at is never its own beginning', async () => {
    const { db } = app.system;
    const { hashPassword } = await import('../../src/services/users/password-hash.ts');
    const password = 'a'.repeat(72);
    const setHash = statement('t_hash', 'UPDATE user_account SET password_hash = $2 WHERE id = $1');
    await db.query(setHash, [accounts.user.id, await hashPassword(password, app.system.config)]);
    const sendPassword = (value: string) =>
      postForm(app, '/auth/token', { ...signIn(), password: value }, accounts.clients.web);
    expect((await sendPassword(password)).statusCode).toBe(200);
    expect((await sendPassword(`${password}b`)).json()).toMatchObject({ error: 'invalid_grant' });
    await db.query(setHash, [
      accounts.user.id,
      await hashPassword(accounts.user.password, app.system.config),
    ]);
  });
});

describe('scope asked × client × grant', () => {
  type Row = [
    scope: string | undefined,
    client: keyof Accounts['clients'],
    credentials: string,
    password: string,
  ];
  const REFUSED = 'invalid_scope';
  test.each<Row>([
    [undefined, 'web', 'public', 'public'],
    [undefined, 'pos', 'public', 'public'],
    [undefined, 'admin', 'public', 'public'],
    ['', 'web', 'public', 'public'],
    ['public', 'web', 'public', 'public'],
    ['public public', 'web', 'public', 'public'],
    ['public buy', 'web', 'public buy', 'public buy'],
    ['buy public', 'web', 'public buy', 'public buy'],
    ['buy', 'web', REFUSED, REFUSED],
    ['sell', 'pos', REFUSED, REFUSED],
    ['public sell', 'web', REFUSED, REFUSED],
    ['public admin', 'web', REFUSED, REFUSED],
    ['public buy', 'pos', REFUSED, REFUSED],
    ['public sell', 'pos', 'public sell', REFUSED],
    ['public admin', 'pos', REFUSED, REFUSED],
    ['public buy', 'admin', 'public buy', 'public buy'],
    ['public sell', 'admin', 'public sell', REFUSED],
    ['public admin', 'admin', 'public admin', REFUSED],
    ['admin sell buy public', 'admin', 'public buy sell admin', REFUSED],
    ['public read', 'admin', REFUSED, REFUSED],
    ['PUBLIC', 'admin', REFUSED, REFUSED],
    ['public,buy', 'admin', REFUSED, REFUSED],
  ])('%j by %s', async (scope, name, credentials, password) => {
    const client = accounts.clients[name];
    const asked = scope === undefined ? {} : { scope };
    const outcome = async (fields: Record<string, string>) => {
      const answer = await postForm(app, '/auth/token', { ...fields, ...asked }, client);
      const body = answer.json();
      expect(answer.statusCode).toBe(body.error ? 400 : 200);
      return body.error ?? body.scope;
    };
    expect(await outcome(GRANT)).toBe(credentials);
    expect(await outcome(signIn())).toBe(password);
  });
});

describe('refusals', () => {
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
});

test('the secret before the last rotation is honoured until it expires', async () => {
  const { web } = accounts.clients;
  const secret = createClientSecret();
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  const rotate = (expiry: string) =>
    inTransaction(app.system.db, async (tx) => {
      await tx.execute(
        statement(
          `t_rotate_${expiry.length}`,
          `UPDATE client SET secret_hash = $2, old_secret_hash = $3, old_secret_expires_at = now() + $4::interval
           WHERE id = $1`,
        ),
        [web.id, hashSecret(secret), hashSecret(web.secret), expiry],
      );
      await bumpAuthRevision(tx);
    }).then(() => app.system.auth.reload());
  await rotate('1 hour');
  expect((await postForm(app, '/auth/token', GRANT, web)).statusCode).toBe(200);
  expect((await postForm(app, '/auth/token', GRANT, { ...web, secret })).statusCode).toBe(200);
  await rotate('-1 second');
  expect((await postForm(app, '/auth/token', GRANT, web)).statusCode).toBe(401);
  expect((await postForm(app, '/auth/token', GRANT, { ...web, secret })).statusCode).toBe(200);
  web.secret = secret;
});
