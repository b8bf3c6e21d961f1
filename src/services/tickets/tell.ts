import type { Change } from '../changes.ts';
import type { TicketRow } from './row.ts';

type Told =
  | 'ticket.updated'
  | 'ticket.transfer_offered'
  | 'ticket.transfer_cancelled'
  | 'ticket.transfer_declined'
  | 'ticket.transferred'
  | 'ticket.reissued'
  | 'ticket.voided'
  | 'ticket.validated'
  | 'ticket.validation_undone'
  | 'ticket.entry_conflict';

/** What the change feed tells of a ticket: which, never whose. */
export const ticketChange = (
  type: Told,
  { company_id, id, interface_id, event_id }: TicketRow,
  more: Record<string, unknown> = {},
): Change => ({
  company_id,
  type,
  interface_id,
  event_id,
  subject_id: id,
  data: { ticket_id: id, event_id, ...more },
});
