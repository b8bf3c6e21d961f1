import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, fieldError } from '../../errors.ts';
import { type CartRow, type LineRow, linesOf } from '../carts/row.ts';
import { ticketsOfUsers } from '../carts/user-limits.ts';
import { hasAdmitted } from '../tickets/row.ts';
import type { TicketStatus } from '../tickets/state.ts';
import type { ExchangeRow } from './row.ts';

/** What an exchange would give back: the lines of a paid cart that it names, and the others that stay. */
export interface Given {
  /** In the order of the request. */
  lines: LineRow[];
  rest: LineRow[];
  /** What is left of what was paid for them. */
  credit: number;
}

/**
 * The lines that are to be given, of a cart under its lock.
 * @throws AppError validation_failed naming lines that this cart has not, or that are no tickets; conflict for a cart
 *   that is not paid, and lines that were refunded or exchanged before
 */
export async function givenLines(tx: Tx, cart: CartRow, ids: readonly string[]): Promise<Given> {
  if (!isSold(cart))
    throw new AppError('conflict', 'Only tickets that were paid for are exchanged.', {
      cart_status: cart.status,
    });
  const all = await linesOf(tx, cart.company_id, [cart.id]);
  const lines = ids.map((id, i) => {
    const line = all.find((l) => l.id === id);
    if (!line) throw fieldError(`/sale_detail_ids/${i}`, 'This cart has no such sale detail.', 'not_found');
    if (line.kind !== 'ticket') throw fieldError(`/sale_detail_ids/${i}`, 'Only tickets are exchanged.');
    if (line.status !== 'paid')
      throw new AppError('conflict', `This line was ${line.status} already.`, { sale_detail_id: id });
    return line;
  });
  return {
    lines,
    rest: all.filter((line) => line.status === 'paid' && !lines.includes(line)),
    credit: creditOf(lines),
  };
}

export const isSold = ({ status }: CartRow): boolean => status === 'paid' || status === 'partially_refunded';

const creditOf = (lines: readonly LineRow[]): number =>
  lines.reduce((sum, line) => sum + line.total - line.refunded, 0);

const TICKETS = statement(
  'exchange_tickets',
  `SELECT t.id, t.sale_detail_id, t.status, t.user_id, t.validated_at FROM ticket t
   WHERE t.company_id = $1 AND t.cart_id = $2 AND t.sale_detail_id = ANY($3::uuid[]) AND t.status <> 'transferred'
   ORDER BY t.id FOR UPDATE`,
);
const EVENTS = statement(
  'exchange_events',
  `SELECT e.id FROM event e WHERE e.company_id = $1 AND e.id = ANY($2::int[])
     AND (e.exchange_until IS NULL OR e.exchange_until <= now()) ORDER BY e.id LIMIT 1`,
);

/**
 * Tickets that let somebody in have given what was paid for.
 * @throws AppError conflict naming the used ones, unless forced
 */
export async function requireUnused(
  tx: Tx,
  cart: CartRow,
  lines: readonly { id: string }[],
  forced: boolean,
): Promise<{ id: string; user_id: number | null; sale_detail_id: string }[]> {
  const tickets = await tx.query<{
    id: string;
    sale_detail_id: string;
    status: TicketStatus;
    user_id: number | null;
    validated_at: Date | null;
  }>(TICKETS, [cart.company_id, cart.id, lines.map(({ id }) => id)]);
  const used = tickets.filter((ticket) => ticket.status !== 'void' && hasAdmitted(ticket));
  if (used.length && !forced)
    throw new AppError(
      'conflict',
      'Some of these tickets were used at the door: force exchanges them, too.',
      {
        used_ticket_ids: used.map(({ id }) => id),
      },
    );
  return tickets.filter(({ status }) => status === 'valid');
}

/**
 * A buyer exchanges tickets that are still the buyer's, while their events allow it.
 * @throws AppError conflict
 */
export async function requireBuyersRight(
  tx: Tx,
  ctx: Context,
  cart: CartRow,
  lines: readonly LineRow[],
): Promise<void> {
  const events = [...new Set(lines.map((line) => line.event_id as number))];
  const [closed] = await tx.query<{ id: number }>(EVENTS, [ctx.company_id, events]);
  if (closed)
    throw new AppError('conflict', 'Tickets of this event are exchanged by its sellers only.', {
      reason: 'exchange_not_allowed',
      event_id: closed.id,
    });
  const own = await requireUnused(tx, cart, lines, false);
  if (own.length !== lines.length || own.some(({ user_id }) => user_id !== cart.user_id))
    throw new AppError('conflict', 'Some of these tickets are not yours any more.', {
      reason: 'not_the_holder',
    });
}

/** Lines that were given still stand as the quote saw them: paid, and worth the same. */
export const stillGiven = (exchange: ExchangeRow, lines: readonly LineRow[]): boolean =>
  lines.length === exchange.sale_detail_ids.length &&
  lines.every((line) => line.status === 'paid') &&
  creditOf(lines) === exchange.credit;

const LIMITS = statement(
  'exchange_limits',
  'SELECT id, max_per_user FROM ticket_type WHERE company_id = $1 AND id = ANY($2::int[]) AND max_per_user IS NOT NULL',
);

/** Would the new lines give the buyer more of a type than a person may have, the old ones left out of account? */
export async function beyondUserLimit(
  tx: Tx,
  { company_id, user_id }: CartRow,
  old: readonly LineRow[],
  fresh: readonly LineRow[],
): Promise<boolean> {
  if (user_id === null) return false;
  const types = [...new Set(fresh.map((line) => line.ticket_type_id as number))];
  const limited = await tx.query<{ id: number; max_per_user: number }>(LIMITS, [company_id, types]);
  const owned = await ticketsOfUsers(
    tx,
    company_id,
    limited.map(({ id }) => ({ user_id, type_id: id })),
  );
  const of = (lines: readonly LineRow[], type: number) =>
    lines.filter((l) => l.ticket_type_id === type).length;
  return limited.some(({ id, max_per_user }) => {
    const has = owned.filter((o) => o.type_id === id).reduce((n, o) => n + o.tickets, 0);
    return has - of(old, id) + of(fresh, id) > max_per_user;
  });
}
