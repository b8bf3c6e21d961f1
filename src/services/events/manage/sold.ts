import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { AppError } from '../../../errors.ts';

/** Of an event, or of one thing of it: what unpaid carts hold, and what was ever sold or given away. */
export interface Sold {
  held: number;
  sold: number;
}

// Unpaid carts are few and have an index of their own; what was sold is in the books of the event.
const SOLD = statement(
  'event_sold',
  `SELECT
     (SELECT coalesce(sum(l.quantity), 0)::int FROM cart c
      JOIN sale_detail l ON l.company_id = c.company_id AND l.cart_id = c.id
      WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment') AND l.status = 'held' AND l.event_id = $2
        AND ($3::int IS NULL OR l.ticket_type_id = $3) AND ($4::int IS NULL OR l.product_id = $4)
        AND ($5::int IS NULL OR c.interface_id = $5)) AS held,
     (SELECT coalesce(sum(e.quantity), 0)::int FROM ledger_entry e
      WHERE e.company_id = $1 AND e.event_id = $2 AND e.kind = 'sale'
        AND ($3::int IS NULL OR e.ticket_type_id = $3) AND ($4::int IS NULL OR e.product_id = $4)
        AND ($5::int IS NULL OR e.interface_id = $5))
     + (SELECT count(*)::int FROM ticket t
        WHERE t.company_id = $1 AND t.event_id = $2 AND t.sale_detail_id IS NULL AND $4::int IS NULL
          AND ($3::int IS NULL OR t.ticket_type_id = $3) AND ($5::int IS NULL OR t.interface_id = $5)) AS sold`,
);

export interface SoldOf {
  ticket_type_id?: number;
  product_id?: number;
  interface_id?: number;
}

/** Counts what is held and was sold. The caller has the event alone: nothing is added meanwhile. */
export async function soldOf(tx: Tx, company_id: number, event_id: number, of: SoldOf = {}): Promise<Sold> {
  const { ticket_type_id = null, product_id = null, interface_id = null } = of;
  const values = [company_id, event_id, ticket_type_id, product_id, interface_id];
  return (await tx.query<Sold>(SOLD, values))[0] as Sold;
}

/**
 * Refuses an edit that would break what is held or was sold.
 * @throws AppError conflict with the figures
 */
export async function requireUnsold(
  tx: Tx,
  company_id: number,
  event_id: number,
  of: SoldOf,
  detail: string,
): Promise<void> {
  const { held, sold } = await soldOf(tx, company_id, event_id, of);
  if (held || sold) throw new AppError('conflict', detail, { held, sold, ...of });
}
