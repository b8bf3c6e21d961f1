import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Job } from '../../schemas/jobs.ts';
import { endOverdueIn } from '../carts/expire.ts';
import { type JobCaller, type Stepped, type Steps, startSteps } from '../jobs/steps.ts';
import { type PlanRow, type PlanSettingRow, plansById, settingsById } from '../plans/row.ts';
import { keepAt, keepsPlaces } from './keep.ts';
import { lockSubscriptions, type SubscriptionRow, takeSteps } from './row.ts';
import { FIRST_ID } from './season-dates.ts';
import { firstSeasonLook } from './season-due.ts';

// Places are kept date by date; then those who may renew are told when it is time to. The job brings things to where
// they should be, so it is run again for anything that changes them: the deadline, the dates, who has the season.

interface Input {
  plan_setting_id: number;
}

interface Cursor {
  date: number;
  /** Holds that ran out are cleared away first. */
  clear: boolean;
  /** Once all dates are kept: the last subscriber who was seen to. */
  after: string | null;
  subscribers: number;
  not_kept: { event_id: number; seat_ids: number[]; places: number }[];
}

const BEGINNING: Cursor = { date: 0, clear: true, after: null, subscribers: 0, not_kept: [] };
const AT_ONCE = 200;

const RENEWERS = statement(
  'season_renewers',
  `SELECT s.id FROM subscription s
   WHERE s.company_id = $1 AND s.plan_setting_id = $2 AND s.status IN ('active', 'past_due') AND s.id > $3
     AND NOT EXISTS (SELECT FROM subscription_period p WHERE p.company_id = s.company_id AND p.subscription_id = s.id
       AND p.number = s.period + 1 AND p.status IN ('due', 'paid'))
   ORDER BY s.id LIMIT $4`,
);

export const SEASON_KEEP: Steps<Input, Cursor> = {
  kind: 'season_keep',
  async step(tx, { ctx, input, cursor, done }): Promise<Stepped<Cursor>> {
    const at = cursor ?? BEGINNING;
    const { company_id } = ctx;
    const { plan_setting_id } = input;
    const setting = (await settingsById(tx, company_id, [plan_setting_id])).get(plan_setting_id);
    const result = { season_keep: { plan_setting_id, subscribers: at.subscribers, not_kept: at.not_kept } };
    if (!setting) return { result };
    const plan = (await plansById(tx, company_id, [setting.plan_id])).get(setting.plan_id) as PlanRow;
    const event_id = plan.event_ids[at.date];
    if (event_id !== undefined && at.clear) {
      await endOverdueIn(tx, event_id);
      return { done, cursor: { ...at, clear: false } };
    }
    if (event_id !== undefined) {
      const { seat_ids, places } = await keepAt(tx, setting, event_id, ctx.now);
      const short = seat_ids.length || places ? [{ event_id, seat_ids, places }] : [];
      const not_kept = [...at.not_kept, ...short];
      return { done: done + 1, cursor: { ...at, date: at.date + 1, clear: true, not_kept } };
    }
    if (!keepsPlaces(setting, ctx.now)) return { result };
    const seen = await lookAgain(tx, setting, at.after ?? FIRST_ID, ctx.now);
    if (!seen.length) return { result };
    const after = seen.at(-1) as string;
    return { done, cursor: { ...at, after, subscribers: at.subscribers + seen.length } };
  },
};

/** Has the worker look at subscribers in time to tell them until when they may renew. Gives who they are. */
async function lookAgain(tx: Tx, setting: PlanSettingRow, after: string, now: Date): Promise<string[]> {
  const of = [setting.company_id, setting.renews_setting_id, after, AT_ONCE];
  const ids = (await tx.query<{ id: string }>(RENEWERS, of)).map(({ id }) => id);
  const rows = (await lockSubscriptions(tx, setting.company_id, ids)).filter(isIn(setting));
  await takeSteps(
    tx,
    setting.company_id,
    rows.map((row) => ({
      ...{ row, to: row.status },
      changed: {
        next_attempt_at: firstSeasonLook(row, setting, now),
        reminded_period: Math.min(row.reminded_period, row.period - 1), // of the season's end they may have been told
      },
    })),
  );
  return ids;
}

const isIn = (setting: PlanSettingRow) => (row: SubscriptionRow) =>
  row.plan_setting_id === setting.renews_setting_id && ['active', 'past_due'].includes(row.status);

/** Begins to bring what is kept for the renewals of a setting to where it should be. */
export const startKeeping = (
  tx: Tx,
  caller: JobCaller,
  setting: PlanSettingRow,
  dates: number,
): Promise<Job> =>
  startSteps(tx, caller, SEASON_KEEP, { input: { plan_setting_id: setting.id }, total: dates });

const FOLLOWING = statement(
  'season_settings_following',
  `SELECT s.*, cardinality(p.event_ids) AS dates FROM plan_setting s
   JOIN plan p ON p.company_id = s.company_id AND p.id = s.plan_id
   WHERE s.company_id = $1 AND s.renews_setting_id = ANY($2::int[]) AND s.active AND p.active
     AND s.renewal_deadline > now() ORDER BY s.renews_setting_id, s.id`,
);

/** A setting that renews another one, while it keeps places. */
export type Following = PlanSettingRow & { dates: number };

/** The settings that keep the places of others at this moment, oldest first. */
export const settingsFollowing = async (
  tx: Tx | Database,
  company_id: number,
  setting_ids: readonly number[],
): Promise<Following[]> =>
  setting_ids.length ? tx.query<Following>(FOLLOWING, [company_id, [...new Set(setting_ids)]]) : [];

/** Somebody has joined, left or come back to a season whose places are being kept: what is kept follows. */
export async function keepAfter(
  tx: Tx,
  company_id: number,
  rows: readonly Pick<SubscriptionRow, 'id' | 'plan_setting_id' | 'interface_id'>[],
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const ids = rows.map((row) => row.plan_setting_id);
  for (const setting of await settingsFollowing(tx, company_id, ids))
    await startKeeping(tx, onBehalfOf(company_id, first), setting, setting.dates);
}

/** Who asks for jobs that follow from a subscription. */
export const onBehalfOf = (
  company_id: number,
  { id, interface_id }: Pick<SubscriptionRow, 'id' | 'interface_id'>,
): JobCaller => ({
  ...{ company_id, client_id: 'subscriptions', user_id: undefined, interface: { id: interface_id } },
  ...{ scopes: new Set(['public', 'sell'] as const), language: 'en', request_id: `subscription ${id}` },
});
