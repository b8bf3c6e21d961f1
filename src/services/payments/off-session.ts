import type { Context } from '../../context.ts';
import { charge } from './charge.ts';
import { conclude } from './pay.ts';
import type { PaymentRow } from './row.ts';
import type { SavedMethod } from './save-method.ts';

/**
 * Pays a cart from a card that its provider keeps, without its owner: the same two transactions with the call between
 * them as any card payment, so that what a crash leaves is found by the same look-up.
 * @returns the payment as it stands then: captured, declined, or still under way
 * @throws AppError as pay, but for payment_declined
 */
export async function chargeSaved(ctx: Context, cart_id: string, method: SavedMethod): Promise<PaymentRow> {
  const { id, provider, reference } = method;
  const request = { method: 'card' as const, card: { token: reference } };
  const command = { ctx, cart_id, request, provider, saved: { id, reference } };
  const payment = await ctx.system.payments.begin(command);
  const news = await charge(ctx.system, payment, command);
  return conclude(ctx.system, { payment, news, lookedUp: 0 });
}
