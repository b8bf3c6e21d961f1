import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

const PROLONG_SEATS = statement(
  'event_seat_prolong',
  `UPDATE event_seat s SET hold_expires_at = mine.expires_at, version = pg_current_xact_id()::text::bigint
   FROM (SELECT s.event_id, s.seat_id, m.expires_at FROM unnest($2::uuid[], $3::timestamptz[]) AS m (id, expires_at)
         JOIN sale_detail l ON l.company_id = $1 AND l.cart_id = ANY($2) AND l.cart_id = m.id AND l.status = 'held'
         JOIN event_seat s ON s.company_id = $1 AND s.event_id = l.event_id AND s.seat_id = l.seat_id
           AND s.cart_id = m.id AND s.status = 'held' AND s.hold_expires_at < m.expires_at
         ORDER BY s.event_id, s.seat_id FOR UPDATE OF s) AS mine
   WHERE s.company_id = $1 AND s.event_id = mine.event_id AND s.seat_id = mine.seat_id`,
);

/** Prolongs the holds of the seats of carts, as those of the carts themselves were. Never shortens one. */
export async function prolongSeats(
  tx: Tx,
  company_id: number,
  carts: readonly { id: string; expires_at: Date }[],
): Promise<void> {
  if (!carts.length) return;
  await tx.execute(PROLONG_SEATS, [company_id, carts.map((c) => c.id), carts.map((c) => c.expires_at)]);
}
