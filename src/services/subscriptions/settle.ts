import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { recordChanges } from '../changes.ts';
import { enterCredit } from '../credit/books.ts';
import { movePlaces, type PlaceMove } from '../inventory/plans.ts';
import { firstLook } from './look.ts';
import { type PeriodRow, periodsOf, periodsOfCarts, setPeriods } from './period-row.ts';
import { endOfPeriods, type Interval, seasonEnd } from './periods.ts';
import { lockSubscriptions, type Step, type SubscriptionRow, subscriptionChange, takeSteps } from './row.ts';
import { issueGained } from './season-dates.ts';
import { keepAfter } from './season-keep.ts';

export type PlanLine = { kind: string; cart_id: string };

const NOW = statement('subscription_now', 'SELECT now() AS at');

/** The moment of the transaction. */
export async function momentOf(tx: Tx): Promise<Date> {
  const [clock] = await tx.query<{ at: Date }>(NOW);
  return (clock as { at: Date }).at;
}

const METHODS = statement(
  'subscription_methods_of_carts',
  `SELECT DISTINCT ON (p.cart_id) p.cart_id, p.saved_method_id FROM payment p
   WHERE p.company_id = $1 AND p.cart_id = ANY($2::uuid[]) AND p.saved_method_id IS NOT NULL
   ORDER BY p.cart_id, p.created_at DESC, p.id DESC`,
);

/** The periods that carts wait for in some state, with their subscriptions, all locked. */
export async function lockedPeriods(
  tx: Tx,
  company_id: number,
  lines: readonly PlanLine[],
  status: PeriodRow['status'],
): Promise<{ period: PeriodRow; row: SubscriptionRow }[]> {
  const carts = [...new Set(lines.flatMap((line) => (line.kind === 'plan' ? [line.cart_id] : [])))];
  if (!carts.length) return [];
  const found = await periodsOfCarts(tx, company_id, carts);
  const rows = await lockSubscriptions(
    tx,
    company_id,
    found.map((period) => period.subscription_id),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  // Read again: what it was before its subscription was locked says nothing.
  return (await periodsOfCarts(tx, company_id, carts))
    .filter((period) => period.status === status)
    .map((period) => ({ period, row: byId.get(period.subscription_id) as SubscriptionRow }));
}

/**
 * Carts with plans were paid: first periods begin now, renewals are paid for. Runs in the transaction that settles the
 * carts. A renewal takes effect when the period before it is over (subscriptions/advance.ts), or at once if it is.
 */
export async function activatePlans(tx: Tx, company_id: number, lines: readonly PlanLine[]): Promise<void> {
  const due = await lockedPeriods(tx, company_id, lines, 'due');
  if (!due.length) return;
  const at = await momentOf(tx);
  const methods = await savedMethods(tx, company_id, due);
  const paid: PeriodRow[] = [];
  const steps: Step[] = [];
  const moves: PlaceMove[] = [];
  for (const { period, row } of due) {
    const kept = methods.get(period.cart_id as string);
    const method = kept ? { saved_method_id: kept } : {};
    if (period.counts) moves.push({ plan_setting_id: period.plan_setting_id, held: -1, sold: 1 });
    if (period.number === 1) {
      const ends_at = await endOfFirst(tx, company_id, period, row, at);
      paid.push({ ...period, status: 'paid', starts_at: at, ends_at });
      const begun = { current_period_start: at, current_period_end: ends_at };
      const changed = { ...begun, ...method, period: 1, anchor_at: at, anchor_period: 1 };
      steps.push({
        ...{ row, to: 'active' },
        changed: { ...changed, next_attempt_at: firstLook(period.interval, ends_at) },
      });
    } else if (period.immediate) {
      const ends_at = endOfPeriods(at, period.interval, 1);
      const begun: PeriodRow = { ...period, status: 'paid', starts_at: at, ends_at };
      paid.push(begun);
      const step = begin(row, begun);
      moves.push(...placesLeft([step]));
      steps.push({ ...step, changed: { ...step.changed, ...method } });
    } else {
      paid.push({ ...period, status: 'paid' });
      const step: Step = row.status === 'past_due' ? begin(row, period) : { row, to: row.status };
      moves.push(...placesLeft([step]));
      steps.push({ ...step, changed: { ...step.changed, ...method } });
    }
  }
  await movePlaces(tx, company_id, moves);
  await setPeriods(tx, company_id, paid);
  const rows = await takeSteps(tx, company_id, steps);
  await endReplaced(tx, company_id, due, at);
  await issueGained(
    tx,
    company_id,
    due.flatMap(({ period: { interval, plan_id, subscription_id }, row: { interface_id } }) =>
      interval === 'season' ? [{ subscription_id, plan_id, interface_id }] : [],
    ),
  );
  await keepAfter(
    tx,
    company_id,
    due.flatMap(({ period, row }) => (period.number === 1 && period.interval === 'season' ? [row] : [])),
  );
  const first = new Set(due.flatMap(({ period }) => (period.number === 1 ? [period.subscription_id] : [])));
  await recordChanges(
    tx,
    rows.map((row) => subscriptionChange(row, first.has(row.id) ? 'activated' : 'renewed')),
  );
}

/** Periods that a change has ended early: what was unused of them beyond the price is owed to their subscribers. */
async function endReplaced(
  tx: Tx,
  company_id: number,
  due: readonly { period: PeriodRow; row: SubscriptionRow }[],
  ends_at: Date,
): Promise<void> {
  const changes = due.filter(({ period }) => period.immediate);
  if (!changes.length) return;
  const numbers = new Map(changes.map(({ row }) => [row.id, row.period]));
  const all = await periodsOf(tx, company_id, [...numbers.keys()]);
  const replaced = all.filter((period) => period.number === numbers.get(period.subscription_id));
  await setPeriods(
    tx,
    company_id,
    replaced.map((period) => ({ ...period, ends_at })),
  );
  await enterCredit(
    tx,
    company_id,
    changes.map(({ period: { subscription_id, currency, credit: amount }, row: { user_id } }) => ({
      ...{ user_id, currency, amount, kind: 'proration', subscription_id },
    })),
  );
}

/** Who goes on with another setting leaves the place of the one before: until then both are taken. */
export const placesLeft = (steps: readonly Step[]): PlaceMove[] =>
  steps.flatMap(({ row, changed }) =>
    changed?.plan_setting_id !== undefined && changed.plan_setting_id !== row.plan_setting_id
      ? [{ plan_setting_id: row.plan_setting_id, held: 0, sold: -1 }]
      : [],
  );

/** A paid period begins: the subscription is in it from now on. */
export const begin = (row: SubscriptionRow, period: PeriodRow): Step => ({
  ...{ row, to: 'active' },
  changed: {
    ...{ period: period.number, plan_id: period.plan_id, plan_setting_id: period.plan_setting_id },
    ...{ next_plan_setting_id: null, cart_id: period.cart_id, attempts: 0 },
    ...{ current_period_start: period.starts_at, current_period_end: period.ends_at },
    // Ends are counted from where the interval last changed.
    ...(period.plan_setting_id !== row.plan_setting_id && {
      ...{ anchor_at: period.starts_at, anchor_period: period.number },
    }),
    next_attempt_at: firstLook(period.interval, period.ends_at),
  },
});

const endOfFirst = (
  tx: Tx,
  company_id: number,
  { interval }: { interval: Interval },
  { plan_id }: SubscriptionRow,
  at: Date,
): Promise<Date> | Date =>
  interval === 'season' ? seasonEnd(tx, company_id, plan_id, at) : endOfPeriods(at, interval, 1);

async function savedMethods(
  tx: Tx,
  company_id: number,
  due: readonly { period: PeriodRow }[],
): Promise<Map<string, string>> {
  const carts = due.map(({ period }) => period.cart_id);
  const rows = await tx.query<{ cart_id: string; saved_method_id: string }>(METHODS, [company_id, carts]);
  return new Map(rows.map((row) => [row.cart_id, row.saved_method_id]));
}

/** Carts with plans ended unpaid, or let their plan go: places are free again, and new subscriptions come to nothing. */
export async function dropPlans(tx: Tx, company_id: number, lines: readonly PlanLine[]): Promise<void> {
  const due = await lockedPeriods(tx, company_id, lines, 'due');
  if (!due.length) return;
  await movePlaces(
    tx,
    company_id,
    due.flatMap(({ period: { counts, plan_setting_id } }) =>
      counts ? [{ plan_setting_id, held: -1, sold: 0 }] : [],
    ),
  );
  await setPeriods(
    tx,
    company_id,
    due.map(({ period }) => ({ ...period, status: 'void' })),
  );
  const rows = await takeSteps(
    tx,
    company_id,
    due.flatMap(({ period, row }): Step[] => (period.number === 1 ? [{ row, to: 'expired' }] : [])),
  );
  await recordChanges(
    tx,
    rows.map((row) => subscriptionChange(row, 'expired')),
  );
}

/**
 * Holds once more the periods of a cart that had ended, for a payment that was confirmed late.
 * @returns false when one cannot be had any more: nothing is held then
 */
export async function retakePlans(tx: Tx, company_id: number, lines: readonly PlanLine[]): Promise<boolean> {
  const lost = await lockedPeriods(tx, company_id, lines, 'void');
  if (lost.length !== lines.filter((line) => line.kind === 'plan').length) return false;
  const wanted = lost.every(({ period, row }) =>
    period.number === 1
      ? row.status === 'expired' && row.period === 0
      : period.number === row.period + 1 && ['active', 'past_due'].includes(row.status),
  );
  if (!wanted) return false;
  const moves = lost.flatMap(({ period: { counts, plan_setting_id } }) =>
    counts ? [{ plan_setting_id, held: 1, sold: 0 }] : [],
  );
  const short = await movePlaces(tx, company_id, moves);
  if (short.length) {
    const taken = moves.filter(({ plan_setting_id }) => !short.includes(plan_setting_id));
    await movePlaces(
      tx,
      company_id,
      taken.map((move) => ({ ...move, held: -1 })),
    );
    return false;
  }
  await setPeriods(
    tx,
    company_id,
    lost.map(({ period }) => ({ ...period, status: 'due' })),
  );
  await takeSteps(
    tx,
    company_id,
    lost.flatMap(({ period, row }): Step[] => (period.number === 1 ? [{ row, to: 'pending' }] : [])),
  );
  return true;
}
