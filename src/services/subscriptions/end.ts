import type { Tx } from '../../db/transaction.ts';
import { recordChanges } from '../changes.ts';
import { movePlaces } from '../inventory/plans.ts';
import { withdrawGiveBacks } from './give-back.ts';
import { periodsOf, setPeriods } from './period-row.ts';
import { type Step, subscriptionChange, takeSteps } from './row.ts';
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
