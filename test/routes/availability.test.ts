import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;
let url: string;

beforeAll(async () => {
  world = await readingWorld();
  url = `/events/${world.opera.event_id}/maps/${world.opera.map_id}/availability`;
});
afterAll(() => world.close());

const id = (label: string) => world.opera.seats[label] as number;

/** The seats named by a compact list. */
const ids = (gaps: number[]): number[] => {
  let last = 0;
  return gaps.map((gap) => {
    last += gap;
    return last;
  });
};
const listed = (seats: Record<string, number[]>) =>
  Object.fromEntries(Object.entries(seats).map(([status, gaps]) => [status, ids(gaps)]));

const read = async (since?: string) => {
  const { status, body } = await world.get(since ? `${url}?since=${since}` : url, 'seller');
  expect(status).toBe(200);
  const { version, seats, sections } = body.availability;
  return { version, sections, seats: listed(seats) };
};

const hold = (seats: string[], seconds = 600) =>
  world.sql(
    `UPDATE event_seat SET status = 'held', cart_id = gen_random_uuid(),
       hold_expires_at = now() + make_interval(secs => $3), version = pg_current_xact_id()::text::bigint
     WHERE event_id = $1 AND seat_id = ANY($2)`,
    world.opera.event_id,
    seats.map(id),
    seconds,
  );
const sell = (seats: string[]) =>
  world.sql(
    `UPDATE event_seat SET status = 'sold', cart_id = NULL, ticket_id = gen_random_uuid(), hold_expires_at = NULL,
       version = pg_current_xact_id()::text::bigint
     WHERE event_id = $1 AND seat_id = ANY($2)`,
    world.opera.event_id,
    seats.map(id),
  );
const set = (seats: string[], status: 'available' | 'blocked') =>
  world.sql(
    `UPDATE event_seat SET status = $3::seat_status, cart_id = NULL, ticket_id = NULL, hold_expires_at = NULL,
       version = pg_current_xact_id()::text::bigint
     WHERE event_id = $1 AND seat_id = ANY($2)`,
    world.opera.event_id,
    seats.map(id),
    status,
  );

beforeEach(() => set(Object.keys(world.opera.seats), 'available'));

const sections = (stalls: number, gallery = 40) => [
  { id: world.opera.stalls, available: stalls },
  { id: world.opera.gallery_id, available: gallery },
];

describe('whole', () => {
  test('names what is not available, ids as gaps, and the places left in sections', async () => {
    await hold(['A2', 'B10']);
    await sell(['A1', 'A3', 'A4']);
    await set(['B1'], 'blocked');
    const { body } = await world.get(url, 'seller');
    expect(body).toEqual({
      availability: {
        version: expect.stringMatching(/^[0-9a-z]+(-[0-9a-z]+)+$/),
        seats: {
          held: [id('A2'), id('B10') - id('A2')],
          sold: [id('A1'), 2, 1],
          blocked: [id('B1')],
        },
        sections: sections(14),
      },
    });
  });

  test('readers get the same', async () => {
    await sell(['A1']);
    world.forget();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { body } = await world.get(url);
    expect(body.availability.seats).toEqual({ held: [], sold: [id('A1')], blocked: [] });
  });

  test('the version and the ETag stand still while nothing changes', async () => {
    const first = await world.get(url, 'seller');
    await world.sql('UPDATE venue SET name = name'); // others write meanwhile
    const second = await world.get(url, 'seller', { 'if-none-match': String(first.headers.etag) });
    expect([second.status, second.text]).toEqual([304, '']);
    await sell(['A1']);
    const third = await world.get(url, 'seller', { 'if-none-match': String(first.headers.etag) });
    expect(third.status).toBe(200);
    expect(third.body.availability.version).not.toBe(first.body.availability.version);
  });

  test('a general section tells what is left, overdue holds included', async () => {
    const before = await read();
    const headers = { authorization: `Bearer ${world.token('seller')}` };
    const payload = { items: [{ ticket_type_id: world.opera.gallery, quantity: 3 }] };
    const { cart } = (await world.app.inject({ method: 'POST', url: '/carts', headers, payload })).json();
    const held = await read();
    expect(held.sections).toEqual(sections(20, 37));
    expect(held.version).not.toBe(before.version);
    await world.sql("UPDATE cart SET expires_at = now() - interval '1 second' WHERE id = $1", cart.id);
    const lapsed = await read(held.version);
    expect(lapsed.sections).toEqual(sections(20, 40));
    expect(lapsed.version).not.toBe(held.version);
    await world.sql("UPDATE cart SET status = 'expired' WHERE id = $1", cart.id);
    await world.sql('UPDATE event_section SET held = 0 WHERE section_id = $1', world.opera.gallery_id);
    expect((await read()).sections).toEqual(sections(20, 40));
  });
});

describe('since', () => {
  test('names only what has changed, also what became available', async () => {
    await hold(['A1', 'A2']);
    const { version } = await read();
    await sell(['A1']);
    await set(['A2'], 'available');
    await hold(['A5', 'A7']);
    const changes = await read(version);
    expect(changes.seats).toEqual({
      available: [id('A2')],
      held: [id('A5'), id('A7')],
      sold: [id('A1')],
      blocked: [],
    });
    expect(changes.sections).toEqual(sections(17));
    expect((await read(changes.version)).seats).toEqual({ available: [], held: [], sold: [], blocked: [] });
  });

  test('nothing new: the same version, and 304 for who has it', async () => {
    const { version } = await read();
    const first = await world.get(`${url}?since=${version}`, 'seller');
    expect(first.body.availability.version).toBe(version);
    const known = { 'if-none-match': String(first.headers.etag) };
    expect((await world.get(`${url}?since=${version}`, 'seller', known)).status).toBe(304);
  });

  test('a hold that runs out is a change, without any write', async () => {
    await hold(['A1'], 1);
    const held = await read();
    expect(held.seats.held).toEqual([id('A1')]);
    expect((await read(held.version)).version).toBe(held.version);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const lapsed = await read(held.version);
    expect(lapsed.seats).toEqual({ available: [id('A1')], held: [], sold: [], blocked: [] });
    expect(lapsed.version).not.toBe(held.version);
    expect((await read()).seats).toEqual({ held: [], sold: [], blocked: [] });
  });

  test.each(['', 'x', '1', '1-', '1-2', '1-2-A', '1--2', `${'z'.repeat(14)}-1-1`, '1'.padEnd(200, '-1')])(
    '?since=%s is refused',
    async (since) => {
      const { status, body } = await world.get(`${url}?since=${since}`);
      expect([status, body.errors[0].pointer]).toEqual([422, '/query/since']);
    },
  );

  test('a version of another database: everything counts as changed', async () => {
    await sell(['A1']);
    const { seats, version } = await read(`${(2 ** 40).toString(36)}-0-zzzzzzzzz`);
    expect(seats.sold).toEqual([id('A1')]);
    expect(seats.available).toHaveLength(19);
    expect((await read()).version).toBe(version);
  });
});

describe('writers that race with readers', () => {
  test('a long transaction that commits late is not missed', async () => {
    const slow = await world.system.db.pool.connect();
    await slow.query('BEGIN');
    await slow.query(
      "UPDATE event_seat SET status = 'blocked', version = pg_current_xact_id()::text::bigint WHERE event_id = $1 AND seat_id = $2",
      [world.opera.event_id, id('B1')],
    );
    await sell(['B2']); // begins later, commits earlier
    const early = await read();
    expect(early.seats).toEqual({ held: [], sold: [id('B2')], blocked: [] });
    await sell(['B3']);
    const later = await read(early.version);
    expect(later.seats).toEqual({ available: [], held: [], sold: [id('B3')], blocked: [] });
    await slow.query('COMMIT');
    slow.release();
    const late = await read(later.version);
    expect(late.seats).toEqual({ available: [], held: [], sold: [], blocked: [id('B1')] });
    expect((await read()).seats).toEqual({ held: [], sold: [id('B2'), id('B3')], blocked: [id('B1')] });
  });

  test('one that rolls back is never seen', async () => {
    const undone = await world.system.db.pool.connect();
    await undone.query('BEGIN');
    await undone.query(
      "UPDATE event_seat SET status = 'blocked', version = pg_current_xact_id()::text::bigint WHERE event_id = $1",
      [world.opera.event_id],
    );
    const { version } = await read();
    await undone.query('ROLLBACK');
    undone.release();
    expect((await read(version)).seats.blocked).toEqual([]);
  });

  test('who follows by since ends up with what the database has', async () => {
    const labels = Object.keys(world.opera.seats);
    const state = new Map<number, string>();
    const take = ({ seats }: Awaited<ReturnType<typeof read>>) => {
      for (const [status, list] of Object.entries(seats)) for (const seat of list) state.set(seat, status);
    };
    const first = await read();
    take(first);
    let { version } = first;
    let writing = true;
    const write = async (seed: number) => {
      for (let n = 0; n < 40; n++) {
        const label = labels[(seed * 7 + n * (seed + 3)) % labels.length] as string;
        const status = (['sold', 'held', 'available', 'blocked'] as const)[(n + seed) % 4];
        if (status === 'sold') await sell([label]);
        else if (status === 'held') await hold([label]);
        else await set([label], status as 'available' | 'blocked');
      }
    };
    const writers = Promise.all([0, 1, 2, 3].map(write)).then(() => {
      writing = false;
    });
    while (writing) {
      const changes = await read(version);
      take(changes);
      version = changes.version;
    }
    await writers;
    take(await read(version));
    const rows = await world.sql<{ seat_id: number; status: string }>(
      'SELECT seat_id, status FROM event_seat WHERE event_id = $1',
      world.opera.event_id,
    );
    for (const { seat_id, status } of rows) expect(state.get(seat_id) ?? 'available').toBe(status);
  });
});
