import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { ScannedTicket, Ticket } from '../../schemas/tickets.ts';
import type { SeatLabel } from '../maps/seat-labels.ts';
import type { TicketSigner } from './keyring.ts';
import { changesAfter } from './rotation.ts';
import type { TicketStatus } from './state.ts';

export type TicketView = z.output<typeof Ticket>;
export type ScannedTicketView = z.output<typeof ScannedTicket>;

/** A ticket as its table has it, as far as anybody is told. */
export interface TicketRow {
  company_id: number;
  id: string;
  event_id: number;
  ticket_type_id: number | null;
  cart_id: string | null;
  sale_detail_id: string | null;
  interface_id: number;
  section_id: number | null;
  seat_id: number | null;
  user_id: number | null;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  document_number: string | null;
  status: TicketStatus;
  serial: number;
  entries: number;
  inside: number;
  /** People in each zone behind inner gates; null when nobody is in any. */
  zones: Readonly<Record<string, number>> | null;
  validated_at: Date | null;
  voided_at: Date | null;
  expires_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

/**
 * Who may reach a ticket, as SQL over `t`: its interface always; then `sell` and `admin` every ticket, a user the own
 * ones, and a client those that were bought for nobody in a cart that it opened. Parameters $1 to $5 are those of
 * `accessValues`.
 */
const TICKET_ACCESS = `t.company_id = $1 AND t.interface_id = $2
  AND ($3 OR t.user_id = $4 OR (t.user_id IS NULL AND EXISTS (
    SELECT FROM cart c WHERE c.company_id = t.company_id AND c.id = t.cart_id
      AND c.user_id IS NULL AND c.client_id = $5)))`;

const accessValues = (ctx: Context): unknown[] => [
  ctx.company_id,
  ctx.interface.id,
  seesEverything(ctx),
  ctx.user_id ?? null,
  ctx.client_id,
];

const READ = statement('ticket_read', `SELECT t.* FROM ticket t WHERE ${TICKET_ACCESS} AND t.id = $6`);
const LOCK = statement(
  'ticket_lock',
  `SELECT t.* FROM ticket t WHERE ${TICKET_ACCESS} AND t.id = $6 FOR UPDATE OF t`,
);

/**
 * A ticket that the caller may reach.
 * @throws AppError not_found
 */
export async function readTicket(ctx: Context, ticket_id: string): Promise<TicketRow> {
  const [row] = await ctx.system.db.query<TicketRow>(READ, [...accessValues(ctx), ticket_id]);
  if (!row) throw notFound('Ticket');
  return row;
}

/**
 * Locks a ticket that the caller may reach.
 * @throws AppError not_found
 */
export async function lockTicket(tx: Tx, ctx: Context, ticket_id: string): Promise<TicketRow> {
  const [row] = await tx.query<TicketRow>(LOCK, [...accessValues(ctx), ticket_id]);
  if (!row) throw notFound('Ticket');
  return row;
}

/** Does the ticket still have a code? One that is void or was passed on has none. */
export const isLive = ({ status }: Pick<TicketRow, 'status'>): boolean =>
  status === 'valid' || status === 'used';

/**
 * Has a ticket let somebody in? Also one that has entries left, or whose holder went out again and was given the entry
 * back: it has been somebody's, and cannot become another's in between.
 */
export const hasAdmitted = ({ status, validated_at }: Pick<TicketRow, 'status' | 'validated_at'>): boolean =>
  status === 'used' || validated_at !== null;

/**
 * Has a courtesy that nobody came in on run out? From that instant it admits nobody, whether or not anything has voided
 * it yet.
 */
export const hasLapsed = (
  { expires_at, validated_at }: Pick<TicketRow, 'expires_at' | 'validated_at'>,
  at: Date,
): boolean => expires_at !== null && validated_at === null && expires_at <= at;

/** Would its code open a door, as far as the ticket alone tells? */
export const admits = (ticket: TicketRow, at: Date): boolean => isLive(ticket) && !hasLapsed(ticket, at);

/** Why a ticket that admits nobody has nothing to show. */
export const dead = ({ status, expires_at }: TicketRow): AppError =>
  isLive({ status })
    ? new AppError('conflict', 'This ticket has expired.', { ticket_status: status, expires_at })
    : new AppError('conflict', `This ticket is ${status}.`, { ticket_status: status });

/**
 * Only a valid ticket that has let nobody in changes hands, and no courtesy that has run out.
 * @throws AppError holder_locked
 */
export function requireUntouched(ticket: TicketRow, now: Date): void {
  const { status, validated_at, expires_at } = ticket;
  if (status !== 'valid')
    throw new AppError('holder_locked', `This ticket is ${status}.`, { ticket_status: status });
  if (hasAdmitted(ticket))
    throw new AppError('holder_locked', 'Somebody has come in on this ticket.', {
      ticket_status: status,
      validated_at,
    });
  if (hasLapsed(ticket, now))
    throw new AppError('holder_locked', 'This ticket has expired.', { ticket_status: status, expires_at });
}

/** What a live ticket's code says. */
export const claimsOf = ({ id, event_id, serial }: TicketRow) => ({
  ticketId: id,
  eventId: event_id,
  serial,
});

/** Tickets as their owner, `sell` and `admin` see them, with the codes that they have now. All of one company. */
export async function presentTickets(
  ctx: Context,
  rows: readonly TicketRow[],
  sign: TicketSigner,
  reader: Tx | Database = ctx.system.db,
): Promise<TicketView[]> {
  const seats = rows.flatMap((row) => row.seat_id ?? []);
  const { seatLabels, rotatingEvents } = ctx.system;
  const labels = await seatLabels.of(reader, ctx.company_id, seats);
  const living = rows.filter(isLive).map(({ event_id }) => event_id);
  const rotating = await rotatingEvents.among(reader, ctx.company_id, living);
  return rows.map((row) => {
    const at = rotating.has(row.event_id) ? ctx.now : undefined;
    const shown = admits(row, ctx.now);
    return {
      ...presentScanned(row, labels),
      qr_code: shown ? sign(claimsOf(row), at) : null,
      qr_code_changes_at: shown && at ? changesAfter(at) : null,
    };
  });
}

/** The same for one; a transaction brings the signer with it (tickets/keyring.ts). */
export async function presentTicket(
  ctx: Context,
  row: TicketRow,
  sign: TicketSigner,
  reader?: Tx,
): Promise<TicketView> {
  const [view] = await presentTickets(ctx, [row], sign, reader);
  return view as TicketView;
}

/** A ticket without its code. */
export function presentScanned(row: TicketRow, labels: ReadonlyMap<number, SeatLabel>): ScannedTicketView {
  const { first_name, last_name, email, document_number } = row;
  return {
    id: row.id,
    event_id: row.event_id,
    ticket_type_id: row.ticket_type_id,
    interface_id: row.interface_id,
    cart_id: row.cart_id,
    sale_detail_id: row.sale_detail_id,
    section_id: row.section_id,
    seat: row.seat_id === null ? null : (labels.get(row.seat_id) ?? null),
    holder:
      (first_name ?? last_name ?? email ?? document_number) === null
        ? null
        : { first_name, last_name, email, document_number },
    status: row.status,
    entries: row.entries,
    validated_at: row.validated_at,
    voided_at: row.voided_at,
    expires_at: row.expires_at,
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}
