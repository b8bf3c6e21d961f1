import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { authChanged, bumpAuthRevision } from '../../src/services/oauth/revision.ts';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken } from '../helpers/factories.ts';
import { levers, thingRoutes } from './things.ts';

const ORIGINS = statement('test_origins', 'UPDATE interface SET allowed_origins = $2 WHERE id = $1');

let test: TestApp;
let admin: string;

async function allow(interface_id: number, origins: string[]) {
  await inTransaction(test.system.db, async (tx) => {
    await tx.execute(ORIGINS, [interface_id, origins]);
    await bumpAuthRevision(tx);
  });
  await authChanged(test.system);
}

beforeAll(async () => {
  test = await testApp({ env: { RATE_LIMIT: '5', RATE_LIMIT_IP: '1000' }, routes: thingRoutes(levers()) });
  admin = await accessToken(test.system, { client: test.accounts.clients.admin });
  await allow(test.accounts.interfaces.web, ['https://web.example']);
  await allow(test.accounts.interfaces.pos, ['https://pos.example', 'http://localhost:5173']);
});
afterAll(() => test.close());

const preflight = (origin: string, headers: Record<string, string> = {}) =>
  test.app.inject({
    method: 'OPTIONS',
    url: '/things/1',
    headers: {
      origin,
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization, if-match, x-interface',
      ...headers,
    },
  });

const get = (origin: string, interface_id: number, token = admin) =>
  test.app.inject({
    url: '/things/1',
    headers: { origin, 'x-interface': String(interface_id), authorization: `Bearer ${token}` },
  });

const listOf = (header: unknown) => String(header).split(/, */);

describe('a preflight', () => {
  it('is answered with all it needs to know', async () => {
    const { statusCode, headers, body } = await preflight('https://web.example');
    expect([statusCode, body]).toEqual([204, '']);
    expect(headers['access-control-allow-origin']).toBe('https://web.example');
    expect(listOf(headers['access-control-allow-methods'])).toEqual([
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
    ]);
    for (const name of [
      'Authorization',
      'Content-Type',
      'X-Interface',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
    ]) {
      expect(listOf(headers['access-control-allow-headers'])).toContain(name);
    }
    for (const name of [
      'X-Page',
      'X-Per-Page',
      'X-Total',
      'Link',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'X-Interface',
      'X-Request-Id',
      'Location',
      'ETag',
      'Retry-After',
      'Idempotent-Replayed',
    ]) {
      expect(listOf(headers['access-control-expose-headers'])).toContain(name);
    }
    expect(headers['access-control-max-age']).toBe('86400');
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(listOf(headers.vary)).toContain('origin');
  });

  it('is allowed for an origin of any active interface', async () => {
    const { headers } = await preflight('http://localhost:5173');
    expect(headers['access-control-allow-origin']).toBe('http://localhost:5173');
  });

  it('is not allowed for others, and says nothing of why', async () => {
    const { statusCode, headers } = await preflight('https://evil.example');
    expect(statusCode).toBe(204);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('needs no token and is not counted', async () => {
    for (let i = 0; i < 20; i += 1) {
      const { statusCode, headers } = await preflight('https://web.example', {
        authorization: 'Bearer nonsense',
      });
      expect(statusCode).toBe(204);
      expect(headers['ratelimit-limit']).toBeUndefined();
    }
  });

  it('in its bare form names the methods as well', async () => {
    const { statusCode, headers } = await test.app.inject({ method: 'OPTIONS', url: '/things/1' });
    expect(statusCode).toBe(204);
    expect(headers['access-control-allow-methods']).toContain('PATCH');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('the request itself', () => {
  it('is judged by the interface it is made to', async () => {
    const { web, pos } = test.accounts.interfaces;
    const seen = async (origin: string, id: number) =>
      (await get(origin, id)).headers['access-control-allow-origin'];
    expect(await seen('https://web.example', web)).toBe('https://web.example');
    expect(await seen('https://web.example', pos)).toBeUndefined();
    expect(await seen('https://pos.example', pos)).toBe('https://pos.example');
    expect(await seen('https://pos.example', web)).toBeUndefined();
  });

  it('over its limit can read that it is', async () => {
    const token = await accessToken(test.system, { client: test.accounts.clients.admin });
    const { web } = test.accounts.interfaces;
    let answer = await get('https://web.example', web, token);
    for (let i = 0; i < 5; i += 1) answer = await get('https://web.example', web, token);
    expect(answer.statusCode).toBe(429);
    expect(answer.headers['access-control-allow-origin']).toBe('https://web.example');
    expect(listOf(answer.headers['access-control-expose-headers'])).toContain('Retry-After');
  });

  it('without an origin carries none of it', async () => {
    const { headers } = await test.app.inject({ url: '/open' });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('of any origin is let in where the interface allows all', async () => {
    await allow(test.accounts.interfaces.web, ['*']);
    const { headers } = await test.app.inject({ url: '/open', headers: { origin: 'null' } });
    expect(headers['access-control-allow-origin']).toBe('null');
  });
});
