import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import type { Payment, PaymentRequest } from '../../schemas/payments.ts';
import type { System } from '../../system.ts';
import { resultOf } from '../batcher.ts';
import { answerOf } from './answer.ts';
import { type CardPayment, executeBegin } from './begin.ts';
import { charge } from './charge.ts';
import { type Conclusion, executeConclusions } from './conclude.ts';
import { executeDirect } from './direct.ts';
import { requireCardProvider } from './providers.ts';
import type { PaymentRow } from './row.ts';
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

/**
 * Pays the difference of an exchange by card; once it is captured, the exchange is carried out with it.
 * @param hold_cart_id the hidden cart that holds the new places
 * @returns the payment as it stands: declined, too
 * @throws AppError validation_failed, cart_expired, cart_not_open
 */
export function payDifferenceByCard(
  ctx: Context,
  hold_cart_id: string,
  request: CardPayment['request'],
  exchange: { id: string; amount: number },
): Promise<PaymentRow> {
  const provider = requireCardProvider(ctx.system);
  return chargeCard({ ctx, cart_id: hold_cart_id, request, provider, exchange });
}

async function payByCard(command: CardPayment): Promise<Payment> {
  const answer = answerOf(await chargeCard(command));
  if (answer instanceof AppError) throw answer;
  return answer;
}

/** Two transactions with the call between them: no lock is held while a provider thinks. */
async function chargeCard(command: CardPayment): Promise<PaymentRow> {
  const { ctx } = command;
  if (ctx.dry_run)
    // What a card would say nobody can know without charging it.
    return resultOf(await executeBegin(ctx.system, [command], 'ROLLBACK'));
  if (command.request.card.save) await requireOwner(ctx, command.cart_id);
  const payment = await ctx.system.payments.begin(command);
  if (command.request.card.save) await keepCard(ctx.system, payment, command.request.card.token);
  const news = await charge(ctx.system, payment, command);
  return conclude(ctx.system, { payment, news, asker: ctx, lookedUp: 0 });
}

/**
 * Applies news of a payment. A hold that ran out while its transaction waited for a lock shows only when its seats are
 * sold: the same news is then judged once more, as the late confirmation it has become.
 */
export async function conclude(system: System, conclusion: Conclusion): Promise<PaymentRow> {
  // An exchange gives and takes stock in one go: by itself, lest two of one batch lock theirs in turn.
  const apply = async () =>
    conclusion.payment.exchange_id
      ? resultOf(await executeConclusions(system, [conclusion]))
      : system.payments.conclude(conclusion);
  try {
    return await apply();
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'cart_expired')) throw error;
    return apply();
  }
}
