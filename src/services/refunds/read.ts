import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Refund } from '../../schemas/payments.ts';
import { requireCart } from '../payments/read.ts';
import { presentRefund, type RefundRow } from './row.ts';

const OF_CART = 'FROM refund r WHERE r.company_id = $1 AND r.cart_id = $2';
const COUNT = statement('refunds_count', `SELECT count(*) AS total ${OF_CART}`);
const LIST = statement(
  'refunds_list',
  `SELECT r.* ${OF_CART} ORDER BY r.created_at, r.id LIMIT $3 OFFSET $4`,
);

/**
 * The refunds of a cart, oldest first.
 * @throws AppError not_found
 */
export async function listRefunds(ctx: Context, cart_id: string, page: PageRequest): Promise<Page<Refund>> {
  await requireCart(ctx, cart_id);
  const { db } = ctx.system;
  const values = [ctx.company_id, cart_id];
  const [count] = await db.query<{ total: number }>(COUNT, values);
  const rows = await db.query<RefundRow>(LIST, [...values, page.limit, page.offset]);
  return { items: rows.map(presentRefund), total: count?.total ?? 0 };
}
