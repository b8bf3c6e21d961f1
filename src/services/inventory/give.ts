import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { moveCounters } from './counters.ts';
import type { StockLine } from './stock.ts';

/** A place that a ticket without a sale takes: given away, and given back when the ticket ends unused. */
export interface GivenPlace {
  event_id: number;
  ticket_type_id: number;
  section_id: number;
  seat_id: number | null;
  ticket_id: string;
}

// Whatever somebody else works on right now is left to them: nobody waits here, so nobody waits in a ring.
const PICK_SEATS = statement(
  'inventory_pick_seats',
  `SELECT e.seat_id, e.section_id FROM event_seat e
   JOIN seat s ON s.company_id = e.company_id AND s.id = e.seat_id
   WHERE e.company_id = $1 AND e.event_id = $2 AND e.section_id = ANY($3::int[]) AND NOT s.accessible
     AND s.companion_of IS NULL AND e.seat_id <> ALL($5::int[])
     AND (e.status = 'available' OR (e.status = 'held' AND e.hold_expires_at <= now() AND e.block_id IS NULL))
   ORDER BY s.rank, s.id LIMIT $4 FOR UPDATE OF e SKIP LOCKED`,
);
const GIVE_SEATS = statement(
  'inventory_give_seats',
  `UPDATE event_seat s SET status = 'sold', cart_id = NULL, ticket_id = m.ticket_id, hold_expires_at = NULL,
     version = pg_current_xact_id()::text::bigint
   FROM unnest($2::int[], $3::int[], $4::uuid[]) AS m (event_id, seat_id, ticket_id)
   WHERE s.company_id = $1 AND s.event_id = m.event_id AND s.seat_id = m.seat_id
     AND (s.status = 'available' OR (s.status = 'held' AND s.hold_expires_at <= now() AND s.block_id IS NULL))`,
);
const TAKE_BACK_SEATS = statement(
  'inventory_take_back_seats',
  `UPDATE event_seat s SET status = 'available', cart_id = NULL, ticket_id = NULL, hold_expires_at = NULL,
     version = pg_current_xact_id()::text::bigint
   FROM (SELECT b.company_id, b.event_id, b.seat_id FROM event_seat b
         JOIN unnest($2::int[], $3::int[], $4::uuid[]) AS m (event_id, seat_id, ticket_id)
           ON b.event_id = m.event_id AND b.seat_id = m.seat_id AND b.ticket_id = m.ticket_id
         WHERE b.company_id = $1 AND b.status = 'sold' ORDER BY b.event_id, b.seat_id FOR UPDATE OF b) AS m
   WHERE s.company_id = m.company_id AND s.event_id = m.event_id AND s.seat_id = m.seat_id`,
);

/**
 * Locks the best free seats of sections, one by one, places for wheelchairs and their companions left out.
 * @param except seats that are chosen already
 * @returns as many as there are, at most `quantity`
 */
export const pickFreeSeats = (
  tx: Tx,
  company_id: number,
  event_id: number,
  section_ids: readonly number[],
  quantity: number,
  except: readonly number[],
): Promise<{ seat_id: number; section_id: number }[]> =>
  tx.query(PICK_SEATS, [company_id, event_id, section_ids, quantity, except]);

/** Gives places away. The caller has locked them and seen that they are free; a missing one undoes the transaction. */
export async function givePlaces(tx: Tx, company_id: number, places: readonly GivenPlace[]): Promise<void> {
  if (!places.length) return;
  await moveCounters(tx, company_id, places.map(lineOf), { held: 0, sold: 1 });
  const seats = places.filter(({ seat_id }) => seat_id !== null);
  if (!seats.length) return;
  const given = await tx.execute(GIVE_SEATS, [company_id, ...columnsOf(seats)]);
  if (given !== seats.length)
    throw new Error(`gave ${given} of ${seats.length} seats that were locked as free`);
}

/** Puts places that were given away back on sale. The caller ends their tickets in the same transaction. */
export async function takeBackPlaces(
  tx: Tx,
  company_id: number,
  places: readonly GivenPlace[],
): Promise<void> {
  if (!places.length) return;
  await moveCounters(tx, company_id, places.map(lineOf), { held: 0, sold: -1 });
  const seats = places.filter(({ seat_id }) => seat_id !== null);
  if (seats.length) await tx.execute(TAKE_BACK_SEATS, [company_id, ...columnsOf(seats)]);
}

const columnsOf = (seats: readonly GivenPlace[]) => [
  seats.map(({ event_id }) => event_id),
  seats.map(({ seat_id }) => seat_id),
  seats.map(({ ticket_id }) => ticket_id),
];

/** As the counters see it: one ticket of a type in a section. */
const lineOf = (place: GivenPlace): StockLine => ({
  ...place,
  ...{ id: place.ticket_id, cart_id: '', kind: 'ticket', product_id: null, quantity: 1 },
});
