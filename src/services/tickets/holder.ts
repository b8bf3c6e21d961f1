import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { PatchTicket } from '../../schemas/tickets.ts';
import { recordChanges } from '../changes.ts';
import { assertFresh } from '../fresh.ts';
import { lockTicket, presentTicket, requireUntouched, type TicketRow, type TicketView } from './row.ts';
import { ticketChange } from './tell.ts';

// Until the time the event names, or else until it starts.
const CHANGEABLE = statement(
  'ticket_holder_changeable',
  `SELECT coalesce(holder_change_until, starts_at) AS until, coalesce(holder_change_until, starts_at) > now() AS open
   FROM event WHERE company_id = $1 AND id = $2`,
);
const UPDATE = statement(
  'ticket_holder_update',
  `UPDATE ticket SET first_name = $3, last_name = $4, email = $5, document_number = $6,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'valid' RETURNING *`,
);

/**
 * Changes the holder of a ticket that has let nobody in yet; what the body does not name stays.
 * @throws AppError not_found; precondition_failed; holder_locked when it is too late
 */
export async function changeHolder(
  ctx: Context,
  ticket_id: string,
  { holder }: PatchTicket,
): Promise<TicketView> {
  const sign = await ctx.system.ticketKeys.signer(ctx.company_id);
  return transaction(ctx, async (tx) => {
    const row = await lockTicket(tx, ctx, ticket_id);
    assertFresh(ctx, row.updated_at);
    requireUntouched(row, ctx.now);
    const [event] = await tx.query<{ until: Date; open: boolean }>(CHANGEABLE, [
      ctx.company_id,
      row.event_id,
    ]);
    if (!event?.open)
      throw new AppError('holder_locked', 'It is too late to change the holder of this ticket.', {
        until: event?.until,
      });
    const { first_name, last_name, email, document_number } = { ...row, ...holder };
    const [changed] = await tx.query<TicketRow>(UPDATE, [
      ctx.company_id,
      row.id,
      first_name,
      last_name,
      email,
      document_number,
    ]);
    if (!changed) throw new Error('a ticket changed under its lock');
    await recordChanges(tx, [ticketChange('ticket.updated', row)]);
    return presentTicket(ctx, changed, sign, tx);
  });
}
