import type { FastifyInstance } from 'fastify';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PublicKeys, ServerMetadata } from '../../src/schemas/auth.ts';
import { verify } from '../../src/services/oauth/access-token.ts';
import { authChanged } from '../../src/services/oauth/revision.ts';
import { rotateSigningKey } from '../../src/services/oauth/signing-keys.ts';
import { createSystem } from '../../src/system.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken } from '../helpers/factories.ts';
import { get } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ app, accounts, close } = await testApp());
});
afterAll(() => close());

const newToken = () => accessToken(app.system, { client: accounts.clients.admin });
const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const jwks = async () => {
  const answer = await app.inject('/.well-known/jwks.json');
  expect(answer.statusCode).toBe(200);
  return PublicKeys.strict().parse(answer.json());
};

test('metadata (RFC 8414) names addresses that exist', async () => {
  const answer = await app.inject('/.well-known/oauth-authorization-server');
  expect(answer.headers['x-interface']).toBe(String(accounts.interfaces.web));
  const metadata = ServerMetadata.strict().parse(answer.json());
  expect(metadata).toMatchObject({
    issuer: app.system.publicUrl,
    grant_types_supported: ['client_credentials', 'password', 'refresh_token'],
    scopes_supported: ['public', 'buy', 'sell', 'admin'],
    response_types_supported: [],
  });
  const { token_endpoint, revocation_endpoint, introspection_endpoint, jwks_uri } = metadata;
  for (const url of [token_endpoint, revocation_endpoint, introspection_endpoint])
    expect(
      (await app.inject({ method: 'POST', url: url.replace(app.system.publicUrl, '') })).statusCode,
    ).toBe(400);
  expect((await app.inject(jwks_uri.replace(app.system.publicUrl, ''))).statusCode).toBe(200);
});

test('anybody can verify an access token with the published keys, which hold nothing private', async () => {
  const { keys } = await jwks();
  expect(keys).toEqual([
    { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: expect.any(String), use: 'sig', alg: 'EdDSA' },
  ]);
  const { payload } = await jwtVerify(await newToken(), createLocalJWKSet({ keys }), {
    issuer: app.system.publicUrl,
    audience: app.system.publicUrl,
    typ: 'at+jwt',
  });
  expect(payload.client_id).toBe(accounts.clients.admin.id);
});

test('processes that start together share one key', async () => {
  const { rows } = await app.system.db.pool.query('DELETE FROM signing_key RETURNING kid');
  expect(rows).toHaveLength(1);
  const url = app.system.db.pool.options.connectionString ?? '';
  const systems = [1, 2, 3].map(() => createSystem(app.system.config, pino({ level: 'silent' }), url));
  const kids = await Promise.all(systems.map(async ({ auth }) => (await auth.refresh()).keys?.signing().kid));
  await Promise.all(systems.map((system) => system.close()));
  expect(new Set(kids).size).toBe(1);
  await app.system.db.pool.query('UPDATE auth_revision SET revision = revision + 1');
  await app.system.auth.reload();
});

test('a new key signs once every process knows it; the old one verifies until its tokens are over', async () => {
  const old = await newToken();
  const kid = await rotateSigningKey(app.system.db);
  await authChanged(app.system);
  expect(kid).not.toBe(kidOf(old));
  expect((await jwks()).keys.map((key) => key.kid)).toEqual([kid, kidOf(old)]);
  expect(kidOf(await newToken())).toBe(kidOf(old));

  await app.system.db.pool.query(`UPDATE signing_key SET created_at = created_at - interval '6 seconds'`);
  await app.system.db.pool.query('UPDATE auth_revision SET revision = revision + 1');
  await app.system.auth.reload();
  const young = await newToken();
  expect(kidOf(young)).toBe(kid);
  for (const token of [old, young]) expect((await get(app, '/users', token)).statusCode).toBe(200);

  await app.system.db.pool.query(
    `UPDATE signing_key SET retired_at = now() - interval '26 hours' WHERE retired_at IS NOT NULL`,
  );
  await rotateSigningKey(app.system.db);
  await authChanged(app.system);
  app.system.auth.tokens.clear();
  expect(await verify(app.system, `Bearer ${old}`, old)).toBeUndefined();
  expect(await verify(app.system, `Bearer ${young}`, young)).toBeDefined();
  expect((await jwks()).keys.map((key) => key.kid)).not.toContain(kidOf(old));
});
