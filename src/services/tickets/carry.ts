import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, notFound } from '../../errors.ts';
import { accessValues, CART_ACCESS } from '../carts/row.ts';
import { ticketCalendar } from './calendar.ts';
import { isPrintable, ticketsPdf } from './pdf.ts';
import { readTicket, type TicketRow } from './row.ts';
import { type Sheet, sheetOfTicket, sheetsOf } from './sheet.ts';

/**
 * A ticket as a PDF of one page.
 * @throws AppError not_found; conflict when the ticket no longer admits, or its codes rotate
 */
export async function drawPdf(ctx: Context, ticket_id: string): Promise<Buffer> {
  const sheet = await sheetOf(ctx, ticket_id);
  if (!isPrintable(sheet)) throw rotates();
  return ticketsPdf([sheet], ctx.language);
}

/** Why something that does not change carries no ticket. */
export const rotates = () =>
  new AppError(
    'conflict',
    'The codes of this event change every few seconds: show the live one (qr.svg, qr.png or qr_code of the ticket).',
    { rotating_codes: true },
  );

/**
 * The date of a ticket as a calendar file.
 * @throws AppError not_found; conflict when the ticket no longer admits
 */
export async function writeCalendar(ctx: Context, ticket_id: string): Promise<string> {
  return ticketCalendar([await sheetOf(ctx, ticket_id)]);
}

const sheetOf = async (ctx: Context, ticket_id: string): Promise<Sheet> =>
  sheetOfTicket(ctx.system, await readTicket(ctx, ticket_id), ctx.language);

// As the list of a cart's tickets: without `sell` or `admin`, those that were not passed on to others.
const OF_CART = statement(
  'ticket_carry_cart',
  `SELECT t.* FROM cart c JOIN ticket t ON t.company_id = c.company_id AND t.cart_id = c.id
   WHERE ${CART_ACCESS} AND c.id = $6 AND ($3 OR t.user_id IS NOT DISTINCT FROM c.user_id)
     AND t.status IN ('valid', 'used') ORDER BY t.id`,
);

/**
 * All living tickets of a cart as one PDF, a page each; those whose codes rotate are left out.
 * @throws AppError not_found when there is none, or no such cart; conflict when the codes of all of them rotate
 */
export async function drawCartPdf(ctx: Context, cart_id: string): Promise<Buffer> {
  const rows = await ctx.system.db.query<TicketRow>(OF_CART, [...accessValues(ctx), cart_id]);
  if (!rows.length) throw notFound('Ticket');
  const sheets = (await sheetsOf(ctx.system, rows, ctx.language)).filter(isPrintable);
  if (!sheets.length) throw rotates();
  return ticketsPdf(sheets, ctx.language);
}
