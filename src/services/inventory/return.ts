import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { giveBackToBlocks } from './allotments.ts';
import { moveCounters } from './counters.ts';
import { type StockLine, seatsOf } from './stock.ts';

// A seat whose overdue hold another cart has taken meanwhile is no longer ours to give back: hence the cart_id.
const FREE_SEATS = statement(
  'inventory_free_seats',
  `UPDATE event_seat s SET status = CASE WHEN s.block_id IS NULL THEN 'available' ELSE 'blocked' END::seat_status, cart_id = NULL, ticket_id = NULL, hold_expires_at = NULL,
     version = pg_current_xact_id()::text::bigint
   FROM (SELECT f.company_id, f.event_id, f.seat_id FROM event_seat f
         JOIN unnest($2::int[], $3::int[], $4::uuid[]) AS m (event_id, seat_id, cart_id)
           ON f.event_id = m.event_id AND f.seat_id = m.seat_id AND f.cart_id = m.cart_id
         WHERE f.company_id = $1 AND f.status = $5::seat_status
         ORDER BY f.event_id, f.seat_id FOR UPDATE OF f) AS mine
   WHERE s.company_id = mine.company_id AND s.event_id = mine.event_id AND s.seat_id = mine.seat_id`,
);

/**
 * Puts the stock of lines back on sale, or into the allotments it came from: held ones of a cart that expired or let go, or sold ones that were refunded.
 * The caller holds the locks of the carts and marks the lines in the same transaction, so that none returns twice.
 */
export async function returnLines(
  tx: Tx,
  company_id: number,
  lines: readonly StockLine[],
  from: 'held' | 'sold',
): Promise<void> {
  await moveCounters(tx, company_id, lines, from === 'held' ? { held: -1, sold: 0 } : { held: 0, sold: -1 });
  await giveBackToBlocks(tx, company_id, lines);
  const seats = seatsOf(lines);
  if (!seats.length) return;
  await tx.execute(FREE_SEATS, [
    company_id,
    seats.map((l) => l.event_id),
    seats.map((l) => l.seat_id),
    seats.map((l) => l.cart_id),
    from,
  ]);
}
