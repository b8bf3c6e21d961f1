import type { OpenAPIV3_1 } from 'openapi-types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../src/errors.ts';
import { TAGS } from '../../src/openapi/description.ts';
import { type TestApp, testApp } from '../helpers/app.ts';

type Operation = OpenAPIV3_1.OperationObject;

let test: TestApp;
let document: OpenAPIV3_1.Document;
let operations: { path: string; method: string; operation: Operation }[];

beforeAll(async () => {
  test = await testApp();
  document = (await test.app.inject('/openapi.json')).json();
  operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item ?? {}).map(([method, operation]) => ({
      path,
      method,
      operation: operation as Operation,
    })),
  );
});
afterAll(() => test.close());

const operationOf = (id: string): Operation => {
  const found = operations.find(({ operation }) => operation.operationId === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found.operation;
};

/** Follows a reference into the components. */
function resolved<T>(value: unknown): T {
  const reference = (value as { $ref?: string }).$ref;
  if (!reference) return value as T;
  const [kind = '', name = ''] = reference.split('/').slice(2);
  return (document.components as Record<string, Record<string, T>>)[kind]?.[name] as T;
}

describe('GET /openapi.json', () => {
  it('describes every route', () => {
    expect(document.openapi).toBe('3.1.0');
    for (const { path, method, operation } of operations) {
      const name = `${method} ${path}`;
      expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z0-9]+$/);
      expect(operation.summary, name).toBeTruthy();
      expect(
        Object.keys(operation.responses ?? {}).some((status) => /^2/.test(status)),
        name,
      ).toBe(true);
      for (const response of Object.values(operation.responses ?? {}))
        expect(resolved(response), name).toBeDefined();
    }
    expect(operations.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/carts', '/auth/token', '/health/live']),
    );
  });

  it('says which server it is, and is the same as long as it runs', async () => {
    expect(document.servers).toEqual([{ url: test.system.publicUrl }]);
    const again = await test.app.inject('/openapi.json');
    expect(again.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(again.headers.etag).toBeDefined();
    expect(again.json()).toEqual(document);
  });

  it('has each operation in a section that is described', () => {
    const tags = new Set(operations.flatMap(({ operation }) => operation.tags ?? []));
    for (const tag of tags) expect(TAGS, tag).toHaveProperty(tag);
    expect(document.tags?.map(({ name }) => name).sort()).toEqual([...tags].sort());
  });

  it('says which scopes open a route: any one of them', () => {
    expect(operationOf('openCart').security).toEqual([{ oauth2: ['buy'] }, { oauth2: ['sell'] }]);
    expect(operationOf('getLiveness').security).toEqual([]);
    expect(operationOf('issueToken').security).toEqual([{ client: [] }, {}]);
    const schemes = document.components?.securitySchemes ?? {};
    const oauth2 = schemes.oauth2 as OpenAPIV3_1.OAuth2SecurityScheme;
    expect(Object.keys(oauth2.flows.clientCredentials?.scopes ?? {})).toEqual([
      'public',
      'buy',
      'sell',
      'admin',
    ]);
    expect(Object.keys(oauth2.flows.password?.scopes ?? {})).toEqual(['public', 'buy']);
  });

  it('names the problems of a route by status', () => {
    const { responses = {} } = operationOf('addSaleDetails');
    const texts = Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [
        status,
        resolved<OpenAPIV3_1.ResponseObject>(response).description,
      ]),
    );
    expect(texts[401]).toBe('Unauthorized: `unauthorized`, `invalid_token`.');
    expect(texts[409]).toContain('`seats_unavailable`');
    expect(texts[409]).toContain('`idempotency_in_progress`');
    expect(texts[422]).toContain('`validation_failed`');
    for (const status of [400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503]) {
      const response = resolved<OpenAPIV3_1.ResponseObject>(responses[status]);
      expect(Object.keys(response.content ?? {}), String(status)).toEqual(['application/problem+json']);
    }
    for (const { operation } of operations) {
      const codes = JSON.stringify(operation.responses).match(/`[a-z_]+`/g) ?? [];
      for (const code of codes) expect(PROBLEMS).toHaveProperty(code.slice(1, -1));
    }
  });

  it('tells the headers of requests and answers', () => {
    const { parameters = [], responses = {} } = operationOf('openCart');
    const names = parameters.map((parameter) => resolved<OpenAPIV3_1.ParameterObject>(parameter).name);
    expect(names).toEqual(expect.arrayContaining(['Idempotency-Key', 'X-Interface']));
    const headers = Object.keys((responses[201] as OpenAPIV3_1.ResponseObject).headers ?? {});
    expect(headers).toEqual(
      expect.arrayContaining(['Location', 'X-Request-Id', 'RateLimit-Remaining', 'Idempotent-Replayed']),
    );
    const list = operationOf('listCarts').responses?.[200] as OpenAPIV3_1.ResponseObject;
    expect(Object.keys(list.headers ?? {})).toEqual(
      expect.arrayContaining(['X-Page', 'X-Per-Page', 'X-Total', 'Link']),
    );
  });

  it('lets answers grow, and requests not', () => {
    const Cart = document.components?.schemas?.Cart;
    expect(Cart).not.toHaveProperty('additionalProperties');
    expect(Cart?.properties?.expires_at).toBeDefined();
    const body = operationOf('openCart').requestBody as OpenAPIV3_1.RequestBodyObject;
    expect(body.content['application/json']?.schema).toMatchObject({ additionalProperties: false });
  });

  it('says where a table is taken in place of JSON', () => {
    const takes = (operation: string) =>
      Object.keys((operationOf(operation).requestBody as OpenAPIV3_1.RequestBodyObject).content);
    for (const operation of ['createCourtesies', 'createMapOfCsv'])
      expect(takes(operation)).toEqual(['application/json', 'text/csv']);
    expect(takes('openCart')).toEqual(['application/json']);
  });

  it('has no component that nothing refers to', () => {
    const text = JSON.stringify(document);
    for (const kind of ['schemas', 'responses', 'headers', 'parameters'] as const) {
      for (const name of Object.keys(document.components?.[kind] ?? {})) {
        expect(text).toContain(`"#/components/${kind}/${name}"`);
      }
    }
  });
});

describe('GET /docs', () => {
  it('shows it on a page that may ask nobody else for anything', async () => {
    const page = await test.app.inject('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body).toContain('/openapi.json');
    const policy = Object.fromEntries(
      String(page.headers['content-security-policy'])
        .split(';')
        .map((directive) => directive.trim().split(/ (.*)/)),
    );
    expect(policy['default-src']).toBe("'none'");
    expect(policy['connect-src']).toBe("'self'");
    expect(String(page.headers['content-security-policy'])).not.toMatch(/https?:|\*/);
    const scripts = [...page.body.matchAll(/<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"/g)].map(
      ([, url]) => url,
    );
    expect(scripts.length).toBeGreaterThan(0);
    for (const url of scripts) expect(url).not.toMatch(/^(https?:)?\/\//);
  });

  it('has its script on this server', async () => {
    const script = await test.app.inject('/docs/js/scalar.js');
    expect(script.statusCode).toBe(200);
    expect(script.headers['content-type']).toContain('javascript');
  });

  it('is found without the slash', async () => {
    const { statusCode, headers } = await test.app.inject('/docs');
    expect([statusCode, headers.location]).toEqual([301, '/docs/']);
  });
});
