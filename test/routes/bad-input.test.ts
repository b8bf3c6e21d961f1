import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { type Odd, oddBodies } from '../helpers/odd-values.ts';
import { expectClean } from '../helpers/refusals.ts';
import { callerOf, type Example, methodOf, ROUTES, type RouteEntry } from '../helpers/route-table.ts';

// Every route that takes a body, and every field of it in turn with what it cannot be.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

/** RFC 6749 ignores parameters that it does not know and takes an empty one for none. */
const isOAuth = ({ route }: RouteEntry) => route.startsWith('POST /auth/');
const isSigned = ({ route }: RouteEntry) => route.startsWith('POST /payments/webhooks');
const WRITES = ROUTES.filter(({ route }) => /^(POST|PUT|PATCH)/.test(route));
const TYPED = WRITES.filter((entry) => !isSigned(entry) && !entry.bodyless);

const JSON_TYPE = { 'content-type': 'application/json' };

async function sender(entry: RouteEntry) {
  const who = callerOf(entry);
  const example: Example = await entry.example(world, who);
  return {
    example,
    send: (body: unknown, headers: Record<string, string> = {}) =>
      world.call(methodOf(entry), example.url, {
        who,
        token: example.token,
        body,
        headers: { ...example.headers, ...headers },
      }),
  };
}

/** May the field have this value after all? */
function isFine({ nullable = [], fine = {} }: RouteEntry, { pointer, value }: Odd): boolean {
  return (
    (value === null && nullable.includes(pointer)) ||
    (fine[pointer] ?? []).some((each) => JSON.stringify(each) === JSON.stringify(value))
  );
}

describe.each(TYPED)('$route', (entry) => {
  it('refuses every field that is not what it must be, names it, and writes nothing', async () => {
    const { example, send } = await sender(entry);
    const before = await world.stored();
    for (const odd of oddBodies(example.body as object)) {
      if (isFine(entry, odd) || (isOAuth(entry) && ignoredByOAuth(odd))) continue;
      const shown = JSON.stringify(odd.value).slice(0, 60);
      const what = `${odd.pointer} = ${shown}`;
      const { code, pointers } = expectClean(await send(odd.body, JSON_TYPE), what);
      if (isOAuth(entry)) continue;
      const near = pointers.some((at) => at === odd.pointer || at.startsWith(`${odd.pointer}/`));
      const refusedWhole = code === 'invalid_request' && /proto|constructor/.test(shown);
      expect(near || refusedWhole, `${what}: ${code} ${pointers}`).toBe(true);
    }
    expect(await world.stored()).toEqual(before);
    expect(world.errors.splice(0)).toEqual([]);
  });
});

/** Unknown parameters, and those without a value. */
const ignoredByOAuth = ({ pointer, value }: Odd): boolean =>
  value === '' ||
  value === ' ' ||
  /\/(__proto__|constructor|prototype|toString|unknown_field)$/.test(pointer);

const NOT_JSON: [string, string | Buffer][] = [
  ['half an object', '{"a":'],
  ['a stray comma', '{"a":1,}'],
  ['single quotes', "{'a': 1}"],
  ['a comment', '{/* a */}'],
  ['NaN', '{"a":NaN}'],
  ['words', 'hello'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['half of a character', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x22, 0x7d])],
  ['nesting without end', '['.repeat(8_000)],
];
const NESTED = `${'['.repeat(7_000)}${']'.repeat(7_000)}`;
const NOT_AN_OBJECT = ['null', NESTED, '[]', '[{}]', '1', '"text"', 'true', 'false'];
const OTHER_TYPES = [
  'text/plain',
  'text/xml',
  'application/xml',
  'multipart/form-data; boundary=x',
  'nonsense',
  'a/b/c',
];

describe.each(WRITES)('$route', (entry) => {
  it('refuses what is no JSON object, other media types and huge bodies, and writes nothing', async () => {
    const { example, send } = await sender(entry);
    const before = await world.stored();
    const refused = async (
      what: string,
      body: unknown,
      headers: Record<string, string>,
      statuses: number[],
    ) => {
      const answer = await send(body, headers);
      expectClean(answer, what);
      expect(statuses, `${what}: ${answer.body}`).toContain(answer.statusCode);
    };
    const unread = isSigned(entry) ? [400, 401] : [400];
    for (const [what, text] of NOT_JSON) await refused(what, text, JSON_TYPE, unread);
    for (const text of NOT_AN_OBJECT)
      await refused(text, text, JSON_TYPE, isSigned(entry) ? unread : [400, 422]);
    await refused('an empty body', '', JSON_TYPE, unread);
    for (const type of OTHER_TYPES) await refused(type, text(example.body), { 'content-type': type }, [415]);
    await refused('no media type', Buffer.from(text(example.body)), { 'content-type': '' }, [415]);
    const huge = JSON.stringify({ filler: 'x'.repeat(entry.bodyLimit ?? 2_097_152) });
    await refused('two megabytes', huge, JSON_TYPE, [413]);
    expect(await world.stored()).toEqual(before);
    expect(world.errors.splice(0)).toEqual([]);
  });
});

const text = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body ?? {}));
