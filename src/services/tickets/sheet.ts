import { statement } from '../../db/client.ts';
import type { Language } from '../../errors.ts';
import type { System } from '../../system.ts';
import { liveLink } from './live-link.ts';
import { admits, claimsOf, dead, type TicketRow } from './row.ts';

/** All that a ticket shows of itself to the person who carries it. */
export interface Sheet {
  id: string;
  /** Null where codes rotate: no paper can show one. */
  code: string | null;
  /** Where codes rotate: the page that shows the one of the moment. */
  live_url: string | null;
  event_id: number;
  event: string;
  starts_at: Date;
  ends_at: Date | null;
  doors_at: Date | null;
  /** IANA name: times are shown in it. */
  time_zone: string;
  /** Name and address, as far as known. */
  venue: string[];
  type: string | null;
  /** Section, row and number of a seat; the section alone where places are free. */
  place: string | null;
  holder: string | null;
  company: string;
}

interface SheetRow extends Omit<Sheet, 'id' | 'code' | 'live_url' | 'venue' | 'holder'> {
  ticket_id: string;
  rotating_codes: boolean;
  venue: (string | null)[];
}

const SHEETS = statement(
  'ticket_sheets',
  `SELECT t.id AS ticket_id, e.id AS event_id, e.rotating_codes, coalesce(e.translations -> $3 ->> 'name', e.name) AS event, e.starts_at, e.ends_at, e.doors_at,
     e.time_zone, co.name AS company, coalesce(y.translations -> $3 ->> 'name', y.name) AS type,
     ARRAY[v.name, v.line1, nullif(concat_ws(' ', v.postal_code, v.city), '')] AS venue,
     CASE WHEN s.id IS NULL THEN x.name ELSE concat_ws(' · ', x.name, r.label, s.number) END AS place
   FROM ticket t
   JOIN company co ON co.id = t.company_id
   JOIN event e ON e.company_id = t.company_id AND e.id = t.event_id
   LEFT JOIN venue v ON v.company_id = e.company_id AND v.id = e.venue_id
   LEFT JOIN ticket_type y ON y.company_id = t.company_id AND y.id = t.ticket_type_id
   LEFT JOIN section x ON x.company_id = t.company_id AND x.id = t.section_id
   LEFT JOIN seat s ON s.company_id = t.company_id AND s.id = t.seat_id
   LEFT JOIN seat_row r ON r.company_id = s.company_id AND r.id = s.row_id
   WHERE t.company_id = $1 AND t.id = ANY($2::uuid[])`,
);

/**
 * What a ticket shows.
 * @throws AppError conflict when it no longer admits
 */
export async function sheetOfTicket(system: System, row: TicketRow, language: Language): Promise<Sheet> {
  const [sheet] = await sheetsOf(system, [row], language);
  if (!sheet) throw dead(row);
  return sheet;
}

/** What living tickets of one company show, in the order given; those that no longer admit are left out. */
export async function sheetsOf(
  system: System,
  rows: readonly TicketRow[],
  language: Language,
): Promise<Sheet[]> {
  const now = new Date();
  const living = rows.filter((row) => admits(row, now));
  const [first] = living;
  if (!first) return [];
  const { company_id } = first;
  const sign = await system.ticketKeys.signer(company_id);
  const found = await system.db.query<SheetRow>(SHEETS, [company_id, living.map(({ id }) => id), language]);
  const byId = new Map(found.map((sheet) => [sheet.ticket_id, sheet]));
  return Promise.all(
    living.map(async (row) => {
      const { ticket_id: id, venue, rotating_codes, ...words } = byId.get(row.id) as SheetRow;
      const holder = [row.first_name, row.last_name].filter(Boolean).join(' ') || null;
      const lines = venue.filter((line) => line !== null);
      const [code, live_url] = rotating_codes
        ? [null, await liveLink(system, row)]
        : [sign(claimsOf(row)), null];
      return { ...words, id, venue: lines, holder, code, live_url };
    }),
  );
}
