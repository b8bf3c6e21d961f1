import type { Context } from '../../context.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { SubscriptionCreate } from '../../schemas/subscriptions.ts';
import { uuidv7 } from '../../uuid.ts';
import { hold, requireBuyer } from '../carts/hold.ts';
import type { HoldResult } from '../carts/hold-batch.ts';
import type { LineRow } from '../carts/row.ts';
import { wantedOf } from '../carts/wanted.ts';
import { settingsById } from '../plans/row.ts';
import { presentSubscription, requireUser, type SubscriptionView } from './row.ts';

/**
 * Begins a subscription in a cart to pay: an open one, or a new one. It is active once that is paid. A season holds its
 * place at all its dates, or nothing.
 * @throws AppError user_required, insufficient_scope, validation_failed, not_on_sale, sold_out, seats_unavailable, and
 *   those of the cart
 */
export async function createSubscription(ctx: Context, body: SubscriptionCreate): Promise<SubscriptionView> {
  const { cart_id, user_id, auto_renew = true, holders = [], ...item } = body;
  if (user_id !== undefined) await requireBuyer(ctx, user_id);
  else if (!cart_id && ctx.user_id === undefined && ctx.scopes.has('sell'))
    throw fieldError('/user_id', 'Name whom it is for.', 'required');
  else requireUser(ctx);
  const setting = (await settingsById(ctx.system.db, ctx.company_id, [item.plan_setting_id])).get(
    item.plan_setting_id,
  );
  if (!setting) throw fieldError('/plan_setting_id', 'No such plan setting here.', 'not_found');
  const owner = user_id ?? ctx.user_id ?? null;
  const open = cart_id ? null : { buyer: {}, notes: null, user_id: owner };
  const wanted = () => wantedOf(ctx, [{ ...item, auto_renew, holders }]);
  const present = ({ cart, lines, labels }: HoldResult): SubscriptionView => {
    const plan = lines.find((line) => line.kind === 'plan') as LineRow;
    if (user_id !== undefined && cart.user_id !== user_id)
      throw new AppError('conflict', 'This cart is for somebody else.', { cart_id: cart.id });
    const { company_id, interface_id } = cart;
    const seat_id = lines.find((line) => line.seat_id !== null)?.seat_id ?? item.seat_id ?? null;
    const section_id = lines.find((line) => line.section_id !== null)?.section_id ?? null;
    return presentSubscription(
      {
        ...{ company_id, id: plan.subscription_id as string, user_id: cart.user_id as number, interface_id },
        ...{ plan_id: setting.plan_id, plan_setting_id: setting.id, next_plan_setting_id: null },
        ...{ cart_id: cart.id, status: 'pending', seat_id, section_id, holders, period: 0, anchor_at: null },
        ...{ anchor_period: 1, current_period_start: null, current_period_end: null, auto_renew },
        ...{ cancel_at_period_end: false, saved_method_id: null, attempts: 0, next_attempt_at: null },
        ...{ reminded_period: 0, paused_at: null, cancelled_at: null, ended_at: null },
        ...{ created_at: plan.created_at, updated_at: plan.updated_at },
      },
      labels,
    );
  };
  return hold(ctx, cart_id ?? uuidv7(), wanted, open, present).catch((error: unknown) => {
    throw inTermsOfBody(error);
  });
}

/** What is told of the item of a cart is told of the fields of this body. */
function inTermsOfBody(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const { errors, item: _, ...facts } = error.facts;
  const named = errors?.map((fault) => ({ ...fault, pointer: fault.pointer.replace(/^\/items\/0/, '') }));
  return new AppError(
    error.code,
    error.message,
    { ...facts, ...(named && { errors: named }) },
    error.headers,
  );
}
