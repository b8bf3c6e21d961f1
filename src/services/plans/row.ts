import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Language } from '../../errors.ts';
import { notFound } from '../../errors.ts';
import type { Benefit, Plan, PlanSetting } from '../../schemas/plans.ts';
import { priceOf } from '../pricing/price.ts';
import type { PriceTerms } from '../pricing/types.ts';

export type PlanView = z.output<typeof Plan>;
export type PlanSettingView = z.output<typeof PlanSetting>;

export interface PlanRow {
  company_id: number;
  id: number;
  name: string;
  description: string | null;
  translations: Partial<Record<Language, { name?: string; description?: string }>>;
  kind: 'membership' | 'season';
  event_ids: number[];
  benefits: Benefit[];
  active: boolean;
  ends_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export interface PlanSettingRow {
  company_id: number;
  id: number;
  plan_id: number;
  name: string;
  price: number;
  currency: string;
  interval: 'month' | 'year' | 'season';
  section_ids: number[];
  seat_choice: boolean;
  minimum_terms: number;
  holders: number;
  tax_rate: number;
  tax_inclusive: boolean;
  grace_days: number;
  sales_start: Date | null;
  sales_end: Date | null;
  capacity: number | null;
  held: number;
  sold: number;
  active: boolean;
  renews_setting_id: number | null;
  renewal_deadline: Date | null;
  created_at: Date;
  updated_at: Date;
}

const PLANS = statement(
  'plan_list',
  'SELECT * FROM plan WHERE company_id = $1 AND (active OR $2) ORDER BY id',
);
const PLAN = statement('plan_get', 'SELECT * FROM plan WHERE company_id = $1 AND id = $2 AND (active OR $3)');
const LOCK_PLAN = statement('plan_lock', 'SELECT * FROM plan WHERE company_id = $1 AND id = $2 FOR UPDATE');
const SETTINGS = statement(
  'plan_setting_list',
  `SELECT s.* FROM plan_setting s
   WHERE s.company_id = $1 AND s.plan_id = $2 AND (s.active OR $3) ORDER BY s.id`,
);
const LOCK_SETTING = statement(
  'plan_setting_lock',
  'SELECT * FROM plan_setting WHERE company_id = $1 AND plan_id = $2 AND id = $3 FOR UPDATE',
);
const SETTINGS_BY_ID = statement(
  'plan_settings_by_id',
  'SELECT * FROM plan_setting WHERE company_id = $1 AND id = ANY($2::int[]) ORDER BY id',
);
const PLANS_BY_ID = statement(
  'plans_by_id',
  'SELECT * FROM plan WHERE company_id = $1 AND id = ANY($2::int[]) ORDER BY id',
);

/** Those who manage plans see the inactive ones, too. */
const seesInactive = (ctx: Context): boolean => ctx.scopes.has('admin');

/** The plans of the company. */
export async function listPlans(ctx: Context): Promise<PlanView[]> {
  const rows = await ctx.system.db.query<PlanRow>(PLANS, [ctx.company_id, seesInactive(ctx)]);
  return rows.map((row) => presentPlan(ctx, row));
}

/** @throws AppError not_found */
export async function getPlan(ctx: Context, plan_id: number): Promise<PlanView> {
  return presentPlan(ctx, await readPlan(ctx, plan_id));
}

async function readPlan(ctx: Context, plan_id: number): Promise<PlanRow> {
  const [row] = await ctx.system.db.query<PlanRow>(PLAN, [ctx.company_id, plan_id, seesInactive(ctx)]);
  if (!row) throw notFound('Plan');
  return row;
}

/**
 * The ways to buy a plan.
 * @throws AppError not_found
 */
export async function listPlanSettings(ctx: Context, plan_id: number): Promise<PlanSettingView[]> {
  await readPlan(ctx, plan_id);
  const values = [ctx.company_id, plan_id, seesInactive(ctx)];
  const rows = await ctx.system.db.query<PlanSettingRow>(SETTINGS, values);
  return rows.map((row) => presentPlanSetting(ctx, row));
}

/** @throws AppError not_found */
export async function getPlanSetting(ctx: Context, plan_id: number, id: number): Promise<PlanSettingView> {
  const setting = (await listPlanSettings(ctx, plan_id)).find((row) => row.id === id);
  if (!setting) throw notFound('Plan setting');
  return setting;
}

/** @throws AppError not_found */
export async function lockPlan(tx: Tx, ctx: Context, plan_id: number): Promise<PlanRow> {
  const [row] = await tx.query<PlanRow>(LOCK_PLAN, [ctx.company_id, plan_id]);
  if (!row) throw notFound('Plan');
  return row;
}

/** @throws AppError not_found */
export async function lockPlanSetting(
  tx: Tx,
  ctx: Context,
  plan_id: number,
  id: number,
): Promise<PlanSettingRow> {
  const [row] = await tx.query<PlanSettingRow>(LOCK_SETTING, [ctx.company_id, plan_id, id]);
  if (!row) throw notFound('Plan setting');
  return row;
}

/** Settings by id, whatever their plan. */
export async function settingsById(
  reader: Tx | Database,
  company_id: number,
  ids: readonly number[],
): Promise<Map<number, PlanSettingRow>> {
  const rows = await reader.query<PlanSettingRow>(SETTINGS_BY_ID, [company_id, ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Plans by id. */
export async function plansById(
  reader: Tx | Database,
  company_id: number,
  ids: readonly number[],
): Promise<Map<number, PlanRow>> {
  const rows = await reader.query<PlanRow>(PLANS_BY_ID, [company_id, ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** A plan in the language of the request. */
export function presentPlan(ctx: Context, row: PlanRow): PlanView {
  const { company_id: _, translations, ...plan } = row;
  const { name = row.name, description = row.description } = translations[ctx.language] ?? {};
  return { ...plan, name, description };
}

/** A way to buy a plan; how many are left is told to `sell` and `admin` alone. */
export function presentPlanSetting(ctx: Context, row: PlanSettingRow): PlanSettingView {
  const { company_id: _, held, sold, capacity, ...setting } = row;
  const remaining = capacity === null ? null : Math.max(0, capacity - held - sold);
  const { tax, total } = priceOf(planTerms(row));
  return {
    ...setting,
    tax,
    total,
    sales_status: statusOf(row, remaining, ctx.now),
    ...(seesEverything(ctx) && { capacity, remaining }),
  };
}

function statusOf(row: PlanSettingRow, remaining: number | null, now: Date): PlanSettingView['sales_status'] {
  if (!row.active) return 'paused';
  if (row.sales_start && row.sales_start > now) return 'scheduled';
  if (row.sales_end && row.sales_end <= now) return 'ended';
  return remaining === 0 ? 'sold_out' : 'on_sale';
}

/** What makes the price of one period. */
export const planTerms = (
  row: Pick<PlanSettingRow, 'name' | 'price' | 'tax_rate' | 'tax_inclusive'>,
): PriceTerms => ({
  ...{ base_price: row.price, fee_fixed: 0, fee_rate: 0, fee_payer: 'buyer', extra_fee: 0 },
  ...{ tax_rate: row.tax_rate, tax_inclusive: row.tax_inclusive, rule: `plan_setting ${row.name}` },
});
