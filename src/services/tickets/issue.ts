import { v7 as uuidv7 } from 'uuid';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Change } from '../changes.ts';
import type { StockLine } from '../inventory/stock.ts';

/** A line that becomes a ticket, and the id its ticket will have. */
export interface LineToIssue extends StockLine {
  ticket_id: string | null;
}

const ISSUE = statement(
  'ticket_issue',
  `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, cart_id, sale_detail_id, interface_id, section_id,
     seat_id, user_id, first_name, last_name, email, document_number)
   SELECT l.company_id, r.ticket_id, l.event_id, l.ticket_type_id, l.cart_id, l.id, c.interface_id, l.section_id,
     l.seat_id, c.user_id, l.first_name, l.last_name, l.email, l.document_number
   FROM unnest($2::uuid[], $3::uuid[]) AS r (ticket_id, sale_detail_id)
   JOIN sale_detail l ON l.company_id = $1 AND l.id = r.sale_detail_id
   JOIN cart c ON c.company_id = l.company_id AND c.id = l.cart_id`,
);

/** Names the tickets of lines before they are sold: seats are marked with them. Lines of products get none. */
export const withTicketIds = <L extends StockLine>(lines: readonly L[]): (L & LineToIssue)[] =>
  lines.map((line) => ({ ...line, ticket_id: line.kind === 'ticket' ? uuidv7() : null }));

/**
 * Writes the tickets of lines that were paid, one a ticket line, with the holder of the line and the user of the cart.
 * Runs in the transaction that settles their carts.
 */
export async function issueTickets(tx: Tx, company_id: number, lines: readonly LineToIssue[]): Promise<void> {
  const tickets = lines.filter((line) => line.ticket_id !== null);
  if (!tickets.length) return;
  const issued = await tx.execute(ISSUE, [
    company_id,
    tickets.map((line) => line.ticket_id),
    tickets.map((line) => line.id),
  ]);
  if (issued !== tickets.length) throw new Error(`issued ${issued} of ${tickets.length} tickets`);
}

/** What the change feed tells of new tickets. */
export const ticketsIssued = (
  company_id: number,
  interface_id: number,
  lines: readonly LineToIssue[],
): Change[] =>
  lines.flatMap((line) =>
    line.ticket_id === null
      ? []
      : [
          {
            company_id,
            type: 'ticket.issued',
            interface_id,
            event_id: line.event_id,
            subject_id: line.ticket_id,
            data: {
              ticket_id: line.ticket_id,
              cart_id: line.cart_id,
              sale_detail_id: line.id,
              event_id: line.event_id,
              ticket_type_id: line.ticket_type_id,
              section_id: line.section_id,
              seat_id: line.seat_id,
            },
          },
        ],
  );
