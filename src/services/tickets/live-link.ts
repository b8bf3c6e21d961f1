import { createPublicKey, verify } from 'node:crypto';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { System } from '../../system.ts';
import { admits, type TicketRow } from './row.ts';

/** Goes before what is signed: no code at a door can pass for a link, nor a link for a code. */
const PURPOSE = 'ticketing-api/live-code';

/** Company, ticket, serial, number of the key, signature. */
const PASS =
  /^(\d{1,9})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,5})\.(\d{1,5})\.([A-Za-z0-9_-]{86})$/;

const TICKET = statement(
  'live_link_ticket',
  'SELECT t.* FROM ticket t WHERE t.company_id = $1 AND t.id = $2',
);

type Linked = Pick<TicketRow, 'company_id' | 'id' | 'serial'>;

const signedText = ({ company_id, id, serial }: Linked): string => `${company_id}.${id}.${serial}`;

/**
 * The address of the page that shows the code of a ticket as it is at the moment, for whoever has no account to see it in.
 * Whoever knows it holds the ticket, as with a code on paper. A reissue or transfer ends it with the code.
 */
export async function liveLink(system: System, ticket: Linked): Promise<string> {
  const text = signedText(ticket);
  const { kid, value } = await system.ticketKeys.attest(ticket.company_id, PURPOSE, text);
  return `${system.publicUrl}/live/${text}.${kid}.${value}`;
}

/**
 * The ticket that a link stands for.
 * @throws AppError not_found for a link that nobody signed, or whose code was replaced or no longer admits
 */
export async function ticketOfLink(system: System, pass: string): Promise<TicketRow> {
  const [, company = '', id = '', serial = '', kid = '', signature = ''] = PASS.exec(pass) ?? [];
  if (!signature) throw notFound('Ticket');
  // The ticket first: strangers make nobody read keys.
  const [ticket] = await system.db.query<TicketRow>(TICKET, [Number(company), id]);
  if (!ticket || ticket.serial !== Number(serial) || !admits(ticket, new Date())) throw notFound('Ticket');
  const key = (await system.ticketKeys.publicJwks(ticket.company_id)).find((jwk) => jwk.kid === kid);
  if (!key) throw notFound('Ticket');
  const { kty, crv, x } = key;
  const signed = Buffer.from(`${PURPOSE}\0${signedText(ticket)}`);
  const publicKey = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  if (!verify(null, signed, publicKey, Buffer.from(signature, 'base64url'))) throw notFound('Ticket');
  return ticket;
}
