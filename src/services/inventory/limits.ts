import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';

/** What has a limit of its own. */
export type Limited = 'ticket_type' | 'product';

export interface Counted {
  company_id: number;
  event_id: number;
  id: number;
  capacity: number | null;
  held: number;
  sold: number;
}

const RESIZE = {
  ticket_type: statement(
    'ticket_type_resize',
    'UPDATE ticket_type SET capacity = $3 WHERE company_id = $1 AND id = $2 AND held + sold <= $3',
  ),
  product: statement(
    'product_resize',
    'UPDATE product SET capacity = $3 WHERE company_id = $1 AND id = $2 AND held + sold <= $3',
  ),
};
// Without a limit nothing is counted.
const UNLIMIT = {
  ticket_type: statement(
    'ticket_type_unlimit',
    'UPDATE ticket_type SET capacity = NULL, held = 0, sold = 0 WHERE company_id = $1 AND id = $2',
  ),
  product: statement(
    'product_unlimit',
    'UPDATE product SET capacity = NULL, held = 0, sold = 0 WHERE company_id = $1 AND id = $2',
  ),
};
const LIMIT = {
  ticket_type: statement(
    'ticket_type_limit',
    `UPDATE ticket_type SET capacity = $3, held = $4, sold = $5
     WHERE company_id = $1 AND id = $2 AND capacity IS NULL AND $4::int + $5::int <= $3::int`,
  ),
  product: statement(
    'product_limit',
    `UPDATE product SET capacity = $3, held = $4, sold = $5
     WHERE company_id = $1 AND id = $2 AND capacity IS NULL AND $4::int + $5::int <= $3::int`,
  ),
};

// Whoever moves a counter runs its update, which touches no row while there is no limit, but locks the table with it. So
// this waits for those whose update has seen no limit yet, and holds up the others until they will see one: each line is
// counted by the rows or by its own move, never by both or none. A few milliseconds, once in the life of a type.
const BETWEEN_MOVES = {
  ticket_type: statement('ticket_type_between_moves', 'LOCK TABLE ticket_type IN SHARE ROW EXCLUSIVE MODE'),
  product: statement('product_between_moves', 'LOCK TABLE product IN SHARE ROW EXCLUSIVE MODE'),
};

// As a counter would have them: held lines until their cart has ended, overdue or not, and sold ones until their place
// has come back. Held ones are found by the few carts that are not paid yet, sold ones by the books of the event.
const taken = (column: 'ticket_type_id' | 'product_id') => `
  SELECT
    (SELECT coalesce(sum(l.quantity), 0)::int FROM cart c
     JOIN sale_detail l ON l.company_id = c.company_id AND l.cart_id = c.id
     WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment') AND l.status = 'held' AND l.event_id = $2
       AND l.${column} = $3) AS held,
    (SELECT coalesce(sum(l.quantity), 0)::int FROM sale_detail l
     WHERE l.company_id = $1 AND l.${column} = $3 AND (l.status = 'paid' OR l.stock_kept) AND l.id IN (
       SELECT e.sale_detail_id FROM ledger_entry e WHERE e.company_id = $1 AND e.event_id = $2 AND e.kind = 'sale'))`;
const TAKEN = {
  ticket_type: statement(
    'ticket_type_taken',
    `${taken('ticket_type_id')} + (SELECT count(*)::int FROM courtesy k
       WHERE k.company_id = $1 AND k.event_id = $2 AND k.ticket_type_id = $3 AND k.status = 'issued') AS sold`,
  ),
  product: statement('product_taken', `${taken('product_id')} AS sold`),
};

/**
 * Gives a ticket type or product another limit, or takes it away. A first limit counts what was held and sold without
 * one. The caller holds the lock of its row and has the event alone.
 * @throws AppError conflict when more is held and sold than the limit allows
 */
export async function setCapacity(
  tx: Tx,
  kind: Limited,
  thing: Counted,
  capacity: number | null,
): Promise<void> {
  const { company_id, event_id, id } = thing;
  if (capacity === null) {
    await tx.execute(UNLIMIT[kind], [company_id, id]);
    return;
  }
  let { held, sold } = thing;
  if (thing.capacity === null) {
    await tx.execute(BETWEEN_MOVES[kind]);
    [{ held, sold }] = (await tx.query(TAKEN[kind], [company_id, event_id, id])) as [typeof thing];
    if (await tx.execute(LIMIT[kind], [company_id, id, capacity, held, sold])) return;
  } else if (await tx.execute(RESIZE[kind], [company_id, id, capacity])) return;
  throw new AppError('conflict', `${held + sold} of it are held or sold: it cannot have less.`, {
    ...{ capacity, held, sold, least: held + sold },
  });
}
