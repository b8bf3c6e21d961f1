import type { Offer } from '../events/offer.ts';
import { type EventStock, leftOfEvent, leftOfType, stockFor } from '../events/stock.ts';
import { candidatesOf, typesFor } from './candidates.ts';
import { foremost, type PassedOver } from './hold-party.ts';
import type { PartyRow } from './row.ts';

// What the figures say before anything is tried: most who wait are passed over by them, without a lock. They are no
// more than a hint. That places are there is proved under the locks of the hold; that they are not, by the next look.

/** Is anything of an event free, for anybody, by any way? */
export function leftForAnybody(offer: Offer, stock: EventStock): boolean {
  const kept = stock.allotments.some(({ parts }) => parts.some(({ left }) => left > 0));
  return kept || leftOfEvent(stock, [...offer.ticket_types.values()]).remaining > 0;
}

/** Why a party need not be tried; undefined when it may fit. */
export function reasonWithoutTrying(
  offer: Offer,
  stock: EventStock,
  party: PartyRow,
): PassedOver | undefined {
  const { party_size } = party;
  const here = stockFor(stock, { interface_id: party.interface_id, code_ids: [], now: new Date() });
  const candidates = candidatesOf(offer, party);
  if (!candidates.length)
    return {
      reason: 'type_not_available',
      data: { ticket_type_ids: typesFor(offer, party).map(({ id }) => id), party_size },
    };
  const short = candidates.flatMap(({ type: { id }, section_ids }): PassedOver[] => {
    const available = Math.max(0, leftOfType(here, { id, section_ids }).remaining);
    if (available >= party_size) return [];
    return [{ reason: 'too_few_places', data: { ticket_type_id: id, available, party_size } }];
  });
  return short.length === candidates.length ? mostRoom(short) : undefined;
}

const mostRoom = (short: readonly PassedOver[]): PassedOver =>
  foremost(short.toSorted((a, b) => Number(b.data.available) - Number(a.data.available)));

/** Takes what was held out of the figures, for the next of the line to be judged by. */
export function takeOut(
  stock: EventStock,
  lines: readonly { section_id: number | null; ticket_type_id: number | null; block_id: number | null }[],
): void {
  for (const { section_id, ticket_type_id, block_id } of lines) {
    const section = stock.sections.get(section_id ?? 0);
    const part = stock.allotments
      .find(({ id }) => id === block_id)
      ?.parts.find((each) => each.section_id === section_id);
    if (part) part.left -= 1;
    else if (section) section.available -= 1;
    const type = stock.ticket_types.get(ticket_type_id ?? 0);
    if (type) type.held += 1;
  }
}
