import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { SubscriptionRow } from './row.ts';

/** Somebody who has a season: in it, or renewed for it. */
export interface SeasonHolder extends SubscriptionRow {
  /** The cart that the season was paid with, and the setting that it was bought by. */
  season_cart_id: string;
  season_setting_id: number;
  season_period: number;
  email: string;
  first_name: string;
  last_name: string;
  locale: string;
}

// Whose period of this plan is paid for and not over yet, begun or not.
const HOLDERS = `FROM subscription s
  JOIN subscription_period p ON p.company_id = s.company_id AND p.subscription_id = s.id AND p.status = 'paid'
    AND p.number >= s.period
  JOIN plan_setting t ON t.company_id = p.company_id AND t.id = p.plan_setting_id AND t.plan_id = $2
  WHERE s.company_id = $1 AND s.status IN ('active', 'past_due')`;

const COUNT = statement('season_holders_count', `SELECT count(*)::int AS total ${HOLDERS}`);
const LACKING = statement(
  'season_holders_lacking',
  `SELECT h.*, u.email, u.first_name, u.last_name, u.locale
   FROM (SELECT s.*, p.cart_id AS season_cart_id, p.plan_setting_id AS season_setting_id, p.number AS season_period
     ${HOLDERS} AND s.id > $4 AND ($5::uuid[] IS NULL OR s.id = ANY($5))
       AND NOT EXISTS (SELECT FROM sale_detail l WHERE l.company_id = s.company_id AND l.subscription_id = s.id
         AND l.event_id = $3 AND l.kind = 'ticket' AND l.status <> 'released')
     ORDER BY s.id LIMIT $6) AS h
   JOIN user_account u ON u.company_id = h.company_id AND u.id = h.user_id
   ORDER BY h.id`,
);

/** How many have a season. */
export async function countHolders(tx: Tx, company_id: number, plan_id: number): Promise<number> {
  const [row] = await tx.query<{ total: number }>(COUNT, [company_id, plan_id]);
  return row?.total ?? 0;
}

/** Those who have a season and no ticket for one of its dates, by id; one that was given back counts as had. */
export const holdersLacking = (
  tx: Tx,
  company_id: number,
  asked: { plan_id: number; event_id: number; after: string; ids?: readonly string[] | undefined },
  limit: number,
): Promise<SeasonHolder[]> =>
  tx.query<SeasonHolder>(LACKING, [
    ...[company_id, asked.plan_id, asked.event_id, asked.after, asked.ids ?? null, limit],
  ]);
