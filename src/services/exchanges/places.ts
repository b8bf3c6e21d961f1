import type { Context } from '../../context.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { AddSaleDetails } from '../../schemas/carts.ts';
import type { ExchangeRequest } from '../../schemas/exchanges.ts';
import type { HoldStock } from '../carts/grant.ts';
import type { NewLine } from '../carts/judge.ts';
import { getCart } from '../carts/read.ts';
import type { LineRow } from '../carts/row.ts';
import type { Wanted } from '../carts/wanted.ts';
import { pairKey } from '../inventory/locks.ts';

// An exchange of the type alone keeps the places: they are sold to the buyer already, so nobody has to free them first,
// and a house that is full is no hindrance. Only the new type's own limit is taken from.

/**
 * What a request wants, as items: those it names, or its own places by another type.
 * @throws AppError not_found for the cart; validation_failed for lines that the cart has not
 */
export async function itemsWanted(
  ctx: Context,
  cart_id: string,
  { items, ticket_type_id, sale_detail_ids }: ExchangeRequest,
): Promise<AddSaleDetails['items']> {
  const cart = await getCart(ctx, cart_id);
  const lines = sale_detail_ids.map((id, i) => {
    const line = cart.sale_details.find((l) => l.id === id);
    if (!line) throw fieldError(`/sale_detail_ids/${i}`, 'This cart has no such sale detail.', 'not_found');
    return line;
  });
  if (items) return items;
  return lines.map((line) => ({
    ticket_type_id: ticket_type_id as number,
    ...(line.seat
      ? { seat_ids: [line.seat.id] }
      : { quantity: 1, ...(line.section_id && { section_id: line.section_id }) }),
  }));
}

/**
 * The places that are kept must be sold by the new type, too.
 * @throws AppError validation_failed
 */
export function requireSamePlaces(lines: readonly LineRow[], wanted: readonly Wanted[]): void {
  for (const [i, line] of lines.entries()) {
    const want = wanted[i];
    const fits =
      want &&
      'type' in want &&
      want.offer.event_id === line.event_id &&
      want.type.section_ids.includes(line.section_id as number);
    if (!fits) throw fieldError('/ticket_type_id', 'This type is not sold for these places.');
  }
}

/** The stock as it will be for places that are kept: free for their own buyer. The type's counters are the real ones. */
export function ownPlaces(stock: HoldStock, lines: readonly LineRow[]): HoldStock {
  const sections: HoldStock['sections'] = new Map();
  const seats: HoldStock['seats'] = new Map();
  for (const { event_id, section_id, seat_id } of lines) {
    const event = event_id as number;
    const section = section_id as number;
    if (seat_id !== null)
      seats.set(pairKey(event, seat_id), {
        event_id: event,
        seat_id,
        section_id: section,
        free: true,
        block_id: null,
      });
    else {
      const counter = sections.get(pairKey(event, section));
      sections.set(pairKey(event, section), { event_id: event, id: section, free: (counter?.free ?? 0) + 1 });
    }
  }
  return { ...stock, sections, seats };
}

/** While they are quoted, lines that keep their places hold nothing but the type's own limit. */
export const withoutPlace = (line: NewLine): NewLine => ({ ...line, section_id: null, seat_id: null });

/** Lines with the places that they take over, in the order of the request. */
export const withPlaces = (fresh: readonly LineRow[], old: readonly LineRow[]): LineRow[] =>
  fresh.map((line, i) => ({
    ...line,
    section_id: old[i]?.section_id ?? null,
    seat_id: old[i]?.seat_id ?? null,
  }));

/** New tickets that name nobody are for those whose tickets they replace. */
export const withHolders = (fresh: readonly NewLine[], old: readonly LineRow[]): NewLine[] =>
  fresh.map((line, i) => {
    const from = old[i];
    const named = line.first_name ?? line.last_name ?? line.email ?? line.document_number;
    if (!from || named !== null) return line;
    const { first_name, last_name, email, document_number, guest_id } = from;
    return { ...line, first_name, last_name, email, document_number, guest_id };
  });

/** A cart keeps one currency. @throws AppError conflict */
export function requireCurrency(currency: string, wanted: readonly Wanted[]): void {
  const other = wanted.find(({ offer }) => offer.currency !== currency);
  if (other)
    throw new AppError(
      'conflict',
      `This cart is in ${currency}: what costs ${other.offer.currency} is bought anew.`,
      {
        item: other.item,
      },
    );
}
