import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { mapOf, seatedSection, standingSection } from '../helpers/catalogue.ts';

// Whole maps are read piece by piece while they arrive: what a client can tell of that, which is next to nothing.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const send = (body: unknown, headers: Record<string, string> = {}) =>
  world.call('POST', '/maps', {
    who: 'admin',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
const faults = (answer: { json(): { errors: { pointer: string; code: string }[] } }) =>
  answer.json().errors.map(({ pointer, code }) => `${pointer} ${code}`);
const seat = (number: string, x: number) => ({ number, x, y: 1 });
const map = (more: object = {}) => ({
  ...{ name: 'Hall', width: 10, height: 10, focal_point: { x: 5, y: 0 } },
  sections: [
    { name: 'Stalls', kind: 'seated', rows: [{ label: 'A', seats: [seat('1', 1), seat('2', 2)] }] },
    { name: 'Floor', kind: 'general', capacity: 10, rows: [] },
  ] as Record<string, unknown>[],
  ...more,
});

describe('the body of a map', () => {
  it('is refused with the faults of all its parts at once, and nothing is kept', async () => {
    const before = await world.stored();
    const answer = await send(
      map({
        width: 'wide',
        colour: 'red',
        sections: [
          {
            ...{ name: 'Stalls', kind: 'seated', shade: 1 },
            rows: [
              { label: 'A', seats: [seat('1', 1), { number: '2', x: 'far', y: 1, z: 3 }] },
              null,
              { seats: 'none' },
              7,
            ],
          },
          null,
          { name: 'Floor\u0000', kind: 'lying', capacity: 10, rows: {} },
          ['A'],
        ],
      }),
    );
    expect(answer.statusCode).toBe(422);
    expect(faults(answer)).toEqual([
      '/width invalid_type',
      '/colour unknown_field',
      '/sections/0/shade unknown_field',
      '/sections/2/name invalid_string',
      '/sections/2/kind invalid_value',
      '/sections/2/rows invalid_type',
      '/sections/1 invalid_type',
      '/sections/3 invalid_type',
      '/sections/0/rows/0/seats/1/x invalid_type',
      '/sections/0/rows/0/seats/1/z unknown_field',
      '/sections/0/rows/2/label required',
      '/sections/0/rows/2/seats invalid_type',
      '/sections/0/rows/1 invalid_type',
      '/sections/0/rows/3 invalid_type',
    ]);
    expect(faults(await send(map({ sections: [] })))).toEqual(['/sections too_small']);
    expect(faults(await send(map({ sections: 'none' })))).toEqual(['/sections invalid_type']);
    expect(faults(await send([map()]))).toEqual([' invalid_type']);
    expect(faults(await send('null'))).toEqual([' invalid_type']);
    const many = map();
    many.sections[0] = {
      ...{ name: 'Stalls', kind: 'seated' },
      rows: Array.from({ length: 300 }, (_, i) => ({
        label: String(i),
        seats: [{ number: '1', x: -1, y: -1 }],
      })),
    };
    expect(faults(await send(many))).toHaveLength(100);
    expect(await world.stored()).toEqual(before);
  });

  it.each([
    ['no JSON at its end', '{"name": "x", "sections": [', 400, 'invalid_request'],
    ['no JSON in a row', '{"sections": [{"rows": [{"label": A}]}]}', 400, 'invalid_request'],
    ['no JSON between rows', '{"sections": [{"rows": [{} {}]}]}', 400, 'invalid_request'],
    ['nothing', '', 400, 'invalid_request'],
    ['a list named twice', '{"sections": [], "sections": []}', 400, 'invalid_request'],
    ['a trap in a row', '{"sections": [{"rows": [{"__proto__": {"label": "A"}}]}]}', 400, 'invalid_request'],
    ['a trap', '{"__proto__": {"name": "A"}}', 400, 'invalid_request'],
    [
      'a row of five megabytes',
      `{"sections": [{"rows": [{"label": "${'x'.repeat(5e6)}"}]}]}`,
      413,
      'payload_too_large',
    ],
    ['forty megabytes', `{"name": "x", "sections": [${'{},'.repeat(14e6)}{}]}`, 413, 'payload_too_large'],
  ])('that is %s is refused', async (_, body, status, code) => {
    const answer = await send(body);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  });

  it('is UTF-8, however its characters fall into what arrives', async () => {
    const bytes = Buffer.from(JSON.stringify(map({ name: 'Théâtre 🎭' })));
    expect((await send(bytes)).json().map.name).toBe('Théâtre 🎭');
    const latin = await send(Buffer.from(JSON.stringify(map({ name: 'Théâtre' })), 'latin1'));
    expect([latin.statusCode, latin.json().detail]).toEqual([400, 'The body is not UTF-8.']);
  });

  it('sent twice with a key makes one map, in whatever order its fields are; another map is refused', async () => {
    const headers = { 'idempotency-key': 'a hall' };
    const first = await send(map(), headers);
    expect(first.statusCode, first.body).toBe(201);
    const { sections, ...rest } = map();
    const turned = sections.map((section) => Object.fromEntries(Object.entries(section).reverse()));
    const again = await send(JSON.stringify({ sections: turned, ...rest }, null, 2), headers);
    expect(again.statusCode, again.body).toBe(201);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.json()).toEqual(first.json());
    const other = map();
    (other.sections[0] as { rows: { seats: { x: number }[] }[] }).rows[0]?.seats.splice(1, 1, seat('2', 3));
    const reused = await send(other, headers);
    expect([reused.statusCode, reused.json().code]).toEqual([422, 'idempotency_key_reused']);
  });
});

describe('a map of 50,000 seats', () => {
  const stands = Array.from({ length: 10 }, (_, i) => seatedSection(`Stand ${i}`, 50, 100, i * 600));
  const large = mapOf(...stands, standingSection('Pitch', 10_000));
  // To refuse a map costs less than to write it: with twice the seats there is enough of it to be interrupted.
  const others = Array.from({ length: 10 }, (_, i) => seatedSection(`Box ${i}`, 50, 100, i * 600));
  const twice = mapOf(...stands, ...others);
  const lines = stands.flatMap(({ name, rows }) =>
    rows.flatMap(({ label, seats }) =>
      seats.map(({ number, x, y }) => `${name},${label},${number},${x},${y}`),
    ),
  );
  const csv = ['section,row,number,x,y', ...lines].join('\n');
  const asCsv = () =>
    world.call('POST', '/maps/csv?name=Lines', {
      who: 'admin',
      body: csv,
      headers: { 'content-type': 'text/csv' },
    });

  it.each([
    ['imported', () => send(large), 201],
    ['imported from CSV', asCsv, 201],
    ['refused', () => send({ ...twice, width: 1 }), 422],
  ])('lets others have their turn while it is %s', { timeout: 60_000 }, async (_, work, status) => {
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setTimeout(count, 1);
    };
    count();
    const answer = await work();
    done = true;
    expect(answer.statusCode, answer.body.slice(0, 500)).toBe(status);
    expect(turns).toBeGreaterThan(15); // of ten milliseconds each: it takes hundreds of them
  });
});
