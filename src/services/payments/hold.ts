import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { prolongSeats } from '../inventory/prolong.ts';

// Bounded for the whole life of a cart, lest a buyer who is declined again and again keeps seats from others for ever.
// No join, lest a plan made while the table was small reads all carts for each one that is asked for.
const UNTIL = `(SELECT least(now() + make_interval(secs => coalesce($3, i.payment_seconds)),
     c.created_at + make_interval(secs => i.max_hold_seconds + i.payment_seconds))
   FROM interface i WHERE i.company_id = c.company_id AND i.id = c.interface_id)`;
const PROLONG = statement(
  'cart_prolong',
  `UPDATE cart c SET expires_at = ${UNTIL}, updated_at = greatest(now(), c.updated_at + interval '1 millisecond')
   WHERE c.company_id = $1 AND c.id = ANY($2::uuid[]) AND c.expires_at < ${UNTIL}
   RETURNING c.id, c.expires_at`,
);

/**
 * Lets the holds of carts last while a payment runs; never shortens one. The caller holds the locks of the carts.
 * @param seconds at least so long from now; absent: the interface's `payment_seconds`
 */
export async function prolongHolds(
  tx: Tx,
  company_id: number,
  cart_ids: readonly string[],
  seconds?: number,
): Promise<void> {
  if (!cart_ids.length) return;
  const values = [company_id, cart_ids, seconds ?? null];
  await prolongSeats(tx, company_id, await tx.query<{ id: string; expires_at: Date }>(PROLONG, values));
}
