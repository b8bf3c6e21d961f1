import type { Context } from '../../context.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import { endCarts } from '../carts/expire.ts';
import { hold } from '../carts/hold.ts';
import { NOBODY } from '../carts/holder.ts';
import { lockCarts } from '../carts/row.ts';
import { recordChanges } from '../changes.ts';
import { movePlaces } from '../inventory/plans.ts';
import { chargeSaved } from '../payments/off-session.ts';
import { pay } from '../payments/pay.ts';
import { type SavedMethod, savedMethods } from '../payments/save-method.ts';
import type { PlanRow, PlanSettingRow } from '../plans/row.ts';
import {
  type Due,
  decideDue,
  lockDue,
  nextPeriods,
  sendAll,
  settingAfter,
  type Terms,
  termsOf,
  unpaid,
} from './due.ts';
import { endSubscriptions } from './end.ts';
import { daysAfter, RETRY_DAYS } from './look.ts';
import { renewalOf } from './renew.ts';
import { lockSubscriptions, type Step, subscriptionChange, takeSteps } from './row.ts';
import { nextSeasonLook } from './season-due.ts';
import { begin, placesLeft } from './settle.ts';
import { expand } from './wanted.ts';

/** Subscriptions of one round: their carts and charges go as a few batches. */
const AT_ONCE = 100;
/** Renewals are sold by nobody's client. */
const CLIENT = 'subscriptions';

/**
 * Does all that is due for subscriptions at a moment. May run in any number of processes, and die anywhere: each
 * subscription says itself what is due, and each period exists once.
 * @param now the clock: tests move it
 */
export async function workOffDue(system: System, now: Date): Promise<void> {
  while ((await oneRound(system, now)) > 0);
}

async function oneRound(system: System, now: Date): Promise<number> {
  const { count, charges } = await inTransaction(system.db, (tx) => decideAll(tx, now));
  for (const [company_id, group] of charges) {
    const methods = await savedMethods(
      system,
      company_id,
      group.rows.map((row) => row.saved_method_id as string),
    );
    const charged = await Promise.all(
      group.rows.map(async (row) => ({
        row,
        outcome: await renew(system, row, group.terms, methods, now).catch((err: unknown) => {
          // Nothing is lost: whoever finds it after its lease looks what became of it.
          system.log.warn({ err, subscription_id: row.id }, 'a renewal was left');
          return 'left' as const;
        }),
      })),
    );
    await inTransaction(system.db, (tx) => concludeAll(tx, company_id, charged, group.terms, now));
  }
  return count;
}

interface Charges {
  rows: Due[];
  terms: Terms;
}

/** Takes every step that needs no charge, and leases those that do. */
async function decideAll(tx: Tx, now: Date): Promise<{ count: number; charges: Map<number, Charges> }> {
  const due = await lockDue(tx, now, AT_ONCE);
  const charges = new Map<number, Charges>();
  const companies = [...new Set(due.map((row) => row.company_id))].sort((a, b) => a - b);
  for (const company_id of companies) {
    const rows = due.filter((row) => row.company_id === company_id);
    const ids = rows.map((row) => row.id);
    const [next, terms] = [await nextPeriods(tx, company_id, ids), await termsOf(tx, company_id, rows)];
    const decisions = rows.map((row) => ({ row, ...decideDue(row, next.get(row.id), terms, now) }));
    const steps = decisions.flatMap((d) => (d.kind === 'end' ? [] : [d.step]));
    await endSubscriptions(
      tx,
      company_id,
      decisions.flatMap((d) => (d.kind === 'end' ? [d.step] : [])),
    );
    await tell(tx, company_id, steps);
    await sendAll(
      tx,
      decisions.flatMap((d) => (d.kind === 'step' && d.mail ? [d.mail] : [])),
    );
    const charged = decisions.flatMap((d) => (d.kind === 'charge' ? [d.row] : []));
    if (charged.length) charges.set(company_id, { rows: charged, terms });
  }
  return { count: due.length, charges };
}

/** Takes steps, and tells of those that change the state. */
async function tell(tx: Tx, company_id: number, steps: readonly Step[]): Promise<void> {
  const before = new Map(steps.map(({ row }) => [row.id, row.status]));
  await movePlaces(tx, company_id, placesLeft(steps));
  const rows = await takeSteps(tx, company_id, steps);
  await recordChanges(
    tx,
    rows.flatMap((row) => (row.status === before.get(row.id) ? [] : [subscriptionChange(row, row.status)])),
  );
}

type Renewed = 'paid' | 'declined' | 'under_way' | 'left';

/** Opens a cart for the next period and pays it from the card that is kept. */
async function renew(
  system: System,
  row: Due,
  terms: Terms,
  methods: ReadonlyMap<string, SavedMethod>,
  now: Date,
): Promise<Renewed> {
  const ctx: Context = {
    ...{ system, company_id: row.company_id, client_id: CLIENT, user_id: undefined, interface: row.channel },
    ...{
      scopes: new Set(['public', 'sell'] as const),
      language: row.locale,
      request_id: `renewal ${row.id}`,
      now,
    },
  };
  const setting = settingAfter(row, terms) as PlanSettingRow;
  const plan = terms.plans.get(setting.plan_id) as PlanRow;
  const { email, first_name, last_name } = row;
  const open = { buyer: { email, first_name, last_name }, notes: null, user_id: row.user_id };
  const read = async () => expand(ctx, await renewalOf(system.db, row, plan, setting), 0, NOBODY);
  const cart = await hold(ctx, uuidv7(), read, open, ({ cart }) => ({ id: cart.id, total: cart.total }));
  if (cart.total === 0) {
    await pay(ctx, cart.id, { method: 'free' });
    return 'paid';
  }
  const method = methods.get(row.saved_method_id as string) as SavedMethod;
  const { status } = await chargeSaved(ctx, cart.id, method);
  if (status === 'captured') return 'paid';
  if (status !== 'declined') return 'under_way';
  await inTransaction(system.db, async (tx) => {
    const carts = (await lockCarts(tx, row.company_id, [cart.id])).filter((c) => c.status === 'open');
    await endCarts(tx, row.company_id, carts, 'cancelled');
  });
  return 'declined';
}

/** What charges came to: the next period begins, or the renewal is tried again later. */
async function concludeAll(
  tx: Tx,
  company_id: number,
  charged: readonly { row: Due; outcome: Renewed }[],
  terms: Terms,
  now: Date,
): Promise<void> {
  const ids = charged.map(({ row }) => row.id);
  const locked = new Map((await lockSubscriptions(tx, company_id, ids)).map((row) => [row.id, row]));
  const next = await nextPeriods(tx, company_id, ids);
  const failed: Due[] = [];
  const steps = charged.flatMap(({ row: seen, outcome }): Step[] => {
    const row = locked.get(seen.id);
    if (!row || !['active', 'past_due'].includes(row.status)) return [];
    const period = next.get(row.id);
    if (period?.status === 'paid' && now >= (row.current_period_end as Date)) return [begin(row, period)];
    if (outcome !== 'declined' || row.period !== seen.period) return [];
    failed.push({ ...seen, ...row });
    return [failure({ ...seen, ...row }, terms, now)];
  });
  await tell(tx, company_id, steps);
  await sendAll(
    tx,
    failed.map((row) => unpaid(row, terms.settings.get(row.plan_setting_id) as PlanSettingRow, terms)),
  );
}

/** A season that runs goes on until it is over; its place is kept until the deadline, whatever the card says. */
function seasonFailure(row: Due, renewal: PlanSettingRow, now: Date): Step {
  const failed = { ...row, attempts: row.attempts + 1 };
  const changed = { attempts: failed.attempts, next_attempt_at: nextSeasonLook(failed, renewal, now, true) };
  return { row, to: now < (row.current_period_end as Date) ? row.status : 'past_due', changed };
}

/** After the first failure, and then after 1, 3 and 5 days; what is still not paid ends with the grace period. */
function failure(row: Due, terms: Terms, now: Date): Step {
  const setting = terms.settings.get(row.plan_setting_id) as PlanSettingRow;
  if (setting.interval === 'season')
    return seasonFailure(row, settingAfter(row, terms) as PlanSettingRow, now);
  const ends_at = row.current_period_end as Date;
  const grace_end = daysAfter(ends_at, setting.grace_days);
  const days = RETRY_DAYS[row.attempts];
  const retry = days === undefined ? grace_end : daysAfter(ends_at, days);
  const changed = { attempts: row.attempts + 1, next_attempt_at: retry < grace_end ? retry : grace_end };
  return { row, to: 'past_due', changed };
}
