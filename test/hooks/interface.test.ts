import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bare } from '../../src/routing/answers.ts';
import { route } from '../../src/routing/route.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken, makeAccounts } from '../helpers/factories.ts';

let app: FastifyInstance;
let accounts: Accounts;
let other: Accounts;
let close: () => Promise<void>;

function routes(scope: FastifyInstance): void {
  const declaration = { operation: 'probe', summary: 'A probe', tag: 'Test', scopes: ['public'] as const };
  route(scope, 'GET', '/probe', { ...declaration, answer: bare(z.object({ id: z.int() })) }, ({ ctx }) => ({
    id: ctx.interface.id,
  }));
}

beforeAll(async () => {
  ({ app, accounts, close } = await testApp({ routes }));
  other = await makeAccounts(app.system, 'other');
});
afterAll(() => close());

async function probe(client: 'web' | 'pos' | 'admin', asked?: string | number) {
  const token = await accessToken(app.system, { client: accounts.clients[client] });
  return app.inject({
    url: '/probe',
    headers: {
      authorization: `Bearer ${token}`,
      ...(asked !== undefined && { 'x-interface': String(asked) }),
    },
  });
}

describe('with a token', () => {
  test("absent: the client's default", async () => {
    for (const [client, id] of [
      ['web', accounts.interfaces.web],
      ['pos', accounts.interfaces.pos],
    ] as const) {
      const answer = await probe(client);
      expect(answer.json()).toEqual({ id });
      expect(answer.headers['x-interface']).toBe(String(id));
    }
  });

  test('granted: the one asked for', async () => {
    const answer = await probe('admin', accounts.interfaces.pos);
    expect(answer.json()).toEqual({ id: accounts.interfaces.pos });
    expect(answer.headers['x-interface']).toBe(String(accounts.interfaces.pos));
  });

  test.each(['', ' ', '0', '-1', '1.5', '01', 'abc', '1,2', '99999999999', '1e3', '%31'])(
    'malformed %j: 400',
    async (asked) => {
      const answer = await probe('web', asked);
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'invalid_interface' });
      expect(answer.headers['x-interface']).toBe(String(accounts.interfaces.web));
    },
  );

  test('unknown, of another company, or not granted: 403 in the same words', async () => {
    for (const asked of [2_147_483_647, 9_999_999_999, other.interfaces.web, accounts.interfaces.pos]) {
      const answer = await probe('web', asked);
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({
        code: 'interface_not_allowed',
        detail: `Interface ${asked} is unknown, not active or not granted to this client.`,
        interface_ids: [accounts.interfaces.web],
      });
    }
  });
});

describe("without one, X-Interface is the deployment's default, or the known one asked for,", () => {
  const named = async (
    options: { method?: 'GET' | 'POST' | 'OPTIONS' | 'PUT'; url: string },
    asked?: string | number,
  ) => {
    const answer = await app.inject({
      ...options,
      headers: { ...(asked !== undefined && { 'x-interface': String(asked) }) },
    });
    return [answer.statusCode, answer.headers['x-interface']];
  };

  test.each([
    ['open routes', 200, { url: '/.well-known/jwks.json' }],
    ['a missing token', 401, { url: '/probe' }],
    ['404', 404, { url: '/nothing' }],
    ['405', 405, { method: 'PUT', url: '/probe' }],
    ['OAuth refusals', 400, { method: 'POST', url: '/auth/token' }],
  ] as const)('on %s', async (_, status, options) => {
    const { web, pos } = accounts.interfaces;
    expect(await named(options)).toEqual([status, String(web)]);
    expect(await named(options, pos)).toEqual([status, String(pos)]);
    expect(await named(options, 2_147_483_647)).toEqual([status, String(web)]);
  });

  test('and a malformed one is 400 on open routes too', async () => {
    expect(await named({ url: '/.well-known/jwks.json' }, 'abc')).toEqual([
      400,
      String(accounts.interfaces.web),
    ]);
  });
});

test('a deployment without an active interface answers without the header', async () => {
  const { db, auth } = app.system;
  const set = async (active: boolean) => {
    await db.pool.query('UPDATE interface SET active = $1', [active]);
    await db.pool.query('UPDATE auth_revision SET revision = revision + 1');
    await auth.reload();
  };
  await set(false);
  const answer = await app.inject('/.well-known/jwks.json');
  await set(true);
  expect(answer.statusCode).toBe(200);
  expect(answer.headers).not.toHaveProperty('x-interface');
});
