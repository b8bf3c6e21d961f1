import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import type { TicketType } from '../../schemas/events.ts';
import { priceOf } from '../pricing/price.ts';
import { findCode, unlocks } from './codes.ts';
import {
  type EventRow,
  eventWindow,
  loadEvent,
  saleTo,
  stockOf,
  type TicketTypeRow,
  translated,
} from './row.ts';
import { availabilityLevel, salesStatus, salesWindow } from './sales.ts';
import { type EventStock, leftOfType } from './stock.ts';
import { ticketTerms } from './terms.ts';

export type TicketTypeView = z.output<typeof TicketType>;

/**
 * The ticket types of an event that the caller may know of, in the organiser's order. Types that need an access code
 * are hidden without it.
 * @param code unlocks the types that it is good for; one that is not valid unlocks nothing
 * @throws AppError not_found
 */
export async function listTicketTypes(
  ctx: Context,
  event_id: number,
  code?: string,
): Promise<TicketTypeView[]> {
  const [event, found] = await Promise.all([loadEvent(ctx, event_id), findCode(ctx, event_id, code)]);
  const stocks = await stockOf(ctx, [event_id], found && [found.id]);
  const unlocked = (type: TicketTypeRow) => found !== undefined && unlocks(found, type.id);
  return presentTicketTypes(ctx, event, stocks.get(event_id) as EventStock, unlocked);
}

/** The ticket types of an event as the API shows them. */
export function presentTicketTypes(
  ctx: Context,
  event: EventRow,
  stock: EventStock,
  unlocked: (type: TicketTypeRow) => boolean = () => false,
): TicketTypeView[] {
  return knownTypes(ctx, event, unlocked).map((type) => presentTicketType(ctx, event, type, stock));
}

/** The types that the caller may know of. */
export const knownTypes = (
  ctx: Context,
  event: EventRow,
  unlocked: (type: TicketTypeRow) => boolean = () => false,
): TicketTypeRow[] =>
  event.ticket_types.filter((type) => !type.access_code_required || seesEverything(ctx) || unlocked(type));

function presentTicketType(
  ctx: Context,
  event: EventRow,
  type: TicketTypeRow,
  stock: EventStock,
): TicketTypeView {
  const window = salesWindow(eventWindow(event), type);
  const { remaining, capacity } = leftOfType(stock, type);
  const { price, fee, tax, total } = priceOf(ticketTerms(type, event.extra_fee, ctx.now, type.counted));
  return {
    id: type.id,
    event_id: event.id,
    ...translated(type, ctx.language),
    price,
    fee,
    tax,
    tax_inclusive: type.tax_inclusive,
    total,
    currency: event.currency,
    section_ids: type.section_ids,
    seated: type.section_ids.some((id) => stock.sections.get(id)?.kind === 'seated'),
    min_per_cart: type.min_per_cart,
    max_per_cart: type.max_per_cart,
    max_per_user: type.max_per_user,
    ...window,
    sales_status: salesStatus(event, window, remaining, saleTo(ctx)),
    access_code_required: type.access_code_required,
    members_only: type.members_only,
    availability: availabilityLevel(remaining, capacity),
    ...(seesEverything(ctx) && { remaining }),
  };
}
