import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { NewTransfer } from '../../schemas/transfers.ts';
import { uuidv7 } from '../../uuid.ts';
import { recordChanges } from '../changes.ts';
import { enqueueMail } from '../mail/enqueue.ts';
import { lockTicket, readTicket, requireUntouched, type TicketRow } from '../tickets/row.ts';
import { ticketChange } from '../tickets/tell.ts';
import { momentIn } from '../tickets/words.ts';
import { cancelOffers } from './cancel.ts';
import {
  hashOf,
  newTransferCode,
  presentTransfer,
  TRANSFER_COLUMNS,
  type TransferRow,
  type TransferView,
} from './row.ts';

// A recipient has a week, but no longer than the event lets holders change, or the ticket is good at all.
const EVENT = statement(
  'transfer_event',
  `SELECT e.name, e.starts_at, e.time_zone, coalesce(e.holder_change_until, e.starts_at) AS until,
     coalesce(e.holder_change_until, e.starts_at) > now() AS open,
     least(now() + interval '7 days', coalesce(e.holder_change_until, e.starts_at), $3::timestamptz) AS expires_at
   FROM event e WHERE e.company_id = $1 AND e.id = $2`,
);
const EXPIRE = statement(
  'transfer_expire',
  `UPDATE transfer SET status = 'expired', closed_at = now()
   WHERE company_id = $1 AND ticket_id = $2 AND status = 'pending' AND expires_at <= now()`,
);
const PENDING = statement(
  'transfer_pending',
  `SELECT FROM transfer f
   WHERE f.company_id = $1 AND f.ticket_id = $2 AND f.status = 'pending' AND f.expires_at > now()`,
);
const INSERT = statement(
  'transfer_insert',
  `INSERT INTO transfer AS f (company_id, id, ticket_id, code_hash, to_email, from_user_id, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${TRANSFER_COLUMNS}`,
);

interface TransferEvent {
  name: string;
  starts_at: Date;
  time_zone: string;
  until: Date;
  open: boolean;
  expires_at: Date;
}

/**
 * Offers a ticket to somebody by e-mail. It stays with its owner, code and all, until the recipient accepts.
 * @throws AppError not_found; holder_locked when it was used, no longer admits, or it is too late; conflict while
 *   another offer of it waits
 */
export async function offerTransfer(
  ctx: Context,
  ticket_id: string,
  body: NewTransfer,
): Promise<TransferView> {
  const code = newTransferCode();
  return transaction(ctx, async (tx) => {
    const ticket = await lockTicket(tx, ctx, ticket_id);
    const event = await requireTransferable(tx, ticket, ctx.now);
    await tx.execute(EXPIRE, [ctx.company_id, ticket_id]);
    if ((await tx.query(PENDING, [ctx.company_id, ticket_id])).length)
      throw new AppError('conflict', 'This ticket is on offer already: take that back first.');
    const [row] = await tx.query<TransferRow>(INSERT, [
      ctx.company_id,
      uuidv7(),
      ticket_id,
      hashOf(code),
      body.email,
      ticket.user_id,
      event.expires_at,
    ]);
    const from = [ticket.first_name, ticket.last_name].filter(Boolean).join(' ') || null;
    const starts = momentIn(event.time_zone, ctx.language, event.starts_at);
    await enqueueMail(tx, {
      ...{ company_id: ctx.company_id, to: body.email, template: 'ticket_transfer', language: ctx.language },
      data: { code, from, event: event.name, starts, message: body.message ?? null },
    });
    await recordChanges(tx, [ticketChange('ticket.transfer_offered', ticket)]);
    return presentTransfer(row as TransferRow);
  });
}

/**
 * A ticket that has let nobody in yet changes hands until the time its event names, or else until it starts. A courtesy
 * that has run out does not.
 * @throws AppError holder_locked
 */
export async function requireTransferable(tx: Tx, ticket: TicketRow, now: Date): Promise<TransferEvent> {
  requireUntouched(ticket, now);
  const { company_id, event_id, expires_at } = ticket;
  const [event] = await tx.query<TransferEvent>(EVENT, [company_id, event_id, expires_at]);
  if (!event?.open)
    throw new AppError('holder_locked', 'It is too late to pass this ticket on.', { until: event?.until });
  return event;
}

/**
 * Takes an offer back: its code is worth nothing from now on.
 * @throws AppError not_found when the ticket is not on offer
 */
export async function takeBackTransfer(ctx: Context, ticket_id: string): Promise<void> {
  return transaction(ctx, async (tx) => {
    const ticket = await lockTicket(tx, ctx, ticket_id);
    if (!(await cancelOffers(tx, [ticket], 'taken_back'))) throw notFound('Transfer');
  });
}

const CHAIN = statement(
  'transfer_chain',
  `SELECT ${TRANSFER_COLUMNS} FROM transfer f WHERE f.company_id = $1 AND f.ticket_id = $2 ORDER BY f.id DESC`,
);

/**
 * Through whose hands a ticket went and was meant to go, latest first.
 * @throws AppError not_found
 */
export async function listTransfers(ctx: Context, ticket_id: string): Promise<TransferView[]> {
  await readTicket(ctx, ticket_id);
  const rows = await ctx.system.db.query<TransferRow>(CHAIN, [ctx.company_id, ticket_id]);
  return rows.map(presentTransfer);
}
