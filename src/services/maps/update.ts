import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { recordAudit } from '../audit.ts';
import { recordChanges } from '../changes.ts';
import { growStock, shrinkStock } from '../inventory/map-stock.ts';
import { mapFaults, refuseFaults } from './import-faults.ts';
import { assertVenue, lockMap, type ManagedMapView, summaryOf } from './managed.ts';
import { drawIds, layOut, type MapRows, writeMapRows } from './map-rows.ts';
import { type KnownMap, type KnownSeat, type MapEdit, type Matched, matchMap } from './match.ts';

const SECTIONS = statement(
  'map_edit_sections',
  'SELECT id, name, kind, capacity FROM section WHERE company_id = $1 AND map_id = $2',
);
const ROWS = statement(
  'map_edit_rows',
  `SELECT r.id, r.section_id, r.label, r.position FROM section s
   JOIN seat_row r ON r.company_id = s.company_id AND r.section_id = s.id WHERE s.company_id = $1 AND s.map_id = $2`,
);
const SEATS = statement(
  'map_edit_seats',
  'SELECT id, section_id, row_id, number, position, x, y FROM seat WHERE company_id = $1 AND map_id = $2',
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
    const matched = matchMap(edit, known);
    refuseFaults([...mapFaults(edit), ...matched.faults]);
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
  const [sections, rows, seats] = await Promise.all([
    tx.query<KnownMap['sections'][number]>(SECTIONS, map),
    tx.query<KnownMap['rows'][number]>(ROWS, map),
    tx.query<KnownSeat>(SEATS, map),
  ]);
  return { sections, rows, seats };
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
  return layOut(edit, {
    section_ids: await fill('section', matched.section_ids),
    row_ids: await fill('seat_row', matched.row_ids),
    seat_ids: await fill('seat', matched.seat_ids),
  });
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
  const seatsBefore = new Map(known.seats.map((seat) => [seat.id, seat]));
  const sectionsBefore = new Map(known.sections.map((section) => [section.id, section]));
  const added = {
    sections: rows.sections.filter(({ id }) => !sectionsBefore.has(id)).map(({ id }) => id),
    seats: rows.seats.filter(({ id }) => !seatsBefore.has(id)).map(({ id }) => id),
  };
  const resized = rows.sections.flatMap(({ id, capacity }): [number, number][] => {
    const was = sectionsBefore.get(id)?.capacity;
    return was === undefined || was === capacity ? [] : [[id, capacity - was]];
  });
  await shrinkStock(tx, { company_id, map_id, resized: new Map(resized), gone });

  const { name, venue_id = null, width, height, focal_point } = edit;
  await tx.execute(UPDATE, [company_id, map_id, name, venue_id, width, height, focal_point.x, focal_point.y]);
  await tx.execute(DROP_SEATS, [company_id, map_id, gone.seats]);
  const reseated = rows.seats.filter((seat) => {
    const was = seatsBefore.get(seat.id);
    return was && (was.row_id !== seat.row_id || was.position !== seat.position);
  });
  await writeMapRows(
    tx,
    company_id,
    map_id,
    rows,
    reseated.map(({ id }) => id),
  );
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
  const changed = rows.seats.filter((seat) => {
    const was = seatsBefore.get(seat.id);
    return (
      was && (['x', 'y', 'number', 'position', 'row_id'] as const).some((field) => was[field] !== seat[field])
    );
  });
  return { added: added.seats.length, changed: changed.length, removed: gone.seats.length };
}
