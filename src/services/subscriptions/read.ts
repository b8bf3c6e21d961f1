import { type Context, seesEverything } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import {
  accessValues,
  presentSubscription,
  readSubscription,
  requireUser,
  SUBSCRIPTION_ACCESS,
  type SubscriptionRow,
  type SubscriptionView,
} from './row.ts';
import type { SubscriptionStatus } from './state.ts';

export interface SubscriptionFilter {
  status?: SubscriptionStatus[] | undefined;
  plan_id?: number | undefined;
  user_id?: number | undefined;
}

const MATCHING = `FROM subscription s WHERE ${SUBSCRIPTION_ACCESS}
  AND ($5::text[] IS NULL OR s.status::text = ANY($5)) AND ($6::int IS NULL OR s.plan_id = $6)
  AND ($7::int IS NULL OR s.user_id = $7)`;
const LIST = statement(
  'subscription_list',
  `SELECT s.* ${MATCHING} ORDER BY s.created_at DESC, s.id DESC LIMIT $8 OFFSET $9`,
);
const COUNT = statement('subscription_count', `SELECT count(*) AS total ${MATCHING}`);
const USER = statement('subscription_user', 'SELECT id FROM user_account WHERE company_id = $1 AND id = $2');

/** Subscriptions with the labels of their seats. */
export async function presentSubscriptions(
  ctx: Context,
  rows: readonly SubscriptionRow[],
  reader: Tx | Database = ctx.system.db,
): Promise<SubscriptionView[]> {
  const seats = rows.flatMap((row) => row.seat_id ?? []);
  const labels = await ctx.system.seatLabels.of(reader, ctx.company_id, seats);
  return rows.map((row) => presentSubscription(row, labels));
}

/** The same for one, in the transaction that has just written it. */
export async function presentOne(tx: Tx, ctx: Context, row: SubscriptionRow): Promise<SubscriptionView> {
  const [view] = await presentSubscriptions(ctx, [row], tx);
  return view as SubscriptionView;
}

/**
 * A subscription.
 * @throws AppError not_found, user_required
 */
export async function getSubscription(ctx: Context, id: string): Promise<SubscriptionView> {
  const [view] = await presentSubscriptions(ctx, [await readSubscription(ctx, id)]);
  return view as SubscriptionView;
}

/**
 * Subscriptions, newest first: a user's own, or all of the interface for `sell` and `admin`.
 * @throws AppError user_required
 */
export async function listSubscriptions(
  ctx: Context,
  filter: SubscriptionFilter,
  page: PageRequest,
): Promise<Page<SubscriptionView>> {
  requireUser(ctx);
  const { status = null, plan_id = null, user_id = null } = filter;
  const values = [...accessValues(ctx), status, plan_id, user_id];
  const { db } = ctx.system;
  const [count] = await db.query<{ total: number }>(COUNT, values);
  const rows = await db.query<SubscriptionRow>(LIST, [...values, page.limit, page.offset]);
  return { items: await presentSubscriptions(ctx, rows), total: count?.total ?? 0 };
}

/**
 * The subscriptions of one user, to that user, `sell` and `admin`.
 * @throws AppError not_found, user_required
 */
export async function listSubscriptionsOf(
  ctx: Context,
  user_id: number,
  page: PageRequest,
): Promise<Page<SubscriptionView>> {
  await requireReachable(ctx, user_id);
  return listSubscriptions(ctx, { user_id }, page);
}

/**
 * The user of an address: the caller itself, or any of the company to `sell` and `admin`.
 * @throws AppError not_found, user_required
 */
export async function requireReachable(ctx: Context, user_id: number): Promise<void> {
  requireUser(ctx);
  const own = ctx.user_id === user_id;
  if (!own && !(seesEverything(ctx) && (await ctx.system.db.query(USER, [ctx.company_id, user_id])).length))
    throw notFound('User');
}
