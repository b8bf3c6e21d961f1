import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { PlanCreate, PlanPatch } from '../../schemas/plans.ts';
import { recordAudit } from '../audit.ts';
import { recordChanges } from '../changes.ts';
import { assertFresh } from '../fresh.ts';
import { startIssuing } from '../subscriptions/season-dates.ts';
import { startKeeping } from '../subscriptions/season-keep.ts';
import { checkPlan } from './checks.ts';
import { lockPlan, type PlanRow, type PlanSettingRow, type PlanView, presentPlan } from './row.ts';

const INSERT = statement(
  'plan_insert',
  `INSERT INTO plan (company_id, name, description, translations, kind, event_ids, benefits, active, ends_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
);
const UPDATE = statement(
  'plan_update',
  `UPDATE plan SET name = $3, description = $4, translations = $5, event_ids = $6, benefits = $7, active = $8,
     ends_at = $9, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 RETURNING *`,
);
const DELETE = statement('plan_delete', 'DELETE FROM plan WHERE company_id = $1 AND id = $2');
const SUBSCRIBED = statement(
  'plan_subscribed',
  'SELECT id FROM subscription WHERE company_id = $1 AND plan_id = $2 LIMIT 1',
);

/**
 * Makes a plan: a membership or a season ticket.
 * @throws AppError validation_failed
 */
export function createPlan(ctx: Context, body: PlanCreate): Promise<PlanView> {
  const plan = {
    ...{ description: null, translations: {}, event_ids: [], benefits: [], active: true, ends_at: null },
    ...withoutUndefined(body),
  };
  return transaction(ctx, async (tx) => {
    await checkPlan(tx, ctx, plan);
    const [row] = await tx.query<PlanRow>(INSERT, [
      ctx.company_id,
      plan.name,
      plan.description,
      JSON.stringify(plan.translations),
      plan.kind,
      plan.event_ids,
      JSON.stringify(plan.benefits),
      plan.active,
      plan.ends_at,
    ]);
    await written(tx, ctx, 'plan.create', null, row as PlanRow);
    return presentPlan(ctx, row as PlanRow);
  });
}

/**
 * Changes a plan. What is sold already keeps its terms: tickets of dates that a season loses stay valid, and dates that it
 * gains are issued to its subscribers by a job.
 * @throws AppError not_found, precondition_failed, validation_failed
 */
export function updatePlan(ctx: Context, plan_id: number, body: PlanPatch): Promise<PlanView> {
  return transaction(ctx, async (tx) => {
    const before = await lockPlan(tx, ctx, plan_id);
    assertFresh(ctx, before.updated_at);
    const plan = { ...before, ...withoutUndefined(body) };
    await checkPlan(tx, ctx, plan);
    const [row] = await tx.query<PlanRow>(UPDATE, [
      ctx.company_id,
      plan_id,
      plan.name,
      plan.description,
      JSON.stringify(plan.translations),
      plan.event_ids,
      JSON.stringify(plan.benefits),
      plan.active,
      plan.ends_at,
    ]);
    await written(tx, ctx, 'plan.update', before, row as PlanRow);
    const event_ids = plan.event_ids.filter((id) => !before.event_ids.includes(id));
    if (before.kind !== 'season' || !event_ids.length) return presentPlan(ctx, row as PlanRow);
    for (const setting of await settingsKeeping(tx, ctx, plan_id))
      await startKeeping(tx, ctx, setting, plan.event_ids.length);
    const job = await startIssuing(tx, ctx, { plan_id, event_ids });
    return { ...presentPlan(ctx, row as PlanRow), job_id: job.id };
  });
}

const KEEPING = statement(
  'plan_settings_keeping',
  `SELECT * FROM plan_setting WHERE company_id = $1 AND plan_id = $2 AND active AND renewal_deadline > now() ORDER BY id`,
);

/** Its settings that keep places of the season before at this moment. */
const settingsKeeping = (tx: Tx, ctx: Context, plan_id: number): Promise<PlanSettingRow[]> =>
  tx.query<PlanSettingRow>(KEEPING, [ctx.company_id, plan_id]);

/**
 * Deletes a plan that nobody ever subscribed to, with its settings.
 * @throws AppError not_found, precondition_failed, conflict
 */
export function deletePlan(ctx: Context, plan_id: number): Promise<void> {
  return transaction(ctx, async (tx) => {
    const before = await lockPlan(tx, ctx, plan_id);
    assertFresh(ctx, before.updated_at);
    if ((await tx.query(SUBSCRIBED, [ctx.company_id, plan_id])).length)
      throw new AppError('conflict', 'Somebody has subscribed to this plan: make it inactive instead.');
    await tx.execute(DELETE, [ctx.company_id, plan_id]);
    await written(tx, ctx, 'plan.delete', before, null);
  });
}

/** What of a body was given, and nothing that was left out. */
export const withoutUndefined = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

async function written(
  tx: Tx,
  ctx: Context,
  action: string,
  before: PlanRow | null,
  after: PlanRow | null,
): Promise<void> {
  const subject_id = String((after ?? before)?.id);
  await recordAudit(tx, ctx, {
    ...{ action, subject_type: 'plan', subject_id },
    ...{ before: before && { ...before }, after: after && { ...after } },
  });
  await recordChanges(tx, [
    {
      ...{ company_id: ctx.company_id, type: 'plan.updated', interface_id: null, event_id: null, subject_id },
      data: { plan_id: Number(subject_id), deleted: after === null },
    },
  ]);
}
