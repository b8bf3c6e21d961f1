import { type Context, seesEverything } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { TicketFilters } from '../../schemas/tickets.ts';
import { accessValues, CART_ACCESS } from '../carts/row.ts';
import { loadEvent } from '../events/row.ts';
import { findTickets, type WantedTickets } from './find.ts';
import { presentTicket, presentTickets, readTicket, type TicketRow, type TicketView } from './row.ts';

/**
 * The tickets of a user, or all of the interface for `sell` and `admin`, newest first.
 * @throws AppError user_required for a token that speaks for nobody
 */
export async function listTickets(
  ctx: Context,
  filters: TicketFilters,
  page: PageRequest,
): Promise<Page<TicketView>> {
  if (seesEverything(ctx)) return pageOf(ctx, filters, page);
  if (ctx.user_id === undefined)
    throw new AppError('user_required', 'Tickets are listed for a user; reach this one by its id.');
  return pageOf(ctx, { ...filters, user_id: ctx.user_id }, page);
}

/** The tickets of one user, newest first. The caller has been let in. */
export const listTicketsOf = (ctx: Context, user_id: number, page: PageRequest): Promise<Page<TicketView>> =>
  pageOf(ctx, { user_id }, page);

/**
 * The attendees of an event: its tickets that were sold on this interface, newest first.
 * @throws AppError not_found
 */
export async function listEventTickets(
  ctx: Context,
  event_id: number,
  filters: TicketFilters,
  page: PageRequest,
): Promise<Page<TicketView>> {
  await loadEvent(ctx, event_id);
  return pageOf(ctx, { ...filters, event_id }, page);
}

const CART = statement('ticket_cart', `SELECT c.user_id FROM cart c WHERE ${CART_ACCESS} AND c.id = $6`);

// Asked for after every sale, and never many: read whole, by a prepared statement.
const OF_CART = statement(
  'tickets_of_cart',
  `SELECT t.* FROM ticket t WHERE t.company_id = $1 AND t.cart_id = $2 AND t.interface_id = $3
     AND ($4 OR t.user_id IS NOT DISTINCT FROM $5::int) ORDER BY t.id DESC`,
);

/**
 * The tickets of a cart that the caller may reach; without `sell` or `admin`, those that were not passed on to others.
 * @throws AppError not_found
 */
export async function listCartTickets(
  ctx: Context,
  cart_id: string,
  { limit, offset }: PageRequest,
): Promise<Page<TicketView>> {
  const [cart] = await ctx.system.db.query<{ user_id: number | null }>(CART, [...accessValues(ctx), cart_id]);
  if (!cart) throw notFound('Cart');
  const rows = await ctx.system.db.query<TicketRow>(OF_CART, [
    ...[ctx.company_id, cart_id, ctx.interface.id, seesEverything(ctx), cart.user_id],
  ]);
  const shown = rows.slice(offset, offset + limit);
  return { items: await presentTickets(ctx, shown, await signerOf(ctx)), total: rows.length };
}

/** @throws AppError not_found */
export async function getTicket(ctx: Context, ticket_id: string): Promise<TicketView> {
  return presentTicket(ctx, await readTicket(ctx, ticket_id), await signerOf(ctx));
}

/**
 * The ticket behind a code, which is not used by it.
 * @throws AppError not_found; conflict when the ticket has a newer code
 */
export async function getTicketByCode(ctx: Context, qr_code: string): Promise<TicketView> {
  const claims = await ctx.system.ticketKeys.prove(ctx.company_id, qr_code);
  if (!claims) throw notFound('Ticket');
  const row = await readTicket(ctx, claims.ticketId);
  if (row.serial !== claims.serial)
    throw new AppError('conflict', 'This code was revoked: its ticket has a newer one.', {
      ticket_id: row.id,
    });
  return presentTicket(ctx, row, await signerOf(ctx));
}

const signerOf = ({ system, company_id }: Context) => system.ticketKeys.signer(company_id);

async function pageOf(ctx: Context, wanted: WantedTickets, page: PageRequest): Promise<Page<TicketView>> {
  const found = await findTickets(ctx, wanted, page);
  return { ...found, items: await presentTickets(ctx, found.items, await signerOf(ctx)) };
}
