import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Payment } from '../../schemas/payments.ts';
import { accessValues, CART_ACCESS } from '../carts/row.ts';
import { type PaymentRow, presentPayment } from './row.ts';

const CART = statement('payments_cart', `SELECT c.id FROM cart c WHERE ${CART_ACCESS} AND c.id = $6`);
const OF_CART = 'FROM payment p WHERE p.company_id = $1 AND p.cart_id = $2';
const COUNT = statement('payments_count', `SELECT count(*) AS total ${OF_CART}`);
const LIST = statement(
  'payments_list',
  `SELECT p.* ${OF_CART} ORDER BY p.created_at, p.id LIMIT $3 OFFSET $4`,
);
const FIND = statement(
  'payment_find',
  `SELECT p.* FROM payment p JOIN cart c ON c.company_id = p.company_id AND c.id = p.cart_id
   WHERE ${CART_ACCESS} AND c.id = $6 AND p.id = $7`,
);

/** @throws AppError not_found for a cart that the caller may not reach */
export async function requireCart(ctx: Context, cart_id: string): Promise<void> {
  const [cart] = await ctx.system.db.query(CART, [...accessValues(ctx), cart_id]);
  if (!cart) throw notFound('Cart');
}

/**
 * The payments of a cart, oldest first, declined ones included.
 * @throws AppError not_found
 */
export async function listPayments(ctx: Context, cart_id: string, page: PageRequest): Promise<Page<Payment>> {
  await requireCart(ctx, cart_id);
  const { db } = ctx.system;
  const values = [ctx.company_id, cart_id];
  const [count] = await db.query<{ total: number }>(COUNT, values);
  const rows = await db.query<PaymentRow>(LIST, [...values, page.limit, page.offset]);
  return { items: rows.map(presentPayment), total: count?.total ?? 0 };
}

/** @throws AppError not_found */
export async function getPayment(ctx: Context, cart_id: string, payment_id: string): Promise<Payment> {
  const [row] = await ctx.system.db.query<PaymentRow>(FIND, [...accessValues(ctx), cart_id, payment_id]);
  if (!row) throw notFound('Payment');
  return presentPayment(row);
}
