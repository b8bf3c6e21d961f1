import type { PlanSettingRow } from '../plans/row.ts';
import { daysAfter, RETRY_DAYS } from './look.ts';
import type { SubscriptionRow } from './row.ts';

// When what happens to a season that may be renewed, counted back from the deadline until which its place is kept:
// its holder is told, the card that is kept is charged and tried again, and at the deadline the place is on sale.

/** Days before the deadline. */
const REMIND_DAYS = 14;
const CHARGE_DAYS = 7;
const DAY = 1;

const deadlineOf = (renewal: PlanSettingRow): Date => renewal.renewal_deadline as Date;
const later = (a: Date, b: Date): Date => (a > b ? a : b);
const earliest = (...times: Date[]): Date => times.reduce((a, b) => (a < b ? a : b));

/** When the holder is told that the place is kept, and until when. */
export const remindAt = (renewal: PlanSettingRow): Date => daysAfter(deadlineOf(renewal), -REMIND_DAYS);

/** When the worker first looks at a subscription whose renewal has opened; or sooner, if something is due before. */
export const firstSeasonLook = (row: SubscriptionRow, renewal: PlanSettingRow, now: Date): Date =>
  earliest(later(remindAt(renewal), now), later(row.current_period_end as Date, now));

/** Is the card still to be charged for the renewal, and is there one? */
const mayCharge = (row: SubscriptionRow): boolean =>
  row.auto_renew && row.saved_method_id !== null && row.attempts <= RETRY_DAYS.length;

/** When the card is charged next, if it is. */
function chargeAt(row: SubscriptionRow, renewal: PlanSettingRow): Date | undefined {
  if (!mayCharge(row)) return undefined;
  const first = daysAfter(deadlineOf(renewal), -CHARGE_DAYS);
  return row.attempts ? daysAfter(first, RETRY_DAYS[row.attempts - 1] as number) : first;
}

/** Is it time to charge the card? Only once the holder was told. */
export const isChargeDue = (row: SubscriptionRow, renewal: PlanSettingRow, now: Date): boolean => {
  const at = chargeAt(row, renewal);
  return at !== undefined && at <= now && row.reminded_period >= row.period;
};

/** When to look again: whoever was just told, or charged in vain, has a day at least. */
export function nextSeasonLook(
  row: SubscriptionRow,
  renewal: PlanSettingRow,
  now: Date,
  pause: boolean,
): Date {
  const due = chargeAt(row, renewal);
  const soonest = pause ? daysAfter(now, DAY) : now;
  const ends_at = row.current_period_end as Date;
  return earliest(
    deadlineOf(renewal),
    ...(row.reminded_period < row.period ? [later(remindAt(renewal), now)] : []),
    ...(due ? [later(due, soonest)] : []),
    ...(ends_at > now ? [ends_at] : []),
  );
}
