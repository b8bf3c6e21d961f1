import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { SeatMap } from '../../schemas/maps.ts';
import type { System } from '../../system.ts';

/** A map as memory holds it: seats are numbered by their place in `seatIds`, and every column is an array by number. */
export interface MapGeometry {
  readonly id: number;
  /** Grows with every change of the map. */
  readonly version: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly focal_point: { x: number; y: number };
  /** In the organiser's order. */
  readonly sections: readonly GeometrySection[];
  readonly rows: readonly GeometryRow[];
  /** Ascending. */
  readonly seatIds: Int32Array;
  /** Number of a seat by its id. */
  readonly index: ReadonlyMap<number, number>;
  /** Index into `sections` and into `rows`. */
  readonly section: Int32Array;
  readonly row: Int32Array;
  /** Place in the row: neighbours differ by one, a gap is an aisle. */
  readonly position: Int32Array;
  readonly number: readonly string[];
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** 1 is best. */
  readonly rank: Int32Array;
  readonly accessible: Uint8Array;
  /** Id of the accessible seat that this one goes with; 0 for none. */
  readonly companionOf: Int32Array;
}

export interface GeometrySection {
  readonly id: number;
  readonly name: string;
  readonly kind: 'seated' | 'general';
  readonly capacity: number;
  readonly shape: [number, number][] | null;
  /** From front to back; none in a general section. */
  readonly rows: readonly GeometryRow[];
}

export interface GeometryRow {
  readonly id: number;
  readonly label: string;
  /** Index into `sections`. */
  readonly section: number;
  /** Numbers of its seats in the order of their positions. */
  readonly seats: Int32Array;
}

const VERSION = statement('map_version', 'SELECT version FROM map WHERE company_id = $1 AND id = $2');
// Columns as arrays: 50,000 row objects cost five times as much to read.
const LOAD = statement(
  'map_geometry',
  `SELECT m.id, m.version, m.name, m.width, m.height, json_build_object('x', m.focal_x, 'y', m.focal_y) AS focal_point,
     (SELECT coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'kind', s.kind, 'capacity', s.capacity,
         'shape', s.shape) ORDER BY s.position, s.id), '[]')
       FROM section s WHERE s.company_id = m.company_id AND s.map_id = m.id) AS sections,
     (SELECT coalesce(json_agg(json_build_array(r.id, r.section_id, r.label) ORDER BY s.position, s.id, r.position, r.id), '[]')
       FROM section s JOIN seat_row r ON r.company_id = s.company_id AND r.section_id = s.id
       WHERE s.company_id = m.company_id AND s.map_id = m.id) AS rows,
     (SELECT json_build_object('id', json_agg(s.id), 'row_id', json_agg(s.row_id), 'position', json_agg(s.position),
         'number', json_agg(s.number), 'x', json_agg(s.x), 'y', json_agg(s.y), 'rank', json_agg(s.rank),
         'accessible', json_agg(s.accessible::int), 'companion_of', json_agg(coalesce(s.companion_of, 0)))
       FROM (SELECT * FROM seat WHERE company_id = m.company_id AND map_id = m.id ORDER BY id) AS s) AS seats
   FROM map m WHERE m.company_id = $1 AND m.id = $2`,
);

type Column = 'id' | 'row_id' | 'position' | 'x' | 'y' | 'rank' | 'accessible' | 'companion_of';

interface MapRow {
  id: number;
  version: number;
  name: string;
  width: number;
  height: number;
  focal_point: { x: number; y: number };
  sections: Omit<GeometrySection, 'rows'>[];
  rows: [id: number, section_id: number, label: string][];
  seats: Record<Column, number[] | null> & { number: string[] | null };
}

/** Of the texts of maps, in characters: some ten stadiums. */
const MAX_TEXT = 50_000_000;

/** The maps that a process remembers: they change only when one is edited. */
export class Geometries {
  private readonly known = new LRUCache<string, Promise<MapGeometry>>({ max: 64 });
  private readonly texts = new LRUCache<MapGeometry, string>({
    maxSize: MAX_TEXT,
    sizeCalculation: (text) => text.length,
  });

  /**
   * The geometry of a map as it stands.
   * @param version of the map, where the caller knows it; else it is asked for
   * @throws AppError not_found
   */
  async of(system: System, company_id: number, map_id: number, version?: number): Promise<MapGeometry> {
    const current =
      version ?? (await system.db.query<{ version: number }>(VERSION, [company_id, map_id]))[0]?.version;
    if (current === undefined) throw notFound('Map');
    const key = `${company_id} ${map_id} ${current}`;
    let geometry = this.known.get(key);
    if (!geometry) {
      geometry = loadGeometry(system, company_id, map_id);
      this.known.set(key, geometry);
      geometry.catch(() => this.known.delete(key));
    }
    return geometry;
  }

  /** A map as the body of an answer, `{"map": …}`: written once. */
  text(geometry: MapGeometry): string {
    let text = this.texts.get(geometry);
    if (text === undefined) {
      text = JSON.stringify({ map: presentMap(geometry) });
      this.texts.set(geometry, text);
    }
    return text;
  }
}

function presentMap(map: MapGeometry): z.output<typeof SeatMap> {
  const seat = (i: number) => ({
    id: map.seatIds[i] as number,
    number: map.number[i] as string,
    x: map.x[i] as number,
    y: map.y[i] as number,
    accessible: map.accessible[i] === 1,
    companion_of: map.companionOf[i] || null,
  });
  return {
    id: map.id,
    name: map.name,
    width: map.width,
    height: map.height,
    focal_point: map.focal_point,
    sections: map.sections.map(({ rows, ...section }) => ({
      ...section,
      rows: rows.map(({ id, label, seats }) => ({ id, label, seats: Array.from(seats, seat) })),
    })),
  };
}

async function loadGeometry(system: System, company_id: number, map_id: number): Promise<MapGeometry> {
  const [map] = await system.db.query<MapRow>(LOAD, [company_id, map_id]);
  if (!map) throw notFound('Map');
  const { seats, sections: sectionRows, rows: rowRows, ...head } = map;
  const column = (name: Column) => seats[name] ?? [];

  const sectionIndex = new Map(sectionRows.map((section, i) => [section.id, i]));
  const rowIndex = new Map(rowRows.map(([id], i) => [id, i]));
  const row = Int32Array.from(column('row_id'), (id) => rowIndex.get(id) as number);
  const position = Int32Array.from(column('position'));

  const seatsOfRow: number[][] = rowRows.map(() => []);
  for (const [i, r] of row.entries()) seatsOfRow[r]?.push(i);
  const rows: GeometryRow[] = rowRows.map(([id, section_id, label], r) => ({
    id,
    label,
    section: sectionIndex.get(section_id) as number,
    seats: Int32Array.from(seatsOfRow[r] ?? []).sort((a, b) => (position[a] ?? 0) - (position[b] ?? 0)),
  }));
  const sections = sectionRows.map((section, s) => ({
    ...section,
    rows: rows.filter((r) => r.section === s),
  }));
  const seatIds = Int32Array.from(column('id'));
  return {
    ...head,
    sections,
    rows,
    seatIds,
    index: new Map(Array.from(seatIds, (id, i) => [id, i])),
    section: row.map((r) => rows[r]?.section as number),
    row,
    position,
    number: shared(seats.number ?? []),
    x: Float64Array.from(column('x')),
    y: Float64Array.from(column('y')),
    rank: Int32Array.from(column('rank')),
    accessible: Uint8Array.from(column('accessible')),
    companionOf: Int32Array.from(column('companion_of')),
  };
}

/** The same few numbers stand in every row: one string for all. */
function shared(texts: string[]): string[] {
  const known = new Map<string, string>();
  return texts.map((text) => {
    const first = known.get(text);
    if (first !== undefined) return first;
    known.set(text, text);
    return text;
  });
}
