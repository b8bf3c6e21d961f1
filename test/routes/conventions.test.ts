import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteConfig } from '../../src/routing/route.ts';
import { type Answer, type ApiWorld, apiWorld, type Method } from '../helpers/api-world.ts';
import { declaredRoutes } from '../helpers/declared-routes.ts';
import { expectClean } from '../helpers/refusals.ts';
import { callerOf, type Example, methodOf, ROUTES, type RouteEntry } from '../helpers/route-table.ts';
import { strict } from '../helpers/strict-schema.ts';

// What holds for every route of the API (seed: Request, Responses, Pagination).

let world: ApiWorld;
let declared: Map<string, RouteConfig>;
const examples = new Map<RouteEntry, Promise<Example>>();

beforeAll(async () => {
  world = await apiWorld();
  declared = await declaredRoutes(world.system);
  for (let i = 0; i < 3; i++) await world.paid('john');
  for (let i = 0; i < 3; i++) await world.validation();
});
afterAll(() => world.close());

/** One request of the route, asked again and again: for reads and refusals. */
async function ask(entry: RouteEntry, query = '', headers: Record<string, string> = {}, method?: Method) {
  const example = examples.get(entry) ?? Promise.resolve(entry.example(world, callerOf(entry)));
  examples.set(entry, example);
  const { url, headers: own, ...rest } = await example;
  const asked = query && `${url}${url.includes('?') ? '&' : '?'}${query}`;
  return world.call(method ?? methodOf(entry), asked || url, {
    ...{ who: callerOf(entry), ...rest },
    headers: { ...own, ...headers },
  });
}

const rootOf = ({ answer }: RouteEntry): string | undefined =>
  typeof answer === 'string' ? undefined : Object.values(answer)[0];
const isPaged = ({ answer }: RouteEntry) =>
  typeof answer !== 'string' && ('page' in answer || 'whole' in answer);
const isOAuth = ({ route }: RouteEntry) => route.startsWith('POST /auth/');

describe.each(ROUTES)('$route', (entry) => {
  it('answers as its schema says, without a key more', async () => {
    const who = callerOf(entry);
    const { url, ...rest } = await entry.example(world, who);
    const answer = await world.call(methodOf(entry), url, { who, ...rest });
    expect(answer.statusCode, answer.body).toBe(entry.status);
    if (entry.answer === 'empty') expect(answer.body).toBe('');
    const root = rootOf(entry);
    const schema = declared.get(entry.route)?.answer.schemas[entry.status];
    if (entry.answer === 'empty' || entry.answer === 'file') return;
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    if (root) expect(Object.keys(answer.json())).toEqual([root]);
    if (!schema) throw new Error('the route declares no such answer');
    const parsed = strict(schema).safeParse(answer.json());
    expect(parsed.error?.issues ?? [], answer.body.slice(0, 300)).toEqual([]);
    const hasAddress = ROUTES.some(({ route }) =>
      route.startsWith(`${entry.route.replace('POST', 'GET')}/:`),
    );
    if (entry.status === 201 && 'one' in (entry.answer as object) && hasAddress)
      expect((await world.call('GET', String(answer.headers.location), { who })).statusCode).toBe(200);
  });

  it('refuses query parameters that it does not know', async () => {
    const answer = await ask(entry, 'no_such_parameter=1');
    const { code, pointers } = expectClean(answer, entry.route);
    if (isOAuth(entry)) return;
    expect({ code, pointers }).toEqual({ code: 'unknown_field', pointers: ['/query/no_such_parameter'] });
    expect(answer.statusCode).toBe(422);
  });

  it('tells the methods of its address', async () => {
    const { url } = await (examples.get(entry) as Promise<Example>);
    const path = url.split('?')[0] as string;
    for (const method of ['PUT', 'PATCH', 'DELETE', 'HEAD'] as const) {
      // Stale, so that what is asked for is not done: the next test reads the same object.
      const headers = { 'if-match': '"0-stale"' };
      const answer = await world.call(method, path, { who: 'admin', headers });
      const allow = String(answer.headers.allow ?? '').split(', ');
      if (answer.statusCode !== 405) expect(answer.headers.allow).toBeUndefined();
      else expect(allow).toContain(methodOf(entry));
      if (answer.statusCode === 405) expect(allow).not.toContain(method);
      if (method === 'HEAD') expect([200, 405]).toContain(answer.statusCode);
    }
    examples.delete(entry); // what it names may be gone now
    const options = await world.call('OPTIONS', path, {
      headers: { origin: 'https://shop.example', 'access-control-request-method': methodOf(entry) },
    });
    expect(options.statusCode).toBe(204);
    expect(options.headers['access-control-allow-methods']).toContain(methodOf(entry));
  });
});

describe.each(ROUTES.filter(isPaged))('$route', (entry) => {
  const root = rootOf(entry) as string;
  const items = (answer: Answer): unknown[] => answer.json()[root];

  it('comes in pages', async () => {
    const bad = [
      'page=0',
      'page=-1',
      'page=x',
      'page=',
      'page=1.5',
      'page=1e3',
      'page=99999999999',
      'per_page=x',
    ];
    for (const query of [...bad, 'per_page=0', 'page=1&page=2', 'per_page=%00']) {
      const answer = await ask(entry, query);
      expect({ query, status: answer.statusCode, code: answer.json().code }).toEqual({
        ...{ query, status: 422, code: 'validation_failed' },
      });
      expect(expectClean(answer, query).pointers[0]).toMatch(/^\/query\/(per_)?page/);
    }
    const all = await ask(entry, 'page=1&per_page=1000');
    expect(all.statusCode, all.body).toBe(200);
    const total = Number(all.headers['x-total']);
    expect(all.headers).toMatchObject({ 'x-page': '1', 'x-per-page': '100' });
    expect(items(all)).toHaveLength(Math.min(total, 100));
    expect(total).toBeGreaterThan(0);

    const pages: unknown[] = [];
    for (let page = 1; page <= Math.min(total, 3); page++) {
      const one = await ask(entry, `page=${page}&per_page=1`);
      expect(one.headers).toMatchObject({
        'x-page': String(page),
        'x-per-page': '1',
        'x-total': String(total),
      });
      expect(linksOf(one)).toEqual({
        first: 1,
        ...(page > 1 && { prev: page - 1 }),
        ...(page < total && { next: page + 1 }),
        last: total,
      });
      pages.push(...items(one));
    }
    const plain = (list: unknown[]) => list.map((item) => JSON.stringify(item));
    expect(plain(pages)).toEqual(plain(items(all)).slice(0, 3));
    const beyond = await ask(entry, 'page=99999999');
    expect(items(beyond)).toEqual([]);
    expect(linksOf(beyond)).toMatchObject({ first: 1 });
    expect(linksOf(beyond)).not.toHaveProperty('next');
    const unasked = await ask(entry);
    if ('whole' in (entry.answer as object)) expect(unasked.headers).not.toHaveProperty('x-page');
    else expect(unasked.headers).toMatchObject({ 'x-page': '1', 'x-per-page': '10' });
  });
});

/** Page numbers by relation (RFC 8288). */
function linksOf(answer: Answer): Record<string, number> {
  const links = [...String(answer.headers.link).matchAll(/<([^>]+)>; rel="(\w+)"/g)];
  return Object.fromEntries(
    links.map(([, url, rel]) => [rel, Number(new URL(url as string).searchParams.get('page'))]),
  );
}

const single = ROUTES.filter(
  ({ route, answer }) => route.startsWith('GET') && rootOf({ answer } as RouteEntry),
);

describe.each(single.filter((entry) => !('page' in (entry.answer as object))))('$route', (entry) => {
  it('is not sent twice to who has it already', async () => {
    const first = await ask(entry);
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^"[^"]+"$/);
    if (/\/(report|stock|summary)$/.test(entry.route)) return; // they tell the time
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await ask(entry, '', { 'if-none-match': known });
      expect({ known, status: again.statusCode, body: again.body }).toEqual({ known, status: 304, body: '' });
      expect(again.headers.etag).toBe(etag);
      expect(again.headers['x-interface']).toBeDefined();
      expect(again.headers['ratelimit-remaining']).toBeDefined();
    }
    expect((await ask(entry, '', { 'if-none-match': '"other"' })).statusCode).toBe(200);
  });
});
