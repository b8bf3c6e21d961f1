import type { z } from 'zod';
import type { Context } from '../../context.ts';
import type { Seat } from '../../schemas/maps.ts';
import { type CodeRow, unlocks } from '../events/codes.ts';
import type { EventRow } from '../events/row.ts';
import { ticketTerms } from '../events/terms.ts';
import { knownTypes } from '../events/ticket-types.ts';
import { priceOf } from '../pricing/price.ts';

export type Prices = z.output<typeof Seat>['prices'];

/**
 * What a seat of a section costs, by the ticket types that the caller may know of; one list for all its seats.
 * @param code that the caller names: types that it unlocks are known
 */
export function pricesBySection(
  ctx: Context,
  event: EventRow,
  code?: CodeRow,
): (section_id: number) => Prices {
  const unlocked = (type: { id: number }) => code !== undefined && unlocks(code, type.id);
  const totals = knownTypes(ctx, event, unlocked).map((type) => ({
    section_ids: type.section_ids,
    price: {
      ticket_type_id: type.id,
      total: priceOf(ticketTerms(type, event.extra_fee, ctx.now, type.counted)).total,
    },
  }));
  const known = new Map<number, Prices>();
  return (section_id) => {
    let prices = known.get(section_id);
    if (!prices) {
      prices = totals.flatMap(({ section_ids, price }) => (section_ids.includes(section_id) ? price : []));
      known.set(section_id, prices);
    }
    return prices;
  };
}
