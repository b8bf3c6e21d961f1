import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Interval } from './periods.ts';

/** A period as it is kept, with what of its plan setting counts it. */
export interface PeriodRow {
  subscription_id: string;
  number: number;
  plan_setting_id: number;
  plan_id: number;
  interval: Interval;
  starts_at: Date;
  ends_at: Date;
  status: 'due' | 'paid' | 'void' | 'refunded';
  cart_id: string | null;
  counts: boolean;
  immediate: boolean;
  credit: number;
  amount: number;
  currency: string;
}

const COLUMNS = 'p.*, s.plan_id, s.interval';
const JOIN = 'JOIN plan_setting s ON s.company_id = p.company_id AND s.id = p.plan_setting_id';

const OF_CARTS = statement(
  'subscription_periods_of_carts',
  `SELECT ${COLUMNS} FROM subscription_period p ${JOIN}
   WHERE p.company_id = $1 AND p.cart_id = ANY($2::uuid[]) ORDER BY p.subscription_id, p.number`,
);
const OF_SUBSCRIPTIONS = statement(
  'subscription_periods_of',
  `SELECT ${COLUMNS} FROM subscription_period p ${JOIN}
   WHERE p.company_id = $1 AND p.subscription_id = ANY($2::uuid[]) ORDER BY p.subscription_id, p.number`,
);
const SET = statement(
  'subscription_period_set',
  `UPDATE subscription_period p SET status = w.status, starts_at = w.starts_at, ends_at = w.ends_at,
     updated_at = greatest(now(), p.updated_at + interval '1 millisecond')
   FROM jsonb_to_recordset($2::jsonb) AS w (subscription_id uuid, number int, status text, starts_at timestamptz,
     ends_at timestamptz)
   WHERE p.company_id = $1 AND p.subscription_id = w.subscription_id AND p.number = w.number`,
);

/** The periods that carts pay for, or paid for. */
export const periodsOfCarts = (
  tx: Tx,
  company_id: number,
  cart_ids: readonly string[],
): Promise<PeriodRow[]> => tx.query<PeriodRow>(OF_CARTS, [company_id, cart_ids]);

/** All periods of subscriptions, by number. */
export const periodsOf = (tx: Tx, company_id: number, ids: readonly string[]): Promise<PeriodRow[]> =>
  tx.query<PeriodRow>(OF_SUBSCRIPTIONS, [company_id, ids]);

/** Writes state and times of periods whose subscriptions are locked. */
export async function setPeriods(tx: Tx, company_id: number, periods: readonly PeriodRow[]): Promise<void> {
  if (!periods.length) return;
  const written = await tx.execute(SET, [company_id, JSON.stringify(periods)]);
  if (written !== periods.length) throw new Error('a period is lost');
}
