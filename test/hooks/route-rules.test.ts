import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { routeRules } from '../../src/hooks/route-rules.ts';
import { serialization } from '../../src/hooks/serialize.ts';
import { empty, one } from '../../src/routing/answers.ts';
import { openRoute, route } from '../../src/routing/route.ts';

const Thing = z.object({ id: z.int() });
const sound = { operation: 'getThing', summary: 'A thing', tag: 'Things', answer: one('thing', Thing) };
const anyone = { ...sound, scopes: ['public'] as const };
const handler = () => ({ id: 1 });

function declaring(declare: (app: FastifyInstance) => unknown): string {
  const app = Fastify({ exposeHeadRoutes: false });
  routeRules(app);
  serialization(app);
  try {
    declare(app);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('the server refuses to boot with a route that', () => {
  const wrong: [what: string, declare: (app: FastifyInstance) => unknown, message: RegExp][] = [
    [
      'is not declared at all',
      (app) => app.get('/things', handler),
      /scopes are missing.*summary is missing.*answer/,
    ],
    [
      'has an empty list of scopes',
      (app) => route(app, 'GET', '/things', { ...anyone, scopes: [] }, handler),
      /scopes/,
    ],
    [
      'has an unknown scope',
      (app) => route(app, 'GET', '/things', { ...anyone, scopes: ['write' as 'buy'] }, handler),
      /scopes are missing or unknown/,
    ],
    [
      'has no summary',
      (app) => openRoute(app, 'GET', '/things', { ...sound, summary: '' }, handler),
      /summary/,
    ],
    ['has no tag', (app) => openRoute(app, 'GET', '/things', { ...sound, tag: '' }, handler), /one tag/],
    [
      'has a bad operation',
      (app) => openRoute(app, 'GET', '/things', { ...sound, operation: 'get-thing' }, handler),
      /camelCase/,
    ],
    [
      'has parameters other than its address',
      (app) => openRoute(app, 'GET', '/things/:thing_id', { ...sound, params: { id: z.string() } }, handler),
      /params id do not match/,
    ],
    ['deletes with a body', (app) => route(app, 'DELETE', '/things', anyone, handler), /DELETE answers 204/],
    [
      'honours If-Match on a read',
      (app) => route(app, 'GET', '/things', { ...anyone, ifMatch: true }, handler),
      /If-Match/,
    ],
    [
      'publishes what only some may read',
      (app) => route(app, 'GET', '/things', { ...anyone, scopes: ['sell'], published: true }, handler),
      /published/,
    ],
  ];
  it.each(wrong)('%s', (_what, declare, message) => {
    expect(declaring(declare)).toMatch(message);
    expect(declaring(declare)).toMatch(/^Route [A-Z]+ \/things/);
  });

  it('shares its operation with another', () => {
    const twice = (app: FastifyInstance) => {
      openRoute(app, 'GET', '/things', sound, handler);
      openRoute(app, 'GET', '/others', sound, handler);
    };
    expect(declaring(twice)).toBe('Route GET /others: operation getThing is also GET /things');
  });

  it('but not with a sound one', () => {
    expect(declaring((app) => openRoute(app, 'GET', '/things', sound, handler))).toBe('accepted');
    const gone = { ...anyone, operation: 'deleteThing', answer: empty() };
    expect(declaring((app) => route(app, 'DELETE', '/things', gone, () => undefined))).toBe('accepted');
  });
});

describe('allowedMethods', () => {
  const app = Fastify({ exposeHeadRoutes: false });
  routeRules(app);
  let count = 0;
  const declare = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, ...names: string[]) => {
    count += 1;
    const operation = `operation${count}`;
    const params = Object.fromEntries(names.map((name) => [name, z.string()]));
    const answer = method === 'DELETE' ? (empty() as never) : sound.answer;
    openRoute(
      app,
      method,
      url,
      { ...sound, operation, answer, params: names.length ? params : (undefined as never) },
      handler,
    );
  };
  declare('GET', '/carts');
  declare('POST', '/carts');
  declare('GET', '/carts/:cart_id', 'cart_id');
  declare('DELETE', '/carts/:cart_id', 'cart_id');
  declare('GET', '/users/me');
  declare('PATCH', '/users/:user_id', 'user_id');
  declare('GET', '/maps/:map_id.svg', 'map_id');
  declare('GET', '/years/:year(^\\d{4}$)', 'year');

  it.each([
    ['/carts', ['GET', 'POST']],
    ['/carts?page=2', ['GET', 'POST']],
    ['/carts/0190-abc', ['DELETE', 'GET']],
    ['/carts/0190/more', []],
    ['/users/me', ['GET', 'PATCH']],
    ['/users/7', ['PATCH']],
    ['/maps/7.svg', ['GET']],
    ['/maps/7.png', []],
    ['/cart', []],
    ['/carts/', []],
    ['/', []],
  ])('of %s', (url, methods) => {
    expect(app.allowedMethods(url)).toEqual(methods);
  });
});
