import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { SCOPES, type Scope } from '../../src/context.ts';
import { bare } from '../../src/routing/answers.ts';
import { route } from '../../src/routing/route.ts';
import { testApp } from '../helpers/app.ts';
import { type Accounts, accessToken } from '../helpers/factories.ts';
import { get } from '../helpers/oauth.ts';

let app: FastifyInstance;
let accounts: Accounts;
let close: () => Promise<void>;

const ROUTES: Scope[][] = [['public'], ['buy'], ['sell', 'admin'], ['buy', 'sell', 'admin']];

function routes(scope: FastifyInstance): void {
  for (const scopes of ROUTES) {
    const operation = `probe${scopes.join('').toUpperCase()}`;
    const declaration = { operation, summary: 'A probe', tag: 'Test', scopes, answer: bare(z.object({})) };
    route(scope, 'GET', `/probe/${scopes.join('-')}`, declaration, () => ({}));
  }
}

beforeAll(async () => {
  ({ app, accounts, close } = await testApp({ routes }));
});
afterAll(() => close());

test.each(
  ROUTES.flatMap((wanted) =>
    SCOPES.map((held): [string, Scope[], Scope] => [wanted.join(' or '), wanted, held]),
  ),
)('a route for %s, a token of %s: none implies another', async (_, wanted, held) => {
  const token = await accessToken(app.system, { client: accounts.clients.admin, scopes: [held] });
  const answer = await get(app, `/probe/${wanted.join('-')}`, token);
  if (wanted.includes(held)) return expect(answer.statusCode).toBe(200);
  expect(answer.statusCode).toBe(403);
  expect(answer.headers['www-authenticate']).toBe(
    `Bearer realm="ticketing", error="insufficient_scope", scope="${wanted.join(' ')}"`,
  );
  expect(answer.json()).toMatchObject({
    code: 'insufficient_scope',
    detail: `The access token needs the scope ${wanted.join(' or ')}.`,
    scopes: wanted,
  });
});
