import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { RevokeTicket } from '../../schemas/tickets.ts';
import { recordAudit } from '../audit.ts';
import { recordChanges } from '../changes.ts';
import { cancelOffers } from '../transfers/cancel.ts';
import { MAX_SERIAL } from './code.ts';
import { mailNewCode } from './mail.ts';
import { admits, dead, lockTicket, presentTicket, type TicketRow, type TicketView } from './row.ts';
import { mayBecome } from './state.ts';
import { ticketChange } from './tell.ts';
import { voidTickets } from './void.ts';

const REISSUE = statement(
  'ticket_reissue',
  `UPDATE ticket SET serial = serial + 1, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = $3::ticket_status RETURNING *`,
);

/**
 * Gives a ticket a new code, which is mailed to its owner; every earlier one is revoked. An offer of it that nobody has
 * accepted ends: whoever asks for a new code wants no old promise of the ticket to stand.
 * @throws AppError not_found; conflict when the ticket no longer admits, or was reissued too often
 */
export async function reissueTicket(
  ctx: Context,
  ticket_id: string,
  body: RevokeTicket,
): Promise<TicketView> {
  const sign = await ctx.system.ticketKeys.signer(ctx.company_id);
  return transaction(ctx, async (tx) => {
    const row = await lockTicket(tx, ctx, ticket_id);
    if (!admits(row, ctx.now)) throw dead(row);
    if (row.serial >= MAX_SERIAL) throw new AppError('conflict', 'This ticket was reissued too often.');
    const changed = await renew(tx, row);
    await recordAudit(tx, ctx, {
      ...{ action: 'ticket.reissue', subject_type: 'ticket', subject_id: row.id },
      ...{ before: { serial: row.serial }, after: { serial: changed.serial, ...body } },
    });
    await mailNewCode(tx, changed, 'reissue', ctx.language);
    await recordChanges(tx, [ticketChange('ticket.reissued', row, { serial: changed.serial })]);
    await cancelOffers(tx, [row], 'reissued');
    return presentTicket(ctx, changed, sign, tx);
  });
}

/**
 * Makes a ticket worthless at the door, and whoever it is on offer to gets nothing. No money moves and its place stays
 * sold: a refund of its sale detail gives both back, before or after.
 * @throws AppError not_found; conflict when the ticket no longer admits
 */
export async function voidTicket(ctx: Context, ticket_id: string, body: RevokeTicket): Promise<TicketView> {
  const sign = await ctx.system.ticketKeys.signer(ctx.company_id);
  return transaction(ctx, async (tx) => {
    const row = await lockTicket(tx, ctx, ticket_id);
    if (row.status === 'void' || !mayBecome(row.status, 'void')) throw dead(row);
    const [changed = row] = await voidTickets(tx, [row], 'voided');
    await recordAudit(tx, ctx, {
      ...{ action: 'ticket.void', subject_type: 'ticket', subject_id: row.id },
      ...{ before: { status: row.status }, after: { status: changed.status, ...body } },
    });
    await recordChanges(tx, [ticketChange('ticket.voided', row)]);
    return presentTicket(ctx, changed, sign, tx);
  });
}

async function renew(tx: Tx, { company_id, id, status }: TicketRow): Promise<TicketRow> {
  const [changed] = await tx.query<TicketRow>(REISSUE, [company_id, id, status]);
  if (!changed) throw new Error('a ticket changed under its lock');
  return changed;
}
