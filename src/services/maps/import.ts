import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { inTurns } from '../../turns.ts';
import { mapFaults, refuseFaults } from './import-faults.ts';
import { drawIds, layOut, writeMapRows } from './map-rows.ts';

/** A whole venue map in one body. Lengths are in units of the map; y grows downwards. */
export interface MapImport {
  name: string;
  venue_id?: number | null | undefined;
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
  capacity?: number | undefined;
  /** Polygon. */
  shape?: [x: number, y: number][] | null | undefined;
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
  position?: number | undefined;
  accessible?: boolean | undefined;
  /** Number of the accessible seat of the same row that this one is beside. */
  companion_of?: string | null | undefined;
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

/**
 * Imports a map with all its sections, rows and seats.
 * @throws AppError validation_failed naming every fault at once; nothing is written then
 */
export async function importMap(tx: Tx, company_id: number, map: MapImport): Promise<ImportedMap> {
  refuseFaults(await inTurns(mapFaults(map)));
  return writeMap(tx, company_id, map);
}

/** Writes a map that has no faults. */
export async function writeMap(tx: Tx, company_id: number, map: MapImport): Promise<ImportedMap> {
  const { name, venue_id = null, width, height, focal_point, sections } = map;
  const values = [company_id, venue_id, name, width, height, focal_point.x, focal_point.y];
  const [{ id: map_id }] = (await tx.query<{ id: number }>(MAP, values)) as [{ id: number }];
  const rows = sections.flatMap((section) => section.rows);
  const seats = rows.reduce((n, row) => n + row.seats.length, 0);
  const section_ids = await drawIds(tx, 'section', sections.length);
  const row_ids = await drawIds(tx, 'seat_row', rows.length);
  const seat_ids = await drawIds(tx, 'seat', seats);
  const laidOut = await inTurns(layOut(map, { section_ids, row_ids, seat_ids }));
  await writeMapRows(tx, company_id, map_id, laidOut);
  return { map_id, section_ids, seat_count: seats };
}
