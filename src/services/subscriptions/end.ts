import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { endCarts } from '../carts/expire.ts';
import { lockCarts } from '../carts/row.ts';
import { recordChanges } from '../changes.ts';
import { movePlaces } from '../inventory/plans.ts';
import { withdrawGiveBacks } from './give-back.ts';
import { periodsOf, setPeriods } from './period-row.ts';
import { lockSubscriptions, type Step, subscriptionChange, takeSteps } from './row.ts';
import { keepAfter } from './season-keep.ts';
import { lockedPeriods, momentOf, type PlanLine } from './settle.ts';
import { LIVE } from './state.ts';

/** Plans were refunded: the period that runs ends now, and with it the subscription; one that waits is not begun. */
export async function refundPlans(tx: Tx, company_id: number, lines: readonly PlanLine[]): Promise<string[]> {
  const paid = await lockedPeriods(tx, company_id, lines, 'paid');
  if (!paid.length) return [];
  await setPeriods(
    tx,
    company_id,
    paid.map(({ period }) => ({ ...period, status: 'refunded' })),
  );
  await movePlaces(
    tx,
    company_id,
    paid.flatMap(({ period: { counts, number, plan_setting_id }, row }) =>
      counts && number > row.period && LIVE.includes(row.status)
        ? [{ plan_setting_id, held: 0, sold: -1 }]
        : [],
    ),
  );
  const running = paid.filter(({ period, row }) => period.number === row.period && LIVE.includes(row.status));
  const ended_at = await momentOf(tx);
  const ended = await endSubscriptions(
    tx,
    company_id,
    running.map(({ row }) => ({
      ...{ row, to: 'cancelled' },
      changed: { ended_at, cancelled_at: ended_at, next_attempt_at: null },
    })),
  );
  await withdrawGiveBacks(tx, company_id, ended);
  return ended;
}

/**
 * Ends subscriptions that live: their places are free again, and those of a period that is paid and will not begin.
 * Gives their ids.
 */
export async function endSubscriptions(
  tx: Tx,
  company_id: number,
  steps: readonly Step[],
): Promise<string[]> {
  if (!steps.length) return [];
  const ids = steps.map(({ row }) => row.id);
  const waiting = (await periodsOf(tx, company_id, ids)).filter(
    ({ subscription_id, number, status, counts }) =>
      counts &&
      status === 'paid' &&
      number > (steps.find(({ row }) => row.id === subscription_id)?.row.period as number),
  );
  await movePlaces(
    tx,
    company_id,
    [...steps.map(({ row }) => row), ...waiting].map(({ plan_setting_id }) => ({
      ...{ plan_setting_id, held: 0, sold: -1 },
    })),
  );
  const rows = await takeSteps(tx, company_id, steps);
  await keepAfter(tx, company_id, rows);
  await recordChanges(
    tx,
    rows.map((row) => subscriptionChange(row, row.status)),
  );
  return rows.map((row) => row.id);
}

const WAITING_CARTS = statement(
  'subscription_waiting_carts',
  `SELECT DISTINCT p.cart_id AS id FROM subscription s
   JOIN subscription_period p ON p.company_id = s.company_id AND p.subscription_id = s.id AND p.status = 'due'
   WHERE s.company_id = $1 AND s.user_id = $2 AND p.cart_id IS NOT NULL`,
);
const OF_USER = statement(
  'subscription_ids_of_user',
  'SELECT id FROM subscription WHERE company_id = $1 AND user_id = $2',
);

/**
 * Ends all subscriptions of a user who is erased: carts that wait for the payment of one are cancelled, a charge that is
 * under way goes back, and nothing is renewed any more. Tickets that were issued stay valid, and dates that were given
 * back are sold without credit, for there is nobody to be owed anything.
 */
export async function endSubscriptionsOf(tx: Tx, ctx: Context, user_id: number): Promise<void> {
  const { company_id } = ctx;
  const idsOf = async (which: typeof OF_USER) =>
    (await tx.query<{ id: string }>(which, [company_id, user_id])).map(({ id }) => id);
  const carts = await lockCarts(tx, company_id, await idsOf(WAITING_CARTS));
  const open = carts.filter(({ status }) => status === 'open' || status === 'pending_payment');
  await endCarts(tx, company_id, open, 'cancelled');
  const ids = await idsOf(OF_USER);
  const live = (await lockSubscriptions(tx, company_id, ids)).filter(({ status }) => LIVE.includes(status));
  const ended = { cancelled_at: ctx.now, ended_at: ctx.now, next_attempt_at: null };
  const forgotten = { auto_renew: false, saved_method_id: null, holders: [] };
  await endSubscriptions(
    tx,
    company_id,
    live.map((row) => ({ row, to: 'cancelled', changed: { ...ended, ...forgotten } })),
  );
  await withdrawGiveBacks(tx, company_id, ids);
}
