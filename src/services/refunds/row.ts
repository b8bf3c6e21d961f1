import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Refund } from '../../schemas/payments.ts';

/** What was taken off one payment. */
export interface RefundRow extends Omit<Refund, 'parts' | 'payment_id'> {
  payment_id: string;
  company_id: number;
  provider_reference: string | null;
  client_id: string | null;
  /** The first refund of the step that wrote it. */
  step_id: string;
  /** What the provider knows it by, when not by its id. */
  provider_key: string | null;
  failure_reason: string | null;
  paid_by: 'cash' | 'external' | null;
}

export type NewRefund = Omit<
  RefundRow,
  | 'provider_reference'
  | 'created_at'
  | 'updated_at'
  | 'sale_detail_ids'
  | 'provider_key'
  | 'failure_reason'
  | 'paid_by'
> & {
  sale_detail_ids: readonly string[];
};

const INSERT = statement(
  'refund_insert',
  `INSERT INTO refund (company_id, id, cart_id, payment_id, amount, currency, sale_detail_ids, reason, status, client_id,
     step_id)
   SELECT r.company_id, r.id, r.cart_id, r.payment_id, r.amount, r.currency,
     ARRAY(SELECT jsonb_array_elements_text(r.sale_detail_ids)::uuid), r.reason, r.status, r.client_id, r.step_id
   FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::jsonb[], $8::text[],
               $9::refund_status[], $10::text[], $11::uuid[])
     AS r (company_id, id, cart_id, payment_id, amount, currency, sale_detail_ids, reason, status, client_id,
       step_id)
   RETURNING *`,
);

export const insertRefunds = (tx: Tx, refunds: readonly NewRefund[]): Promise<RefundRow[]> =>
  tx.query<RefundRow>(INSERT, [
    refunds.map((r) => r.company_id),
    refunds.map((r) => r.id),
    refunds.map((r) => r.cart_id),
    refunds.map((r) => r.payment_id),
    refunds.map((r) => r.amount),
    refunds.map((r) => r.currency),
    refunds.map((r) => JSON.stringify(r.sale_detail_ids)),
    refunds.map((r) => r.reason),
    refunds.map((r) => r.status),
    refunds.map((r) => r.client_id),
    refunds.map((r) => r.step_id),
  ]);

/** A refund as the API shows it: what was taken off one payment or several in one step. */
export function presentRefund(rows: readonly RefundRow[]): Refund {
  const [row] = rows as [RefundRow];
  const has = (status: Refund['status']) => rows.some((part) => part.status === status);
  return {
    id: row.step_id,
    cart_id: row.cart_id,
    payment_id: rows.length === 1 ? row.payment_id : null,
    amount: rows.reduce((sum, part) => sum + part.amount, 0),
    currency: row.currency,
    sale_detail_ids: row.sale_detail_ids,
    reason: row.reason,
    status: has('failed') ? 'failed' : has('pending') ? 'pending' : 'succeeded',
    parts: rows.map(({ payment_id, amount, status, failure_reason, paid_by }) => ({
      ...{ payment_id, amount, status, failure_reason, paid_by },
    })),
    created_at: row.created_at,
    updated_at: new Date(Math.max(...rows.map((part) => part.updated_at.getTime()))),
  };
}
