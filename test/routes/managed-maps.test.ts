import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { mapOf, seatedSection, standingSection } from '../helpers/catalogue.ts';

// Maps as organisers import, export and delete them. Editing is in managed-maps-edit.test.ts.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const admin = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown, headers = {}) =>
  world.call(method, url, { who: 'admin', body, headers });

const seat = (number: string, x: number, more: object = {}) => ({
  ...{ number, x, y: 10, position: Number(number), accessible: false, companion_of: null as string | null },
  ...more,
});

/** Everything spelt out, as an export spells it. */
const theatre = () => ({
  ...{ name: 'Theatre', venue_id: world.venue_id, width: 100, height: 80, focal_point: { x: 50, y: 0 } },
  sections: [
    {
      ...{ name: 'Stalls', kind: 'seated', capacity: 4 },
      shape: [
        [0, 0],
        [100, 0],
        [100, 40.5],
      ],
      rows: [
        {
          label: 'A',
          seats: [
            seat('1', 20.25),
            { ...seat('2', 45, { accessible: true }), position: 4 },
            seat('5', 55, { companion_of: '2' }),
          ],
        },
        { label: 'B', seats: [seat('1', 50, { y: 30 })] },
      ],
    },
    { name: 'Floor', kind: 'general', capacity: 200, shape: null, rows: [] },
  ],
});

/** An export without what the server has added. */
const bare = ({
  id: _,
  created_at: _1,
  updated_at: _2,
  seat_count: _3,
  event_ids: _4,
  ...map
}: Record<string, unknown>) =>
  JSON.parse(JSON.stringify(map, (key, value) => (key === 'id' ? undefined : value)));

describe('a map', () => {
  it('comes out as it went in, and goes in again as it came out', async () => {
    const answer = await admin('POST', '/maps', theatre());
    expect(answer.statusCode, answer.body).toBe(201);
    const { map } = answer.json();
    expect(map).toEqual({
      ...{ id: expect.any(Number), name: 'Theatre', venue_id: world.venue_id, width: 100, height: 80 },
      ...{ focal_point: { x: 50, y: 0 }, seat_count: 4, event_ids: [] },
      sections: [
        { id: expect.any(Number), name: 'Stalls', kind: 'seated', capacity: 4 },
        { id: expect.any(Number), name: 'Floor', kind: 'general', capacity: 200 },
      ],
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    });
    expect(answer.headers.location).toBe(`/maps/${map.id}`);
    const exported = (await admin('GET', `/maps/${map.id}`)).json().map;
    expect(bare(exported)).toEqual(theatre());
    const copy = (await admin('POST', '/maps', exported)).json().map;
    expect(copy.id).not.toBe(map.id);
    expect(bare((await admin('GET', `/maps/${copy.id}`)).json().map)).toEqual(theatre());
    const same = await admin('PUT', `/maps/${map.id}`, exported);
    expect(same.json().map.changes).toEqual({ added: 0, changed: 0, removed: 0 });
    const again = (await admin('GET', `/maps/${map.id}`)).json().map;
    expect(again).toEqual({ ...exported, updated_at: expect.any(String) });
  });

  it('with faults is refused with the pointers of all of them, and nothing is kept', async () => {
    const before = await world.stored();
    const map = theatre();
    const [stalls, floor] = map.sections as [(typeof map.sections)[0], (typeof map.sections)[0]];
    stalls.rows[0]?.seats.splice(1, 1, seat('1', 20.251), seat('9', 200));
    floor.name = 'Stalls';
    map.focal_point.y = 100;
    const answer = await admin('POST', '/maps', map);
    expect(answer.statusCode).toBe(422);
    expect(
      answer.json().errors.map(({ pointer, code }: Record<string, string>) => `${pointer} ${code}`),
    ).toEqual([
      '/sections/1/name duplicate',
      '/sections/0/capacity mismatch',
      '/sections/0/rows/0/seats/1/number duplicate',
      '/sections/0/rows/0/seats/1/position duplicate',
      '/sections/0/rows/0/seats/3/companion_of not_found',
      '/sections/0/rows/0/seats/1 overlap',
      '/sections/0/rows/0/seats/2/x outside',
      '/focal_point outside',
    ]);
    expect(await world.stored()).toEqual(before);
  });

  it('of 50,000 seats comes in one request; of as many faults a hundred are named', {
    timeout: 60_000,
  }, async () => {
    const stands = Array.from({ length: 10 }, (_, i) => seatedSection(`Stand ${i}`, 50, 100, i * 600));
    const map = mapOf(...stands, standingSection('Pitch', 10_000));
    const answer = await admin('POST', '/maps', map);
    expect(answer.statusCode, answer.body.slice(0, 500)).toBe(201);
    expect(answer.json().map).toMatchObject({ seat_count: 50_000, venue_id: null });
    const exported = (await admin('GET', `/maps/${answer.json().map.id}`)).json().map;
    expect(
      exported.sections.flatMap((s: { rows: { seats: [] }[] }) => s.rows.flatMap((r) => r.seats)),
    ).toHaveLength(50_000);
    const before = await world.stored();
    const bad = { ...map, width: 1 };
    const refused = await admin('POST', '/maps', bad);
    expect(refused.statusCode).toBe(422);
    expect(refused.json().errors).toHaveLength(100);
    expect(refused.json().detail).toBe('The map has 50001 faults; nothing was written.');
    expect(await world.stored()).toEqual(before);
  });

  it('needs a venue of the company', async () => {
    const answer = await admin('POST', '/maps', { ...theatre(), venue_id: 99_999 });
    expect([answer.statusCode, answer.json().errors[0].pointer]).toEqual([422, '/venue_id']);
  });

  it('is listed, by venue too, and deleted when no event uses it', async () => {
    const { map } = (await admin('POST', '/maps', { ...theatre(), name: 'To go' })).json();
    const listed = (await admin('GET', `/maps?venue_id=${world.venue_id}&per_page=100`)).json().maps;
    expect(listed.map(({ id }: { id: number }) => id)).toContain(map.id);
    expect(listed.map(({ id }: { id: number }) => id)).not.toContain(world.map_id);
    expect((await admin('DELETE', `/maps/${map.id}`)).statusCode).toBe(204);
    expect((await admin('GET', `/maps/${map.id}`)).statusCode).toBe(404);
    const { rows } = await world.system.db.pool.query('SELECT 1 FROM seat WHERE map_id = $1', [map.id]);
    expect(rows).toEqual([]);
    const used = await admin('DELETE', `/maps/${world.map_id}`);
    expect([used.statusCode, used.json().event_ids]).toEqual([409, [world.event_id]]);
  });
});

describe('CSV', () => {
  const send = (csv: string, query = '?name=Club') =>
    admin('POST', `/maps/csv${query}`, csv, { 'content-type': 'text/csv; charset=utf-8' });
  const table =
    'section,row,number,x,y,accessible\r\nStalls,A,1,10,10,yes\r\n"Stalls, left",A,1,30,10,\r\nStalls,A,2,20,10,0\r\n';

  it('makes seated sections of its lines, as text or in JSON', async () => {
    const answer = await send(table, `?name=Club&venue_id=${world.venue_id}`);
    expect(answer.statusCode, answer.body).toBe(201);
    const { map } = (await admin('GET', `/maps/${answer.json().map.id}`)).json();
    expect(bare(map)).toEqual({
      ...{
        name: 'Club',
        venue_id: world.venue_id,
        width: 31.5,
        height: 10.5,
        focal_point: { x: 15.75, y: 0 },
      },
      sections: [
        {
          ...{ name: 'Stalls', kind: 'seated', capacity: 2, shape: null },
          rows: [{ label: 'A', seats: [seat('1', 10, { accessible: true }), seat('2', 20)] }],
        },
        {
          ...{ name: 'Stalls, left', kind: 'seated', capacity: 1, shape: null },
          rows: [{ label: 'A', seats: [seat('1', 30)] }],
        },
      ],
    });
    const json = await admin('POST', '/maps/csv', {
      ...{ name: 'Club', width: 100, height: 50, focal_point: { x: 1, y: 2 }, csv: table },
    });
    expect(json.json().map).toMatchObject({
      width: 100,
      height: 50,
      focal_point: { x: 1, y: 2 },
      seat_count: 3,
    });
  });

  it('is refused with every faulty line', async () => {
    const faultsOf = async (csv: string) => {
      const answer = await send(csv);
      expect(answer.statusCode, answer.body).toBe(422);
      return answer.json().errors.map(({ pointer, code }: Record<string, string>) => `${pointer} ${code}`);
    };
    const before = await world.stored();
    expect(await faultsOf('section,row,seat,x,y\nA,1,1,1,1')).toEqual([
      '/csv/1/number required',
      '/csv/1/seat unknown_field',
    ]);
    expect(await faultsOf('section,row,number,x,y,accessible\nA,1,1,1,1,maybe\n,1,2,-3,1,no\n')).toEqual([
      '/csv/2/accessible invalid_value',
      '/csv/3/section required',
      '/csv/3/x invalid_type',
    ]);
    expect(await faultsOf('section,row,number,x,y\nA,1,1,1,1\nA,1,1,3,1\nB,1,1,1,1\n')).toEqual([
      '/csv/3/number duplicate',
      '/csv/4 overlap',
    ]);
    expect(await faultsOf('section,row,number,x,y\nA,1,1,1,1\nA,1,2,3\n')).toEqual(['/csv/3 malformed']);
    expect(await faultsOf('section,row,number,x,y\n')).toEqual(['/csv empty']);
    const unnamed = await send(table, '');
    expect(unnamed.json().errors[0].pointer).toBe('/name');
    expect(await world.stored()).toEqual(before);
    expect((await admin('POST', '/maps', table, { 'content-type': 'text/csv' })).statusCode).toBe(415);
  });
});
