import { createHash, randomBytes } from 'node:crypto';
import { base32nopad } from '@scure/base';
import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { Transfer } from '../../schemas/transfers.ts';
import type { TicketRow } from '../tickets/row.ts';

export type TransferView = z.output<typeof Transfer>;

export interface TransferRow {
  company_id: number;
  id: string;
  ticket_id: string;
  to_email: string;
  status: TransferView['status'];
  from_user_id: number | null;
  to_user_id: number | null;
  expires_at: Date;
  created_at: Date;
  closed_at: Date | null;
  reason: TransferView['reason'];
  /** By the database's clock, whatever the status column says. */
  overdue: boolean;
}

export const TRANSFER_COLUMNS = "f.*, f.status = 'pending' AND f.expires_at <= now() AS overdue";

/** 120 random bits: nobody guesses it, and it can be typed. */
export const newTransferCode = (): string => base32nopad.encode(randomBytes(15));

/** What is kept of a code. */
export const hashOf = (code: string): Buffer => createHash('sha256').update(code).digest();

/** One that was not answered in time is over, whether or not anything has written that down. */
export const presentTransfer = ({ to_email, overdue, ...row }: TransferRow): TransferView => ({
  id: row.id,
  ticket_id: row.ticket_id,
  email: to_email,
  status: overdue ? 'expired' : row.status,
  from_user_id: row.from_user_id,
  to_user_id: row.to_user_id,
  expires_at: row.expires_at,
  created_at: row.created_at,
  closed_at: row.closed_at,
  reason: row.reason,
});

const FIND = statement(
  'transfer_find',
  `SELECT f.ticket_id FROM transfer f JOIN ticket t ON t.company_id = f.company_id AND t.id = f.ticket_id
   WHERE f.company_id = $1 AND f.code_hash = $2 AND t.interface_id = $3`,
);
const LOCK_TICKET = statement(
  'transfer_lock_ticket',
  'SELECT * FROM ticket WHERE company_id = $1 AND id = $2 FOR UPDATE',
);
const LOCK = statement(
  'transfer_lock',
  `SELECT ${TRANSFER_COLUMNS} FROM transfer f WHERE f.company_id = $1 AND f.code_hash = $2 FOR UPDATE`,
);

/**
 * Locks the pending transfer that a code stands for, and its ticket: the ticket first, as everybody does.
 * @throws AppError not_found; conflict when it was answered, taken back, or not answered in time
 */
export async function lockByCode(
  tx: Tx,
  ctx: Context,
  code: string,
): Promise<{ ticket: TicketRow; transfer: TransferRow }> {
  const hash = hashOf(code);
  const [found] = await tx.query<{ ticket_id: string }>(FIND, [ctx.company_id, hash, ctx.interface.id]);
  if (!found) throw notFound('Transfer');
  const [ticket] = await tx.query<TicketRow>(LOCK_TICKET, [ctx.company_id, found.ticket_id]);
  const [transfer] = await tx.query<TransferRow>(LOCK, [ctx.company_id, hash]);
  if (!ticket || !transfer) throw notFound('Transfer');
  const { status, reason } = presentTransfer(transfer);
  if (status !== 'pending')
    throw new AppError('conflict', `This transfer is ${status}.`, {
      transfer_status: status,
      ...(reason && { reason }),
    });
  return { ticket, transfer };
}

const CLOSE = statement(
  'transfer_close',
  `UPDATE transfer f SET status = $3, to_user_id = $4, closed_at = now()
   WHERE f.company_id = $1 AND f.id = $2 AND f.status = 'pending' RETURNING ${TRANSFER_COLUMNS}`,
);

/** Writes the answer to a pending transfer whose row is locked. */
export async function closeTransfer(
  tx: Tx,
  { company_id, id }: TransferRow,
  status: 'accepted' | 'declined',
  to_user_id: number | null = null,
): Promise<TransferRow> {
  const [closed] = await tx.query<TransferRow>(CLOSE, [company_id, id, status, to_user_id]);
  if (!closed) throw new Error('a transfer changed under its lock');
  return closed;
}
