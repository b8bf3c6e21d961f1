import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { Quote } from '../../schemas/subscriptions.ts';
import { uuidv7 } from '../../uuid.ts';
import { hold } from '../carts/hold.ts';
import { NOBODY } from '../carts/holder.ts';
import { type PlanRow, type PlanSettingRow, plansById, settingsById } from '../plans/row.ts';
import { portion } from '../pricing/portion.ts';
import { notLive, requireChange } from './change.ts';
import { endOfPeriods } from './periods.ts';
import { presentSubscriptions } from './read.ts';
import { readSubscription, type SubscriptionRow, type SubscriptionView } from './row.ts';
import { expand, type WantedPlan } from './wanted.ts';

/** When the next period of a subscription would run with a setting. */
export function nextPeriod(
  row: SubscriptionRow,
  setting: PlanSettingRow,
): { starts_at: Date; ends_at: Date } {
  const starts_at = row.current_period_end as Date;
  const same = setting.id === row.plan_setting_id && row.anchor_at;
  const ends_at = same
    ? endOfPeriods(row.anchor_at as Date, setting.interval, row.period + 2 - row.anchor_period)
    : endOfPeriods(starts_at, setting.interval, 1);
  return { starts_at, ends_at };
}

/** The next period of a membership as something to hold in a cart. */
export const renewalOf = (row: SubscriptionRow, plan: PlanRow, setting: PlanSettingRow): WantedPlan => ({
  ...{ subscription_id: row.id, plan, setting, seat_id: row.seat_id, section_id: row.section_id },
  ...{ auto_renew: row.auto_renew, holders: row.holders, period: row.period + 1 },
  renews: { ...nextPeriod(row, setting), user_id: row.user_id, counts: setting.id !== row.plan_setting_id },
});

/**
 * Opens a cart for the next period of a membership, to be paid by hand. The period begins when the one before it ends,
 * or with the payment if that is over.
 * @throws AppError not_found, user_required; conflict when it does not live, or its next period is in a cart or paid
 */
export async function renewSubscription(ctx: Context, id: string): Promise<SubscriptionView> {
  const row = await readSubscription(ctx, id);
  if (row.status !== 'active' && row.status !== 'past_due') throw notLive(row);
  const setting_id = row.next_plan_setting_id ?? row.plan_setting_id;
  const setting = (await settingsById(ctx.system.db, ctx.company_id, [setting_id])).get(setting_id);
  if (!setting || setting.interval === 'season')
    throw new AppError('conflict', 'A season is renewed when the next one keeps its place: pay that cart.');
  const plan = (await plansById(ctx.system.db, row.company_id, [setting.plan_id])).get(setting.plan_id);
  const cart_id = uuidv7();
  const [view] = await presentSubscriptions(ctx, [row]);
  const read = async () => expand(ctx, renewalOf(row, plan as PlanRow, setting), 0, NOBODY);
  const open = { buyer: {}, notes: null, user_id: row.user_id };
  return hold(ctx, cart_id, read, open, () => ({ ...(view as SubscriptionView), cart_id }));
}

/**
 * What a change to another setting comes to: at the end of the period it costs its price; now, less what is unused of
 * the period that is paid for.
 * @throws AppError not_found, user_required, validation_failed, conflict
 */
export async function quoteChange(
  ctx: Context,
  id: string,
  plan_setting_id: number,
): Promise<z.output<typeof Quote>> {
  const row = await readSubscription(ctx, id);
  if (row.status !== 'active' || !row.current_period_start || !row.current_period_end) throw notLive(row);
  const settings = await settingsById(ctx.system.db, ctx.company_id, [row.plan_setting_id, plan_setting_id]);
  const current = settings.get(row.plan_setting_id) as PlanSettingRow;
  const next = settings.get(plan_setting_id);
  requireChange(current, next, '/plan_setting_id');
  if (next.id === current.id) throw fieldError('/plan_setting_id', 'It has this setting already.');
  const whole = row.current_period_end.getTime() - row.current_period_start.getTime();
  const left = Math.min(whole, Math.max(0, row.current_period_end.getTime() - ctx.now.getTime()));
  const unused = portion(current.price, left, whole);
  return {
    ...{ plan_setting_id: next.id, price: next.price, unused, currency: next.currency },
    ...{ amount_due: Math.max(0, next.price - unused), credit: Math.max(0, unused - next.price) },
    effective_at: row.current_period_end,
  };
}
