import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { takeFromBlocks } from './allotments.ts';
import { moveCounters } from './counters.ts';
import { type StockLine, seatsOf } from './stock.ts';

const TAKE_SEATS = statement(
  'inventory_take_seats',
  `UPDATE event_seat s SET status = 'held', cart_id = m.cart_id, hold_expires_at = m.expires_at,
     version = pg_current_xact_id()::text::bigint
   FROM unnest($2::int[], $3::int[], $4::uuid[], $5::timestamptz[], $6::int[])
     AS m (event_id, seat_id, cart_id, expires_at, block_id)
   WHERE s.company_id = $1 AND s.event_id = m.event_id AND s.seat_id = m.seat_id
     AND s.block_id IS NOT DISTINCT FROM m.block_id
     AND (s.status IN ('available', 'blocked') OR (s.status = 'held' AND s.hold_expires_at <= now()))`,
);

export interface HeldLine extends StockLine {
  expires_at: Date;
}

/**
 * Holds stock for carts. The caller has locked it (inventory/locks.ts) and judged that it is free; the writes are
 * conditional all the same, and a missing row undoes the whole transaction.
 */
export async function takeLines(tx: Tx, company_id: number, lines: readonly HeldLine[]): Promise<void> {
  if (!lines.length) return;
  await Promise.all([
    takeFromBlocks(tx, company_id, lines), // first: a full section has room only for what stops being blocked
    moveCounters(tx, company_id, lines, { held: 1, sold: 0 }),
    takeSeats(tx, company_id, seatsOf(lines)),
  ]);
}

async function takeSeats(tx: Tx, company_id: number, seats: readonly HeldLine[]): Promise<void> {
  if (!seats.length) return;
  const taken = await tx.execute(TAKE_SEATS, [
    company_id,
    seats.map((l) => l.event_id),
    seats.map((l) => l.seat_id),
    seats.map((l) => l.cart_id),
    seats.map((l) => l.expires_at),
    seats.map((l) => l.block_id ?? null),
  ]);
  if (taken !== seats.length)
    throw new Error(`held ${taken} of ${seats.length} seats that were locked as free`);
}
