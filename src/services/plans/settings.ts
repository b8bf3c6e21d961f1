import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { PlanSettingCreate, PlanSettingPatch } from '../../schemas/plans.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { startKeeping } from '../subscriptions/season-keep.ts';
import { withoutUndefined } from './change.ts';
import { checkSetting } from './checks.ts';
import {
  lockPlan,
  lockPlanSetting,
  type PlanRow,
  type PlanSettingRow,
  type PlanSettingView,
  presentPlanSetting,
} from './row.ts';

/** The columns that management writes, in the order of the statements. */
const COLUMNS = [
  ...(['name', 'price', 'currency', 'interval', 'section_ids', 'seat_choice', 'minimum_terms'] as const),
  ...(['holders', 'tax_rate', 'tax_inclusive', 'grace_days', 'sales_start', 'sales_end'] as const),
  ...(['capacity', 'active', 'renews_setting_id', 'renewal_deadline'] as const),
];

const INSERT = statement(
  'plan_setting_insert',
  `INSERT INTO plan_setting (company_id, plan_id, name, price, currency, interval, section_ids, seat_choice,
     minimum_terms, holders, tax_rate, tax_inclusive, grace_days, sales_start, sales_end, capacity, active,
     renews_setting_id, renewal_deadline)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) RETURNING *`,
);
// A capacity below what is held and sold is refused by the table itself; asked here to say so.
const UPDATE = statement(
  'plan_setting_update',
  `UPDATE plan_setting SET name = $3, price = $4, currency = $5, interval = $6, section_ids = $7, seat_choice = $8,
     minimum_terms = $9, holders = $10, tax_rate = $11, tax_inclusive = $12, grace_days = $13, sales_start = $14,
     sales_end = $15, capacity = $16, active = $17, renews_setting_id = $18, renewal_deadline = $19,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND ($16::int IS NULL OR held + sold <= $16) RETURNING *`,
);
const DELETE = statement('plan_setting_delete', 'DELETE FROM plan_setting WHERE company_id = $1 AND id = $2');
const SUBSCRIBED = statement(
  'plan_setting_subscribed',
  `SELECT id FROM subscription WHERE company_id = $1 AND $2 IN (plan_setting_id, next_plan_setting_id)
   UNION ALL SELECT subscription_id FROM subscription_period WHERE company_id = $1 AND plan_setting_id = $2 LIMIT 1`,
);

const DEFAULTS = {
  ...{ section_ids: [], seat_choice: false, minimum_terms: 1, holders: 1, tax_rate: 0, tax_inclusive: true },
  ...{ grace_days: 7, sales_start: null, sales_end: null, capacity: null, active: true },
  ...{ renews_setting_id: null, renewal_deadline: null },
};

/**
 * Makes a way to buy a plan.
 * @throws AppError not_found, validation_failed
 */
export function createPlanSetting(
  ctx: Context,
  plan_id: number,
  body: PlanSettingCreate,
): Promise<PlanSettingView> {
  return transaction(ctx, async (tx) => {
    const plan = await lockWithRenewed(tx, ctx, plan_id, body);
    const setting = { ...DEFAULTS, ...withoutUndefined(body) };
    await checkSetting(tx, ctx, plan, setting);
    const values = COLUMNS.map((column) => setting[column]);
    const [row] = await tx.query<PlanSettingRow>(INSERT, [ctx.company_id, plan_id, ...values]);
    await audit(tx, ctx, 'plan_setting.create', null, row as PlanSettingRow);
    return keeping(tx, ctx, plan, null, row as PlanSettingRow);
  });
}

/**
 * Changes a way to buy a plan. Who subscribed before keeps the period that is paid for; the next one costs what the
 * setting says then.
 * @throws AppError not_found, precondition_failed, validation_failed; conflict for a capacity below what is taken
 */
export function updatePlanSetting(
  ctx: Context,
  plan_id: number,
  id: number,
  body: PlanSettingPatch,
): Promise<PlanSettingView> {
  return transaction(ctx, async (tx) => {
    const plan = await lockWithRenewed(tx, ctx, plan_id, body);
    const before = await lockPlanSetting(tx, ctx, plan_id, id);
    assertFresh(ctx, before.updated_at);
    const setting = { ...before, ...withoutUndefined(body) };
    await checkSetting(tx, ctx, plan, setting);
    await requireUnchangedTerms(tx, ctx, before, setting);
    const values = COLUMNS.map((column) => setting[column]);
    const [row] = await tx.query<PlanSettingRow>(UPDATE, [ctx.company_id, id, ...values]);
    if (!row) throw new AppError('conflict', 'More than that are held or sold.', taken(before));
    await audit(tx, ctx, 'plan_setting.update', before, row);
    return keeping(tx, ctx, plan, before, row);
  });
}

const LOCK_PLANS = statement(
  'plan_lock_with_renewed',
  `SELECT p.id FROM plan p WHERE p.company_id = $1
     AND (p.id = $2 OR p.id = (SELECT s.plan_id FROM plan_setting s WHERE s.company_id = $1 AND s.id = $3))
   ORDER BY p.id FOR UPDATE`,
);

/** Locks a plan, and the season whose places are to be kept: who joins that one meanwhile is seen, or sees this. */
async function lockWithRenewed(
  tx: Tx,
  ctx: Context,
  plan_id: number,
  { renews_setting_id }: { renews_setting_id?: number | null | undefined },
): Promise<PlanRow> {
  if (renews_setting_id) await tx.query(LOCK_PLANS, [ctx.company_id, plan_id, renews_setting_id]);
  return lockPlan(tx, ctx, plan_id);
}

const KEEPING = ['renews_setting_id', 'renewal_deadline', 'active'] as const;

/** Begins to keep places for renewals, or lets go of them, where that has changed. */
async function keeping(
  tx: Tx,
  ctx: Context,
  plan: PlanRow,
  before: PlanSettingRow | null,
  after: PlanSettingRow,
): Promise<PlanSettingView> {
  const view = presentPlanSetting(ctx, after);
  const renews = (before?.renews_setting_id ?? after.renews_setting_id) !== null;
  if (!renews || (before && KEEPING.every((field) => Number(before[field]) === Number(after[field]))))
    return view;
  const job = await startKeeping(tx, ctx, after, plan.event_ids.length);
  return { ...view, job_id: job.id };
}

const taken = ({ held, sold }: PlanSettingRow) => ({ held, sold });

/** Periods that run were counted by the interval and paid in the currency: those stay once somebody subscribed. */
async function requireUnchangedTerms(
  tx: Tx,
  ctx: Context,
  before: PlanSettingRow,
  after: Pick<PlanSettingRow, 'interval' | 'currency' | 'seat_choice'>,
): Promise<void> {
  const fixed = ['interval', 'currency', 'seat_choice'] as const;
  const changed = fixed.filter((field) => before[field] !== after[field]);
  if (changed.length && (await tx.query(SUBSCRIBED, [ctx.company_id, before.id])).length)
    throw new AppError('conflict', 'Somebody has subscribed to this setting: make another one.', {
      fields: changed,
    });
}

/**
 * Deletes a way to buy a plan that nobody ever used.
 * @throws AppError not_found, precondition_failed, conflict
 */
export function deletePlanSetting(ctx: Context, plan_id: number, id: number): Promise<void> {
  return transaction(ctx, async (tx) => {
    const before = await lockPlanSetting(tx, ctx, plan_id, id);
    assertFresh(ctx, before.updated_at);
    if ((await tx.query(SUBSCRIBED, [ctx.company_id, id])).length)
      throw new AppError('conflict', 'Somebody has subscribed to this setting: make it inactive instead.');
    await tx.execute(DELETE, [ctx.company_id, id]);
    await audit(tx, ctx, 'plan_setting.delete', before, null);
  });
}

const audit = (
  tx: Tx,
  ctx: Context,
  action: string,
  before: PlanSettingRow | null,
  after: PlanSettingRow | null,
): Promise<void> =>
  recordAudit(tx, ctx, {
    ...{ action, subject_type: 'plan_setting', subject_id: String((after ?? before)?.id) },
    ...{ before: before && { ...before }, after: after && { ...after } },
  });
