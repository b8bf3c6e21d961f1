import type { Context } from '../../context.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Exchange } from '../../schemas/exchanges.ts';
import { requireCart } from '../payments/read.ts';
import { presentExchange } from './present.ts';
import { findExchange, pageOfExchanges } from './row.ts';

/**
 * An exchange of a cart.
 * @throws AppError not_found
 */
export async function getExchange(ctx: Context, cart_id: string, exchange_id: string): Promise<Exchange> {
  const { system } = ctx;
  return presentExchange(system, system.db, await findExchange(ctx, cart_id, exchange_id));
}

/**
 * The exchanges of a cart, oldest first.
 * @throws AppError not_found
 */
export async function listExchanges(
  ctx: Context,
  cart_id: string,
  page: PageRequest,
): Promise<Page<Exchange>> {
  await requireCart(ctx, cart_id);
  const { found, total } = await pageOfExchanges(ctx, cart_id, page.limit, page.offset);
  const items = await Promise.all(found.map((row) => presentExchange(ctx.system, ctx.system.db, row)));
  return { items, total };
}
