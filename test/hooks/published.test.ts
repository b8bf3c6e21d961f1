import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken } from '../helpers/factories.ts';
import { levers, thingRoutes } from './things.ts';

const lever = levers();
let test: TestApp;
let web: string;
let admin: string;
let reader: string;

beforeAll(async () => {
  test = await testApp({ routes: thingRoutes(lever) });
  const { clients } = test.accounts;
  web = await accessToken(test.system, { client: clients.web });
  admin = await accessToken(test.system, { client: clients.admin });
  reader = await accessToken(test.system, { client: clients.admin, scopes: ['public'] });
});
afterAll(() => test.close());
afterEach(() => {
  lever.hold = Promise.resolve();
  lever.size = 5;
  test.system.published.clear();
});

const get = (url: string, headers: Record<string, string> = {}, token = web) =>
  test.app.inject({ url, headers: { authorization: `Bearer ${token}`, ...headers } });

/** How many requests reached a handler meanwhile. */
async function handledBy(work: () => Promise<unknown>): Promise<number> {
  const before = lever.handled;
  await work();
  return lever.handled - before;
}

describe('a published read', () => {
  it('is fetched once a second at most, and always tells the same', async () => {
    const answers: Awaited<ReturnType<typeof get>>[] = [];
    const handled = await handledBy(async () => {
      for (let i = 0; i < 5; i += 1) answers.push(await get('/published/1'));
    });
    expect(handled).toBe(2); // of() runs twice for one fetch
    const [first, ...others] = answers.map(({ statusCode, headers, body }) => {
      const { date, 'x-request-id': id, 'ratelimit-remaining': remaining, ...same } = headers;
      return { statusCode, body, headers: same };
    });
    for (const other of others) expect(other).toEqual(first);
    expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(5);
    expect(answers.map(({ headers }) => Number(headers['ratelimit-remaining']))).toEqual([
      4999, 4998, 4997, 4996, 4995,
    ]);
  });

  it('is fetched again after a second', async () => {
    await get('/published/1');
    await sleep(1_010);
    expect(await handledBy(() => get('/published/1'))).toBe(2);
  });

  it('is fetched again at once after a change', async () => {
    await get('/published/1');
    test.system.published.clear();
    expect(await handledBy(() => get('/published/1'))).toBe(2);
  });

  it('is fetched by one of many who ask at once', async () => {
    let release = () => {};
    lever.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handled = await handledBy(async () => {
      const crowd = Array.from({ length: 30 }, () => get('/published/1'));
      await sleep(50);
      release();
      const bodies = (await Promise.all(crowd)).map(({ body }) => body);
      expect(new Set(bodies).size).toBe(1);
    });
    expect(handled).toBe(2);
  });

  it('under way during a change is not kept', async () => {
    let release = () => {};
    lever.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const old = get('/published/1');
    await sleep(20);
    test.system.published.clear();
    const handled = await handledBy(async () => {
      const after = get('/published/1');
      await sleep(20);
      release();
      await Promise.all([old, after]);
    });
    expect(handled).toBe(4); // who came after the change did not wait for what was read before it
  });

  it('that fails fails for each alone, and is not kept', async () => {
    const [one, other] = await Promise.all([get('/published/404'), get('/published/404')]);
    expect([one.statusCode, other.statusCode]).toEqual([404, 404]);
    expect(one.json().request_id).not.toBe(other.json().request_id);
    expect((await get('/published/1?page=x')).statusCode).toBe(422);
    expect((await get('/published/1?page=x')).statusCode).toBe(422);
  });

  it('differs by language and by address', async () => {
    const spanish = await get('/published/1', { 'accept-language': 'es' });
    const english = await get('/published/1');
    const two = await get('/published/2');
    expect([spanish, english, two].map((answer) => answer.json().thing.name)).toEqual([
      'es thing',
      'en thing',
      'en thing',
    ]);
    expect(two.json().thing.id).toBe(2);
    expect((await get('/published/1', { 'accept-language': 'es-AR' })).body).toBe(spanish.body);
  });

  it('differs by interface', async () => {
    const { web: one, pos } = test.accounts.interfaces;
    const from = (id: number) => get('/published/1', { 'x-interface': String(id) }, reader);
    expect(await handledBy(() => from(one))).toBe(2);
    expect(await handledBy(() => from(one))).toBe(0);
    expect(await handledBy(() => from(pos))).toBe(2);
    expect((await from(pos)).headers['x-interface']).toBe(String(pos));
  });

  it('is neither given to nor taken from those who see more', async () => {
    expect(await handledBy(() => get('/published/1', {}, admin))).toBe(2);
    expect(await handledBy(() => get('/published/1'))).toBe(2);
    expect(await handledBy(() => get('/published/1', {}, admin))).toBe(2);
  });

  it('needs a token, its scope and its interface as ever', async () => {
    await get('/published/1');
    expect((await test.app.inject({ url: '/published/1' })).statusCode).toBe(401);
    expect((await get('/published/1', { 'x-interface': '0' })).statusCode).toBe(400);
    expect(
      (await get('/published/1', { 'x-interface': String(test.accounts.interfaces.pos) })).statusCode,
    ).toBe(403);
  });

  it('can be read by browsers of other origins, kept or not', async () => {
    for (let i = 0; i < 2; i += 1) {
      const { headers } = await get('/published/1', { origin: 'https://shop.example' });
      expect(headers['access-control-allow-origin']).toBe('https://shop.example');
      expect(headers['access-control-expose-headers']).toContain('ETag');
    }
  });

  it('keeps the headers of its page', async () => {
    const [first, kept] = [await get('/published?page=2'), await get('/published?page=2')];
    for (const name of ['x-page', 'x-per-page', 'x-total', 'link']) {
      expect(first.headers[name], name).toBeDefined();
      expect(String(kept.headers[name])).toBe(String(first.headers[name]));
    }
    expect(kept.headers['x-total']).toBe('30');
    expect(kept.headers.link).toContain('rel="next"');
  });

  it('keeps what the route says of caching', async () => {
    const [first, kept] = [await get('/written'), await get('/written')];
    const same = await get('/written', { 'if-none-match': first.headers.etag as string });
    expect(kept.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(kept.body).toBe(first.body);
    for (const { headers } of [first, kept, same])
      expect(headers['cache-control']).toBe('private, max-age=60');
  });

  it('answers 304 to those who have it, kept or not', async () => {
    const { etag } = (await get('/published/1')).headers as { etag: string };
    const kept = await get('/published/1', { 'if-none-match': etag });
    test.system.published.clear();
    const fetched = await get('/published/1', { 'if-none-match': etag });
    for (const answer of [kept, fetched]) {
      expect([answer.statusCode, answer.body, answer.headers.etag]).toEqual([304, '', etag]);
      expect(answer.headers['content-length']).toBeUndefined();
      expect(answer.headers['ratelimit-limit']).toBe('5000');
    }
    expect(await handledBy(() => get('/published/1'))).toBe(0); // the 304 was kept in full
  });

  it('is compressed once', async () => {
    lever.size = 3_000;
    const plain = await get('/published/1');
    const encodings = ['gzip', 'br', 'gzip, br;q=0.1', 'identity', 'br;q=0, gzip', '*'];
    const seen: string[] = [];
    for (const accepted of encodings) {
      for (let i = 0; i < 2; i += 1) {
        const answer = await get('/published/1', { 'accept-encoding': accepted });
        const coding = (answer.headers['content-encoding'] as string) ?? 'none';
        const unpack = { gzip: gunzipSync, br: brotliDecompressSync, none: (bytes: Buffer) => bytes }[coding];
        expect(unpack?.(answer.rawPayload).toString()).toBe(plain.body);
        expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length));
        expect(answer.headers.vary).toContain('accept-encoding');
        const tag = plain.headers.etag as string;
        expect(answer.headers.etag).toBe(coding === 'none' ? tag : tag.replace(/"$/, `-${coding}"`));
        const again = await get('/published/1', {
          'accept-encoding': accepted,
          'if-none-match': answer.headers.etag as string,
        });
        expect(again.statusCode).toBe(304);
        seen.push(coding);
      }
    }
    expect(seen.filter((_, i) => i % 2 === 0)).toEqual(['gzip', 'br', 'br', 'none', 'gzip', 'br']);
  });

  it('is not compressed below a kilobyte', async () => {
    await get('/published/1');
    const small = await get('/published/1', { 'accept-encoding': 'gzip, br' });
    expect(small.headers['content-encoding']).toBeUndefined();
  });
});
