import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';

/** Every step a cart can take, as data: nothing else in the program changes a cart's status. */
export const CART_TRANSITIONS = {
  open: ['pending_payment', 'paid', 'expired', 'cancelled'],
  pending_payment: ['open', 'paid'],
  paid: ['partially_refunded', 'refunded'],
  partially_refunded: ['partially_refunded', 'refunded'],
  refunded: [],
  // A payment confirmed after the hold ran out: its inventory was still free and is taken again, or it is given back.
  expired: ['pending_payment'],
  cancelled: ['pending_payment'],
} as const satisfies Record<string, readonly string[]>;

export type CartStatus = keyof typeof CART_TRANSITIONS;

const MOVE = statement(
  'cart_move',
  `UPDATE cart SET status = $4::cart_status, updated_at = greatest(now(), updated_at + interval '1 millisecond'),
     paid_at = CASE WHEN $4::cart_status = 'paid' THEN now() ELSE paid_at END
   WHERE company_id = $1 AND id = ANY($2::uuid[]) AND status = $3::cart_status`,
);

/**
 * Moves carts from one state to the next.
 * @throws Error for a step that the table does not know (ours); AppError conflict when a cart is no longer in `from`
 */
export async function moveCarts(
  tx: Tx,
  company_id: number,
  ids: readonly string[],
  from: CartStatus,
  to: CartStatus,
): Promise<void> {
  if (!(CART_TRANSITIONS[from] as readonly string[]).includes(to))
    throw new Error(`no step from ${from} to ${to}`);
  const moved = await tx.execute(MOVE, [company_id, ids, from, to]);
  if (moved !== ids.length) throw new AppError('conflict', 'The cart has changed meanwhile; read it again.');
}

export const moveCart = (
  tx: Tx,
  company_id: number,
  id: string,
  from: CartStatus,
  to: CartStatus,
): Promise<void> => moveCarts(tx, company_id, [id], from, to);
