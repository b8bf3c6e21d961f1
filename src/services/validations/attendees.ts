import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { AttendeeFilters } from '../../schemas/validations.ts';
import { searchable, searchableSql } from '../events/search.ts';
import { presentScanned, type ScannedTicketView, type TicketRow } from '../tickets/row.ts';
import { doorAt } from './prepare.ts';

// Every word somewhere in what is known of the holder: accents are not typed at a door.
const WHERE = `t.company_id = $1 AND t.event_id = $2
  AND ($3::ticket_status[] IS NULL OR t.status = ANY($3))
  AND NOT EXISTS (SELECT FROM unnest($4::text[]) AS w (word)
    WHERE strpos(${searchableSql("concat_ws(' ', t.first_name, t.last_name, t.email, t.document_number)")}, w.word) = 0)`;
const LIST = statement(
  'attendee_list',
  `SELECT t.* FROM ticket t WHERE ${WHERE}
   ORDER BY lower(t.last_name) NULLS LAST, lower(t.first_name) NULLS LAST, t.id LIMIT $5 OFFSET $6`,
);
const COUNT = statement('attendee_count', `SELECT count(*) AS total FROM ticket t WHERE ${WHERE}`);

/**
 * The tickets of an event by name of their holders, whichever interface sold them: who stands at the door without a code
 * is found here and checked in by the id.
 * @throws AppError not_found
 */
export async function findAttendees(
  ctx: Context,
  event_id: number,
  { q = '', status }: AttendeeFilters,
  { limit, offset }: PageRequest,
): Promise<Page<ScannedTicketView>> {
  await doorAt(ctx, event_id, null);
  const { db, seatLabels } = ctx.system;
  const words = searchable(q).split(' ').filter(Boolean);
  const values = [ctx.company_id, event_id, status ?? null, words];
  const [rows, [counted]] = await Promise.all([
    db.query<TicketRow>(LIST, [...values, limit, offset]),
    db.query<{ total: number }>(COUNT, values),
  ]);
  const seats = rows.flatMap(({ seat_id }) => seat_id ?? []);
  const labels = await seatLabels.of(db, ctx.company_id, seats);
  return { items: rows.map((row) => presentScanned(row, labels)), total: counted?.total ?? 0 };
}
