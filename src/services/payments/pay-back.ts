import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { uuidv7 } from '../../uuid.ts';
import type { CartRow } from '../carts/row.ts';
import { type CashFlow, recordCash } from '../cash/record.ts';
import { type Change, recordChanges } from '../changes.ts';
import { type CreditEntry, enterCredit } from '../credit/books.ts';
import { enqueue } from '../jobs/queue.ts';
import { insertRefunds, type RefundRow } from '../refunds/row.ts';
import { REFUND_TASK } from '../refunds/task.ts';
import { enterPayments, type StoredCapture } from './capture.ts';
import { enter } from './ledger.ts';
import { lockTaken, type PaymentRow, takeBack } from './row.ts';

/** What is given back of a payment, and why. */
export interface Share {
  cart: CartRow;
  payment: PaymentRow;
  amount: number;
  reason: string;
  /** The lines that are refunded whole by it. */
  sale_detail_ids: readonly string[];
  client_id?: string;
}

/**
 * Gives money back: takes it off the payments, writes refunds and books, and has the worker tell the providers. Carts
 * are not touched. The caller holds the locks of carts and payments.
 * @throws AppError refund_exceeds_paid
 */
export async function payBack(tx: Tx, company_id: number, shares: readonly Share[]): Promise<RefundRow[]> {
  if (!shares.length) return [];
  await takeBack(tx, company_id, shares);
  const steps = new Map<string, string>();
  const refunds = await insertRefunds(
    tx,
    shares.map(({ cart, payment, amount, reason, sale_detail_ids, client_id }) => ({
      company_id,
      ...named(steps, cart.id),
      cart_id: cart.id,
      payment_id: payment.id,
      amount,
      currency: payment.currency,
      sale_detail_ids,
      reason,
      status: isRemote(payment) ? 'pending' : 'succeeded',
      client_id: client_id ?? null,
    })),
  );
  const cartOf = new Map(shares.map(({ cart }) => [cart.id, cart]));
  await recordCash(
    tx,
    company_id,
    shares.flatMap(({ cart, payment, client_id }) => {
      const refund = refunds.find(({ payment_id }) => payment_id === payment.id);
      return payment.method === 'cash' && client_id && refund
        ? [cashGiven(refund, cart.interface_id, client_id)]
        : [];
    }),
  );
  await enter(
    tx,
    company_id,
    refunds.map((refund) => ({
      kind: 'refund',
      cart_id: refund.cart_id,
      interface_id: (cartOf.get(refund.cart_id) as CartRow).interface_id,
      currency: refund.currency,
      payment_id: refund.payment_id,
      refund_id: refund.id,
      amount: -refund.amount,
    })),
  );
  const creditOf = new Map(
    shares.map(({ payment, cart }) => [payment.id, payment.method === 'credit' && cart]),
  );
  await enterCredit(
    tx,
    company_id,
    refunds.flatMap(({ payment_id, amount, currency }): CreditEntry[] => {
      const cart = creditOf.get(payment_id);
      return cart ? [{ user_id: cart.user_id as number, currency, amount, kind: 'refund', payment_id }] : [];
    }),
  );
  await enqueue(
    tx,
    refunds.flatMap(({ id, status }) =>
      status === 'pending'
        ? [{ name: REFUND_TASK, payload: { company_id, refund_id: id }, key: `refund:${id}` }]
        : [],
    ),
  );
  return refunds;
}

/** The id of a part, and that of the first one of its cart, by which all of them are known. */
function named(steps: Map<string, string>, cart_id: string): { id: string; step_id: string } {
  const id = uuidv7();
  const step_id = steps.get(cart_id) ?? id;
  steps.set(cart_id, step_id);
  return { id, step_id };
}

/** Cash that somebody hands back. What nobody asked to be given back yet is still in its drawer. */
const cashGiven = (
  { id, amount, currency }: RefundRow,
  interface_id: number,
  client_id: string,
): CashFlow => ({
  ...{ client_id, interface_id, currency, kind: 'refund', id, amount: -amount },
});

/**
 * Money that came for a cart which needs it no more: it is booked, and goes straight back. What the cart itself was paid
 * is not touched.
 */
export async function returnUnwanted(
  tx: Tx,
  company_id: number,
  unwanted: readonly (StoredCapture & { reason: string })[],
): Promise<void> {
  if (!unwanted.length) return;
  await enterPayments(tx, company_id, unwanted);
  const refunds = await payBack(
    tx,
    company_id,
    unwanted.map((capture) => ({ ...capture, amount: capture.payment.amount, sale_detail_ids: [] })),
  );
  await recordChanges(
    tx,
    unwanted.map(({ cart, payment }) => moneyReturned(cart, payment.amount, refunds)),
  );
}

/** What the change feed tells of money that went back without any ticket. */
const moneyReturned = (cart: CartRow, amount: number, refunds: readonly RefundRow[]): Change => ({
  company_id: cart.company_id,
  type: 'cart.refunded',
  interface_id: cart.interface_id,
  event_id: null,
  subject_id: cart.id,
  data: {
    cart_id: cart.id,
    status: cart.status,
    amount,
    currency: cart.currency,
    sale_detail_ids: [],
    refund_ids: refunds.flatMap((refund) => (refund.cart_id === cart.id ? [refund.id] : [])),
  },
});

/** Was the money taken by somebody else, who must be told to give it back? */
const isRemote = ({ method }: PaymentRow): boolean => method === 'card';

const TAKE_OFF = statement(
  'cart_take_off_paid',
  `UPDATE cart c SET paid = c.paid - m.amount, updated_at = greatest(now(), c.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::int[]) AS m (id, amount)
   WHERE c.company_id = $1 AND c.id = ANY($2) AND c.id = m.id AND c.paid >= m.amount`,
);

/**
 * Gives back what was paid towards carts that are not paid in full: when they end unpaid (money is never kept without
 * tickets), or when a seller takes a part payment back.
 * @param most at most this much of each cart, oldest payment first; absent: everything
 */
export async function returnPartPayments(
  tx: Tx,
  company_id: number,
  carts: readonly CartRow[],
  why: { reason: string; client_id?: string },
  most = Number.MAX_SAFE_INTEGER,
): Promise<RefundRow[]> {
  const paid = carts.filter((cart) => cart.paid > 0);
  if (!paid.length) return [];
  const payments = await lockTaken(
    tx,
    company_id,
    paid.map((cart) => cart.id),
  );
  const shares = paid.flatMap((cart) => {
    const own = payments.filter((payment) => payment.cart_id === cart.id);
    return allocate(Math.min(most, cart.paid), own).map((share) => ({
      ...share,
      ...why,
      cart,
      sale_detail_ids: [],
    }));
  });
  const refunds = await payBack(tx, company_id, shares);
  const sums = new Map<string, number>();
  for (const { cart_id, amount } of refunds) sums.set(cart_id, (sums.get(cart_id) ?? 0) + amount);
  const written = await tx.execute(TAKE_OFF, [company_id, [...sums.keys()], [...sums.values()]]);
  if (written !== sums.size) throw new Error('more was given back than a cart had been paid');
  await recordChanges(
    tx,
    paid.map((cart) => moneyReturned(cart, sums.get(cart.id) ?? 0, refunds)),
  );
  return refunds;
}

/**
 * Spreads an amount over payments, oldest first, each up to what is left of it. Nothing at all still names a payment:
 * free tickets are refunded for nothing.
 */
export function allocate(
  amount: number,
  payments: readonly PaymentRow[],
): { payment: PaymentRow; amount: number }[] {
  const shares: { payment: PaymentRow; amount: number }[] = [];
  let rest = amount;
  for (const payment of payments) {
    const part = Math.min(rest, payment.amount - payment.refunded);
    if (part > 0) shares.push({ payment, amount: part });
    rest -= part;
  }
  if (rest > 0) throw new Error(`payments fall short of a refund by ${rest}`);
  const first = payments.find(({ status }) => status !== 'refunded') ?? payments[0];
  return shares.length || !first ? shares : [{ payment: first, amount: 0 }];
}
