import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { CancelledBecause } from '../../schemas/transfers.ts';
import { recordChanges } from '../changes.ts';
import type { TicketRow } from '../tickets/row.ts';
import { ticketChange } from '../tickets/tell.ts';

// One whose time is over has ended already, for whatever reason comes after.
const CANCEL = statement(
  'transfer_cancel',
  `UPDATE transfer f SET closed_at = now(), status = CASE WHEN f.expires_at > now() THEN 'cancelled' ELSE 'expired' END,
     reason = CASE WHEN f.expires_at > now() THEN $3 END
   WHERE f.company_id = $1 AND f.ticket_id = ANY($2::uuid[]) AND f.status = 'pending' RETURNING f.ticket_id, f.status`,
);

/**
 * Ends the offers of tickets that the caller has locked, and tells so: their codes are worth nothing from now on.
 * @param tickets of one company
 * @returns how many were on offer
 */
export async function cancelOffers(
  tx: Tx,
  tickets: readonly TicketRow[],
  reason: CancelledBecause,
): Promise<number> {
  const [first] = tickets;
  if (!first) return 0;
  const closed = await tx.query<{ ticket_id: string; status: string }>(CANCEL, [
    first.company_id,
    tickets.map(({ id }) => id),
    reason,
  ]);
  const cancelled = new Set(closed.flatMap((row) => (row.status === 'cancelled' ? row.ticket_id : [])));
  const told = tickets.filter(({ id }) => cancelled.has(id));
  await recordChanges(
    tx,
    told.map((ticket) => ticketChange('ticket.transfer_cancelled', ticket, { reason })),
  );
  return told.length;
}
