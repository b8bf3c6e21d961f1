import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteConfig } from '../../src/routing/route.ts';
import { type Answer, type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { declaredRoutes } from '../helpers/declared-routes.ts';
import { needsQuery, queryNames } from '../helpers/query-names.ts';
import { expectClean } from '../helpers/refusals.ts';
import { callerOf, type Example, methodOf, ROUTES, type RouteEntry } from '../helpers/route-table.ts';

// Every route with addresses, queries and headers that no client should send.

let world: ApiWorld;
let declared: Map<string, RouteConfig>;
beforeAll(async () => {
  world = await apiWorld();
  declared = await declaredRoutes(world.system);
});
afterAll(() => world.close());

const isOAuth = ({ route }: RouteEntry) => route.startsWith('POST /auth/');

async function sender(entry: RouteEntry) {
  const who = callerOf(entry);
  const example: Example = await entry.example(world, who);
  return {
    url: example.url,
    send: (url: string, headers: Record<string, string> = {}): Promise<Answer> =>
      world.call(methodOf(entry), url, {
        ...{ who, token: example.token, body: example.body },
        headers: { ...example.headers, ...headers },
      }),
  };
}

/** Everything as it was, and nothing to look up in the log. */
async function unchanged(work: () => Promise<void>): Promise<void> {
  const before = await world.stored();
  await work();
  expect(await world.stored()).toEqual(before);
  expect(world.errors.splice(0)).toEqual([]);
}

const ODD_IDS = [
  ...[
    '0',
    '-1',
    '2147483647',
    '2147483648',
    '9007199254740993',
    '1e3',
    '1.0',
    '0x1',
    '+1',
    '01',
    'abc',
    '%20',
    '%00',
  ],
  ...['1%00', '%0a', '..%2f..', 'null', 'undefined', '[object%20Object]', "1'--", '1;drop%20table%20cart'],
  ...['00000000-0000-0000-0000-000000000000', '01a20ad1-2e01-7146-a32e-b895391daff', '%F0%9F%8E%AB'],
  ...['x'.repeat(400), '9'.repeat(400), 'x'.repeat(5_000)],
];
/** Not even an address. */
const NO_ADDRESS = ['%ff', '%zz', '%', '%c3', '%ed%a0%80'];

describe.each(ROUTES.filter(({ route }) => route.includes(':')))('$route', (entry) => {
  it('finds nothing under ids that cannot be', async () => {
    const { url, send } = await sender(entry);
    const [path = '', query = ''] = url.split('?');
    const parts = path.split('/');
    const names = (entry.route.split(' ')[1] as string).split('/');
    await unchanged(async () => {
      for (const [i, name] of names.entries()) {
        if (!name.startsWith(':')) continue;
        for (const odd of [...ODD_IDS, ...NO_ADDRESS]) {
          const changed = parts.with(i, odd + (name.split('.')[1] ? `.${name.split('.')[1]}` : ''));
          const answer = await send(`${changed.join('/')}${query && `?${query}`}`);
          const { code } = expectClean(answer, `${name} = ${odd.slice(0, 50)}`);
          const expected = NO_ADDRESS.includes(odd) ? [400] : [404];
          expect(expected, `${name} = ${odd.slice(0, 50)}: ${code}`).toContain(answer.statusCode);
        }
      }
    });
  });
});

const ODD_TEXTS = ['a%00b', 'x'.repeat(10_000)];
const ODD_VALUES = [
  ...[
    '',
    '%20',
    '-1',
    'abc',
    '1.5',
    '1e3',
    '2147483648',
    '9007199254740993',
    'true1',
    '1,,2',
    "'%20OR%201=1--",
  ],
  ...[
    '2026-13-45T00:00:00Z',
    '2026-11-23T99',
    '[object%20Object]',
    'null',
    '%F0%9F%8E%AB',
    'x'.repeat(5_000),
  ],
];

describe.each(ROUTES)('$route', (entry) => {
  it('refuses query values that are none, and names the parameter', async () => {
    const { url, send } = await sender(entry);
    const config = declared.get(entry.route);
    const path = url.split('?')[0] as string;
    await unchanged(async () => {
      for (const name of config ? queryNames(config) : []) {
        const values = entry.texts?.includes(name) ? ODD_TEXTS : [...ODD_TEXTS, ...ODD_VALUES];
        for (const value of [...values, `a&${name}=b`]) {
          const answer = await send(`${path}?${name}=${value}`);
          const what = `${name}=${value.slice(0, 50)}`;
          const { pointers } = expectClean(answer, what);
          expect(answer.statusCode, what).toBe(422);
          expect(
            pointers.every((at) => at.startsWith(`/query/${name}`)),
            `${what}: ${pointers}`,
          ).toBe(true);
        }
      }
      for (const query of ['id[$ne]=1', '__proto__=1', 'constructor=1', '%00=1', '=1', 'a.b=1', '%ff=%ff']) {
        const { code } = expectClean(await send(`${path}?${query}`), query);
        // A route that must have a parameter misses it as well.
        const codes = isOAuth(entry)
          ? ['invalid_request']
          : ['unknown_field', ...(needsQuery(config) ? ['validation_failed'] : [])];
        expect(codes, query).toContain(code);
      }
    });
  });

  it('refuses headers that are none', async () => {
    const { url, send } = await sender(entry);
    const guarded = entry.scopes !== 'none';
    await unchanged(async () => {
      const bearers = [
        'Bearer',
        'Bearer ',
        'Bearer x y',
        'bearer a.b.c',
        'Basic x',
        'Digest a="b"',
        '\u00ff',
        'x'.repeat(9_000),
      ];
      for (const authorization of guarded ? bearers : []) {
        const answer = await send(url, { authorization });
        expectClean(answer, authorization.slice(0, 50));
        expect(answer.statusCode).toBe(401);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="ticketing"/);
      }
      for (const junk of [
        'x',
        '0',
        '-1',
        '1.5',
        '1e3',
        '1,2',
        '99999999999',
        '\u00e9',
        "1' OR 1=1",
        '__proto__',
      ]) {
        const answer = await send(url, { 'x-interface': junk });
        const { code } = expectClean(answer, `X-Interface: ${junk}`);
        expect(code, junk).toBe(isOAuth(entry) ? 'invalid_request' : 'invalid_interface');
        expect(answer.statusCode).toBe(400);
        expect(answer.headers['x-interface']).toBe(String(world.accounts.interfaces.web));
      }
    });
  });
});

it('passes over headers that are only wishes', async () => {
  for (const language of ['xx', ';;;', 'en;q=nonsense', ', ,', 'es;q=2', '*', 'x'.repeat(5_000)]) {
    const answer = await world.call('GET', '/events', {
      who: 'reader',
      headers: { 'accept-language': language },
    });
    expect(answer.statusCode, language).toBe(200);
  }
  for (const id of ['', 'é', 'x'.repeat(129), 'a\tb', '\u0001']) {
    const answer = await world.call('GET', '/events', { who: 'reader', headers: { 'x-request-id': id } });
    expect(answer.statusCode, id).toBe(200);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  }
});

it('refuses two Authorization headers over the wire', async () => {
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = world.app.server.address() as AddressInfo;
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const bearer = `Bearer ${world.tokens.reader}`;
    const headers = ['host', 'localhost', 'authorization', 'Bearer nonsense', 'authorization', bearer];
    httpRequest({ port, path: '/events', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(401);
});
