import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { GiveBack } from '../../schemas/subscriptions.ts';
import { uuidv7 } from '../../uuid.ts';
import { recordChanges } from '../changes.ts';
import { enterCredit } from '../credit/books.ts';
import { notLive } from './change.ts';
import { type DateLine, releaseDates } from './dates.ts';
import { lockSubscription, readSubscription, requireSubscription, subscriptionChange } from './row.ts';

export type GiveBackView = z.output<typeof GiveBack>;

interface GiveBackRow extends GiveBackView {
  company_id: number;
  user_id: number;
  ticket_id: string;
}

const INSERT = statement(
  'give_back_insert',
  `INSERT INTO give_back (company_id, id, subscription_id, user_id, event_id, seat_id, section_id, ticket_id, value,
     currency)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *`,
);
// Of the season as it was paid: one of its dates.
const SHARE = statement(
  'give_back_share',
  `SELECT (l.total - l.refunded) / greatest(1, (SELECT count(*) FROM sale_detail d WHERE d.company_id = l.company_id
       AND d.cart_id = l.cart_id AND d.subscription_id = l.subscription_id AND d.kind = 'ticket'))::int AS value,
     p.currency
   FROM subscription_period p
   JOIN sale_detail l ON l.company_id = p.company_id AND l.cart_id = p.cart_id
     AND l.subscription_id = p.subscription_id AND l.kind = 'plan'
   WHERE p.company_id = $1 AND p.subscription_id = $2 AND p.number = $3`,
);
const SOLD = statement(
  'give_back_sold',
  `UPDATE give_back g SET status = 'sold', sold_line_id = m.line_id, credited = least(g.value, m.total), updated_at = now()
   FROM unnest($2::int[], $3::int[], $4::uuid[], $5::int[]) AS m (event_id, seat_id, line_id, total)
   WHERE g.company_id = $1 AND g.event_id = m.event_id AND g.seat_id = m.seat_id AND g.status = 'offered'
   RETURNING g.*`,
);
// Places without numbers are all alike: as long as there are as many free ones as were given back, none of those was
// needed. Whoever gave one back first is credited first, by the dearest of the places that were just sold.
const SOLD_PLACES = statement(
  'give_back_sold_places',
  `UPDATE give_back g SET status = 'sold', sold_line_id = m.line_id, credited = least(g.value, m.total), updated_at = now()
   FROM (SELECT w.event_id, w.section_id, w.line_id, w.total,
           row_number() OVER (PARTITION BY w.event_id, w.section_id ORDER BY w.total DESC, w.line_id) AS turn
         FROM unnest($2::int[], $3::int[], $4::uuid[], $5::int[]) AS w (event_id, section_id, line_id, total)) AS m,
        (SELECT o.id, o.event_id, o.section_id, s.capacity - s.sold - s.blocked AS free,
           count(*) OVER (PARTITION BY o.event_id, o.section_id) AS offered,
           row_number() OVER (PARTITION BY o.event_id, o.section_id ORDER BY o.created_at, o.id) AS turn
         FROM give_back o JOIN event_section s
           ON s.company_id = o.company_id AND s.event_id = o.event_id AND s.section_id = o.section_id
         WHERE o.company_id = $1 AND o.event_id = ANY($2) AND o.status = 'offered' AND o.seat_id IS NULL) AS q
   WHERE g.company_id = $1 AND g.id = q.id AND q.event_id = m.event_id AND q.section_id = m.section_id
     AND q.turn = m.turn AND q.turn <= q.offered - q.free
   RETURNING g.*`,
);
const WITHDRAW = statement(
  'give_back_withdraw',
  `UPDATE give_back SET status = 'withdrawn', updated_at = now()
   WHERE company_id = $1 AND subscription_id = ANY($2::uuid[]) AND status = 'offered'`,
);
const LIST = statement(
  'give_back_list',
  `SELECT g.*, count(*) OVER ()::int AS total FROM give_back g
   WHERE g.company_id = $1 AND g.subscription_id = $2 ORDER BY g.created_at, g.id LIMIT $3 OFFSET $4`,
);

/**
 * Gives a place at one date of a season back: the ticket is void, the place on sale again at once. Its holder is credited
 * when it is sold again: what it was sold for, at most this date's share of the season. A place without a number is sold
 * again once fewer are left than were given back.
 * @throws AppError not_found, user_required; conflict when there is no place of it to give back at that date,
 *   or it was passed on
 */
export function giveBackDate(ctx: Context, id: string, event_id: number): Promise<GiveBackView> {
  return transaction(ctx, async (tx) => {
    await requireSubscription(tx, ctx, id);
    const wanted = (date: DateLine) => date.event_id === event_id && !date.passed_on;
    const [date] = await releaseDates(tx, ctx, id, wanted, 'Date given back', 1);
    const row = await lockSubscription(tx, ctx, id);
    if (row.status !== 'active' && row.status !== 'past_due') throw notLive(row);
    if (!date)
      throw new AppError('conflict', 'There is no place of this subscription to give back at that date.', {
        event_id,
      });
    const [share] = await tx.query<{ value: number; currency: string }>(SHARE, [
      ctx.company_id,
      id,
      row.period,
    ]);
    const [given] = await tx.query<GiveBackRow>(INSERT, [
      ...[ctx.company_id, uuidv7(), id, row.user_id, event_id, date.seat_id, date.section_id, date.ticket_id],
      ...[share?.value ?? 0, share?.currency],
    ]);
    await recordChanges(tx, [{ ...subscriptionChange(row, 'date_given_back'), event_id }]);
    return present(given as GiveBackRow);
  });
}

/** The dates of a season that were given back. */
export async function listGiveBacks(
  ctx: Context,
  id: string,
  page: PageRequest,
): Promise<Page<GiveBackView>> {
  await readSubscription(ctx, id);
  const rows = await ctx.system.db.query<GiveBackRow & { total: number }>(LIST, [
    ...[ctx.company_id, id, page.limit, page.offset],
  ]);
  return { items: rows.map(present), total: rows[0]?.total ?? 0 };
}

const present = (row: GiveBackRow): GiveBackView => ({
  ...{ id: row.id, subscription_id: row.subscription_id, event_id: row.event_id, seat_id: row.seat_id },
  section_id: row.section_id,
  ...{ status: row.status, value: row.value, credited: row.credited, currency: row.currency },
  ...{ created_at: row.created_at, updated_at: row.updated_at },
});

interface SoldLine {
  id: string;
  kind: string;
  event_id: number | null;
  seat_id: number | null;
  section_id: number | null;
  total: number;
}

/**
 * Places are sold: those among them that somebody gave back are credited, in the transaction of the sale, which has moved
 * the counters of their sections already.
 */
export async function creditGivenBack(tx: Tx, company_id: number, lines: readonly SoldLine[]): Promise<void> {
  const tickets = lines.filter((line) => line.kind === 'ticket');
  const sold = await Promise.all([
    soldAgain(
      tx,
      company_id,
      SOLD,
      'seat_id',
      tickets.filter((line) => line.seat_id !== null),
    ),
    soldAgain(
      tx,
      company_id,
      SOLD_PLACES,
      'section_id',
      tickets.filter((line) => line.seat_id === null),
    ),
  ]);
  await enterCredit(
    tx,
    company_id,
    sold.flat().map(({ id, user_id, currency, credited, subscription_id }) => ({
      ...{ user_id, currency, amount: credited, kind: 'give_back', give_back_id: id, subscription_id },
    })),
  );
}

async function soldAgain(
  tx: Tx,
  company_id: number,
  which: typeof SOLD,
  place: 'seat_id' | 'section_id',
  lines: readonly SoldLine[],
): Promise<GiveBackRow[]> {
  if (!lines.length) return [];
  return tx.query<GiveBackRow>(which, [
    company_id,
    lines.map((line) => line.event_id),
    lines.map((line) => line[place]),
    lines.map((line) => line.id),
    lines.map((line) => line.total),
  ]);
}

/** Subscriptions were refunded whole: nothing that they gave back is credited any more. */
export async function withdrawGiveBacks(tx: Tx, company_id: number, ids: readonly string[]): Promise<void> {
  if (ids.length) await tx.execute(WITHDRAW, [company_id, ids]);
}
