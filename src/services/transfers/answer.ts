import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { recordChanges } from '../changes.ts';
import { MAX_SERIAL } from '../tickets/code.ts';
import { mailNewCode, mailTransferAnswer } from '../tickets/mail.ts';
import { presentTicket, type TicketRow, type TicketView } from '../tickets/row.ts';
import { ticketChange } from '../tickets/tell.ts';
import { ownUserId } from '../users/row.ts';
import { requireTransferable } from './offer.ts';
import { closeTransfer, lockByCode, presentTransfer, type TransferView } from './row.ts';

// The new owner and the new serial are one write: no moment knows two codes that open the door.
const HAND_OVER = statement(
  'transfer_hand_over',
  `UPDATE ticket t SET user_id = u.id, first_name = u.first_name, last_name = u.last_name, email = u.email,
     document_number = u.document_number, serial = t.serial + 1,
     updated_at = greatest(now(), t.updated_at + interval '1 millisecond')
   FROM user_account u
   WHERE t.company_id = $1 AND t.id = $2 AND t.status = 'valid' AND t.serial = $3
     AND u.company_id = t.company_id AND u.id = $4 AND u.active
   RETURNING t.*`,
);

/**
 * Takes a ticket that is on offer: it is the caller's from now on, under a new code; the old one is dead.
 * @throws AppError user_required, not_found; conflict when it is no longer on offer, or is the caller's already;
 *   holder_locked when it was used meanwhile, no longer admits, or it is too late
 */
export async function acceptTransfer(ctx: Context, code: string): Promise<TicketView> {
  const user_id = ownUserId(ctx);
  const sign = await ctx.system.ticketKeys.signer(ctx.company_id);
  return transaction(ctx, async (tx) => {
    const { ticket, transfer } = await lockByCode(tx, ctx, code);
    if (ticket.user_id === user_id) throw new AppError('conflict', 'This ticket is yours already.');
    await requireTransferable(tx, ticket, ctx.now);
    if (ticket.serial >= MAX_SERIAL)
      throw new AppError('conflict', 'This ticket has changed hands too often.');
    await closeTransfer(tx, transfer, 'accepted', user_id);
    const changed = await handOver(tx, ticket, user_id);
    await mailNewCode(tx, changed, 'transfer', ctx.language);
    await mailTransferAnswer(tx, ticket, transfer, true, ctx.language);
    await recordChanges(tx, [ticketChange('ticket.transferred', ticket, { serial: changed.serial })]);
    return presentTicket(ctx, changed, sign, tx);
  });
}

async function handOver(tx: Tx, ticket: TicketRow, user_id: number): Promise<TicketRow> {
  const { company_id, id, serial } = ticket;
  const [changed] = await tx.query<TicketRow>(HAND_OVER, [company_id, id, serial, user_id]);
  if (!changed) throw new Error('a ticket changed under its lock');
  return changed;
}

/**
 * Says no to a ticket that is on offer; whoever has the code may.
 * @throws AppError not_found; conflict when it is no longer on offer
 */
export async function declineTransfer(ctx: Context, code: string): Promise<TransferView> {
  return transaction(ctx, async (tx) => {
    const { ticket, transfer } = await lockByCode(tx, ctx, code);
    const closed = await closeTransfer(tx, transfer, 'declined');
    await mailTransferAnswer(tx, ticket, transfer, false, ctx.language);
    await recordChanges(tx, [ticketChange('ticket.transfer_declined', ticket)]);
    return presentTransfer(closed);
  });
}
