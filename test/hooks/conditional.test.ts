import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRow } from '../../prisma/seed/rows.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken } from '../helpers/factories.ts';
import { levers, thingRoutes, UPDATED_AT } from './things.ts';

const lever = levers();
let test: TestApp;
let authorization: string;
let thing_id: number;

beforeAll(async () => {
  test = await testApp({ routes: thingRoutes(lever) });
  authorization = `Bearer ${await accessToken(test.system, { client: test.accounts.clients.web })}`;
  const { company_id } = test.accounts;
  const row = await inTransaction(test.system.db, (tx) =>
    insertRow(tx, 'category', { company_id, code: 'conditional', name: {} }),
  );
  thing_id = row.id;
});
afterAll(() => test.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  test.app.inject({ method: 'GET', url, headers: { authorization, ...headers } });

const patch = (headers: Record<string, string>) =>
  test.app.inject({
    method: 'PATCH',
    url: `/things/${thing_id}`,
    headers: { authorization, ...headers },
    payload: { name: 'conditional' },
  });

const etagOf = async (url: string, headers = {}) => (await get(url, headers)).headers.etag as string;

describe('ETag', () => {
  it('is strong and names the state of an object and its bytes', async () => {
    const etag = await etagOf('/things/1');
    expect(etag).toMatch(/^"[0-9a-z]+-[\w.]+"$/);
    expect(etag.slice(1).split('-')[0]).toBe(UPDATED_AT.getTime().toString(36));
    expect(await etagOf('/things/1')).toBe(etag);
    expect(await etagOf('/things/2')).not.toBe(etag);
  });

  it('changes with the state', async () => {
    const before = await etagOf('/things/1');
    lever.updatedAt = new Date(UPDATED_AT.getTime() + 1);
    expect(await etagOf('/things/1')).not.toBe(before);
    lever.updatedAt = UPDATED_AT;
  });

  it('is on whole catalogues and files as well, and not on pages, changes and refusals', async () => {
    expect(await etagOf('/things')).toMatch(/^"[\w.]+"$/);
    expect(await etagOf('/things/1.csv')).toMatch(/^"[\w.]+"$/);
    expect((await patch({})).headers.etag).toBeUndefined();
    expect((await get('/broken')).headers.etag).toBeUndefined();
  });
});

describe('If-None-Match', () => {
  it('of the present state is answered 304 without a body, with the headers of the answer', async () => {
    const full = await get('/things/1');
    const etag = full.headers.etag as string;
    const same = await get('/things/1', { 'if-none-match': etag });
    expect([same.statusCode, same.body, same.headers.etag]).toEqual([304, '', etag]);
    expect(same.headers['content-length']).toBeUndefined();
    for (const name of ['x-request-id', 'x-interface', 'vary', 'ratelimit-limit', 'ratelimit-remaining']) {
      expect(same.headers[name], name).toBeDefined();
    }
  });

  it.each([
    ['among others', (etag: string) => `"a", ${etag}, "b"`],
    ['weak', (etag: string) => `W/${etag}`],
    ['any', () => '*'],
    ['of a compressed variant', (etag: string) => etag.replace(/"$/, '-br"')],
  ])('matches: %s', async (_what, header) => {
    const etag = await etagOf('/things/1');
    expect((await get('/things/1', { 'if-none-match': header(etag) })).statusCode).toBe(304);
  });

  it.each(['"other"', 'W/"other"', 'not a tag', ''])('does not match: %s', async (header) => {
    expect((await get('/things/1', { 'if-none-match': header })).statusCode).toBe(200);
  });

  it('of a file is answered 304', async () => {
    const etag = await etagOf('/things/1.csv');
    expect((await get('/things/1.csv', { 'if-none-match': etag })).statusCode).toBe(304);
  });

  it('does not turn a refusal into a 304', async () => {
    expect((await get('/things/nothing', { 'if-none-match': '*' })).statusCode).toBe(404);
  });
});

describe('If-Match', () => {
  it('lets a change of the state that was read pass, whatever its representation', async () => {
    const etag = await etagOf(`/things/${thing_id}`);
    expect((await patch({ 'if-match': etag })).statusCode).toBe(200);
    expect((await patch({ 'if-match': `"x", ${etag}` })).statusCode).toBe(200);
    expect((await patch({ 'if-match': '*' })).statusCode).toBe(200);
    expect((await patch({ 'if-match': etag.replace(/-.*"$/, '-other.language-gzip"') })).statusCode).toBe(
      200,
    );
  });

  it('refuses a change of an older state', async () => {
    const etag = await etagOf(`/things/${thing_id}`);
    lever.updatedAt = new Date(UPDATED_AT.getTime() + 1);
    const stale = await patch({ 'if-match': etag });
    lever.updatedAt = UPDATED_AT;
    expect(stale.statusCode).toBe(412);
    expect(stale.json().code).toBe('precondition_failed');
  });

  it('refuses weak tags, which promise too little', async () => {
    const etag = await etagOf(`/things/${thing_id}`);
    expect((await patch({ 'if-match': `W/${etag}` })).statusCode).toBe(412);
  });

  it('that is no list of tags is malformed', async () => {
    expect((await patch({ 'if-match': 'abc' })).json()).toMatchObject({
      status: 400,
      code: 'invalid_request',
    });
  });
});

describe('compression', () => {
  it('is used above a kilobyte, with a tag of its own for each coding', async () => {
    lever.size = 1_500;
    const plain = await get('/things/1');
    const packed = await get('/things/1', { 'accept-encoding': 'gzip' });
    const brotli = await get('/things/1', { 'accept-encoding': 'gzip, deflate, br' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body);
    expect(new Set([plain, packed, brotli].map(({ headers }) => headers.etag)).size).toBe(3);
    const again = await get('/things/1', {
      'accept-encoding': 'gzip',
      'if-none-match': packed.headers.etag as string,
    });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    for (const { headers } of [plain, packed, brotli, again]) {
      expect((headers.vary as string).split(/, */)).toEqual([
        'origin',
        'accept-language',
        'accept-encoding',
        'x-interface',
      ]);
    }
    lever.size = 5;
  });

  it('leaves small answers alone', async () => {
    const small = await get('/things/1', { 'accept-encoding': 'gzip, br' });
    expect(small.headers['content-encoding']).toBeUndefined();
  });

  it('is not taken in requests', async () => {
    const refused = await test.app.inject({
      method: 'POST',
      url: '/things',
      headers: { authorization, 'content-encoding': 'gzip', 'content-type': 'application/json' },
      payload: '{"name":"x"}',
    });
    expect(refused.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });
});
