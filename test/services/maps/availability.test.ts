import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MapMirror, mirrorOf } from '../../../src/services/maps/availability.ts';
import { getAvailability } from '../../../src/services/maps/changes.ts';
import type { System } from '../../../src/system.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;

beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

/** Another process on the same database. */
const another = (): System => world.processes(1)[0] as System;

const mirror = (system: System = world.system): MapMirror =>
  mirrorOf(system, world.company_id, world.theatre.event_id, world.theatre.map_id);
const seat = (label: string) => world.theatre.seats[label] as number;
const set = (label: string, status: 'available' | 'blocked') =>
  world.sql(
    `UPDATE event_seat SET status = $3::seat_status, version = pg_current_xact_id()::text::bigint
     WHERE event_id = $1 AND seat_id = $2`,
    world.theatre.event_id,
    seat(label),
    status,
  );

/** Counts the statements of a name that a system sends while something runs. */
async function countOf(system: System, name: string, work: () => Promise<unknown>): Promise<number> {
  const { query } = system.db;
  let n = 0;
  const counting: typeof query = (statement, values) => {
    if (statement.name === name) n++;
    return query(statement, values);
  };
  Object.assign(system.db, { query: counting });
  await work();
  Object.assign(system.db, { query });
  return n;
}

test('holds the seats of a map, ascending, in rows by position', async () => {
  const { geometry, seatIds, index } = await looked(mirror());
  expect([...seatIds]).toEqual(Object.values(world.theatre.seats).sort((a, b) => a - b));
  expect([...index].every(([id, i]) => seatIds[i] === id)).toBe(true);
  expect(geometry.sections.map(({ id }) => id)).toEqual([world.theatre.stalls, world.theatre.boxes]);
  const rowF = geometry.sections[1]?.rows[0];
  expect(Array.from(rowF?.seats ?? [], (i) => geometry.number[i])).toEqual(
    Array.from({ length: 10 }, (_, n) => String(n + 1)),
  );
  const [ninth, tenth] = [seat('F9'), seat('F10')].map((id) => index.get(id) as number) as [number, number];
  expect([geometry.accessible[ninth], geometry.companionOf[tenth]]).toEqual([1, seat('F9')]);
});

const looked = async (fresh: MapMirror): Promise<MapMirror> => {
  await fresh.refresh();
  return fresh;
};

test('a mirror that was never looked into shows nothing', () => {
  const strange = mirrorOf(world.system, world.company_id, world.theatre.event_id, 999_999);
  expect(() => strange.geometry).toThrow('before its first refresh');
});

test('a map that does not exist is not found, and asked for again next time', async () => {
  const strange = mirrorOf(world.system, world.company_id, world.theatre.event_id, 999_999);
  await expect(strange.refresh()).rejects.toMatchObject({ code: 'not_found' });
  await expect(strange.refresh(60_000)).rejects.toMatchObject({ code: 'not_found' });
});

test('who asks at the same time shares a look, and sees what was committed before', async () => {
  const shared = await looked(mirror());
  const seen: string[] = [];
  const looks = await countOf(world.system, 'map_look', async () => {
    const early = Array.from({ length: 50 }, () => shared.refresh());
    await set('A1', 'blocked');
    const late = Array.from({ length: 50 }, () =>
      shared.refresh().then(() => seen.push(shared.statusAt(shared.index.get(seat('A1')) as number))),
    );
    await Promise.all([...early, ...late]);
  });
  expect(looks).toBeLessThanOrEqual(4); // two for each: the first asker's, and one for all who came after
  expect(new Set(seen)).toEqual(new Set(['blocked']));
  expect(await countOf(world.system, 'map_look', () => shared.refresh(60_000))).toBe(0);
  await set('A1', 'available');
});

test('versions are good for every process', async () => {
  const other = another();
  const here = world.seller();
  const there = { ...world.seller(), system: other };
  const { event_id, map_id } = world.theatre;
  const read = (ctx: typeof here, since?: string) => getAvailability(ctx, event_id, map_id, { since });

  const old = await read(there);
  await set('B1', 'blocked');
  const { version } = await read(here);
  // The other process has not looked since; a reader of the coarse kind would be given its old state.
  const reader = { ...world.buyer(), system: other };
  const answer = await read(reader, version);
  expect(answer.version).toBe(version);
  expect(answer.seats).toEqual({ available: [], held: [], sold: [], blocked: [] });
  expect((await read(there, old.version)).seats.blocked).toEqual([seat('B1')]);
  await set('B1', 'available');
});

test('an edited map starts anew', async () => {
  const edited = await looked(mirror());
  const { version } = edited;
  await world.sql('DELETE FROM event_seat WHERE seat_id = $1', seat('E10'));
  await world.sql('DELETE FROM seat WHERE id = $1', seat('E10'));
  await world.sql('UPDATE map SET version = version + 1 WHERE id = $1', world.theatre.map_id);
  await edited.refresh();
  expect(edited.seatIds).toHaveLength(59);
  expect(edited.index.has(seat('E10'))).toBe(false);
  expect(edited.version).not.toBe(version);
  expect(edited.sectionsLeft()).toEqual([
    { id: world.theatre.stalls, available: 49 },
    { id: world.theatre.boxes, available: 10 },
  ]);
});

test('a seat that is no stock of the event is not for sale', async () => {
  await world.sql('DELETE FROM event_seat WHERE seat_id = $1', seat('E9'));
  const fresh = await looked(mirror(another()));
  expect(fresh.statusAt(fresh.index.get(seat('E9')) as number)).toBe('blocked');
});

test('the changes of a map are found by index', async () => {
  const { rows } = await world.system.db.pool.query(
    `EXPLAIN SELECT seat_id FROM event_seat WHERE company_id = 1 AND event_id = 1 AND map_id = 1 AND version >= 5`,
  );
  expect(JSON.stringify(rows)).toMatch(/Index.*Scan/);
});
