import type { webcrypto } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Context } from '../../src/context.ts';
import { bare } from '../../src/routing/answers.ts';
import { openRoute, route } from '../../src/routing/route.ts';
import { Problem } from '../../src/schemas/common.ts';
import { recall, verify } from '../../src/services/oauth/access-token.ts';
import { createSystem } from '../../src/system.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken } from '../helpers/factories.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;
let seen: Context;

function routes(scope: FastifyInstance): void {
  const declaration = { summary: 'A probe', tag: 'Test', answer: bare(z.object({})) };
  route(scope, 'GET', '/probe', { ...declaration, operation: 'probe', scopes: ['public'] }, ({ ctx }) => {
    seen = ctx;
    return {};
  });
  openRoute(scope, 'GET', '/open', { ...declaration, operation: 'open' }, ({ request }) => {
    expect(() => request.ctx).toThrow('no context');
    return {};
  });
}

beforeAll(async () => {
  ({ app, accounts, close } = await testApp({ routes }));
});
afterAll(() => close());

const probe = (authorization: string | undefined, headers: Record<string, string> = {}) =>
  app.inject({
    url: '/probe',
    headers: { ...(authorization !== undefined && { authorization }), ...headers },
  });

/** A token signed with our own key, of whatever claims. */
async function forged(
  claims: JWTPayload,
  header: { typ?: string; kid?: string; key?: webcrypto.CryptoKey } = {},
) {
  const signing = (await app.system.auth.refresh()).keys?.signing();
  if (!signing) throw new Error('no key');
  const now = Math.floor(Date.now() / 1000);
  const good = {
    iss: app.system.publicUrl,
    aud: app.system.publicUrl,
    sub: accounts.clients.web.id,
    client_id: accounts.clients.web.id,
    scope: 'public buy',
    jti: '018f0000-0000-7000-8000-000000000001',
    iat: now,
    exp: now + 600,
  };
  const { typ = 'at+jwt', kid = signing.kid, key = signing.key } = header;
  return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: 'EdDSA', typ, kid }).sign(key);
}

const seconds = (from: number) => Math.floor(Date.now() / 1000) + from;

describe('a good token', () => {
  test('of a client makes a context without a user', async () => {
    const token = await accessToken(app.system, { client: accounts.clients.web });
    const before = Date.now();
    const headers = { 'accept-language': 'es-ES', 'x-request-id': 'request 1' };
    expect((await probe(`Bearer ${token}`, headers)).statusCode).toBe(200);
    expect(seen).toMatchObject({
      company_id: accounts.company_id,
      client_id: accounts.clients.web.id,
      user_id: undefined,
      session_id: undefined,
      scopes: new Set(['public', 'buy']),
      interface: { id: accounts.interfaces.web, currency: 'EUR', time_zone: 'Europe/Madrid' },
      language: 'es',
      request_id: 'request 1',
    });
    expect(seen.system).toBe(app.system);
    expect(seen.now.getTime()).toBeGreaterThanOrEqual(before);
  });

  test('of a user says whose it is, and of which sign-in', async () => {
    const token = await accessToken(app.system, { client: accounts.clients.web, user: accounts.user });
    expect((await probe(`Bearer ${token}`)).statusCode).toBe(200);
    expect(seen).toMatchObject({
      user_id: accounts.user.id,
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('is verified once, and then known without waiting', async () => {
    const token = await accessToken(app.system, { client: accounts.clients.web });
    const key = `Bearer ${token}`;
    expect(recall(app.system, key)).toBeUndefined();
    await probe(key);
    expect(recall(app.system, key)).toMatchObject({ client: { id: accounts.clients.web.id } });
  });

  test('may be introduced by the scheme in any case', async () => {
    const token = await accessToken(app.system, { client: accounts.clients.web });
    for (const scheme of ['bearer', 'BEARER', 'Bearer '])
      expect((await probe(`${scheme} ${token}`)).statusCode).toBe(200);
  });
});

describe('refused', () => {
  test.each([
    ['no Authorization', undefined],
    ['an empty one', ''],
    ['another scheme', `Basic ${btoa('a:b')}`],
    ['a bare token', 'abc.def.ghi'],
    ['Bearer alone', 'Bearer'],
  ])('%s: 401 without an error code (RFC 6750 section 3.1)', async (_, authorization) => {
    const answer = await probe(authorization);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="ticketing"');
    expect(Problem.strict().parse(answer.json())).toMatchObject({ code: 'unauthorized', status: 401 });
  });

  const attempts: [string, () => Promise<string>][] = [
    ['nonsense', async () => 'nonsense'],
    ['three parts of nonsense', async () => 'a.b.c'],
    ['two tokens', async () => `${await forged({})} ${await forged({})}`],
    ['a claim changed', async () => changed(await forged({}), { scope: 'public buy sell admin' })],
    ['alg none', async () => unsigned()],
    ['a key of somebody else', async () => forged({}, { key: (await generateKeyPair('EdDSA')).privateKey })],
    ['an unknown kid', () => forged({}, { kid: 'nobody' })],
    ['a JWT that is no access token', () => forged({}, { typ: 'JWT' })],
    ['no jti', () => forged({ jti: undefined as never })],
    ['no exp', () => forged({ exp: undefined as never })],
    ['expired', () => forged({ iat: seconds(-700), exp: seconds(-1) })],
    ['longer than tokens live now', () => forged({ iat: seconds(-3_700), exp: seconds(3_600) })],
    ['an unknown client', () => forged({ client_id: 'nobody' })],
  ];
  test.each(attempts)('%s: 401 invalid_token', async (_, make) => {
    const token = await make();
    for (const _again of [1, 2]) {
      const answer = await probe(`Bearer ${token}`);
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="ticketing", error="invalid_token", error_description="The access token is expired, revoked or not valid"',
      );
      expect(Problem.strict().parse(answer.json())).toMatchObject({ code: 'invalid_token' });
    }
  });

  test('from its last second on, though it is known', async () => {
    const token = await forged({ jti: '018f0000-0000-7000-8000-000000000002', exp: seconds(2) });
    expect((await probe(`Bearer ${token}`)).statusCode).toBe(200);
    await expect
      .poll(async () => (await probe(`Bearer ${token}`)).statusCode, { timeout: 4_000, interval: 100 })
      .toBe(401);
    expect(Date.now()).toBeGreaterThanOrEqual(seconds(0) * 1000);
  });

  const changed = (token: string, claims: JWTPayload): string => {
    const [header, payload = '', signature] = token.split('.');
    const all = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...claims };
    return [header, Buffer.from(JSON.stringify(all)).toString('base64url'), signature].join('.');
  };
  const unsigned = async (): Promise<string> => {
    const [, payload] = (await forged({})).split('.');
    return `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`;
  };
});

test('a token in the address or a body is no token', async () => {
  const token = await accessToken(app.system, { client: accounts.clients.web });
  expect((await app.inject(`/probe?access_token=${token}`)).statusCode).toBe(401);
});

test('routes without scopes ask for no token, and take no offence at a bad one', async () => {
  for (const authorization of [undefined, 'Bearer nonsense', 'Basic x'])
    expect(
      (await app.inject({ url: '/open', headers: { ...(authorization && { authorization }) } })).statusCode,
    ).toBe(200);
});

test('what does not exist is 404 before it is 401', async () => {
  expect((await app.inject('/nothing/here')).statusCode).toBe(404);
  expect((await app.inject({ method: 'DELETE', url: '/probe' })).statusCode).toBe(405);
});

test('with a fixed public address a token says where it is from and for', async () => {
  const url = app.system.db.pool.options.connectionString ?? '';
  const config = { ...app.system.config, PUBLIC_URL: 'https://tickets.example' };
  const fixed = createSystem(config, pino({ level: 'silent' }), url);
  const good = { iss: 'https://tickets.example', aud: 'https://tickets.example' };
  const verified = async (claims: JWTPayload) => {
    const token = await forged(claims);
    return (await verify(fixed, `Bearer ${token}`, token)) !== undefined;
  };
  expect(await verified(good)).toBe(true);
  expect(await verified({ ...good, iss: 'https://elsewhere.example' })).toBe(false);
  expect(await verified({ ...good, aud: 'https://elsewhere.example' })).toBe(false);
  await fixed.close();
});
