import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { TicketCode } from '../../schemas/tickets.ts';
import { liveLink } from './live-link.ts';
import { qrPng, qrSvg } from './qr-image.ts';
import { changesAfter, ROTATION } from './rotation.ts';
import { admits, claimsOf, dead, readTicket, type TicketRow } from './row.ts';

const EVENT_NAME = statement('ticket_event_name', 'SELECT name FROM event WHERE company_id = $1 AND id = $2');

/**
 * The code that a ticket has now as an SVG, named after the event and the seat.
 * @throws AppError not_found; conflict when the ticket no longer admits
 */
export async function drawQrSvg(ctx: Context, ticket_id: string): Promise<string> {
  const row = await readTicket(ctx, ticket_id);
  const code = await liveCode(ctx, row);
  const { db, seatLabels } = ctx.system;
  const [event] = await db.query<{ name: string }>(EVENT_NAME, [ctx.company_id, row.event_id]);
  const labels = await seatLabels.of(db, ctx.company_id, row.seat_id === null ? [] : [row.seat_id]);
  const seats = [...labels.values()].map((seat) => `${seat.section} ${seat.row} ${seat.number}`);
  return qrSvg(code, { title: [event?.name ?? '', ...seats].join(' · ') });
}

/**
 * The code that a ticket has now as a PNG.
 * @param scale pixels a module, 1 to 40
 * @throws AppError not_found; conflict when the ticket no longer admits
 */
export async function drawQrPng(ctx: Context, ticket_id: string, scale: number | undefined): Promise<Buffer> {
  return qrPng(await liveCode(ctx, await readTicket(ctx, ticket_id)), scale);
}

/**
 * The code that a ticket has now, and where codes rotate what the seller's own app makes the next ones of by itself: at
 * the door of a stadium phones have no network.
 * @throws AppError not_found; conflict when the ticket no longer admits
 */
export async function getCode(ctx: Context, ticket_id: string): Promise<z.output<typeof TicketCode>> {
  const row = await readTicket(ctx, ticket_id);
  const qr_code = await liveCode(ctx, row);
  const { db, rotatingEvents, ticketKeys } = ctx.system;
  const rotating = await rotatingEvents.among(db, ctx.company_id, [row.event_id]);
  const known = { ticket_id, qr_code, live_url: await liveLink(ctx.system, row) };
  if (!rotating.has(row.event_id)) return { ...known, changes_at: null, rotation: null };
  const { window: _, ...terms } = ROTATION;
  const seed = await ticketKeys.seedOf(ctx.company_id, claimsOf(row));
  return { ...known, changes_at: changesAfter(ctx.now), rotation: { ...terms, ...seed } };
}

async function liveCode(ctx: Context, row: TicketRow): Promise<string> {
  if (!admits(row, ctx.now)) throw dead(row);
  const { db, rotatingEvents, ticketKeys } = ctx.system;
  const rotating = await rotatingEvents.among(db, ctx.company_id, [row.event_id]);
  const sign = await ticketKeys.signer(ctx.company_id);
  return sign(claimsOf(row), rotating.has(row.event_id) ? ctx.now : undefined);
}
