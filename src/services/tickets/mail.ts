import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { CartRow } from '../carts/row.ts';
import { enqueueMail, leaveMails } from '../mail/enqueue.ts';
import type { TicketRow } from './row.ts';

/** Why tickets come, if not because they were bought. */
export type MailedWhy = 'exchange' | 'transfer' | 'reissue' | 'rotating';

/**
 * Whose tickets a mail brings, as plain JSON: all of a cart that were not passed on, or these, as long as they have no
 * newer code. What is void or somebody else's by the time the mail goes out is not in it.
 */
export type Mailed = { cart_id: string } | { tickets: { id: string; serial: number }[]; why: MailedWhy };

/**
 * Mails the tickets of carts that were paid, in the transaction that settles them: one statement for any number of carts.
 * To the buyer's address, or that of the account; once for each cart, however often it is confirmed.
 */
export const mailPaidTickets = (
  tx: Tx,
  carts: readonly CartRow[],
  lines: readonly { cart_id: string; ticket_id: string | null }[],
): Promise<void> => {
  const withTickets = new Set(lines.flatMap(({ cart_id, ticket_id }) => (ticket_id ? [cart_id] : [])));
  return leaveMails(
    tx,
    carts
      .filter(({ id, email, user_id }) => withTickets.has(id) && (email ?? user_id) !== null)
      .map(({ company_id, id, email, user_id, language }) => ({
        ...{ company_id, to: email, user_id, language, template: 'tickets' as const },
        ...{ key: `tickets:${id}`, data: { cart_id: id } },
      })),
  );
};

/** Mails tickets that an exchange gave to the buyer of its cart. */
export const mailExchangedTickets = (
  tx: Tx,
  { company_id, email, user_id, language }: CartRow,
  exchange_id: string,
  ticket_ids: readonly string[],
): Promise<void> =>
  leaveMails(
    tx,
    ticket_ids.length && (email ?? user_id) !== null
      ? [
          {
            ...{ company_id, to: email, user_id, language, template: 'tickets' },
            key: `tickets:exchange:${exchange_id}`,
            data: { tickets: ticket_ids.map((id) => ({ id, serial: 0 })), why: 'exchange' },
          },
        ]
      : [],
  );

// The account's owner, else who is named on the ticket, else who bought it.
const ADDRESS = statement(
  'ticket_mail_address',
  `SELECT coalesce(u.email, $4, c.email) AS email, coalesce(u.locale, c.language, $6) AS language,
     coalesce(e.translations -> coalesce(u.locale, c.language, $6) ->> 'name', e.name) AS event
   FROM event e
   LEFT JOIN user_account u ON u.company_id = e.company_id AND u.id = $3 AND u.active
   LEFT JOIN cart c ON c.company_id = e.company_id AND c.id = $5
   WHERE e.company_id = $1 AND e.id = $2`,
);

/** Where a ticket's owner is written to, and in which language. */
interface Owner {
  email: string | null;
  language: string;
  /** What the event is called in it. */
  event: string;
}

async function ownerOf(
  tx: Tx,
  { company_id, event_id, user_id, email, cart_id }: TicketRow,
  language: string,
): Promise<Owner> {
  const [owner] = await tx.query<Owner>(ADDRESS, [company_id, event_id, user_id, email, cart_id, language]);
  if (!owner) throw new Error(`event ${event_id} has tickets but does not exist`);
  return owner;
}

/** Mails a ticket that has a new code to its owner, if the address of one is known. */
export async function mailNewCode(
  tx: Tx,
  ticket: TicketRow,
  why: MailedWhy,
  language: string,
): Promise<void> {
  const { company_id, id, serial, user_id } = ticket;
  const owner = await ownerOf(tx, ticket, language);
  if (owner.email === null) return;
  await enqueueMail(tx, {
    ...{ company_id, to: owner.email, user_id, template: 'tickets', language: owner.language },
    ...{ key: `tickets:${id}:${serial}`, data: { tickets: [{ id, serial }], why } },
  });
}

/**
 * Tells who offered a ticket what became of it.
 * @param ticket as it was when it was offered
 */
export async function mailTransferAnswer(
  tx: Tx,
  ticket: TicketRow,
  transfer: { id: string; to_email: string },
  accepted: boolean,
  language: string,
): Promise<void> {
  const owner = await ownerOf(tx, ticket, language);
  if (owner.email === null) return;
  const { company_id, user_id } = ticket;
  await enqueueMail(tx, {
    ...{ company_id, to: owner.email, user_id, template: 'transfer_answered', language: owner.language },
    ...{ key: `transfer:${transfer.id}`, data: { event: owner.event, email: transfer.to_email, accepted } },
  });
}

const OF_CART = statement(
  'mail_tickets_of_cart',
  `SELECT t.* FROM cart c JOIN ticket t ON t.company_id = c.company_id AND t.cart_id = c.id
   WHERE c.company_id = $1 AND c.id = $2 AND t.user_id IS NOT DISTINCT FROM c.user_id
     AND t.status IN ('valid', 'used') ORDER BY t.id`,
);
const GIVEN = statement(
  'mail_tickets_given',
  `SELECT t.* FROM unnest($2::uuid[], $3::int[]) AS r (id, serial)
   JOIN ticket t ON t.company_id = $1 AND t.id = r.id AND t.serial = r.serial
   WHERE t.id = ANY($2) AND t.status IN ('valid', 'used') ORDER BY t.id`,
);

/** The tickets that a mail brings, as they are now. */
export const mailedTickets = (db: Database, company_id: number, mailed: Mailed): Promise<TicketRow[]> =>
  'cart_id' in mailed
    ? db.query<TicketRow>(OF_CART, [company_id, mailed.cart_id])
    : db.query<TicketRow>(GIVEN, [
        company_id,
        mailed.tickets.map(({ id }) => id),
        mailed.tickets.map(({ serial }) => serial),
      ]);
