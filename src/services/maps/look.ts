import { statement } from '../../db/client.ts';
import { SEAT_STATUSES } from '../../schemas/maps.ts';
import type { System } from '../../system.ts';

/**
 * A moment in the life of a map: the database's snapshot and clock. Rows carry the transaction that wrote them
 * (event_seat.version), so what was written after a moment is what its snapshot could not see: nothing is missed, also
 * of a transaction that commits late, nothing is told twice, and no reader locks anything.
 */
export interface Moment {
  /** All transactions below it had ended. */
  readonly xmin: number;
  /** None at or above it had begun. */
  readonly xmax: number;
  /** Those between that were still running. */
  readonly running: ReadonlySet<number>;
  /** Milliseconds. */
  readonly clock: number;
}

export const BEGINNING: Moment = { xmin: 0, xmax: 0, running: new Set(), clock: 0 };

/** Was a row of this version written after a moment? */
export const isAfter = (version: number, { xmin, xmax, running }: Moment): boolean =>
  version >= xmax || (version >= xmin && running.has(version));

// Overdue carts stand in the counters of general sections until they are swept: their places are added again.
const LOOK = statement(
  'map_look',
  `WITH overdue AS MATERIALIZED (
     SELECT d.section_id, d.quantity FROM cart c
     JOIN sale_detail d ON d.company_id = c.company_id AND d.cart_id = c.id
     WHERE c.company_id = $1 AND c.status = 'open' AND c.expires_at <= now()
       AND d.status = 'held' AND d.event_id = $2 AND d.seat_id IS NULL)
   SELECT pg_current_snapshot()::text AS snapshot,
     floor(extract(epoch FROM now()) * 1000)::bigint AS clock,
     (SELECT version FROM map WHERE company_id = $1 AND id = $3) AS map_version,
     (SELECT json_build_array(json_agg(seat_id), json_agg(array_position($5, status::text) - 1),
         json_agg(coalesce(floor(extract(epoch FROM hold_expires_at) * 1000), 0)), json_agg(version))
       FROM event_seat WHERE company_id = $1 AND event_id = $2 AND map_id = $3 AND version >= $4) AS seats,
     (SELECT coalesce(json_agg(json_build_array(g.section_id, g.capacity - g.held - g.sold - g.blocked
           + coalesce((SELECT sum(o.quantity) FROM overdue o WHERE o.section_id = g.section_id), 0))
         ORDER BY g.section_id), '[]')
       FROM event_section g JOIN section s ON s.company_id = g.company_id AND s.id = g.section_id
       WHERE g.company_id = $1 AND g.event_id = $2 AND g.map_id = $3 AND s.kind = 'general') AS places`,
);

interface LookRow {
  /** `xmin:xmax:running,…` */
  snapshot: string;
  clock: number;
  map_version: number | null;
  seats: Look['seats'];
  places: Look['places'];
}

/** What a look at a map saw. */
export interface Look {
  moment: Moment;
  map_version: number | null;
  /** Ids, statuses, ends of holds (milliseconds; 0 for none) and versions of seats. */
  seats: [ids: number[] | null, statuses: number[], holds: number[], versions: number[]];
  /** Of general sections. */
  places: [section_id: number, available: number][];
}

/** Reads the seats of a map at an event that may have been written after a moment, and what sections have left. */
export async function lookAt(
  system: System,
  company_id: number,
  event_id: number,
  map_id: number,
  since: Moment,
): Promise<Look> {
  const values = [company_id, event_id, map_id, since.xmin, SEAT_STATUSES];
  const [row] = await system.db.query<LookRow>(LOOK, values);
  const { snapshot, clock, ...seen } = row as LookRow;
  const [xmin = 0, xmax = 0, ...running] = (snapshot.match(/\d+/g) ?? []).map(Number);
  return { moment: { xmin, xmax, running: new Set(running), clock }, ...seen };
}
