import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type ApiWorld, apiWorld, type Who } from '../helpers/api-world.ts';
import { type Example, lets, methodOf, ROUTES, type RouteEntry } from '../helpers/route-table.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const GUARDED = ROUTES.filter(({ scopes }) => scopes !== 'none');

const examples = new Map<RouteEntry, Promise<Example>>();

/** A request for those who are turned away before it matters: it is never used up. */
function unusedExample(entry: RouteEntry): Promise<Example> {
  const example = examples.get(entry) ?? Promise.resolve(entry.example(world, 'seller'));
  examples.set(entry, example);
  return example;
}

/** What is on every answer, whatever it says. */
function expectHeaders(answer: Answer, channel = world.accounts.interfaces.web): void {
  expect(answer.headers['x-request-id']).toMatch(/^[\x20-\x7e]{1,128}$/);
  expect(answer.headers['x-interface']).toBe(String(channel));
  expect(Number(answer.headers['ratelimit-limit'])).toBeGreaterThan(0);
  expect(Number(answer.headers['ratelimit-remaining'])).toBeGreaterThanOrEqual(0);
  expect(Number(answer.headers['ratelimit-reset'])).toBeGreaterThan(Date.now() / 1_000);
}

function expectRefusal(answer: Answer, status: number, code: string): void {
  expect({ status: answer.statusCode, code: answer.json().code }, answer.body).toEqual({ status, code });
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
}

it('the table has every route of the server', async () => {
  const { paths } = (await world.call('GET', '/openapi.json')).json() as { paths: Record<string, object> };
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  expect(ROUTES.map(({ route }) => route).sort()).toEqual(served.sort());
});

describe.each(GUARDED)('$route', (entry) => {
  it('is shut without a good token', async () => {
    const { url, body } = await unusedExample(entry);
    const none = await world.call(methodOf(entry), url, { body });
    expectRefusal(none, 401, 'unauthorized');
    expect(none.headers['www-authenticate']).toBe('Bearer realm="ticketing"');
    expect(none.headers['x-interface']).toBe(String(world.accounts.interfaces.web));
    const bad = await world.call(methodOf(entry), url, { body, token: `${world.tokens.seller}x` });
    expectRefusal(bad, 401, 'invalid_token');
    expect(bad.headers['www-authenticate']).toMatch(/^Bearer realm="ticketing", error="invalid_token"/);
  });

  it.each(['reader', 'buyer', 'john', 'seller', 'admin'] as const)(
    'lets %s do what the contract says',
    async (who) => {
      const { url, ...rest } = await (lets(entry, who) ? entry.example(world, who) : unusedExample(entry));
      const answer = await world.call(methodOf(entry), url, { who, ...rest });
      expectHeaders(answer);
      if (!lets(entry, who)) {
        expectRefusal(answer, 403, 'insufficient_scope');
        const scopes = entry.scopes as readonly string[];
        expect(answer.json().scopes).toEqual(scopes);
        expect(answer.headers['www-authenticate']).toContain(
          `error="insufficient_scope", scope="${scopes.join(' ')}"`,
        );
      } else if (entry.user && who === 'buyer') {
        expectRefusal(answer, 403, 'user_required');
      } else {
        expect(answer.statusCode, answer.body).toBe(entry.status);
      }
    },
  );

  it('is shut on an interface that the client was not granted', async () => {
    const { url, body } = await unusedExample(entry);
    for (const asked of [world.accounts.interfaces.web, world.rival.interfaces.web, 2_147_483_647]) {
      const headers = { 'x-interface': String(asked) };
      const answer = await world.call(methodOf(entry), url, { who: 'pos', body, headers });
      expectRefusal(answer, 403, 'interface_not_allowed');
    }
  });
});

it('no list shows another company anything of ours, nor another interface what it does not sell', async () => {
  await world.paid('john');
  await world.validation();
  const { rows } = await world.system.db.pool.query(
    `SELECT id::text FROM cart UNION ALL SELECT id::text FROM ticket UNION ALL SELECT id::text FROM validation`,
  );
  const ours = [...rows.map(({ id }) => id), 'Tonight', 'Arena', 'Rock', 'mary@mail.com', 'acme'];
  const channel = { pos: world.accounts.interfaces.pos, rival: world.rival.interfaces.web };
  for (const entry of GUARDED.filter(({ of, route }) => !of && route.startsWith('GET'))) {
    for (const who of ['rival', 'pos'] as const) {
      const { url } = await entry.example(world, who);
      if (!lets(entry, who)) continue;
      const answer = await world.call('GET', url, { who });
      expectHeaders(answer, channel[who]);
      // Venues, categories and users are the company's, whatever the interface.
      const hidden = who === 'rival' ? ours : [...rows.map(({ id }) => id), 'Tonight'];
      expect(
        hidden.filter((text) => answer.body.includes(text)),
        `${entry.route} to ${who}`,
      ).toEqual([]);
    }
  }
});

describe.each(GUARDED.filter(({ of }) => of))('$route', (entry) => {
  const method = methodOf(entry);

  it('does not find what is of somebody else', async () => {
    const owners = OWNERS.filter((who) => lets(entry, who) && !(entry.user && who === 'buyer'));
    const owned = new Map<Who, Example>();
    for (const owner of owners) owned.set(owner, await entry.example(world, owner));
    const before = await world.stored();
    for (const [owner, { url, body, headers }] of owned) {
      for (const [who, more] of strangersTo(entry, owner)) {
        const sent = entry.bodyOf?.(world, more ? 'pos' : who) ?? body;
        const answer = await world.call(method, url, { who, body: sent, headers: { ...headers, ...more } });
        expect(answer.statusCode, `${who} asks for what is of ${owner}: ${answer.body}`).toBe(404);
        expectRefusal(answer, 404, 'not_found');
      }
    }
    expect(await world.stored()).toEqual(before);
  });
});

const OWNERS = ['john', 'buyer', 'seller', 'admin'] as const;

/** Who must not learn that the objects of `owner` exist, with the headers by which they ask. */
function strangersTo(entry: RouteEntry, owner: Who): [Who, Record<string, string>?][] {
  const found: [Who, Record<string, string>?][] = [['rival'], ['outsider']];
  const pos = { 'x-interface': String(world.accounts.interfaces.pos) };
  if (entry.of === 'interface') found.push(['seller', pos], ['admin', pos], ['pos']);
  // By its id, a cart that a client opened for nobody is good for every user of that client.
  if (entry.own && owner === 'john') found.push(['mary'], ['buyer'], ['stranger']);
  if (entry.own && owner === 'buyer') found.push(['stranger']);
  const anonymous: Who[] = [
    'buyer',
    'stranger',
    ...(entry.scopes.includes('admin') ? [] : (['rival'] as const)),
  ];
  return found.filter(([who]) => lets(entry, who) && !(entry.user && anonymous.includes(who)));
}
