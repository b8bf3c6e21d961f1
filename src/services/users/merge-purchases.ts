import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { beyondLimit } from '../carts/user-limits.ts';

const FIND = statement(
  'user_guest_purchases',
  `SELECT c.id FROM cart c
   WHERE c.company_id = $1 AND c.user_id IS NULL AND c.email IS NOT NULL AND lower(c.email) = $2
     AND c.status IN ('paid', 'partially_refunded', 'refunded')
   ORDER BY c.id FOR UPDATE`,
);
const PAID_LINES = statement(
  'user_guest_purchase_lines',
  `SELECT id FROM sale_detail WHERE company_id = $1 AND cart_id = $2 AND status = 'paid'`,
);
const ADOPT_CART = statement(
  'user_adopt_cart',
  `UPDATE cart SET user_id = $3, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND user_id IS NULL`,
);
const ADOPT_TICKETS = statement(
  'user_adopt_tickets',
  `UPDATE ticket SET user_id = $3, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND cart_id = $2 AND user_id IS NULL AND status <> 'transferred'`,
);

/**
 * Gives a user what was bought without an account under an address that is proved to be theirs. What would take them
 * above a limit a person stays as it is.
 * @returns how many purchases
 */
export async function mergePurchases(
  tx: Tx,
  company_id: number,
  { user_id, email_key }: { user_id: number; email_key: string },
): Promise<number> {
  let merged = 0;
  for (const { id } of await tx.query<{ id: string }>(FIND, [company_id, email_key])) {
    const lines = await tx.query<{ id: string }>(PAID_LINES, [company_id, id]);
    if (await beyondLimit(tx, company_id, user_id, lines)) continue;
    merged += await tx.execute(ADOPT_CART, [company_id, id, user_id]);
    await tx.execute(ADOPT_TICKETS, [company_id, id, user_id]);
  }
  return merged;
}
