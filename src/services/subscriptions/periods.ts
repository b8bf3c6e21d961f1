import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

export type Interval = 'month' | 'year' | 'season';

/** Ends a season without an end of its own and without dates. */
const SEASON_MONTHS = 12;

/**
 * The instant some whole months after another, by the calendar of UTC; a day that a month lacks is its last one. Counted
 * from one anchor, not from end to end: the 31st stays the 31st after a February.
 */
export function addMonths(anchor: Date, months: number): Date {
  const moved = new Date(anchor);
  moved.setUTCDate(1);
  moved.setUTCMonth(anchor.getUTCMonth() + months);
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(anchor.getUTCDate(), last));
  return moved;
}

const MONTHS: Record<Interval, number> = { month: 1, year: 12, season: SEASON_MONTHS };

/** The end of some periods that began at an anchor. */
export const endOfPeriods = (anchor: Date, interval: Interval, periods: number): Date =>
  addMonths(anchor, MONTHS[interval] * periods);

const SEASON_END = statement(
  'season_end',
  `SELECT coalesce(p.ends_at, (SELECT max(coalesce(e.ends_at, e.starts_at)) FROM event e
     WHERE e.company_id = p.company_id AND e.id = ANY(p.event_ids))) AS ends_at
   FROM plan p WHERE p.company_id = $1 AND p.id = $2`,
);

/** When the season of a plan is over; after a year where nothing tells. */
export async function seasonEnd(
  reader: Tx | Database,
  company_id: number,
  plan_id: number,
  from: Date,
): Promise<Date> {
  const [row] = await reader.query<{ ends_at: Date | null }>(SEASON_END, [company_id, plan_id]);
  return row?.ends_at && row.ends_at > from ? row.ends_at : addMonths(from, SEASON_MONTHS);
}
