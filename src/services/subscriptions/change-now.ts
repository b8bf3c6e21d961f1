import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { Quote, SubscriptionChange } from '../../schemas/subscriptions.ts';
import { uuidv7 } from '../../uuid.ts';
import { hold } from '../carts/hold.ts';
import { NOBODY } from '../carts/holder.ts';
import { type PlanRow, type PlanSettingRow, plansById, settingsById } from '../plans/row.ts';
import { portion } from '../pricing/portion.ts';
import { notLive, requireChange } from './change.ts';
import { nextPeriods } from './due.ts';
import { presentSubscriptions } from './read.ts';
import { renewalOf } from './renew.ts';
import { readSubscription, type SubscriptionRow, type SubscriptionView } from './row.ts';
import { expand } from './wanted.ts';

// What the period that runs is worth: its price, or what a seller asked instead, less what was given back of it. What a
// change before it carried over was paid for, too.
const WORTH = statement(
  'subscription_period_worth',
  `SELECT greatest(0, CASE WHEN p.immediate THEN p.amount ELSE least(p.amount, coalesce(l.unit_price, p.amount)) END
       - coalesce(l.discount, 0) - coalesce(l.refunded, 0))::int AS worth
   FROM subscription_period p
   LEFT JOIN sale_detail l ON l.company_id = p.company_id AND l.cart_id = p.cart_id
     AND l.subscription_id = p.subscription_id AND l.kind = 'plan'
   WHERE p.company_id = $1 AND p.subscription_id = $2 AND p.number = $3`,
);

interface Prorated {
  row: SubscriptionRow;
  current: PlanSettingRow;
  next: PlanSettingRow;
  unused: number;
  amount_due: number;
  credit: number;
}

/** A change now: the price of the other setting less what is unused of the period that is paid for, by time. */
async function prorate(ctx: Context, id: string, plan_setting_id: number): Promise<Prorated> {
  const row = await readSubscription(ctx, id);
  if (row.status !== 'active' || !row.current_period_start || !row.current_period_end) throw notLive(row);
  const { db } = ctx.system;
  const settings = await settingsById(db, ctx.company_id, [row.plan_setting_id, plan_setting_id]);
  const current = settings.get(row.plan_setting_id) as PlanSettingRow;
  const next = settings.get(plan_setting_id);
  requireChange(current, next, '/plan_setting_id');
  if (next.interval === 'season')
    throw fieldError('/plan_setting_id', 'A season is renewed with its place, not changed.');
  if (next.id === current.id) throw fieldError('/plan_setting_id', 'It has this setting already.');
  const [period] = await db.query<{ worth: number }>(WORTH, [ctx.company_id, id, row.period]);
  const whole = row.current_period_end.getTime() - row.current_period_start.getTime();
  const left = Math.min(whole, Math.max(0, row.current_period_end.getTime() - ctx.now.getTime()));
  const unused = portion(period?.worth ?? 0, left, whole);
  return {
    ...{ row, current, next, unused },
    ...{ amount_due: Math.max(0, next.price - unused), credit: Math.max(0, unused - next.price) },
  };
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
  const { row, next, unused, amount_due, credit } = await prorate(ctx, id, plan_setting_id);
  return {
    ...{ plan_setting_id: next.id, price: next.price, unused, currency: next.currency, amount_due, credit },
    effective_at: row.current_period_end as Date,
  };
}

/**
 * Changes a membership to another setting now: opens a cart with the difference to pay. Once that is paid, the period
 * that runs is over and one of the other setting begins; what was unused beyond its price is owed as credit. Until then,
 * and if it is not paid, nothing has changed.
 * @throws AppError not_found, user_required, validation_failed, sold_out; conflict when it does not live, or its next
 *   period is in a cart or paid
 */
export async function changeNow(
  ctx: Context,
  id: string,
  { plan_setting_id }: SubscriptionChange,
): Promise<SubscriptionView> {
  const { row, current, next, unused, amount_due, credit } = await prorate(ctx, id, plan_setting_id);
  const { db } = ctx.system;
  const waiting = (await nextPeriods(db, row.company_id, [id])).get(id);
  if (waiting?.status === 'due' || waiting?.status === 'paid')
    throw new AppError('conflict', 'The next period is in a cart, or paid: it cannot be changed now.', {
      cart_id: waiting.cart_id,
    });
  const plan = (await plansById(db, row.company_id, [next.plan_id])).get(next.plan_id) as PlanRow;
  const cart_id = uuidv7();
  const [view] = await presentSubscriptions(ctx, [row]);
  const read = async () => {
    const wanted = await renewalOf(db, row, plan, next);
    return expand(ctx, { ...wanted, change: { unused, amount_due, credit, from: current.name } }, 0, NOBODY);
  };
  const open = { buyer: {}, notes: null, user_id: row.user_id };
  return hold(ctx, cart_id, read, open, () => ({ ...(view as SubscriptionView), cart_id }));
}
