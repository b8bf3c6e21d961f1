import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { TicketRow } from './row.ts';
import { hasAdmitted, isLive } from './row.ts';

const LOCK = statement(
  'ticket_lock_of_lines',
  `SELECT t.* FROM ticket t
   WHERE t.company_id = $1 AND t.cart_id = $2 AND t.sale_detail_id = ANY($3::uuid[]) ORDER BY t.id FOR UPDATE`,
);
const VOID = statement(
  'ticket_void_of_lines',
  `UPDATE ticket t SET status = 'void', voided_at = now(),
     updated_at = greatest(now(), t.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::ticket_status[]) AS r (id, from_status)
   WHERE t.company_id = $1 AND t.id = ANY($2) AND t.id = r.id AND t.status = r.from_status`,
);

/**
 * Makes the tickets of lines worthless, for their lines are refunded. The caller holds the cart's lock.
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
): Promise<TicketRow[]> {
  const tickets = (await tx.query<TicketRow>(LOCK, [company_id, cart_id, line_ids])).filter(isLive);
  const used = tickets.filter(hasAdmitted);
  if (used.length && !force)
    throw new AppError('conflict', 'Some of these tickets were used at the door: force refunds them, too.', {
      used_ticket_ids: used.map(({ id }) => id),
    });
  await voidLocked(tx, company_id, tickets);
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
  if (tickets.length) await voidLocked(tx, company_id, tickets);
  return tickets;
}

async function voidLocked(tx: Tx, company_id: number, tickets: readonly TicketRow[]): Promise<void> {
  const voided = await tx.execute(VOID, [
    company_id,
    tickets.map(({ id }) => id),
    tickets.map(({ status }) => status),
  ]);
  if (voided !== tickets.length) throw new Error('a ticket changed under its lock');
}
