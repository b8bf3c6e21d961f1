import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { uuidv7 } from '../../uuid.ts';
import type { Change } from '../changes.ts';
import type { StockLine } from '../inventory/stock.ts';

/** A line that may become a ticket, with its holder. */
export interface LineToIssue extends StockLine {
  /** The id its ticket will have; null for what is no ticket. */
  ticket_id: string | null;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  document_number: string | null;
  /** The subscription that includes it. */
  subscription_id: string | null;
}

/** The cart of a line: through which interface it was sold, and to whom. */
export interface Sale {
  interface_id: number;
  user_id: number | null;
}

const ISSUE = statement(
  'ticket_issue',
  `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, cart_id, sale_detail_id, interface_id, section_id,
     seat_id, user_id, first_name, last_name, email, document_number, subscription_id)
   SELECT $1, r.* FROM unnest($2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::uuid[], $7::int[], $8::int[], $9::int[],
     $10::int[], $11::text[], $12::text[], $13::text[], $14::text[], $15::uuid[]) AS r`,
);

/** Names the tickets of lines before they are sold: seats are marked with them. Lines of products get none. */
export const withTicketIds = <L extends StockLine>(
  lines: readonly L[],
): (L & { ticket_id: string | null })[] =>
  lines.map((line) => ({ ...line, ticket_id: line.kind === 'ticket' ? uuidv7() : null }));

/**
 * Writes the tickets of lines that were paid, one a ticket line, with the holder of the line and the user of the cart.
 * Runs in the transaction that settles their carts.
 */
export async function issueTickets(
  tx: Tx,
  company_id: number,
  lines: readonly LineToIssue[],
  sales: ReadonlyMap<string, Sale>,
): Promise<void> {
  const tickets = lines.filter((line) => line.ticket_id !== null);
  if (!tickets.length) return;
  const column = <T>(value: (line: LineToIssue) => T): T[] => tickets.map(value);
  await tx.execute(ISSUE, [
    company_id,
    column((line) => line.ticket_id),
    column((line) => line.event_id),
    column((line) => line.ticket_type_id),
    column((line) => line.cart_id),
    column((line) => line.id),
    column((line) => sales.get(line.cart_id)?.interface_id),
    column((line) => line.section_id),
    column((line) => line.seat_id),
    column((line) => sales.get(line.cart_id)?.user_id ?? null),
    column((line) => line.first_name),
    column((line) => line.last_name),
    column((line) => line.email),
    column((line) => line.document_number),
    column((line) => line.subscription_id),
  ]);
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
