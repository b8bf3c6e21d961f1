import { validate as isUuid } from 'uuid';
import type { Context } from '../../context.ts';
import { type Statement, statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { TicketFilters } from '../../schemas/tickets.ts';
import { searchable, searchableSql } from '../events/search.ts';
import type { TicketRow } from './row.ts';

/** Which tickets: what is asked for, and whose. */
export type WantedTickets = TicketFilters & { user_id?: number };

// What each filter says as SQL, given the place of its value. Only what is asked for stands in a statement: a plan that is
// made once would look up nothing by a filter that may be absent.
const FILTERS = {
  id: (at: string) => `t.id = ${at}::uuid`,
  event_id: (at: string) => `t.event_id = ${at}`,
  user_id: (at: string) => `t.user_id = ${at}`,
  cart_id: (at: string) => `t.cart_id = ${at}`,
  sale_detail_id: (at: string) => `t.sale_detail_id = ${at}`,
  ticket_type_id: (at: string) => `t.ticket_type_id = ${at}`,
  seat_id: (at: string) => `t.seat_id = ${at}`,
  status: (at: string) => `t.status = ANY(${at}::ticket_status[])`,
  // Every word somewhere in the holder's name and address, accents or none, as at the door.
  words: (at: string) => `NOT EXISTS (SELECT FROM unnest(${at}::text[]) AS w (word)
    WHERE strpos(${searchableSql("concat_ws(' ', t.first_name, t.last_name, t.email)")}, w.word) = 0)`,
} as const;
type Filter = keyof typeof FILTERS;
const NAMES = Object.keys(FILTERS) as Filter[];

interface Search {
  list: Statement;
  count: Statement;
}

/** By the filters that are asked for together. */
const searches = new Map<string, Search>();

function searchBy(filters: readonly Filter[]): Search {
  // Short, whatever is asked for: PostgreSQL tells statements apart by 63 characters.
  const name = `ticket_find_${filters.reduce((sum, filter) => sum + 2 ** NAMES.indexOf(filter), 0)}`;
  const known = searches.get(name);
  if (known) return known;
  const asked = filters.map((filter, i) => FILTERS[filter](`$${i + 3}`));
  const where = ['t.company_id = $1', 't.interface_id = $2', ...asked].join(' AND ');
  const made = {
    // Ids are UUIDv7: their order is that of issue.
    list: statement(
      name,
      `SELECT t.* FROM ticket t WHERE ${where} ORDER BY t.id DESC LIMIT $${filters.length + 3} OFFSET $${filters.length + 4}`,
    ),
    count: statement(`${name}_count`, `SELECT count(*) AS total FROM ticket t WHERE ${where}`),
  };
  searches.set(name, made);
  return made;
}

const MOST_WORDS = 10;

/** Tickets of the interface, newest first. `q` is the id of one, or words of their holders. */
export async function findTickets(
  { system, company_id, interface: { id: interface_id } }: Context,
  { q, ...wanted }: WantedTickets,
  { limit, offset }: PageRequest,
): Promise<Page<TicketRow>> {
  const byId = q !== undefined && isUuid(q);
  const words =
    q === undefined || byId ? undefined : searchable(q).split(' ').filter(Boolean).slice(0, MOST_WORDS);
  const values: Partial<Record<Filter, unknown>> = {
    ...wanted,
    ...(byId && { id: q }),
    ...(words && { words }),
  };
  const filters = NAMES.filter((name) => values[name] !== undefined);
  const { list, count } = searchBy(filters);
  const asked = [company_id, interface_id, ...filters.map((name) => values[name])];
  const [items, [counted]] = await Promise.all([
    system.db.query<TicketRow>(list, [...asked, limit, offset]),
    system.db.query<{ total: number }>(count, asked),
  ]);
  return { items, total: counted?.total ?? 0 };
}
