import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { inTurns } from '../../turns.ts';
import { recordAudit } from '../audit.ts';
import { recordChanges } from '../changes.ts';
import { growStock, shrinkStock } from '../inventory/map-stock.ts';
import { mapFaults, refuseFaults } from './import-faults.ts';
import { assertVenue, lockMap, type ManagedMapView, summaryOf } from './managed.ts';
import { drawIds, layOut, type MapRows, type SeatRow, writeMapRows } from './map-rows.ts';
import { type KnownMap, type MapEdit, type Matched, matchMap } from './match.ts';

const SECTIONS = statement(
  'map_edit_sections',
  'SELECT id, name, kind, capacity FROM section WHERE company_id = $1 AND map_id = $2',
);
const ROWS = statement(
  'map_edit_rows',
  `SELECT r.id, r.section_id, r.label, r.position FROM section s
   JOIN seat_row r ON r.company_id = s.company_id AND r.section_id = s.id WHERE s.company_id = $1 AND s.map_id = $2`,
);
const SEAT_COLUMNS = [
  ...(['id', 'section_id', 'row_id', 'number', 'position', 'x', 'y'] as const),
  ...(['accessible', 'companion_of', 'rank'] as const),
];
// Columns as arrays: 50,000 row objects cost five times as much to read.
const SEATS = statement(
  'map_edit_seats',
  `SELECT ${SEAT_COLUMNS.map((name) => `coalesce(json_agg(${name} ORDER BY id), '[]') AS ${name}`).join(', ')}
   FROM seat WHERE company_id = $1 AND map_id = $2`,
);
const UPDATE = statement(
  'map_edit',
  `UPDATE map SET name = $3, venue_id = $4, width = $5, height = $6, focal_x = $7, focal_y = $8, version = version + 1,
     updated_at = greatest(now(), updated_at + interval '1 millisecond') WHERE company_id = $1 AND id = $2`,
);
const DROP_SEATS = statement(
  'map_edit_drop_seats',
  'DELETE FROM seat WHERE company_id = $1 AND map_id = $2 AND id = ANY($3::int[])',
);
const DROP_ROWS = statement(
  'map_edit_drop_rows',
  'DELETE FROM seat_row WHERE company_id = $1 AND id = ANY($2::int[])',
);
const DROP_SECTIONS = statement(
  'map_edit_drop_sections',
  'DELETE FROM section WHERE company_id = $1 AND map_id = $2 AND id = ANY($3::int[])',
);
const EVENTS = statement(
  'map_edit_events',
  `UPDATE event e SET version = e.version + 1, updated_at = greatest(now(), e.updated_at + interval '1 millisecond')
   FROM event_map m WHERE m.company_id = $1 AND m.map_id = $2 AND e.company_id = m.company_id AND e.id = m.event_id
   RETURNING e.id`,
);

/**
 * Makes a map what is sent, while tickets sell: parts are recognised (match.ts), so that seats can be moved and called
 * otherwise and stay what they are; new ones are on sale at once at every published event that uses the map.
 * @throws AppError not_found, precondition_failed; validation_failed naming every fault; conflict naming what cannot leave
 */
export async function updateMap(ctx: Context, map_id: number, edit: MapEdit): Promise<ManagedMapView> {
  const updated = await transaction(ctx, async (tx) => {
    const before = await lockMap(tx, ctx, map_id);
    await assertVenue(tx, ctx.company_id, edit.venue_id ?? null);
    const known = await readKnown(tx, ctx.company_id, map_id);
    const matched = await inTurns(matchMap(edit, known));
    refuseFaults([...(await inTurns(mapFaults(edit))), ...matched.faults]);
    const rows = await withIds(tx, edit, matched);
    const changes = await write(tx, ctx, { map_id, edit, known, matched, rows });
    const after = await summaryOf(tx, ctx.company_id, map_id);
    await recordAudit(tx, ctx, {
      ...{ action: 'map.update', subject_type: 'map', subject_id: String(map_id), before: { ...before } },
      after: { ...after, changes: { ...changes, removed_seat_ids: matched.gone.seats.slice(0, 1_000) } },
    });
    return { ...after, changes };
  });
  ctx.system.seatLabels.clear();
  return updated;
}

async function readKnown(tx: Tx, company_id: number, map_id: number): Promise<KnownMap> {
  const map = [company_id, map_id];
  const [sections, rows, [columns]] = await Promise.all([
    tx.query<KnownMap['sections'][number]>(SECTIONS, map),
    tx.query<KnownMap['rows'][number]>(ROWS, map),
    tx.query<Columns>(SEATS, map),
  ]);
  return { sections, rows, seats: columns ? await inTurns(seatsOf(columns)) : [] };
}

type Columns = { [K in keyof SeatRow]: SeatRow[K][] };

function* seatsOf(columns: Columns): Generator<void, SeatRow[]> {
  const seats: SeatRow[] = [];
  for (const i of columns.id.keys()) {
    const seat = {} as Record<keyof SeatRow, unknown>;
    for (const name of SEAT_COLUMNS) seat[name] = columns[name][i];
    seats.push(seat as SeatRow);
    if (i % 500 === 0) yield;
  }
  return seats;
}

/** The rows of the tables as they are to be, with new ids for what is new. */
async function withIds(tx: Tx, edit: MapEdit, matched: Matched): Promise<MapRows> {
  const fill = async (
    table: 'section' | 'seat_row' | 'seat',
    ids: readonly (number | null)[],
  ): Promise<number[]> => {
    const drawn = await drawIds(tx, table, ids.filter((id) => id === null).length);
    let next = 0;
    return ids.map((id) => id ?? (drawn[next++] as number));
  };
  const ids = {
    section_ids: await fill('section', matched.section_ids),
    row_ids: await fill('seat_row', matched.row_ids),
    seat_ids: await fill('seat', matched.seat_ids),
  };
  return inTurns(layOut(edit, ids));
}

interface Edit {
  map_id: number;
  edit: MapEdit;
  known: KnownMap;
  matched: Matched;
  rows: MapRows;
}

/** Stock that leaves, then the map, then stock that comes. */
async function write(tx: Tx, ctx: Context, { map_id, edit, known, matched, rows }: Edit) {
  const { company_id } = ctx;
  const { gone } = matched;
  const sectionsBefore = new Map(known.sections.map((section) => [section.id, section]));
  const seats = await inTurns(compare(known.seats, rows.seats));
  const added = {
    sections: rows.sections.filter(({ id }) => !sectionsBefore.has(id)).map(({ id }) => id),
    seats: seats.added,
  };
  const resized = rows.sections.flatMap(({ id, capacity }): [number, number][] => {
    const was = sectionsBefore.get(id)?.capacity;
    return was === undefined || was === capacity ? [] : [[id, capacity - was]];
  });
  await shrinkStock(tx, { company_id, map_id, resized: new Map(resized), gone });

  const { name, venue_id = null, width, height, focal_point } = edit;
  await tx.execute(UPDATE, [company_id, map_id, name, venue_id, width, height, focal_point.x, focal_point.y]);
  await tx.execute(DROP_SEATS, [company_id, map_id, gone.seats]);
  await writeMapRows(tx, company_id, map_id, { ...rows, seats: seats.written }, seats.reseated);
  await tx.execute(DROP_ROWS, [company_id, gone.rows]);
  await tx.execute(DROP_SECTIONS, [company_id, map_id, gone.sections]);
  await growStock(tx, company_id, map_id, added);

  const events = await tx.query<{ id: number }>(EVENTS, [company_id, map_id]);
  await recordChanges(
    tx,
    events.map(({ id }) => ({
      ...{ company_id, type: 'event.updated', interface_id: null, event_id: id, subject_id: String(id) },
      data: { map_id },
    })),
  );
  return { added: added.seats.length, changed: seats.changed, removed: gone.seats.length };
}

const SHOWN = ['x', 'y', 'number', 'position', 'row_id'] as const;

/** What an edit does to seats: which are new, which are written at all, which come to another place of a row. */
function* compare(before: readonly SeatRow[], after: readonly SeatRow[]) {
  const known = new Map<number, SeatRow>();
  for (const seat of before) if (known.set(seat.id, seat).size % 500 === 0) yield;
  const seats = { added: [] as number[], written: [] as SeatRow[], reseated: [] as number[], changed: 0 };
  for (const [i, seat] of after.entries()) {
    const was = known.get(seat.id);
    const differs = (names: readonly (keyof SeatRow)[]) => names.some((name) => was?.[name] !== seat[name]);
    if (!was) seats.added.push(seat.id);
    else if (differs(['row_id', 'position'])) seats.reseated.push(seat.id);
    if (was && differs(SHOWN)) seats.changed++;
    if (differs(SEAT_COLUMNS)) seats.written.push(seat);
    if (i % 500 === 0) yield;
  }
  return seats;
}
