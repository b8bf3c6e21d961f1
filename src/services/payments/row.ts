import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { Payment } from '../../schemas/payments.ts';
import { canMove, type PaymentStatus } from './transitions.ts';

export interface PaymentRow {
  company_id: number;
  id: string;
  cart_id: string;
  method: Payment['method'];
  /** Who takes the money: a provider of the registry, or the method itself where nobody else is asked. */
  provider: string;
  provider_reference: string | null;
  reference: string | null;
  amount: number;
  refunded: number;
  currency: string;
  status: PaymentStatus;
  action_url: string | null;
  failure_reason: string | null;
  job_id: string | null;
  /** The card that was kept by it, or that it was taken from. */
  saved_method_id: string | null;
  exchange_id: string | null;
  created_at: Date;
  updated_at: Date;
}

export type NewPayment = Pick<
  PaymentRow,
  | 'company_id'
  | 'id'
  | 'cart_id'
  | 'method'
  | 'provider'
  | 'reference'
  | 'amount'
  | 'currency'
  | 'status'
  | 'job_id'
  | 'saved_method_id'
> &
  Partial<Pick<PaymentRow, 'exchange_id'>>;

/** A step of a payment, with what is learnt on the way. */
export interface PaymentMove {
  payment: PaymentRow;
  to: PaymentStatus;
  provider_reference?: string | null;
  action_url?: string;
  failure_reason?: string;
}

const INSERT = statement(
  'payment_insert',
  `INSERT INTO payment (company_id, id, cart_id, method, provider, reference, amount, currency, status, job_id,
     saved_method_id, exchange_id)
   SELECT r.company_id, r.id, r.cart_id, r.method, r.provider, r.reference, r.amount, r.currency, r.status, r.job_id,
     r.saved_method_id, r.exchange_id
   FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
               $9::payment_status[], $10::uuid[], $11::uuid[], $12::uuid[])
     AS r (company_id, id, cart_id, method, provider, reference, amount, currency, status, job_id, saved_method_id,
       exchange_id)
   RETURNING *`,
);
const LOCK = statement(
  'payment_lock',
  'SELECT p.* FROM payment p WHERE p.company_id = $1 AND p.id = ANY($2::uuid[]) ORDER BY p.id FOR UPDATE',
);
const LOCK_OF_CARTS = statement(
  'payment_lock_of_carts',
  `SELECT p.* FROM payment p WHERE p.company_id = $1 AND p.cart_id = ANY($2::uuid[])
     AND p.status IN ('captured', 'partially_refunded', 'refunded')
   ORDER BY p.id FOR UPDATE`,
);
const MOVE = statement(
  'payment_move',
  `UPDATE payment p SET status = r.to_status,
     provider_reference = coalesce(r.provider_reference, p.provider_reference),
     action_url = CASE WHEN r.to_status = 'requires_action' THEN coalesce(r.action_url, p.action_url) END,
     failure_reason = r.failure_reason,
     updated_at = greatest(now(), p.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::payment_status[], $4::payment_status[], $5::text[], $6::text[], $7::text[])
     AS r (id, from_status, to_status, provider_reference, action_url, failure_reason)
   WHERE p.company_id = $1 AND p.id = ANY($2) AND p.id = r.id AND p.status = r.from_status
   RETURNING p.*`,
);
const REFUND = statement(
  'payment_refund',
  `UPDATE payment p SET refunded = p.refunded + r.amount, status = r.to_status,
     updated_at = greatest(now(), p.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::payment_status[], $4::payment_status[], $5::int[])
     AS r (id, from_status, to_status, amount)
   WHERE p.company_id = $1 AND p.id = ANY($2) AND p.id = r.id AND p.status = r.from_status AND p.refunded + r.amount <= p.amount
   RETURNING p.*`,
);

/** Writes new payments. The caller holds the locks of their carts. */
export const insertPayments = (tx: Tx, payments: readonly NewPayment[]): Promise<PaymentRow[]> =>
  tx.query<PaymentRow>(INSERT, [
    payments.map((p) => p.company_id),
    payments.map((p) => p.id),
    payments.map((p) => p.cart_id),
    payments.map((p) => p.method),
    payments.map((p) => p.provider),
    payments.map((p) => p.reference),
    payments.map((p) => p.amount),
    payments.map((p) => p.currency),
    payments.map((p) => p.status),
    payments.map((p) => p.job_id),
    payments.map((p) => p.saved_method_id),
    payments.map((p) => p.exchange_id ?? null),
  ]);

/** Locks payments, after their carts. */
export const lockPayments = (tx: Tx, company_id: number, ids: readonly string[]): Promise<PaymentRow[]> =>
  tx.query<PaymentRow>(LOCK, [company_id, ids]);

/** Locks the payments of carts that took money, oldest first. */
export const lockTaken = (tx: Tx, company_id: number, cart_ids: readonly string[]): Promise<PaymentRow[]> =>
  tx.query<PaymentRow>(LOCK_OF_CARTS, [company_id, cart_ids]);

/**
 * Moves payments from where the given rows stand to the next state; the rows are brought up to date.
 * @throws Error for a step that the table does not know (ours); AppError conflict when a row is no longer there
 */
export async function movePayments(tx: Tx, company_id: number, moves: readonly PaymentMove[]): Promise<void> {
  if (!moves.length) return;
  for (const { payment, to } of moves) requireStep(payment, to);
  const rows = await tx.query<PaymentRow>(MOVE, [
    company_id,
    moves.map((m) => m.payment.id),
    moves.map((m) => m.payment.status),
    moves.map((m) => m.to),
    moves.map((m) => m.provider_reference ?? null),
    moves.map((m) => m.action_url ?? null),
    moves.map((m) => m.failure_reason ?? null),
  ]);
  update(
    moves.map((m) => m.payment),
    rows,
  );
}

/**
 * Takes amounts off payments: never more than was captured. The rows are brought up to date.
 * @throws AppError refund_exceeds_paid when a payment does not hold that much (any more)
 */
export async function takeBack(
  tx: Tx,
  company_id: number,
  all: readonly { payment: PaymentRow; amount: number }[],
): Promise<void> {
  const shares = all.filter(({ amount }) => amount > 0); // free tickets go back for nothing
  if (!shares.length) return;
  const next = shares.map(({ payment, amount }): PaymentStatus => {
    const to = payment.refunded + amount >= payment.amount ? 'refunded' : 'partially_refunded';
    requireStep(payment, to);
    return to;
  });
  const rows = await tx.query<PaymentRow>(REFUND, [
    company_id,
    shares.map((s) => s.payment.id),
    shares.map((s) => s.payment.status),
    next,
    shares.map((s) => s.amount),
  ]);
  if (rows.length !== shares.length)
    throw new AppError('refund_exceeds_paid', 'Less of this payment is left than was to be given back.');
  update(
    shares.map((s) => s.payment),
    rows,
  );
}

function requireStep(payment: PaymentRow, to: PaymentStatus): void {
  if (!canMove(payment.status, to)) throw new Error(`no step from ${payment.status} to ${to}`);
}

function update(payments: readonly PaymentRow[], rows: readonly PaymentRow[]): void {
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const payment of payments) {
    const row = byId.get(payment.id);
    if (!row) throw new AppError('conflict', 'The payment has changed meanwhile; read it again.');
    Object.assign(payment, row);
  }
}

/** A payment as the API shows it. */
export const presentPayment = (row: PaymentRow): Payment => ({
  id: row.id,
  cart_id: row.cart_id,
  method: row.method,
  provider: row.provider,
  amount: row.amount,
  refunded: row.refunded,
  currency: row.currency,
  status: row.status,
  action_url: row.action_url,
  failure_reason: row.failure_reason,
  reference: row.reference,
  job_id: row.job_id,
  created_at: row.created_at,
  updated_at: row.updated_at,
});
