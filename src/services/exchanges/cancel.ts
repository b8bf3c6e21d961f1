import type { Context } from '../../context.ts';
import { transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { endCarts } from '../carts/expire.ts';
import type { CartRow } from '../carts/row.ts';
import { closeExchange, findExchange, lockWithExchanged } from './row.ts';

/**
 * Gives up a quote; the places it held are on sale again when this returns.
 * @throws AppError not_found; conflict for an exchange that was carried out, or whose difference is being paid
 */
export function cancelExchange(ctx: Context, cart_id: string, exchange_id: string): Promise<void> {
  return transaction(ctx, async (tx) => {
    const { hold_cart_id } = await findExchange(ctx, cart_id, exchange_id, tx);
    const carts = await lockWithExchanged(tx, ctx.company_id, [hold_cart_id]);
    const exchange = await findExchange(ctx, cart_id, exchange_id, tx);
    const hold = carts.get(hold_cart_id) as CartRow;
    if (hold.status === 'pending_payment' && !hold.overdue)
      throw new AppError('conflict', 'The difference is being paid: wait for its end.', { exchange_id });
    if (!(await closeExchange(tx, exchange, 'cancelled')))
      throw new AppError('conflict', `This exchange was ${exchange.status} already.`, { exchange_id });
    if (hold.status === 'open' || hold.status === 'pending_payment')
      await endCarts(tx, ctx.company_id, [hold], 'cancelled');
  });
}
