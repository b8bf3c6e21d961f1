import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { moveCounters } from './counters.ts';
import { type StockLine, seatsOf } from './stock.ts';

const SELL_SEATS = statement(
  'inventory_sell_seats',
  `UPDATE event_seat s SET status = 'sold', ticket_id = m.ticket_id, hold_expires_at = NULL,
     version = pg_current_xact_id()::text::bigint
   FROM (SELECT h.company_id, h.event_id, h.seat_id, m.ticket_id FROM event_seat h
         JOIN unnest($2::int[], $3::int[], $4::uuid[], $5::uuid[]) AS m (event_id, seat_id, cart_id, ticket_id)
           ON h.event_id = m.event_id AND h.seat_id = m.seat_id AND h.cart_id = m.cart_id
         WHERE h.company_id = $1 AND h.status = 'held'
         ORDER BY h.event_id, h.seat_id FOR UPDATE OF h) AS m
   WHERE s.company_id = m.company_id AND s.event_id = m.event_id AND s.seat_id = m.seat_id`,
);

/**
 * Turns what carts hold into what they own. The caller holds the locks of the carts and has seen that they are unexpired.
 * @throws AppError cart_expired when a seat is no longer held by its cart: nothing is kept then
 */
export async function sellLines(
  tx: Tx,
  company_id: number,
  lines: readonly (StockLine & { ticket_id: string | null })[],
): Promise<void> {
  await Promise.all([
    moveCounters(tx, company_id, lines, { held: -1, sold: 1 }),
    sellSeats(tx, company_id, seatsOf(lines)),
  ]);
}

async function sellSeats(
  tx: Tx,
  company_id: number,
  seats: readonly (StockLine & { ticket_id: string | null })[],
): Promise<void> {
  if (!seats.length) return;
  const sold = await tx.execute(SELL_SEATS, [
    company_id,
    seats.map((l) => l.event_id),
    seats.map((l) => l.seat_id),
    seats.map((l) => l.cart_id),
    seats.map((l) => l.ticket_id),
  ]);
  if (sold !== seats.length)
    throw new AppError('cart_expired', 'A seat of this cart is no longer held by it.');
}
