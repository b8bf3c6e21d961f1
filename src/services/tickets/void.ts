import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { CancelledBecause } from '../../schemas/transfers.ts';
import { cancelOffers } from '../transfers/cancel.ts';
import { hasAdmitted, isLive, type TicketRow } from './row.ts';

const LOCK = statement(
  'ticket_lock_of_lines',
  `SELECT t.* FROM ticket t
   WHERE t.company_id = $1 AND t.cart_id = $2 AND t.sale_detail_id = ANY($3::uuid[]) ORDER BY t.id FOR UPDATE`,
);
const VOID = statement(
  'ticket_void',
  `UPDATE ticket t SET status = 'void', voided_at = now(),
     updated_at = greatest(now(), t.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::ticket_status[]) AS r (id, from_status)
   WHERE t.company_id = $1 AND t.id = ANY($2) AND t.id = r.id AND t.status = r.from_status RETURNING t.*`,
);

/**
 * Makes the tickets of lines worthless, for their lines are refunded or exchanged. The caller holds the cart's lock.
 * @param force also those that were used at the door
 * @returns the tickets as they were
 * @throws AppError conflict naming the used ones, unless forced: who was inside has had what was paid for
 */
export async function voidTicketsOfLines(
  tx: Tx,
  company_id: number,
  cart_id: string,
  line_ids: readonly string[],
  force: boolean,
  reason: 'refunded' | 'exchanged',
): Promise<TicketRow[]> {
  const tickets = (await tx.query<TicketRow>(LOCK, [company_id, cart_id, line_ids])).filter(isLive);
  const used = tickets.filter(hasAdmitted);
  if (used.length && !force)
    throw new AppError('conflict', 'Some of these tickets were used at the door: force refunds them, too.', {
      used_ticket_ids: used.map(({ id }) => id),
    });
  await voidTickets(tx, tickets, reason);
  return tickets;
}

const LOCK_LEFT = statement(
  'ticket_lock_left',
  `SELECT t.* FROM ticket t
   WHERE t.company_id = $1 AND t.event_id = $2 AND t.status IN ('valid', 'used') ORDER BY t.id LIMIT $3 FOR UPDATE`,
);

/**
 * Makes the tickets worthless that an event which was called off still has: those that nobody paid for.
 * @param most at most so many at once
 * @returns the tickets as they were
 */
export async function voidTicketsLeft(
  tx: Tx,
  company_id: number,
  event_id: number,
  most: number,
): Promise<TicketRow[]> {
  const tickets = await tx.query<TicketRow>(LOCK_LEFT, [company_id, event_id, most]);
  await voidTickets(tx, tickets, 'event_cancelled');
  return tickets;
}

/**
 * Makes tickets worthless that the caller has locked, and ends the offers of them: whoever is offered one accepts it
 * before or not at all. Whoever calls tells of the tickets.
 * @param tickets of one company
 * @param reason what their offers say of their end
 * @returns the tickets as they are now, in any order
 */
export async function voidTickets(
  tx: Tx,
  tickets: readonly TicketRow[],
  reason: CancelledBecause,
): Promise<TicketRow[]> {
  const [first] = tickets;
  if (!first) return [];
  const voided = await tx.query<TicketRow>(VOID, [
    first.company_id,
    tickets.map(({ id }) => id),
    tickets.map(({ status }) => status),
  ]);
  if (voided.length !== tickets.length) throw new Error('a ticket changed under its lock');
  await cancelOffers(tx, tickets, reason);
  return voided;
}
