import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { MapImport } from './import.ts';
import { positionsOf } from './import-faults.ts';

// A map as rows of its tables: how it is laid out in them, and how they are written.

/** The ids of a map's parts, flat, in the order of the import. */
export interface MapIds {
  section_ids: readonly number[];
  row_ids: readonly number[];
  seat_ids: readonly number[];
}

export interface MapRows {
  sections: SectionRow[];
  rows: RowRow[];
  seats: SeatRow[];
}

export interface SectionRow {
  id: number;
  name: string;
  kind: 'seated' | 'general';
  capacity: number;
  position: number;
  shape: string | null;
}

export interface RowRow {
  id: number;
  section_id: number;
  label: string;
  position: number;
}

export interface SeatRow {
  id: number;
  section_id: number;
  row_id: number;
  number: string;
  position: number;
  x: number;
  y: number;
  accessible: boolean;
  companion_of: number | null;
  rank: number;
}

// Ids are drawn before the rows are written, so that rows and companions can point at them.
const IDS = statement(
  'map_ids',
  `SELECT coalesce(json_agg(id ORDER BY id), '[]') AS ids
   FROM (SELECT nextval(pg_get_serial_sequence($1, 'id')) AS id FROM generate_series(1, $2::int)) AS drawn`,
);
// What is there already and stays as it is is not written again.
const SECTIONS = statement(
  'map_write_sections',
  `INSERT INTO section AS t (company_id, map_id, id, name, kind, capacity, position, shape)
   SELECT $1, $2, s.* FROM unnest($3::int[], $4::text[], $5::section_kind[], $6::int[], $7::int[], $8::jsonb[]) AS s
   ON CONFLICT (company_id, id) DO UPDATE SET name = excluded.name, capacity = excluded.capacity,
     position = excluded.position, shape = excluded.shape
   WHERE (t.name, t.capacity, t.position, t.shape)
     IS DISTINCT FROM (excluded.name, excluded.capacity, excluded.position, excluded.shape)`,
);
const ROWS = statement(
  'map_write_rows',
  `INSERT INTO seat_row AS t (company_id, id, section_id, label, position)
   SELECT $1, r.* FROM unnest($2::int[], $3::int[], $4::text[], $5::int[]) AS r
   ON CONFLICT (company_id, id) DO UPDATE SET label = excluded.label, position = excluded.position
   WHERE (t.label, t.position) IS DISTINCT FROM (excluded.label, excluded.position)`,
);
const SEATS = statement(
  'map_write_seats',
  `INSERT INTO seat AS t (company_id, map_id, id, section_id, row_id, number, position, x, y, accessible, companion_of, rank)
   SELECT $1, $2, s.* FROM unnest($3::int[], $4::int[], $5::int[], $6::text[], $7::int[], $8::float8[], $9::float8[],
     $10::bool[], $11::int[], $12::int[]) AS s
   ON CONFLICT (company_id, id) DO UPDATE SET row_id = excluded.row_id, number = excluded.number,
     position = excluded.position, x = excluded.x, y = excluded.y, accessible = excluded.accessible,
     companion_of = excluded.companion_of, rank = excluded.rank
   WHERE (t.row_id, t.number, t.position, t.x, t.y, t.accessible, t.companion_of, t.rank) IS DISTINCT FROM
     (excluded.row_id, excluded.number, excluded.position, excluded.x, excluded.y, excluded.accessible,
      excluded.companion_of, excluded.rank)`,
);
// No two seats of a row may have one position, not even while they change places.
const MAKE_ROOM = statement(
  'map_write_make_room',
  'UPDATE seat SET position = -id WHERE company_id = $1 AND map_id = $2 AND id = ANY($3::int[])',
);

/** New ids for parts of a map. */
export const drawIds = async (
  tx: Tx,
  table: 'section' | 'seat_row' | 'seat',
  count: number,
): Promise<number[]> => (await tx.query<{ ids: number[] }>(IDS, [table, count]))[0]?.ids ?? [];

/**
 * Lays a map out in rows of the tables, in turns. Seats are ranked by their distance to the focal point, 1 is best; of
 * seats equally far away, those that come first in the map.
 */
export function* layOut(
  map: MapImport,
  { section_ids, row_ids, seat_ids }: MapIds,
): Generator<void, MapRows> {
  const laidOut: MapRows = { sections: [], rows: [], seats: [] };
  for (const [i, { name, kind, capacity, shape, rows }] of map.sections.entries()) {
    const section_id = section_ids[i] as number;
    const seats = rows.reduce((n, row) => n + row.seats.length, 0);
    laidOut.sections.push({
      ...{ id: section_id, name, kind, position: i },
      capacity: kind === 'seated' ? seats : (capacity ?? 0),
      shape: shape ? JSON.stringify(shape) : null,
    });
    for (const [position, { label, seats }] of rows.entries()) {
      const row = { id: row_ids[laidOut.rows.length] as number, section_id, label, position };
      laidOut.rows.push(row);
      const first = laidOut.seats.length;
      const idOf = new Map(seats.map((seat, k) => [seat.number, seat_ids[first + k] as number]));
      const positions = positionsOf(seats);
      for (const [k, { number, x, y, accessible = false, companion_of }] of seats.entries())
        laidOut.seats.push({
          ...{ id: seat_ids[first + k] as number, section_id, row_id: row.id },
          ...{ number, position: positions[k] as number, x, y, accessible },
          companion_of: (companion_of != null && idOf.get(companion_of)) || null,
          rank: 0,
        });
      yield;
    }
  }
  yield* rank(laidOut.seats, map.focal_point);
  return laidOut;
}

/** Sorted as numbers alone, which takes a tenth of the time that sorting seats does: a seat then looks its place up. */
function* rank(seats: readonly SeatRow[], focus: MapImport['focal_point']): Generator<void> {
  const distances = Float64Array.from(seats, ({ x, y }) => Math.hypot(x - focus.x, y - focus.y));
  yield;
  const sorted = distances.toSorted();
  yield;
  const taken = new Int32Array(seats.length); // by the first place of seats equally far away
  for (const [i, seat] of seats.entries()) {
    const first = firstAt(sorted, distances[i] as number);
    seat.rank = first + ++(taken[first] as number);
    if (i % 1_000 === 0) yield;
  }
}

/** Where a value that is in a sorted list first stands in it. */
function firstAt(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Seats that one statement writes: what it takes to send them is no long wait for anybody. */
const AT_ONCE = 2_500;

/**
 * Writes sections, rows and seats of a map: new ones, and those that are there already and differ.
 * @param reseated seats that are there already and come to another row or position
 */
export async function writeMapRows(
  tx: Tx,
  company_id: number,
  map_id: number,
  { sections, rows, seats }: MapRows,
  reseated: readonly number[] = [],
): Promise<void> {
  await tx.execute(SECTIONS, [
    ...[company_id, map_id],
    ...columns(sections, ['id', 'name', 'kind', 'capacity', 'position', 'shape']),
  ]);
  await tx.execute(ROWS, [company_id, ...columns(rows, ['id', 'section_id', 'label', 'position'])]);
  if (reseated.length) await tx.execute(MAKE_ROOM, [company_id, map_id, reseated]);
  for (let first = 0; first < seats.length; first += AT_ONCE)
    await tx.execute(SEATS, [
      ...[company_id, map_id],
      ...columns(seats.slice(first, first + AT_ONCE), [
        ...(['id', 'section_id', 'row_id', 'number', 'position', 'x', 'y'] as const),
        ...(['accessible', 'companion_of', 'rank'] as const),
      ]),
    ]);
}

const columns = <Row, K extends keyof Row>(rows: readonly Row[], names: readonly K[]): Row[K][][] =>
  names.map((name) => rows.map((row) => row[name]));
