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
