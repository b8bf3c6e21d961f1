import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { recordChanges } from '../changes.ts';
import type { TicketRow } from '../tickets/row.ts';
import { ticketChange } from '../tickets/tell.ts';
import { statusAfter } from './judge.ts';
import { readValidation } from './read.ts';
import { presentValidations, type ValidationRow, type ValidationView } from './row.ts';
import { updateTickets } from './write.ts';

const LOCK_TICKET = statement(
  'undo_lock_ticket',
  `SELECT t.*, coalesce(y.max_entries, 1) AS max_entries
   FROM ticket t LEFT JOIN ticket_type y ON y.company_id = t.company_id AND y.id = t.ticket_type_id
   WHERE t.company_id = $1 AND t.id = $2 FOR UPDATE OF t`,
);
// The two that count last: the one to be undone, and the entry before it. Made under the ticket's lock, ids are in order.
const STANDING = statement(
  'undo_standing',
  `SELECT id, direction, scanned_at FROM validation
   WHERE company_id = $1 AND ticket_id = $2 AND result = 'accepted' AND undone_at IS NULL ORDER BY id DESC`,
);
const MARK = statement(
  'undo_mark',
  `UPDATE validation SET undone_at = now(), undone_by = $3
   WHERE company_id = $1 AND id = $2 AND undone_at IS NULL RETURNING *`,
);

/**
 * Takes back the last scan that a ticket was let in or out by, as if it had not been: its entry counts no more. The scan
 * stays in the books, marked.
 * @throws AppError not_found; conflict when it was rejected, is undone already, or is not the ticket's last
 */
export async function undoValidation(ctx: Context, validation_id: string): Promise<ValidationView> {
  const { ticket_id, result } = await readValidation(ctx, validation_id);
  if (ticket_id === null || result === 'rejected')
    throw new AppError('conflict', 'This scan was rejected: there is nothing to undo.');
  return transaction(ctx, async (tx) => {
    const ticket = await lockTicket(tx, ctx.company_id, ticket_id);
    const standing = await tx.query<Standing>(STANDING, [ctx.company_id, ticket_id]);
    const [last, ...earlier] = standing;
    if (last?.id !== validation_id) {
      const undone = standing.every(({ id }) => id !== validation_id);
      throw new AppError(
        'conflict',
        undone ? 'This scan is undone already.' : 'Only the last scan of a ticket can be undone.',
        { last_validation_id: last?.id ?? null },
      );
    }
    const [row] = await tx.query<ValidationRow>(MARK, [ctx.company_id, validation_id, ctx.client_id]);
    if (!row) throw new Error('a scan changed under the lock of its ticket');
    const before = earlier.find(({ direction }) => direction === 'entry');
    await updateTickets(tx, ctx.company_id, [
      { from: ticket, to: undone(ticket, row, before?.scanned_at ?? null) },
    ]);
    await recordChanges(tx, [ticketChange('ticket.validation_undone', ticket, { validation_id })]);
    const [view] = await presentValidations(ctx, [row], tx);
    return view as ValidationView;
  });
}

type Standing = Pick<ValidationRow, 'id' | 'direction' | 'scanned_at'>;
type LockedTicket = TicketRow & { max_entries: number };

async function lockTicket(tx: Tx, company_id: number, ticket_id: string): Promise<LockedTicket> {
  const [ticket] = await tx.query<LockedTicket>(LOCK_TICKET, [company_id, ticket_id]);
  if (!ticket) throw new Error(`ticket ${ticket_id} has scans but does not exist`);
  return ticket;
}

/** The ticket as it was before the scan. */
function undone(
  ticket: LockedTicket,
  { direction, net }: ValidationRow,
  validated_at: Date | null,
): TicketRow {
  const entries = ticket.entries - net;
  return {
    ...ticket,
    entries,
    inside: ticket.inside + (direction === 'entry' ? -1 : 1),
    status: statusAfter(ticket.status, entries, ticket.max_entries),
    validated_at: direction === 'entry' ? validated_at : ticket.validated_at,
  };
}
