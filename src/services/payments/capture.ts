import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { CartRow } from '../carts/row.ts';
import { moveCarts } from '../carts/state.ts';
import { enter } from './ledger.ts';
import type { PaymentRow } from './row.ts';
import { settleCarts } from './settle.ts';

/** Money that arrived for a cart whose hold is alive. */
export interface Capture {
  cart: CartRow;
  payment: Pick<PaymentRow, 'id' | 'amount' | 'currency'>;
}

/** Money of a payment that was written before. */
export interface StoredCapture extends Capture {
  payment: PaymentRow;
}

const ADD_PAID = statement(
  'cart_add_paid',
  `UPDATE cart c SET paid = c.paid + m.amount, updated_at = greatest(now(), c.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::int[]) AS m (id, amount)
   WHERE c.company_id = $1 AND c.id = ANY($2) AND c.id = m.id AND c.paid + m.amount <= c.total`,
);

/**
 * Books captured payments: what a cart was paid grows, and a cart that is paid in full is settled. One that is not goes
 * on as an open cart (split payments); should it expire, its payments are given back with it.
 * The caller holds the locks of carts and payments.
 * @throws AppError cart_expired as settleCarts
 */
export async function bookCaptures(tx: Tx, company_id: number, captures: readonly Capture[]): Promise<void> {
  if (!captures.length) return;
  const carts = new Map(captures.map(({ cart }) => [cart.id, cart]));
  const added = sumByCart(captures);
  const ids = [...carts.keys()].sort(); // one order for all who write carts
  const reopened = [...carts.values()].filter((c) => c.status === 'pending_payment' && restOf(c, added) > 0);
  const [written] = await Promise.all([
    tx.execute(ADD_PAID, [company_id, ids, ids.map((id) => added.get(id))]),
    enterPayments(tx, company_id, captures),
    reopened.length
      ? moveCarts(
          tx,
          company_id,
          reopened.map((cart) => cart.id),
          'pending_payment',
          'open',
        )
      : undefined,
    settleCarts(
      tx,
      company_id,
      [...carts.values()].filter((cart) => restOf(cart, added) === 0),
    ),
  ]);
  if (written !== ids.length) throw new Error('more was captured than a cart costs');
}

/** Writes received money into the books. */
export const enterPayments = (tx: Tx, company_id: number, captures: readonly Capture[]): Promise<void> =>
  enter(
    tx,
    company_id,
    captures.map(({ cart, payment }) => ({
      kind: 'payment',
      cart_id: cart.id,
      interface_id: cart.interface_id,
      currency: payment.currency,
      payment_id: payment.id,
      amount: payment.amount,
    })),
  );

/** What captures add to each cart. */
export function sumByCart(captures: readonly Capture[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { cart, payment } of captures) sums.set(cart.id, (sums.get(cart.id) ?? 0) + payment.amount);
  return sums;
}

const restOf = (cart: CartRow, added: ReadonlyMap<string, number>): number =>
  cart.total - cart.paid - (added.get(cart.id) ?? 0);
