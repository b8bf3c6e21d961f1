import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { uuidv7 } from '../../uuid.ts';

/** Cash that passes through a box office's drawer. */
export interface CashFlow {
  client_id: string;
  interface_id: number;
  currency: string;
  kind: 'payment' | 'refund';
  /** Of the payment or the refund. */
  id: string;
  /** Into the drawer; what goes out is negative. */
  amount: number;
}

// The share lock makes whoever closes the drawer wait for money that is on its way into it; what comes after the close
// finds it closed.
const RECORD = statement(
  'cash_record',
  `INSERT INTO cash_movement (company_id, id, cash_session_id, kind, payment_id, refund_id, amount)
   SELECT f.company_id, f.id, f.session_id, f.kind, f.payment_id, f.refund_id, f.amount FROM (
     SELECT s.company_id, r.id, s.id AS session_id, r.kind, r.payment_id, r.refund_id, r.amount
     FROM unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::int[])
       AS r (id, client_id, interface_id, currency, kind, payment_id, refund_id, amount)
     JOIN cash_session s ON s.company_id = $1 AND s.interface_id = r.interface_id AND s.client_id = r.client_id
       AND s.currency = r.currency AND s.closed_at IS NULL
     FOR SHARE OF s) AS f`,
);

/**
 * Puts cash into the open drawer of the client that took it or gave it, if there is one in that currency. Runs in the
 * transaction of the payment or refund.
 */
export async function recordCash(tx: Tx, company_id: number, flows: readonly CashFlow[]): Promise<void> {
  const moved = flows.filter(({ amount }) => amount !== 0);
  if (!moved.length) return;
  await tx.execute(RECORD, [
    company_id,
    moved.map(() => uuidv7()),
    moved.map((f) => f.client_id),
    moved.map((f) => f.interface_id),
    moved.map((f) => f.currency),
    moved.map((f) => f.kind),
    moved.map((f) => (f.kind === 'payment' ? f.id : null)),
    moved.map((f) => (f.kind === 'refund' ? f.id : null)),
    moved.map((f) => f.amount),
  ]);
}
