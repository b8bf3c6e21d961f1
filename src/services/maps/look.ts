import { statement } from '../../db/client.ts';
import { SEAT_STATUSES } from '../../schemas/maps.ts';
import type { System } from '../../system.ts';
import type { OfferBlock } from '../events/offer.ts';

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
     SELECT d.section_id, d.block_id, d.quantity FROM cart c
     JOIN sale_detail d ON d.company_id = c.company_id AND d.cart_id = c.id
     WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment') AND c.expires_at <= now()
       AND d.status = 'held' AND d.event_id = $2 AND d.seat_id IS NULL)
   SELECT pg_current_snapshot()::text AS snapshot,
     floor(extract(epoch FROM now()) * 1000)::bigint AS clock,
     (SELECT version FROM map WHERE company_id = $1 AND id = $3) AS map_version,
     (SELECT json_build_array(json_agg(seat_id), json_agg(array_position($5, status::text) - 1),
         json_agg(coalesce(floor(extract(epoch FROM hold_expires_at) * 1000), 0)), json_agg(version), json_agg(coalesce(block_id, 0)))
       FROM event_seat WHERE company_id = $1 AND event_id = $2 AND map_id = $3 AND version >= $4) AS seats,
     (SELECT coalesce(json_agg(json_build_array(g.section_id, g.capacity - g.held - g.sold - g.blocked
           + coalesce((SELECT sum(o.quantity) FROM overdue o WHERE o.section_id = g.section_id AND o.block_id IS NULL), 0))
         ORDER BY g.section_id), '[]')
       FROM event_section g JOIN section s ON s.company_id = g.company_id AND s.id = g.section_id
       WHERE g.company_id = $1 AND g.event_id = $2 AND g.map_id = $3 AND s.kind = 'general') AS places,
     (SELECT coalesce(json_agg(json_build_object('id', b.id, 'kind', b.kind, 'section_id', b.section_id,
         'section_ids', b.section_ids, 'interface_id', b.interface_id, 'code_id', b.code_id, 'overflow', b.overflow,
         'release_at', b.release_at, 'left', b.quantity - b.taken
           + coalesce((SELECT sum(o.quantity) FROM overdue o WHERE o.block_id = b.id), 0)) ORDER BY b.id), '[]')
       FROM block b
       WHERE b.company_id = $1 AND b.event_id = $2 AND b.kind = 'allotment' AND b.released_at IS NULL) AS allotments`,
);

interface LookRow {
  /** `xmin:xmax:running,…` */
  snapshot: string;
  clock: number;
  map_version: number | null;
  seats: Look['seats'];
  places: Look['places'];
  allotments: (Omit<Allotment, 'release_at'> & { release_at: string | null })[];
}

/** An allotment that is not released, and what is left of it in general admission; null for chosen seats. */
export interface Allotment extends OfferBlock {
  left: number | null;
}

/** What a look at a map saw. */
export interface Look {
  moment: Moment;
  map_version: number | null;
  /** Ids, statuses, ends of holds (milliseconds; 0 for none), versions and blocks (0 for none) of seats. */
  seats: [ids: number[] | null, statuses: number[], holds: number[], versions: number[], blocks: number[]];
  /** Of general sections: what anybody may have. */
  places: [section_id: number, available: number][];
  allotments: Allotment[];
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
  const { snapshot, clock, allotments, ...seen } = row as LookRow;
  const [xmin = 0, xmax = 0, ...running] = (snapshot.match(/\d+/g) ?? []).map(Number);
  return {
    moment: { xmin, xmax, running: new Set(running), clock },
    ...seen,
    allotments: allotments.map((each) => ({
      ...each,
      release_at: each.release_at === null ? null : new Date(each.release_at),
    })),
  };
}
