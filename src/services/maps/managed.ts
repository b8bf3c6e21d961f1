import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { ManagedMap, MapExport } from '../../schemas/managed-maps.ts';
import { inTurns } from '../../turns.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { type CsvMap, faultsOfLines, mapOfCsv } from './csv.ts';
import { type MapImport, writeMap } from './import.ts';
import { mapFaults, refuseFaults } from './import-faults.ts';

// Maps as the organiser's own things: imported, listed, exported, deleted. Edited ones: update.ts.

export type ManagedMapView = z.output<typeof ManagedMap>;
export type MapExportView = z.output<typeof MapExport>;

const SUMMARY = `m.id, m.name, m.venue_id, m.width, m.height, json_build_object('x', m.focal_x, 'y', m.focal_y) AS focal_point,
  (SELECT coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'kind', s.kind, 'capacity', s.capacity)
      ORDER BY s.position, s.id), '[]') FROM section s WHERE s.company_id = m.company_id AND s.map_id = m.id) AS sections,
  (SELECT coalesce(sum(s.capacity), 0)::int FROM section s
    WHERE s.company_id = m.company_id AND s.map_id = m.id AND s.kind = 'seated') AS seat_count,
  ARRAY (SELECT e.event_id FROM event_map e WHERE e.company_id = m.company_id AND e.map_id = m.id ORDER BY e.event_id)
    AS event_ids, m.created_at, m.updated_at`;

const LIST = statement(
  'managed_map_list',
  `SELECT ${SUMMARY} FROM map m WHERE m.company_id = $1 AND ($2::int IS NULL OR m.venue_id = $2)
   ORDER BY m.id LIMIT $3 OFFSET $4`,
);
const COUNT = statement(
  'managed_map_count',
  'SELECT count(*)::int AS total FROM map WHERE company_id = $1 AND ($2::int IS NULL OR venue_id = $2)',
);
const READ = statement(
  'managed_map_read',
  `SELECT ${SUMMARY} FROM map m WHERE m.company_id = $1 AND m.id = $2`,
);
const LOCK = statement(
  'managed_map_lock',
  'SELECT updated_at FROM map WHERE company_id = $1 AND id = $2 FOR UPDATE',
);
const VERSION = statement('managed_map_version', 'SELECT version FROM map WHERE company_id = $1 AND id = $2');
const DELETE = statement('managed_map_delete', 'DELETE FROM map WHERE company_id = $1 AND id = $2');
const VENUE = statement(
  'managed_map_venue',
  'SELECT 1 FROM venue WHERE company_id = $1 AND id = $2 FOR KEY SHARE',
);

/** The company's maps, without rows and seats. */
export async function listManagedMaps(
  ctx: Context,
  { venue_id = null }: { venue_id?: number | null | undefined },
  { limit, offset }: PageRequest,
): Promise<Page<ManagedMapView>> {
  const { db } = ctx.system;
  const [items, [all]] = await Promise.all([
    db.query<ManagedMapView>(LIST, [ctx.company_id, venue_id, limit, offset]),
    db.query<{ total: number }>(COUNT, [ctx.company_id, venue_id]),
  ]);
  return { items, total: all?.total ?? 0 };
}

/**
 * A whole map as it was imported, and the ids that it was given: what `PUT` takes.
 * @throws AppError not_found
 */
export async function exportMap(ctx: Context, map_id: number): Promise<MapExportView> {
  const { system, company_id } = ctx;
  const { db, mirrors } = system;
  const [head] = await db.query<ManagedMapView>(READ, [company_id, map_id]);
  const [current] = await db.query<{ version: number }>(VERSION, [company_id, map_id]);
  if (!head || !current) throw notFound('Map');
  const map = await mirrors.geometries.of(system, company_id, map_id, current.version);
  const companion = (i: number) => {
    const beside = map.index.get(map.companionOf[i] as number);
    return beside === undefined ? null : (map.number[beside] as string);
  };
  return {
    ...head,
    sections: map.sections.map((section) => ({
      ...section,
      rows: section.rows.map(({ id, label, seats }) => ({
        id,
        label,
        seats: Array.from(seats, (i) => ({
          id: map.seatIds[i] as number,
          number: map.number[i] as string,
          x: map.x[i] as number,
          y: map.y[i] as number,
          position: map.position[i] as number,
          accessible: map.accessible[i] === 1,
          companion_of: companion(i),
        })),
      })),
    })),
  };
}

/**
 * Imports a whole map.
 * @throws AppError validation_failed naming every fault, with its pointer; nothing is written then
 */
export async function createMap(ctx: Context, map: MapImport): Promise<ManagedMapView> {
  refuseFaults(await inTurns(mapFaults(map)));
  return create(ctx, map);
}

function create(ctx: Context, map: MapImport): Promise<ManagedMapView> {
  return transaction(ctx, async (tx) => {
    await assertVenue(tx, ctx.company_id, map.venue_id ?? null);
    const { map_id } = await writeMap(tx, ctx.company_id, map);
    const made = await summaryOf(tx, ctx.company_id, map_id);
    await recordAudit(tx, ctx, {
      ...{ action: 'map.create', subject_type: 'map', subject_id: String(map_id) },
      ...{ before: null, after: { ...made } },
    });
    return made;
  });
}

/**
 * Imports a map of seated sections from lines of seats.
 * @throws AppError validation_failed naming every fault with its line
 */
export async function createMapOfCsv(ctx: Context, csv: CsvMap): Promise<ManagedMapView> {
  const made = await mapOfCsv(csv);
  refuseFaults(faultsOfLines(await inTurns(mapFaults(made.map)), made));
  return create(ctx, made.map);
}

/**
 * Deletes a map that no event uses.
 * @throws AppError not_found, precondition_failed; conflict naming the events
 */
export function deleteMap(ctx: Context, map_id: number): Promise<void> {
  return transaction(ctx, async (tx) => {
    const before = await lockMap(tx, ctx, map_id);
    const { event_ids } = before;
    if (event_ids.length)
      throw new AppError('conflict', 'Events use this map: delete them or give them another one first.', {
        event_ids,
      });
    await tx.execute(DELETE, [ctx.company_id, map_id]);
    await recordAudit(tx, ctx, {
      ...{ action: 'map.delete', subject_type: 'map', subject_id: String(map_id) },
      ...{ before: { ...before }, after: null },
    });
  });
}

/**
 * A map under its lock, as the caller has seen it.
 * @throws AppError not_found, precondition_failed
 */
export async function lockMap(tx: Tx, ctx: Context, map_id: number): Promise<ManagedMapView> {
  const [locked] = await tx.query<{ updated_at: Date }>(LOCK, [ctx.company_id, map_id]);
  if (!locked) throw notFound('Map');
  assertFresh(ctx, locked.updated_at);
  return summaryOf(tx, ctx.company_id, map_id);
}

/** A map without its rows and seats, as it stands within the transaction. */
export async function summaryOf(tx: Tx, company_id: number, map_id: number): Promise<ManagedMapView> {
  const [map] = await tx.query<ManagedMapView>(READ, [company_id, map_id]);
  if (!map) throw notFound('Map');
  return map;
}

/** @throws AppError validation_failed for a venue that the company does not have */
export async function assertVenue(tx: Tx, company_id: number, venue_id: number | null): Promise<void> {
  if (venue_id === null) return;
  const [venue] = await tx.query(VENUE, [company_id, venue_id]);
  if (!venue) throw fieldError('/venue_id', 'There is no such venue.', 'not_found');
}
