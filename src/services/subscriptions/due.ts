import type { SalesChannel } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Language } from '../../errors.ts';
import { enqueueMails, type NewMail } from '../mail/enqueue.ts';
import { type PlanRow, type PlanSettingRow, plansById, settingsById } from '../plans/row.ts';
import { daysAfter } from './look.ts';
import type { PeriodRow } from './period-row.ts';
import type { Step, SubscriptionRow } from './row.ts';
import { isChargeDue, nextSeasonLook, remindAt } from './season-due.ts';
import { settingsFollowing } from './season-keep.ts';
import { begin } from './settle.ts';

/** Until when nobody else looks at a subscription whose renewal is being charged; after a crash, somebody does. */
const LEASE_MS = 15 * 60_000;
/** A cart that holds the next period is looked at again after so long. */
const WAIT_MS = 10 * 60_000;

/** A subscription that is due, with what it takes to act on it. */
export interface Due extends SubscriptionRow {
  channel: SalesChannel;
  email: string;
  first_name: string;
  last_name: string;
  locale: Language;
}

// The clock is a parameter: tests move it.
const DUE = statement(
  'subscription_due',
  `SELECT s.*, to_jsonb(i) AS channel, u.email, u.first_name, u.last_name, u.locale
   FROM subscription s
   JOIN interface i ON i.company_id = s.company_id AND i.id = s.interface_id
   JOIN user_account u ON u.company_id = s.company_id AND u.id = s.user_id
   WHERE s.status IN ('active', 'past_due') AND s.next_attempt_at <= $1
   ORDER BY s.next_attempt_at, s.id LIMIT $2 FOR UPDATE OF s SKIP LOCKED`,
);
const NEXT = statement(
  'subscription_next_periods',
  `SELECT p.*, t.plan_id, t.interval FROM subscription s
   JOIN subscription_period p ON p.company_id = s.company_id AND p.subscription_id = s.id AND p.number = s.period + 1
   JOIN plan_setting t ON t.company_id = p.company_id AND t.id = p.plan_setting_id
   WHERE s.company_id = $1 AND s.id = ANY($2::uuid[])`,
);

/** Locks subscriptions that are due, and passes over those that somebody else works on. */
export const lockDue = (tx: Tx, now: Date, limit: number): Promise<Due[]> => tx.query<Due>(DUE, [now, limit]);

/** The periods after the current ones, by subscription. */
export async function nextPeriods(
  tx: Tx | Database,
  company_id: number,
  ids: readonly string[],
): Promise<Map<string, PeriodRow>> {
  const rows = await tx.query<PeriodRow>(NEXT, [company_id, ids]);
  return new Map(rows.map((row) => [row.subscription_id, row]));
}

/** Settings and plans of subscriptions, those they go on with included. */
export interface Terms {
  settings: Map<number, PlanSettingRow>;
  plans: Map<number, PlanRow>;
  /** Settings that renew a season, by the setting that they renew. */
  following: Map<number, PlanSettingRow[]>;
}

export async function termsOf(
  tx: Tx | Database,
  company_id: number,
  rows: readonly SubscriptionRow[],
): Promise<Terms> {
  const settings = await settingsById(tx, company_id, [
    ...new Set(rows.flatMap((row) => [row.plan_setting_id, row.next_plan_setting_id ?? row.plan_setting_id])),
  ]);
  const seasons = [...settings.values()].flatMap(({ id, interval }) => (interval === 'season' ? [id] : []));
  const following = new Map<number, PlanSettingRow[]>();
  for (const setting of await settingsFollowing(tx, company_id, seasons)) {
    const id = setting.renews_setting_id as number;
    following.set(id, [...(following.get(id) ?? []), setting]);
  }
  const all = [...settings.values(), ...[...following.values()].flat()];
  const plan_ids = [...new Set(all.map((setting) => setting.plan_id))];
  return { settings, plans: await plansById(tx, company_id, plan_ids), following };
}

/** What a subscription goes on with: a season with one that follows and keeps its place, if there is any. */
export function settingAfter(row: SubscriptionRow, terms: Terms): PlanSettingRow | undefined {
  const setting = terms.settings.get(row.plan_setting_id) as PlanSettingRow;
  if (setting.interval !== 'season') return terms.settings.get(row.next_plan_setting_id ?? setting.id);
  const following = terms.following.get(setting.id) ?? [];
  return following.find(({ id }) => id === row.next_plan_setting_id) ?? following[0];
}

type DueTemplate = 'subscription_reminder' | 'subscription_unpaid' | 'season_renewal';
type DueMail = { [Name in DueTemplate]: NewMail<Name> }[DueTemplate];

/** What is to be done about one that is due. */
export type Decision =
  | { kind: 'step'; step: Step; mail?: DueMail }
  | { kind: 'end'; step: Step }
  | { kind: 'charge'; step: Step };

/**
 * Decides what is due for a subscription that is locked: its owner is told that the period will end; at its end it is
 * over, goes on with a period that is paid already, or is charged; what could not be paid ends with the grace period.
 */
export function decideDue(row: Due, next: PeriodRow | undefined, terms: Terms, now: Date): Decision {
  const setting = terms.settings.get(row.plan_setting_id) as PlanSettingRow;
  const ends_at = row.current_period_end as Date;
  const look = (at: Date): Step => ({ row, to: row.status, changed: { next_attempt_at: at } });
  const season = setting.interval === 'season';
  if (next?.status === 'paid')
    return { kind: 'step', step: now < ends_at ? look(ends_at) : begin(row, next) };
  if (next?.status === 'due' && (season || now >= ends_at))
    return { kind: 'step', step: look(new Date(now.getTime() + WAIT_MS)) };
  const renewal = season ? settingAfter(row, terms) : undefined;
  if (renewal && next?.status !== 'refunded' && isKept(row, renewal, now))
    return decideSeason(row, renewal, terms, now);
  if (now < ends_at) {
    const mail = row.reminded_period < row.period ? { mail: reminder(row, setting, terms) } : {};
    const changed = { reminded_period: row.period, next_attempt_at: ends_at };
    return { kind: 'step', step: { row, to: row.status, changed }, ...mail };
  }
  const over = (to: 'cancelled' | 'expired', ended_at: Date): Decision => ({
    ...{ kind: 'end', step: { row, to, changed: { ended_at, next_attempt_at: null } } },
  });
  if (season || next?.status === 'refunded' || !goesOn(row, setting))
    return over(
      row.cancel_at_period_end ? 'cancelled' : 'expired',
      row.status === 'past_due' ? now : ends_at,
    );
  const grace_end = daysAfter(ends_at, setting.grace_days);
  if (row.status === 'past_due' && now >= grace_end) return over('expired', grace_end);
  if (row.saved_method_id === null)
    return {
      ...{ kind: 'step', mail: unpaid(row, setting, terms) },
      step: { row, to: 'past_due', changed: { next_attempt_at: grace_end } },
    };
  return { kind: 'charge', step: look(new Date(now.getTime() + LEASE_MS)) };
}

/** Is the place of a season kept for its holder? */
const isKept = (row: SubscriptionRow, renewal: PlanSettingRow, now: Date): boolean =>
  (renewal.renewal_deadline as Date) > now && !row.cancel_at_period_end;

/** A season whose place is kept: its holder is told, then the card is charged; at the deadline this is over. */
function decideSeason(row: Due, renewal: PlanSettingRow, terms: Terms, now: Date): Decision {
  const over = now >= (row.current_period_end as Date);
  const to = over ? 'past_due' : row.status;
  if (row.reminded_period < row.period && remindAt(renewal) <= now) {
    const told = { ...row, reminded_period: row.period };
    const changed = {
      reminded_period: row.period,
      next_attempt_at: nextSeasonLook(told, renewal, now, true),
    };
    return { kind: 'step', step: { row, to, changed }, mail: kept(row, renewal, terms) };
  }
  if (isChargeDue(row, renewal, now))
    return {
      ...{ kind: 'charge' },
      step: { row, to, changed: { next_attempt_at: new Date(now.getTime() + LEASE_MS) } },
    };
  return {
    kind: 'step',
    step: { row, to, changed: { next_attempt_at: nextSeasonLook(row, renewal, now, false) } },
  };
}

/** Is it renewed? A minimum term is a promise, whatever was asked for since. */
export const goesOn = (row: SubscriptionRow, setting: PlanSettingRow): boolean =>
  (row.auto_renew && !row.cancel_at_period_end) || row.period - row.anchor_period + 1 < setting.minimum_terms;

const day = (at: Date): string => at.toISOString().slice(0, 10);

const letter = (row: Due, what: string) => ({
  ...{ company_id: row.company_id, to: row.email, language: row.locale, user_id: row.user_id },
  key: `subscription:${row.id}:${row.period}:${what}`,
});

const planName = (row: SubscriptionRow, { plans }: Terms): string => plans.get(row.plan_id)?.name ?? '';

const reminder = (row: Due, setting: PlanSettingRow, terms: Terms): NewMail<'subscription_reminder'> => ({
  ...{ ...letter(row, 'reminder'), template: 'subscription_reminder' },
  data: {
    ...{
      first_name: row.first_name,
      plan: planName(row, terms),
      ends_on: day(row.current_period_end as Date),
    },
    renews: setting.interval !== 'season' && goesOn(row, setting) && row.saved_method_id !== null,
  },
});

const kept = (row: Due, renewal: PlanSettingRow, terms: Terms): NewMail<'season_renewal'> => ({
  ...{ ...letter(row, 'renewal'), template: 'season_renewal' },
  data: {
    ...{ first_name: row.first_name, plan: planName(row, terms) },
    next: terms.plans.get(renewal.plan_id)?.name ?? '',
    until: day(renewal.renewal_deadline as Date),
    renews: row.auto_renew && row.saved_method_id !== null,
  },
});

/** Once a period, however often its renewal is tried. */
export const unpaid = (row: Due, setting: PlanSettingRow, terms: Terms): NewMail<'subscription_unpaid'> => ({
  ...{ ...letter(row, 'unpaid'), template: 'subscription_unpaid' },
  data: {
    ...{ first_name: row.first_name, plan: planName(row, terms) },
    until: day(
      setting.interval === 'season'
        ? (settingAfter(row, terms)?.renewal_deadline ?? (row.current_period_end as Date))
        : daysAfter(row.current_period_end as Date, setting.grace_days),
    ),
  },
});

export const sendAll = (tx: Tx, mails: readonly DueMail[]): Promise<void> =>
  enqueueMails<DueTemplate>(tx, mails as never);
