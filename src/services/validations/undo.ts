import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { recordChanges } from '../changes.ts';
import type { TicketRow } from '../tickets/row.ts';
import { ticketChange } from '../tickets/tell.ts';
import { statusAfter } from './judge.ts';
import { readValidation } from './read.ts';
import { replay } from './replay.ts';
import { presentValidations, type ValidationRow, type ValidationView } from './row.ts';
import { standingScans } from './settle.ts';
import { updateTickets } from './write.ts';

const LOCK_TICKET = statement(
  'undo_lock_ticket',
  `SELECT t.*, coalesce(y.max_entries, 1) AS max_entries, coalesce(y.re_entry, false) AS re_entry
   FROM ticket t LEFT JOIN ticket_type y ON y.company_id = t.company_id AND y.id = t.ticket_type_id
   WHERE t.company_id = $1 AND t.id = $2 FOR UPDATE OF t`,
);
const MARK = statement(
  'undo_mark',
  `UPDATE validation SET undone_at = now(), undone_by = $3, version = pg_current_xact_id()::text::bigint
   WHERE company_id = $1 AND id = $2 AND undone_at IS NULL RETURNING *`,
);

/** Later than this a scan is history: who was let in by it may have gone anywhere. */
const UNDO_MINUTES = 15;

/**
 * Takes back the last scan that a ticket was let in or out by, as if it had not been: its entry counts no more. The scan
 * stays in the books, marked. One of an inner gate, on which nothing else rests, need not be the last.
 * @throws AppError not_found; conflict when it was rejected, is undone already, is not the ticket's last or too long ago
 */
export async function undoValidation(ctx: Context, validation_id: string): Promise<ValidationView> {
  const { ticket_id, result, created_at, inner } = await readValidation(ctx, validation_id);
  if (ticket_id === null || result === 'rejected')
    throw new AppError('conflict', 'This scan was rejected: there is nothing to undo.');
  return transaction(ctx, async (tx) => {
    const ticket = await lockTicket(tx, ctx.company_id, ticket_id);
    const log = await standingScans(tx, ctx.company_id, [ticket_id]);
    const { open_gates } = await ctx.system.doors.of(ctx.system, ctx.company_id, ticket.event_id);
    const last = replay(log, ticket, open_gates).scans.findLast((scan) => !scan.inner);
    if (!inner && last?.id !== validation_id) {
      const undone = log.every(({ id }) => id !== validation_id);
      throw new AppError(
        'conflict',
        undone ? 'This scan is undone already.' : 'Only the last scan of a ticket can be undone.',
        { last_validation_id: last?.id ?? null },
      );
    }
    if (ctx.now.getTime() - created_at.getTime() > UNDO_MINUTES * 60_000)
      throw new AppError('conflict', `A scan can be undone for ${UNDO_MINUTES} minutes.`, {
        undo_until: new Date(created_at.getTime() + UNDO_MINUTES * 60_000),
      });
    const [row] = await tx.query<ValidationRow>(MARK, [ctx.company_id, validation_id, ctx.client_id]);
    if (!row && inner) throw new AppError('conflict', 'This scan is undone already.');
    if (!row) throw new Error('a scan changed under the lock of its ticket');
    const rest = log.filter(({ id }) => id !== validation_id);
    const { scans: _, ...after } = replay(rest, ticket, open_gates);
    const status = statusAfter(ticket.status, after.entries, ticket.max_entries);
    await updateTickets(tx, ctx.company_id, [{ from: ticket, to: { ...ticket, ...after, status } }]);
    await recordChanges(tx, [ticketChange('ticket.validation_undone', ticket, { validation_id })]);
    const [view] = await presentValidations(ctx, [row], tx);
    return view as ValidationView;
  });
}

type LockedTicket = TicketRow & { max_entries: number; re_entry: boolean };

async function lockTicket(tx: Tx, company_id: number, ticket_id: string): Promise<LockedTicket> {
  const [ticket] = await tx.query<LockedTicket>(LOCK_TICKET, [company_id, ticket_id]);
  if (!ticket) throw new Error(`ticket ${ticket_id} has scans but does not exist`);
  return ticket;
}
