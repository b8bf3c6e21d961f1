import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

/** Sums of the books; reversals of sales are negative in them. */
export interface Books {
  sold: number;
  refunded: number;
  /** What was given back in money, parts of a price included. */
  refunded_amount: number;
  revenue: number;
  discount: number;
  fee: number;
  tax: number;
}

export interface BookRow extends Books {
  ticket_type_id: number | null;
  product_id: number | null;
  section_id: number | null;
}

/** What an interface sold in an hour. */
export interface HourRow {
  interface_id: number;
  /** The day in the time zone of the event: 2026-11-26. */
  day: string;
  hour: Date;
  sold: number;
  refunded: number;
  refunded_amount: number;
  revenue: number;
}

const GIVEN_BACK = "FILTER (WHERE kind = 'reversal' AND exchange_id IS NULL)";
const SUMS = `sum(quantity) AS sold, coalesce(-sum(quantity) ${GIVEN_BACK}, 0) AS refunded,
  coalesce(-sum(amount) ${GIVEN_BACK}, 0) AS refunded_amount, sum(amount) AS revenue`;
const OF_EVENT = `company_id = $1 AND event_id = $2 AND kind IN ('sale', 'reversal')
  AND ($3::int IS NULL OR interface_id = $3) AND ($4::timestamptz IS NULL OR created_at <= $4)`;

const BOOKS = statement(
  'report_books',
  `SELECT ticket_type_id, product_id, section_id, ${SUMS}, sum(discount) AS discount, sum(fee) AS fee, sum(tax) AS tax
   FROM ledger_entry WHERE ${OF_EVENT} GROUP BY ticket_type_id, product_id, section_id`,
);
const HOURS = statement(
  'report_hours',
  `SELECT interface_id, (created_at AT TIME ZONE $5)::date::text AS day, date_trunc('hour', created_at, $5) AS hour, ${SUMS}
   FROM ledger_entry WHERE ${OF_EVENT} GROUP BY 1, 2, 3 ORDER BY 3, 1`,
);
// A place that was kept when its line was refunded is sold as before.
const PLACES = statement(
  'report_places',
  `SELECT l.section_id, l.ticket_type_id, l.product_id, l.interface_id,
     coalesce(sum(l.quantity) FILTER (WHERE l.kind = 'sale' OR NOT d.stock_kept), 0) AS sold,
     coalesce(-sum(l.quantity) FILTER (WHERE l.kind = 'reversal' AND d.stock_kept), 0) AS kept
   FROM ledger_entry l JOIN sale_detail d ON d.company_id = l.company_id AND d.id = l.sale_detail_id
   WHERE l.company_id = $1 AND l.event_id = $2 AND l.kind IN ('sale', 'reversal') AND d.kind IN ('ticket', 'product')
     AND l.created_at <= $3
   GROUP BY 1, 2, 3, 4`,
);
// Whether a courtesy had its place then: its first ticket is as old as that, and its end says when it ended.
const GIVEN = statement(
  'report_courtesies',
  `SELECT k.section_id, k.ticket_type_id, k.interface_id, count(*) AS courtesy
   FROM courtesy k
   WHERE k.company_id = $1 AND k.event_id = $2 AND CASE
     WHEN $3::timestamptz IS NULL THEN k.status = 'issued'
     ELSE (k.status = 'issued' OR (k.status IN ('expired', 'revoked') AND k.decided_at > $3))
       AND EXISTS (SELECT FROM ticket t WHERE t.company_id = k.company_id AND t.id = k.ticket_id AND t.created_at <= $3) END
   GROUP BY 1, 2, 3`,
);
const INTERFACES = statement(
  'report_interfaces',
  'SELECT id, name FROM interface WHERE company_id = $1 ORDER BY id',
);

/** Which entries of the ledger: of an event, of one interface or all (null), and up to a time or all (null). */
export interface BookFilter {
  company_id: number;
  event_id: number;
  interface_id: number | null;
  as_of: Date | null;
}

/** The books of an event: by what was sold, and by interface and hour. */
export async function readBooks(
  tx: Tx,
  { company_id, event_id, interface_id, as_of }: BookFilter,
  time_zone: string,
): Promise<{ books: BookRow[]; hours: HourRow[]; interfaces: { id: number; name: string }[] }> {
  const values = [company_id, event_id, interface_id, as_of];
  const [books, hours, interfaces] = await Promise.all([
    tx.query<BookRow>(BOOKS, values),
    tx.query<HourRow>(HOURS, [...values, time_zone]),
    tx.query<{ id: number; name: string }>(INTERFACES, [company_id]),
  ]);
  return { books, hours, interfaces };
}

/** Places and pieces that were sold at a time, and of them those that were refunded with the place kept. */
export interface PlacesRow {
  section_id: number | null;
  ticket_type_id: number | null;
  product_id: number | null;
  interface_id: number;
  sold: number;
  kept: number;
}

/** What was sold of an event at a time, by all interfaces together. */
export const placesSoldAt = (
  tx: Tx,
  company_id: number,
  event_id: number,
  as_of: Date,
): Promise<PlacesRow[]> => tx.query<PlacesRow>(PLACES, [company_id, event_id, as_of]);

/** Places that courtesies take: like what is sold, without an entry in the books. */
export interface GivenRow {
  section_id: number | null;
  ticket_type_id: number;
  interface_id: number;
  courtesy: number;
}

/**
 * What was given away of an event.
 * @param as_of at that time; null: now
 */
export const placesGiven = (
  tx: Tx,
  company_id: number,
  event_id: number,
  as_of: Date | null,
): Promise<GivenRow[]> => tx.query<GivenRow>(GIVEN, [company_id, event_id, as_of]);
