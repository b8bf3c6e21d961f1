import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { mapFaults, positionsOf } from './import-faults.ts';

/** A whole venue map in one body. Lengths are in units of the map; y grows downwards. */
export interface MapImport {
  name: string;
  venue_id: number | null;
  width: number;
  height: number;
  /** Where everybody looks: the nearer a seat, the better. */
  focal_point: { x: number; y: number };
  sections: SectionImport[];
}

export interface SectionImport {
  name: string;
  kind: 'seated' | 'general';
  /** Of a general section; a seated one has as many places as seats. */
  capacity?: number;
  /** Polygon. */
  shape?: [x: number, y: number][];
  /** Of a seated section, from its front to its back. */
  rows: RowImport[];
}

export interface RowImport {
  label: string;
  seats: SeatImport[];
}

export interface SeatImport {
  number: string;
  x: number;
  y: number;
  /** Neighbours differ by one; an aisle is a position left out. Counted from 1 where it is not given. */
  position?: number;
  accessible?: boolean;
  /** Number of the accessible seat of the same row that this one is beside. */
  companion_of?: string;
}

export interface ImportedMap {
  map_id: number;
  /** In the order of the import. */
  section_ids: number[];
  seat_count: number;
}

const MAP = statement(
  'map_insert',
  `INSERT INTO map (company_id, venue_id, name, width, height, focal_x, focal_y)
   VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
);
// Ids are drawn before the rows are written, so that rows and companions can point at them.
const IDS = statement(
  'map_ids',
  `SELECT nextval(pg_get_serial_sequence($1, 'id')) AS id FROM generate_series(1, $2::int) ORDER BY id`,
);
const SECTIONS = statement(
  'map_insert_sections',
  `INSERT INTO section (company_id, map_id, id, name, kind, capacity, position, shape)
   SELECT $1, $2, s.* FROM unnest($3::int[], $4::text[], $5::section_kind[], $6::int[], $7::int[], $8::jsonb[]) AS s`,
);
const ROWS = statement(
  'map_insert_rows',
  `INSERT INTO seat_row (company_id, id, section_id, label, position)
   SELECT $1, r.* FROM unnest($2::int[], $3::int[], $4::text[], $5::int[]) AS r`,
);
const SEATS = statement(
  'map_insert_seats',
  `INSERT INTO seat (company_id, map_id, id, section_id, row_id, number, position, x, y, accessible, companion_of, rank)
   SELECT $1, $2, s.* FROM unnest($3::int[], $4::int[], $5::int[], $6::text[], $7::int[], $8::float8[], $9::float8[],
     $10::bool[], $11::int[], $12::int[]) AS s`,
);

/**
 * Writes a map with all its sections, rows and seats. Seats are ranked by their distance to the focal point: 1 is best.
 * @throws AppError validation_failed naming every fault at once; nothing is written then
 */
export async function importMap(tx: Tx, company_id: number, map: MapImport): Promise<ImportedMap> {
  const errors = mapFaults(map);
  if (errors.length)
    throw new AppError('validation_failed', 'The map has faults; nothing was written.', { errors });
  const { name, venue_id, width, height, focal_point, sections } = map;
  const values = [company_id, venue_id, name, width, height, focal_point.x, focal_point.y];
  const [{ id: map_id }] = (await tx.query<{ id: number }>(MAP, values)) as [{ id: number }];

  const section_ids = await drawIds(tx, 'section', sections.length);
  await tx.execute(SECTIONS, [
    company_id,
    map_id,
    section_ids,
    sections.map((s) => s.name),
    sections.map((s) => s.kind),
    sections.map((s) => s.capacity ?? s.rows.reduce((n, row) => n + row.seats.length, 0)),
    sections.map((_, i) => i),
    sections.map((s) => (s.shape ? JSON.stringify(s.shape) : null)),
  ]);

  const rows = sections.flatMap((section, i) =>
    section.rows.map((row, position) => ({ ...row, section_id: section_ids[i] as number, position })),
  );
  const row_ids = await drawIds(tx, 'seat_row', rows.length);
  await tx.execute(ROWS, [
    company_id,
    row_ids,
    rows.map((r) => r.section_id),
    rows.map((r) => r.label),
    rows.map((r) => r.position),
  ]);

  const seat_ids = await drawIds(
    tx,
    'seat',
    rows.reduce((n, row) => n + row.seats.length, 0),
  );
  await insertSeats(tx, company_id, map_id, seatRows(rows, row_ids, seat_ids, focal_point));
  return { map_id, section_ids, seat_count: seat_ids.length };
}

interface SeatRow {
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

function seatRows(
  rows: (RowImport & { section_id: number })[],
  row_ids: number[],
  seat_ids: number[],
  focus: MapImport['focal_point'],
): SeatRow[] {
  let first = 0;
  const seats = rows.flatMap((row, i) => {
    const ids = seat_ids.slice(first, first + row.seats.length);
    first += row.seats.length;
    const idOf = new Map(row.seats.map((seat, k) => [seat.number, ids[k] as number]));
    const positions = positionsOf(row.seats);
    return row.seats.map((seat, k) => ({
      id: ids[k] as number,
      section_id: row.section_id,
      row_id: row_ids[i] as number,
      number: seat.number,
      position: positions[k] as number,
      x: seat.x,
      y: seat.y,
      accessible: seat.accessible ?? false,
      companion_of: (seat.companion_of !== undefined && idOf.get(seat.companion_of)) || null,
      rank: 0,
    }));
  });
  const distance = (seat: SeatRow) => Math.hypot(seat.x - focus.x, seat.y - focus.y);
  const ranked = seats.map((seat) => ({ seat, distance: distance(seat) }));
  ranked.sort((a, b) => a.distance - b.distance || a.seat.id - b.seat.id);
  ranked.forEach(({ seat }, i) => {
    seat.rank = i + 1;
  });
  return seats;
}

async function insertSeats(tx: Tx, company_id: number, map_id: number, seats: SeatRow[]): Promise<void> {
  const column = <K extends keyof SeatRow>(name: K) => seats.map((seat) => seat[name]);
  await tx.execute(SEATS, [
    company_id,
    map_id,
    column('id'),
    column('section_id'),
    column('row_id'),
    column('number'),
    column('position'),
    column('x'),
    column('y'),
    column('accessible'),
    column('companion_of'),
    column('rank'),
  ]);
}

const drawIds = async (tx: Tx, table: string, count: number): Promise<number[]> =>
  (await tx.query<{ id: number }>(IDS, [table, count])).map(({ id }) => id);
