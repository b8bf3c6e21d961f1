import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import type { Payment, PaymentRequest } from '../../schemas/payments.ts';
import type { System } from '../../system.ts';
import { resultOf } from '../batcher.ts';
import { answerOf } from './answer.ts';
import { type CardPayment, executeBegin } from './begin.ts';
import { charge } from './charge.ts';
import type { Conclusion } from './conclude.ts';
import { executeDirect } from './direct.ts';
import { requireCardProvider } from './providers.ts';
import { type PaymentRow, presentPayment } from './row.ts';
import { keepCard, requireOwner } from './save-method.ts';
import { requireMethod } from './verdict.ts';

/**
 * Pays a cart, or a part of it (`sell`). Once it is paid in full, its tickets exist when this returns. A card payment
 * that is not final comes back as `requires_action` or `pending`, with the job that will tell its end.
 * @throws AppError not_found, insufficient_scope, validation_failed (method not offered here), cart_expired,
 *   cart_not_open, cart_empty, amount_mismatch, payment_declined
 */
export async function pay(ctx: Context, cart_id: string, request: PaymentRequest): Promise<Payment> {
  requireMethod(ctx, request);
  if (request.method === 'card')
    return payByCard({ ctx, cart_id, request, provider: requireCardProvider(ctx.system) });
  const command = { ctx, cart_id, request };
  if (ctx.dry_run) return resultOf(await executeDirect(ctx.system, [command], 'ROLLBACK'));
  return ctx.system.payments.direct(command);
}

/** Two transactions with the call between them: no lock is held while a provider thinks. */
async function payByCard(command: CardPayment): Promise<Payment> {
  const { ctx } = command;
  if (ctx.dry_run)
    // What a card would say nobody can know without charging it.
    return presentPayment(resultOf(await executeBegin(ctx.system, [command], 'ROLLBACK')));
  if (command.request.card.save) await requireOwner(ctx, command.cart_id);
  const payment = await ctx.system.payments.begin(command);
  if (command.request.card.save) await keepCard(ctx.system, payment, command.request.card.token);
  const news = await charge(ctx.system, payment, command);
  const answer = answerOf(await conclude(ctx.system, { payment, news, asker: ctx, lookedUp: 0 }));
  if (answer instanceof AppError) throw answer;
  return answer;
}

/**
 * Applies news of a payment. A hold that ran out while its transaction waited for a lock shows only when its seats are
 * sold: the same news is then judged once more, as the late confirmation it has become.
 */
export async function conclude(system: System, conclusion: Conclusion): Promise<PaymentRow> {
  try {
    return await system.payments.conclude(conclusion);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'cart_expired')) throw error;
    return system.payments.conclude(conclusion);
  }
}
