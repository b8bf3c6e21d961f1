import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';

/** What has a limit of its own. */
export type Limited = 'ticket_type' | 'product';

export interface Counted {
  company_id: number;
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
// Without a limit nothing is counted; with a new one counting begins at nothing.
const RESET = {
  ticket_type: statement(
    'ticket_type_reset',
    'UPDATE ticket_type SET capacity = $3, held = 0, sold = 0 WHERE company_id = $1 AND id = $2',
  ),
  product: statement(
    'product_reset',
    'UPDATE product SET capacity = $3, held = 0, sold = 0 WHERE company_id = $1 AND id = $2',
  ),
};

/**
 * Gives a ticket type or product another limit, or takes it away. The caller holds the lock of its row and has the event
 * alone; before the first limit it has seen that nothing is held or sold.
 * @throws AppError conflict when more is held and sold than the limit allows
 */
export async function setCapacity(
  tx: Tx,
  kind: Limited,
  { company_id, id, capacity: before, held, sold }: Counted,
  capacity: number | null,
): Promise<void> {
  if (capacity === null || before === null) {
    await tx.execute(RESET[kind], [company_id, id, capacity]);
  } else if (!(await tx.execute(RESIZE[kind], [company_id, id, capacity]))) {
    throw new AppError('conflict', `${held + sold} of it are held or sold: it cannot have less.`, {
      capacity,
      held,
      sold,
      least: held + sold,
    });
  }
}
