import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { lockCarts } from '../carts/row.ts';
import { refundSale } from '../refunds/refund.ts';

export interface DateLine {
  id: string;
  cart_id: string;
  event_id: number;
  seat_id: number | null;
  section_id: number | null;
  ticket_id: string;
  /** Its ticket is somebody else's by now. */
  passed_on: boolean;
}

// Dates whose ticket still lets its holder in, at events that have not begun.
const AHEAD = statement(
  'subscription_dates_ahead',
  `SELECT l.id, l.cart_id, l.event_id, l.seat_id, l.section_id, t.id AS ticket_id,
     t.user_id IS DISTINCT FROM u.user_id AS passed_on FROM sale_detail l
   JOIN subscription u ON u.company_id = l.company_id AND u.id = l.subscription_id
   JOIN event e ON e.company_id = l.company_id AND e.id = l.event_id AND e.starts_at > $3
   JOIN ticket t ON t.company_id = l.company_id AND t.sale_detail_id = l.id AND t.status = 'valid'
     AND t.validated_at IS NULL
   WHERE l.company_id = $1 AND l.subscription_id = $2 AND l.kind = 'ticket' AND l.status = 'paid'
   ORDER BY l.cart_id, l.id`,
);

const SEASON_CARTS = statement(
  'subscription_season_carts',
  `SELECT p.cart_id FROM subscription_period p
   JOIN plan_setting s ON s.company_id = p.company_id AND s.id = p.plan_setting_id AND s.interval = 'season'
   WHERE p.company_id = $1 AND p.subscription_id = $2 AND p.status = 'paid' AND p.cart_id IS NOT NULL`,
);

/** The dates of a season that its subscriber has yet to see. */
export const datesAhead = (tx: Tx, ctx: Context, subscription_id: string): Promise<DateLine[]> =>
  tx.query<DateLine>(AHEAD, [ctx.company_id, subscription_id, ctx.now]);

/**
 * Gives dates of a season back: their tickets are void, their places on sale again. They cost nothing beside the season,
 * so no money moves. Locks their carts first, and that of the season, which a date may just be added to: to be called
 * before the subscription is locked.
 * @param most how many at most
 * @returns the dates that were given back
 */
export async function releaseDates(
  tx: Tx,
  ctx: Context,
  subscription_id: string,
  wanted: (date: DateLine) => boolean,
  reason: string,
  most = Number.POSITIVE_INFINITY,
): Promise<DateLine[]> {
  const asked = await datesAhead(tx, ctx, subscription_id);
  const paid = await tx.query<{ cart_id: string }>(SEASON_CARTS, [ctx.company_id, subscription_id]);
  const cart_ids = new Set([...asked, ...paid].map(({ cart_id }) => cart_id));
  if (!cart_ids.size) return [];
  const carts = await lockCarts(tx, ctx.company_id, [...cart_ids]);
  // Read again under the locks: somebody else may have been faster.
  const dates = (await datesAhead(tx, ctx, subscription_id))
    .filter((date) => cart_ids.has(date.cart_id) && wanted(date))
    .slice(0, most);
  for (const cart of carts) {
    const sale_detail_ids = dates.flatMap((date) => (date.cart_id === cart.id ? [date.id] : []));
    if (sale_detail_ids.length) await refundSale(tx, ctx, cart, { sale_detail_ids, reason });
  }
  return dates;
}
