import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { expectClean } from '../helpers/refusals.ts';
import { callerOf, methodOf, ROUTES, type RouteEntry } from '../helpers/route-table.ts';

// What holds for every route that changes something: Idempotency-Key and If-Match.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const WRITES = ROUTES.filter(({ route, scopes }) => !route.startsWith('GET') && scopes !== 'none');
let keys = 0;

async function sender(entry: RouteEntry) {
  const who = callerOf(entry);
  const { url, ...rest } = await entry.example(world, who);
  const send = (headers: Record<string, string>, body = rest.body) =>
    world.call(methodOf(entry), url, { who, ...rest, body, headers: { ...rest.headers, ...headers } });
  return { send, body: rest.body };
}

describe.each(WRITES)('$route', (entry) => {
  it('does the same request under one Idempotency-Key once', async () => {
    const { send, body } = await sender(entry);
    const headers = { 'idempotency-key': `key ${++keys} "~"` };
    const first = await send(headers);
    expect(first.statusCode, first.body).toBe(entry.status);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    const before = await world.stored();
    const again = await send(headers);
    expect(again.statusCode, again.body).toBe(first.statusCode);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.headers.location).toBe(first.headers.location);
    expect(again.body).toBe(first.body);
    const other = await send(headers, otherBody(body));
    if (body === undefined) {
      expect(other.headers['idempotent-replayed']).toBe('true');
    } else {
      expect(expectClean(other, 'another body').code).toBe('idempotency_key_reused');
      expect(other.statusCode).toBe(422);
    }
    expect(await world.stored()).toEqual(before);
  });

  it('keeps a key for what was done alone: a refusal leaves it free', async () => {
    const { send, body } = await sender(entry);
    const headers = { 'idempotency-key': `key ${++keys}` };
    const refused = await send(headers, { no_such_field: 1 });
    expect(expectClean(refused, 'an unknown field').code).toMatch(/^(unknown_field|validation_failed)$/);
    const done = await send(headers, body);
    expect(done.statusCode, done.body).toBe(entry.status);
    expect(done.headers).not.toHaveProperty('idempotent-replayed');
  });

  it('refuses keys that are none', async () => {
    const { send } = await sender(entry);
    const before = await world.stored();
    for (const key of ['', 'x'.repeat(256), 'x'.repeat(300), 'clé', '\u0001', 'a\tb']) {
      const refused = await send({ 'idempotency-key': key });
      expect(expectClean(refused, key).pointers).toEqual(['/headers/idempotency-key']);
      expect(refused.statusCode).toBe(422);
    }
    expect(await world.stored()).toEqual(before);
  });
});

/** As good as the first, but not the same. */
function otherBody(body: unknown): object | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const changed = structuredClone(body) as Record<string, unknown>;
  const words = Object.entries(changed).filter(
    ([field, inner]) => typeof inner !== 'object' && !/_at$/.test(field),
  );
  const [name, value] = words.at(-1) ?? [];
  if (name === undefined) return textChanged(changed);
  changed[name] = other(value);
  return changed;
}

const other = (value: unknown): unknown => {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return OTHERS[value as string] ?? `${value}x`;
};
/** Words of closed sets. */
const OTHERS: Record<string, string> = { es: 'en', pt: 'en', entry: 'exit', atomic: 'each', csv: 'json' };

/** A body whose words are all deeper inside. */
const textChanged = (body: object): object =>
  JSON.parse(
    JSON.stringify(body).replace('"Ana"', '"Eva"').replace('"first_name":"Eva"', '"first_name":"Ida"'),
  );

describe.each(WRITES.filter(({ ifMatch }) => ifMatch))('$route', (entry) => {
  it('changes nothing that has changed since the caller read it', async () => {
    const { send } = await sender(entry);
    const before = await world.stored();
    for (const stale of ['"1-stale"', 'W/"1-stale"', '"zzzz-a", "1-b"']) {
      const refused = await send({ 'if-match': stale });
      expect(expectClean(refused, stale).code).toBe('precondition_failed');
      expect(refused.statusCode).toBe(412);
    }
    for (const junk of ['junk', '"', '']) {
      const refused = await send({ 'if-match': junk });
      expect(expectClean(refused, junk).code, `If-Match: ${junk}`).toBe('invalid_request');
    }
    expect(await world.stored()).toEqual(before);
    expect((await send({ 'if-match': '*' })).statusCode).toBe(entry.status);
  });

  it('takes the tag of what the caller has just read', async () => {
    const who = callerOf(entry);
    const { url, body, token } = await entry.example(world, who);
    const read = await world.call('GET', url, { who, token });
    const headers = { 'if-match': String(read.headers.etag) };
    const done = await world.call(methodOf(entry), url, { who, token, body, headers });
    expect(done.statusCode, done.body).toBe(entry.status);
    if (entry.status === 204) return;
    const again = await world.call(methodOf(entry), url, { who, token, body, headers });
    expect(again.statusCode, again.body).toBe(412);
  });
});
