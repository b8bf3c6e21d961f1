import type { Context } from '../../context.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { CartView } from '../carts/present.ts';
import { listCarts } from '../carts/read.ts';
import { listTicketsOf } from '../tickets/read.ts';
import type { TicketView } from '../tickets/row.ts';
import { assertReached } from './owner.ts';

/**
 * The carts of a user on this interface, newest first.
 * @throws AppError not_found, user_required
 */
export async function listCartsOf(ctx: Context, user_id: number, page: PageRequest): Promise<Page<CartView>> {
  await assertReached(ctx, user_id);
  return listCarts(ctx, { user_id }, page);
}

/**
 * The tickets of a user on this interface, newest first.
 * @throws AppError not_found, user_required
 */
export async function listTicketsOfUser(
  ctx: Context,
  user_id: number,
  page: PageRequest,
): Promise<Page<TicketView>> {
  await assertReached(ctx, user_id);
  return listTicketsOf(ctx, user_id, page);
}
