import { type Context, seesEverything } from '../../context.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { SubscriptionChange } from '../../schemas/changes.ts';
import type { SubscriptionPatch } from '../../schemas/subscriptions.ts';
import { recordAudit } from '../audit.ts';
import { recordChanges } from '../changes.ts';
import { assertFresh } from '../fresh.ts';
import { insertMethod, newMethod } from '../payments/save-method.ts';
import { type PlanSettingRow, settingsById } from '../plans/row.ts';
import { releaseDates } from './dates.ts';
import { endSubscriptions } from './end.ts';
import { firstLook } from './look.ts';
import { periodsOf, setPeriods } from './period-row.ts';
import { endOfPeriods } from './periods.ts';
import { presentOne } from './read.ts';
import {
  type Changed,
  lockSubscription,
  readSubscription,
  requireSubscription,
  type Step,
  type SubscriptionRow,
  type SubscriptionView,
  subscriptionChange,
  takeSteps,
} from './row.ts';
import { keepAfter } from './season-keep.ts';

/**
 * Changes how a subscription goes on: what it is renewed to, whether it is, for whom it is and from which card. To renew
 * again takes a cancellation at the end of the period back.
 * @throws AppError not_found, user_required, precondition_failed, validation_failed, conflict
 */
export async function patchSubscription(
  ctx: Context,
  id: string,
  body: SubscriptionPatch,
): Promise<SubscriptionView> {
  assertFresh(ctx, (await readSubscription(ctx, id)).updated_at); // before the provider is asked for anything
  const kept = body.card && (await newMethod(ctx, body.card.token, '/card/token'));
  return transaction(ctx, async (tx) => {
    const row = await lockSubscription(tx, ctx, id);
    assertFresh(ctx, row.updated_at);
    if (!['active', 'past_due', 'paused'].includes(row.status)) throw notLive(row);
    if (kept) await insertMethod(tx, ctx.company_id, row.user_id, kept);
    const settings = await settingsById(tx, ctx.company_id, [
      row.plan_setting_id,
      ...(body.plan_setting_id ? [body.plan_setting_id] : []),
    ]);
    const current = settings.get(row.plan_setting_id) as PlanSettingRow;
    if (body.plan_setting_id) requireChange(current, settings.get(body.plan_setting_id), '/plan_setting_id');
    if (body.holders && body.holders.length > current.holders)
      throw fieldError('/holders', `For at most ${current.holders}.`, 'too_many');
    const next = body.plan_setting_id === row.plan_setting_id ? null : body.plan_setting_id;
    const changed: Changed = {
      ...(next !== undefined && { next_plan_setting_id: next }),
      ...(body.auto_renew !== undefined && { auto_renew: body.auto_renew }),
      ...(body.auto_renew && { cancel_at_period_end: false, cancelled_at: null }),
      ...(body.holders && { holders: body.holders }),
      // A new card is tried at once where the old one failed.
      ...(kept && {
        saved_method_id: kept.id,
        ...(row.status === 'past_due' && { next_attempt_at: ctx.now }),
      }),
    };
    const view = await write(tx, ctx, { row, to: row.status, changed }, 'updated');
    if (row.cancel_at_period_end && !view.cancel_at_period_end) await keepAfter(tx, ctx.company_id, [row]);
    return view;
  });
}

/** May a membership go on with another setting? The cart that pays it is in one currency. */
export function requireChange(
  current: PlanSettingRow,
  next: PlanSettingRow | undefined,
  pointer: string,
): asserts next is PlanSettingRow {
  if (!next) throw fieldError(pointer, 'No such plan setting.', 'not_found');
  if (current.interval === 'season' && next.renews_setting_id === current.id) return;
  if (current.interval === 'season' || next.interval === 'season')
    throw fieldError(pointer, 'A season is renewed with its place, not changed.');
  if (!next.active && next.id !== current.id) throw fieldError(pointer, 'This plan setting is not sold.');
  if (next.currency !== current.currency)
    throw fieldError(pointer, 'This plan setting is in another currency.');
}

/**
 * Lets a membership rest: its benefits stop, and so do its renewals.
 * @throws AppError not_found, user_required, conflict
 */
export function pauseSubscription(ctx: Context, id: string): Promise<SubscriptionView> {
  return transaction(ctx, async (tx) => {
    const row = await lockSubscription(tx, ctx, id);
    if (row.status !== 'active') throw notLive(row);
    const { interval } = await settingOf(tx, row);
    if (interval === 'season') throw new AppError('conflict', 'A season does not wait.');
    if ((await periodsOf(tx, ctx.company_id, [id])).some(({ number }) => number > row.period))
      throw new AppError('conflict', 'The next period is in a cart or paid: it cannot be paused now.');
    const changed = { paused_at: ctx.now, next_attempt_at: null };
    return write(tx, ctx, { row, to: 'paused', changed }, 'paused');
  });
}

/**
 * Goes on with a paused membership: its period ends later by the time that it rested.
 * @throws AppError not_found, user_required, conflict
 */
export function resumeSubscription(ctx: Context, id: string): Promise<SubscriptionView> {
  return transaction(ctx, async (tx) => {
    const row = await lockSubscription(tx, ctx, id);
    if (row.status !== 'paused' || !row.paused_at) throw notLive(row);
    const rest = Math.max(0, ctx.now.getTime() - row.paused_at.getTime());
    const later = (at: Date | null) => at && new Date(at.getTime() + rest);
    const ends_at = later(row.current_period_end) as Date;
    const { interval } = await settingOf(tx, row);
    const period = (await periodsOf(tx, ctx.company_id, [id])).find(({ number }) => number === row.period);
    if (period) await setPeriods(tx, ctx.company_id, [{ ...period, ends_at }]);
    const look = row.reminded_period === row.period ? ends_at : firstLook(interval, ends_at);
    const changed = { paused_at: null, anchor_at: later(row.anchor_at), current_period_end: ends_at };
    return write(tx, ctx, { row, to: 'active', changed: { ...changed, next_attempt_at: look } }, 'resumed');
  });
}

/**
 * Cancels a subscription at the end of what is paid for, or of its minimum term if that is later; or now, which the
 * minimum term forbids to all but staff.
 * @throws AppError not_found, user_required, precondition_failed, conflict
 */
export function cancelSubscription(ctx: Context, id: string, when: 'now' | 'period_end'): Promise<void> {
  return transaction(ctx, async (tx) => {
    await requireSubscription(tx, ctx, id);
    if (when === 'now') await releaseDates(tx, ctx, id, () => true, 'Season cancelled');
    const row = await lockSubscription(tx, ctx, id);
    assertFresh(ctx, row.updated_at);
    if (row.status === 'pending')
      throw new AppError('conflict', 'It waits to be paid: cancel its cart.', { cart_id: row.cart_id });
    if (!['active', 'past_due', 'paused'].includes(row.status)) throw notLive(row);
    if (when === 'period_end') {
      const changed = { cancel_at_period_end: true, cancelled_at: ctx.now };
      await write(tx, ctx, { row, to: row.status, changed }, 'updated');
      await keepAfter(tx, ctx.company_id, [row]);
      return;
    }
    const setting = await settingOf(tx, row);
    const bound_until = boundUntil(row, setting);
    if (bound_until > ctx.now && !seesEverything(ctx))
      throw new AppError('conflict', 'The minimum term is not over: cancel at its end.', {
        ...{ reason: 'minimum_term', bound_until: bound_until.toISOString() },
      });
    if ((await periodsOf(tx, ctx.company_id, [id])).some(({ status }) => status === 'due'))
      throw new AppError('conflict', 'A renewal is in a cart: pay it, or cancel that first.');
    const ended = { cancelled_at: ctx.now, ended_at: ctx.now, next_attempt_at: null };
    await endSubscriptions(tx, ctx.company_id, [{ row, to: 'cancelled', changed: ended }]);
    await audit(tx, ctx, row, { status: 'cancelled' });
  });
}

/** Until when a subscriber is bound. */
export const boundUntil = (row: SubscriptionRow, setting: PlanSettingRow): Date => {
  if (!row.anchor_at || setting.interval === 'season') return row.current_period_start ?? row.created_at;
  return endOfPeriods(row.anchor_at, setting.interval, setting.minimum_terms - row.anchor_period + 1);
};

async function settingOf(tx: Tx, row: SubscriptionRow): Promise<PlanSettingRow> {
  return (await settingsById(tx, row.company_id, [row.plan_setting_id])).get(
    row.plan_setting_id,
  ) as PlanSettingRow;
}

async function write(tx: Tx, ctx: Context, step: Step, what: SubscriptionChange): Promise<SubscriptionView> {
  const [written] = await takeSteps(tx, ctx.company_id, [step]);
  await recordChanges(tx, [subscriptionChange(written as SubscriptionRow, what)]);
  await audit(tx, ctx, step.row, { status: step.to, ...step.changed });
  return presentOne(tx, ctx, written as SubscriptionRow);
}

async function audit(
  tx: Tx,
  ctx: Context,
  row: SubscriptionRow,
  after: Record<string, unknown>,
): Promise<void> {
  const { holders: _, ...kept } = after; // whose it is, the log does not tell
  const before = Object.fromEntries(Object.keys(kept).map((key) => [key, row[key as keyof SubscriptionRow]]));
  await recordAudit(tx, ctx, {
    ...{ action: 'subscription.update', subject_type: 'subscription', subject_id: row.id },
    ...{ before, after: kept },
  });
}

export const notLive = ({ status }: SubscriptionRow): AppError =>
  new AppError('conflict', `This subscription is ${status}.`, { subscription_status: status });
