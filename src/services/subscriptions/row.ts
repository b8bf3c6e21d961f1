import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { SubscriptionChange } from '../../schemas/changes.ts';
import type { Subscription } from '../../schemas/subscriptions.ts';
import type { Change } from '../changes.ts';
import type { SeatLabel } from '../maps/seat-labels.ts';
import { canBecome, type SubscriptionStatus } from './state.ts';

export type SubscriptionView = z.output<typeof Subscription>;

export interface SubscriptionRow {
  company_id: number;
  id: string;
  user_id: number;
  plan_id: number;
  plan_setting_id: number;
  next_plan_setting_id: number | null;
  cart_id: string | null;
  interface_id: number;
  status: SubscriptionStatus;
  seat_id: number | null;
  section_id: number | null;
  holders: { first_name: string; last_name: string; email?: string | undefined }[];
  period: number;
  anchor_at: Date | null;
  anchor_period: number;
  current_period_start: Date | null;
  current_period_end: Date | null;
  auto_renew: boolean;
  cancel_at_period_end: boolean;
  saved_method_id: string | null;
  attempts: number;
  next_attempt_at: Date | null;
  reminded_period: number;
  paused_at: Date | null;
  cancelled_at: Date | null;
  ended_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

/**
 * Who may reach a subscription, as SQL over `s`: its interface always; then `sell` and `admin` every one, a user the own
 * ones, and a client without a user those in carts that it opened for nobody: none. Parameters $1 to $4.
 */
export const SUBSCRIPTION_ACCESS = `s.company_id = $1 AND s.interface_id = $2 AND ($3 OR s.user_id = $4)`;

export const accessValues = (ctx: Context): unknown[] => [
  ctx.company_id,
  ctx.interface.id,
  seesEverything(ctx),
  ctx.user_id ?? null,
];

const READ = statement(
  'subscription_get',
  `SELECT s.* FROM subscription s WHERE ${SUBSCRIPTION_ACCESS} AND s.id = $5`,
);
const LOCK = statement(
  'subscription_lock',
  `SELECT s.* FROM subscription s WHERE ${SUBSCRIPTION_ACCESS} AND s.id = $5 FOR UPDATE OF s`,
);
const LOCK_ALL = statement(
  'subscription_lock_all',
  'SELECT s.* FROM subscription s WHERE s.company_id = $1 AND s.id = ANY($2::uuid[]) ORDER BY s.id FOR UPDATE',
);

/** Subscriptions belong to users: a token without one reaches none, unless it sells. */
export function requireUser(ctx: Context): void {
  if (!seesEverything(ctx) && ctx.user_id === undefined)
    throw new AppError('user_required', 'A subscription belongs to a user: sign in.');
}

/**
 * A subscription that the caller may reach.
 * @throws AppError not_found, user_required
 */
export async function readSubscription(ctx: Context, id: string): Promise<SubscriptionRow> {
  requireUser(ctx);
  const [row] = await ctx.system.db.query<SubscriptionRow>(READ, [...accessValues(ctx), id]);
  if (!row) throw notFound('Subscription');
  return row;
}

/**
 * Sees that the caller may reach a subscription, before what hangs on it is locked.
 * @throws AppError not_found, user_required
 */
export async function requireSubscription(tx: Tx, ctx: Context, id: string): Promise<SubscriptionRow> {
  requireUser(ctx);
  const [row] = await tx.query<SubscriptionRow>(READ, [...accessValues(ctx), id]);
  if (!row) throw notFound('Subscription');
  return row;
}

/**
 * Locks a subscription that the caller may reach.
 * @throws AppError not_found, user_required
 */
export async function lockSubscription(tx: Tx, ctx: Context, id: string): Promise<SubscriptionRow> {
  requireUser(ctx);
  const [row] = await tx.query<SubscriptionRow>(LOCK, [...accessValues(ctx), id]);
  if (!row) throw notFound('Subscription');
  return row;
}

/** Locks subscriptions in the order of their ids, whoever may reach them. */
export const lockSubscriptions = (
  tx: Tx,
  company_id: number,
  ids: readonly string[],
): Promise<SubscriptionRow[]> => tx.query<SubscriptionRow>(LOCK_ALL, [company_id, ids]);

/** What a step changes besides the status. Left out: it stays. */
export type Changed = Partial<
  Pick<
    SubscriptionRow,
    | (
        | 'plan_id'
        | 'plan_setting_id'
        | 'next_plan_setting_id'
        | 'cart_id'
        | 'period'
        | 'anchor_at'
        | 'anchor_period'
      )
    | (
        | 'current_period_start'
        | 'current_period_end'
        | 'auto_renew'
        | 'cancel_at_period_end'
        | 'saved_method_id'
      )
    | (
        | 'attempts'
        | 'next_attempt_at'
        | 'reminded_period'
        | 'paused_at'
        | 'cancelled_at'
        | 'ended_at'
        | 'holders'
      )
  >
>;

const WRITE = statement(
  'subscription_write',
  `UPDATE subscription s SET status = w.status::subscription_status, plan_id = w.plan_id,
     plan_setting_id = w.plan_setting_id, next_plan_setting_id = w.next_plan_setting_id, cart_id = w.cart_id,
     period = w.period, anchor_at = w.anchor_at, anchor_period = w.anchor_period,
     current_period_start = w.current_period_start, current_period_end = w.current_period_end,
     auto_renew = w.auto_renew, cancel_at_period_end = w.cancel_at_period_end, saved_method_id = w.saved_method_id,
     attempts = w.attempts, next_attempt_at = w.next_attempt_at, reminded_period = w.reminded_period,
     paused_at = w.paused_at, cancelled_at = w.cancelled_at, ended_at = w.ended_at, holders = w.holders,
     updated_at = greatest(now(), s.updated_at + interval '1 millisecond')
   FROM jsonb_to_recordset($2::jsonb) AS w (id uuid, from_status text, status text, plan_id int, plan_setting_id int,
     next_plan_setting_id int, cart_id uuid, period int, anchor_at timestamptz, anchor_period int,
     current_period_start timestamptz, current_period_end timestamptz, auto_renew boolean, cancel_at_period_end boolean,
     saved_method_id uuid, attempts int, next_attempt_at timestamptz, reminded_period int, paused_at timestamptz,
     cancelled_at timestamptz, ended_at timestamptz, holders jsonb)
   WHERE s.company_id = $1 AND s.id = w.id AND s.status = w.from_status::subscription_status
   RETURNING s.*`,
);

/** A step of a subscription that is locked. */
export interface Step {
  row: SubscriptionRow;
  to: SubscriptionStatus;
  changed?: Changed;
}

/**
 * Takes steps of locked subscriptions; all other code changes none of their columns.
 * @returns the rows as they are then, in no particular order
 * @throws Error for a step that the table of states does not know, or a row that is not where it was read (ours)
 */
export async function takeSteps(
  tx: Tx,
  company_id: number,
  steps: readonly Step[],
): Promise<SubscriptionRow[]> {
  if (!steps.length) return [];
  for (const { row, to } of steps)
    if (row.status !== to && !canBecome(row.status, to))
      throw new Error(`no step from ${row.status} to ${to} for a subscription`);
  const written = steps.map(({ row, to, changed }) => ({
    ...row,
    ...changed,
    from_status: row.status,
    status: to,
  }));
  const rows = await tx.query<SubscriptionRow>(WRITE, [company_id, JSON.stringify(written)]);
  if (rows.length !== steps.length) throw new Error('a subscription changed under its lock');
  return rows;
}

/** What the change feed tells of a subscription: which and how it stands, never whose. */
export const subscriptionChange = (row: SubscriptionRow, what: SubscriptionChange): Change => ({
  company_id: row.company_id,
  type: `subscription.${what}`,
  interface_id: row.interface_id,
  event_id: null,
  subject_id: row.id,
  data: {
    ...{ subscription_id: row.id, status: row.status, period: row.period },
    ...{ plan_id: row.plan_id, plan_setting_id: row.plan_setting_id },
    current_period_end: row.current_period_end,
  },
});

/** A subscription as its owner, `sell` and `admin` see it. */
export function presentSubscription(
  row: SubscriptionRow,
  labels: ReadonlyMap<number, SeatLabel>,
): SubscriptionView {
  const {
    company_id: _,
    anchor_at,
    anchor_period,
    reminded_period,
    saved_method_id,
    seat_id,
    ...shown
  } = row;
  return {
    ...shown,
    seat: seat_id === null ? null : (labels.get(seat_id) ?? null),
    has_payment_method: saved_method_id !== null,
  };
}
