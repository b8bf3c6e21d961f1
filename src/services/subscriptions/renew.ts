import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { uuidv7 } from '../../uuid.ts';
import { hold } from '../carts/hold.ts';
import { NOBODY } from '../carts/holder.ts';
import { type PlanRow, type PlanSettingRow, plansById } from '../plans/row.ts';
import { notLive } from './change.ts';
import { nextPeriods, settingAfter, termsOf } from './due.ts';
import { endOfPeriods, seasonEnd } from './periods.ts';
import { presentSubscriptions } from './read.ts';
import { readSubscription, type SubscriptionRow, type SubscriptionView } from './row.ts';
import { expand, type WantedPlan } from './wanted.ts';

/** When the next period of a subscription would run with a setting. */
export async function nextPeriod(
  reader: Tx | Database,
  row: SubscriptionRow,
  setting: PlanSettingRow,
): Promise<{ starts_at: Date; ends_at: Date }> {
  const starts_at = row.current_period_end as Date;
  if (setting.interval === 'season')
    return { starts_at, ends_at: await seasonEnd(reader, row.company_id, setting.plan_id, starts_at) };
  const same = setting.id === row.plan_setting_id && row.anchor_at;
  const ends_at = same
    ? endOfPeriods(row.anchor_at as Date, setting.interval, row.period + 2 - row.anchor_period)
    : endOfPeriods(starts_at, setting.interval, 1);
  return { starts_at, ends_at };
}

/** The next period of a subscription as something to hold in a cart; of a season, at the places that are kept for it. */
export async function renewalOf(
  reader: Tx | Database,
  row: SubscriptionRow,
  plan: PlanRow,
  setting: PlanSettingRow,
): Promise<WantedPlan> {
  const period = await nextPeriod(reader, row, setting);
  return {
    ...{ subscription_id: row.id, plan, setting, seat_id: row.seat_id, section_id: row.section_id },
    ...{ auto_renew: row.auto_renew, holders: row.holders, period: row.period + 1, kept: true },
    renews: { ...period, user_id: row.user_id, counts: setting.id !== row.plan_setting_id },
  };
}

/**
 * Opens a cart for the next period of a subscription, to be paid by hand. The period begins when the one before it ends,
 * or with the payment if that is over. A season goes on with the one that keeps its place, on the same seat at all its
 * dates; after the deadline as well, while nobody else has bought the seat.
 * @throws AppError not_found, user_required; conflict when it does not live, no season follows, or its next period is in
 *   a cart or paid; seats_unavailable and sold_out
 */
export async function renewSubscription(ctx: Context, id: string): Promise<SubscriptionView> {
  const row = await readSubscription(ctx, id);
  if (row.status !== 'active' && row.status !== 'past_due') throw notLive(row);
  const { db } = ctx.system;
  const terms = await termsOf(db, row.company_id, [row]);
  const setting = settingAfter(row, terms) ?? (await lastFollowing(ctx, row));
  if (!setting) throw new AppError('conflict', 'No season follows this one yet.', { plan_id: row.plan_id });
  const plan = (await plansById(db, row.company_id, [setting.plan_id])).get(setting.plan_id);
  const next = (await nextPeriods(db, row.company_id, [id])).get(id);
  if (next?.status === 'due' || next?.status === 'paid')
    throw new AppError(
      'conflict',
      next.status === 'paid' ? 'The next period is paid.' : 'It is in a cart already.',
      {
        cart_id: next.cart_id,
      },
    );
  const cart_id = uuidv7();
  const [view] = await presentSubscriptions(ctx, [row]);
  const read = async () => expand(ctx, await renewalOf(db, row, plan as PlanRow, setting), 0, NOBODY);
  const open = { buyer: {}, notes: null, user_id: row.user_id };
  return hold(ctx, cart_id, read, open, () => ({ ...(view as SubscriptionView), cart_id }));
}

const LAST_FOLLOWING = statement(
  'season_setting_that_kept',
  `SELECT s.* FROM plan_setting s JOIN plan p ON p.company_id = s.company_id AND p.id = s.plan_id
   WHERE s.company_id = $1 AND s.renews_setting_id = $2 AND s.active AND p.active
     AND (s.sales_end IS NULL OR s.sales_end > $3) ORDER BY s.renewal_deadline DESC, s.id LIMIT 1`,
);

/** The season that kept a place until its deadline, which has passed. */
async function lastFollowing(ctx: Context, row: SubscriptionRow): Promise<PlanSettingRow | undefined> {
  const values = [row.company_id, row.plan_setting_id, ctx.now];
  return (await ctx.system.db.query<PlanSettingRow>(LAST_FOLLOWING, values))[0];
}
