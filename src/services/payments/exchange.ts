import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { CartRow, LineRow } from '../carts/row.ts';
import { reverseLines } from '../refunds/reverse.ts';
import type { RefundRow } from '../refunds/row.ts';
import { enterPayments } from './capture.ts';
import { enter } from './ledger.ts';
import { allocate, payBack } from './pay-back.ts';
import { lockTaken, type PaymentRow } from './row.ts';
import { sale } from './settle.ts';

const ADD_EXCHANGE = statement(
  'cart_add_exchange',
  `UPDATE cart SET subtotal = subtotal + $3, discount = discount + $4, fee = fee + $5, tax = tax + $6, total = total + $7,
     line_count = line_count + $8, paid = paid + $7, refunded = refunded + $9, exchanged = exchanged + least($7, $9),
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND paid - refunded >= $9`,
);
const MOVE_PAYMENT = statement(
  'payment_move_to_exchanged',
  `UPDATE payment SET cart_id = $3, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'captured' RETURNING *`,
);

export interface MoneyExchange {
  id: string;
  cart: CartRow;
  /** The difference that was paid, if one was due. */
  payment: PaymentRow | null;
  old: readonly LineRow[];
  fresh: readonly LineRow[];
  /** What the old lines are worth. */
  credit: number;
  price: number;
  reason: string;
  client_id: string;
}

/**
 * Books an exchange: old lines are reversed, new ones sold, what is over is given back, and the payment of the difference
 * becomes one of the cart. The cart was then paid for its new lines, with the worth of the old ones and that payment:
 * it stays true that paid less refunded is what its payments brought and what its lines are worth.
 * @returns the refunds of what is over
 * @throws AppError refund_exceeds_paid when the cart does not hold that much
 */
export async function bookExchange(tx: Tx, exchange: MoneyExchange): Promise<RefundRow[]> {
  const { id, cart, payment, old, fresh, credit, price, reason, client_id } = exchange;
  const { company_id } = cart;
  const sum = (value: (line: LineRow) => number) => fresh.reduce((n, line) => n + value(line), 0);
  const written = await tx.execute(ADD_EXCHANGE, [
    ...[company_id, cart.id, sum((l) => l.unit_price * l.quantity), sum((l) => l.discount)],
    ...[sum((l) => l.fee), sum((l) => l.tax), price, fresh.length, credit],
  ]);
  if (!written)
    throw new AppError('refund_exceeds_paid', 'Less of this cart is left than its old tickets are worth.');
  if (payment) {
    if (payment.cart_id !== cart.id) {
      const [moved] = await tx.query<PaymentRow>(MOVE_PAYMENT, [company_id, payment.id, cart.id]);
      if (!moved) throw new Error('the payment of an exchange was not captured');
      Object.assign(payment, moved);
    }
    await enterPayments(tx, company_id, [{ cart, payment }]);
  }
  const refunds = credit > price ? await giveBack(tx, exchange) : [];
  const shares = old.map((line) => ({ line, amount: line.total - line.refunded }));
  await reverseLines(tx, cart, { amount: credit, shares, closed: [...old] }, refunds[0]?.id, id);
  await enter(
    tx,
    company_id,
    fresh.map((line) => ({ ...sale({ ...line, cart_id: cart.id }, cart), exchange_id: id })),
  );
  return refunds;

  async function giveBack(tx: Tx, { credit, price }: MoneyExchange): Promise<RefundRow[]> {
    const payments = await lockTaken(tx, company_id, [cart.id]);
    const share = { cart, reason, sale_detail_ids: [], client_id };
    return payBack(
      tx,
      company_id,
      allocate(credit - price, payments).map((part) => ({ ...share, ...part })),
    );
  }
}
