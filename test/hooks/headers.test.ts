import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken } from '../helpers/factories.ts';
import { levers, thingRoutes } from './things.ts';

let test: TestApp;
let authorization: string;

beforeAll(async () => {
  test = await testApp({ routes: thingRoutes(levers()) });
  authorization = `Bearer ${await accessToken(test.system, { client: test.accounts.clients.web })}`;
});
afterAll(() => test.close());

type Injected = Awaited<ReturnType<TestApp['app']['inject']>>;

/** Requests that end in every part of the pipeline. */
const everyEnd: [what: string, status: number, request: () => Promise<Injected>][] = [
  ['an answer', 200, () => inject('GET', '/things/1')],
  ['a change', 204, () => inject('DELETE', '/things/1')],
  ['an open route', 200, () => inject('GET', '/health/live')],
  ['a preflight', 204, () => inject('OPTIONS', '/things', { 'access-control-request-method': 'POST' })],
  ['no token', 401, () => inject('GET', '/things/1', { authorization: '' })],
  ['a missing scope', 403, () => inject('GET', '/managed')],
  ['a bad id', 404, () => inject('GET', '/things/x')],
  ['an unknown address', 404, () => inject('GET', '/nowhere')],
  ['a wrong method', 405, () => inject('PATCH', '/things')],
  ['a bad body', 422, () => inject('POST', '/things', {}, { nome: 1 })],
  ['not JSON', 400, () => inject('POST', '/things', { 'content-type': 'application/json' }, '{')],
  ['another type of body', 415, () => inject('POST', '/things', { 'content-type': 'text/xml' }, '<a/>')],
  ['a body too large', 413, () => inject('POST', '/things', {}, { name: 'x'.repeat(1_100_000) })],
  ['an address that does not decode', 400, () => inject('GET', '/things/%zz')],
  ['a fault of ours', 500, () => inject('GET', '/broken')],
];

function inject(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS',
  url: string,
  headers: Record<string, string> = {},
  payload?: object | string,
): Promise<Injected> {
  const sent = { authorization, origin: 'https://shop.example', ...headers };
  return test.app.inject({ method, url, headers: sent, ...(payload !== undefined && { payload }) });
}

describe.each(everyEnd)('the answer to %s (%i)', (_what, status, request) => {
  it('says its request id and interface, and lets browsers of other origins read it', async () => {
    const { statusCode, headers, body } = await request();
    expect(statusCode).toBe(status);
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers['x-interface']).toBe(String(test.accounts.interfaces.web));
    expect(headers['access-control-allow-origin']).toBe('https://shop.example');
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(headers['access-control-expose-headers']).toContain('X-Request-Id');
    expect(headers.vary).toContain('origin');
    if (status >= 400) {
      expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
      const problem = JSON.parse(body);
      expect(problem).toMatchObject({ status, request_id: headers['x-request-id'] });
      expect(problem.type).toBe(`${test.system.publicUrl}/problems/${problem.code}`);
      expect(body).not.toContain('secret detail');
    }
  });
});

describe('X-Request-Id', () => {
  it.each(['a', 'order 7/é'.slice(0, 7), 'x'.repeat(128), '~!@#$%^&*()'])(
    '%s of the caller is kept',
    async (id) => {
      expect((await inject('GET', '/open', { 'x-request-id': id })).headers['x-request-id']).toBe(id);
    },
  );

  it.each([
    ['empty', ''],
    ['129 characters', 'x'.repeat(129)],
    ['not ASCII', 'é'],
    ['a control character', 'a\tb'],
  ])('that is not usable is replaced by a UUIDv7: %s', async (_what, id) => {
    const { headers } = await inject('GET', '/open', { 'x-request-id': id });
    expect(headers['x-request-id']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('differs from request to request', async () => {
    const ids = await Promise.all(
      Array.from({ length: 50 }, async () => (await inject('GET', '/open')).headers['x-request-id']),
    );
    expect(new Set(ids).size).toBe(50);
  });
});

describe('Accept-Language', () => {
  it.each([
    [undefined, 'Not found'],
    ['es', 'No encontrado'],
    ['es-MX,es;q=0.9,en;q=0.8', 'No encontrado'],
    ['pt-BR', 'Não encontrado'],
    ['pt-PT;q=0.5, es;q=0.7', 'No encontrado'],
    ['de, fr;q=0.5', 'Not found'],
    ['de, pt;q=0.1', 'Não encontrado'],
    ['*', 'Not found'],
    [';;;', 'Not found'],
    ['es;q=0', 'Not found'],
  ])('%s gives "%s"', async (header, title) => {
    const answer = await inject('GET', '/nowhere', header === undefined ? {} : { 'accept-language': header });
    expect(answer.json().title).toBe(title);
  });
});
