import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { TicketFilters } from '../../schemas/tickets.ts';
import { searchable, searchableSql } from '../events/search.ts';
import type { TicketRow } from './row.ts';

// Every word somewhere in the holder's name and address, accents or none, as at the door.
const WHERE = `t.company_id = $1 AND t.interface_id = $2
  AND ($3::int IS NULL OR t.event_id = $3) AND ($4::int IS NULL OR t.user_id = $4)
  AND ($5::uuid IS NULL OR t.cart_id = $5) AND ($6::uuid IS NULL OR t.sale_detail_id = $6)
  AND ($7::int IS NULL OR t.ticket_type_id = $7) AND ($8::int IS NULL OR t.seat_id = $8)
  AND ($9::ticket_status[] IS NULL OR t.status = ANY($9))
  AND NOT EXISTS (SELECT FROM unnest($10::text[]) AS w (word)
    WHERE strpos(${searchableSql("concat_ws(' ', t.first_name, t.last_name, t.email)")}, w.word) = 0)`;
const LIST = statement(
  'ticket_find',
  `SELECT t.* FROM ticket t WHERE ${WHERE} ORDER BY t.id DESC LIMIT $11 OFFSET $12`,
);
const COUNT = statement('ticket_find_count', `SELECT count(*) AS total FROM ticket t WHERE ${WHERE}`);

const MOST_WORDS = 10;

/** Tickets of the interface by words of their holders, newest first. */
export async function findTickets(
  { system, company_id, interface: { id } }: Context,
  filters: Omit<TicketFilters, 'q'> & { user_id?: number },
  q: string,
  { limit, offset }: PageRequest,
): Promise<Page<TicketRow>> {
  const { event_id, user_id, cart_id, sale_detail_id, ticket_type_id, seat_id, status } = filters;
  const asked = [event_id, user_id, cart_id, sale_detail_id, ticket_type_id, seat_id, status];
  const words = searchable(q).split(' ').filter(Boolean).slice(0, MOST_WORDS);
  const values = [company_id, id, ...asked.map((value) => value ?? null), words];
  const [items, [counted]] = await Promise.all([
    system.db.query<TicketRow>(LIST, [...values, limit, offset]),
    system.db.query<{ total: number }>(COUNT, values),
  ]);
  return { items, total: counted?.total ?? 0 };
}
