import type { Item } from '../../schemas/carts.ts';
import type { Offer, OfferTicketType } from '../events/offer.ts';
import type { EntryRow } from './row.ts';

export type Party = Pick<EntryRow, 'party_size' | 'ticket_type_ids' | 'max_price' | 'together'>;

/** One way to seat a whole party: a type, and how its tickets are asked for. */
export interface Candidate {
  type: OfferTicketType;
  /** The sections that it takes from. */
  section_ids: number[];
  item: Item;
}

/** The types that a party would take, in its order; of those it did not name, none that needs a code. */
export const typesFor = (offer: Offer, { ticket_type_ids }: Party): OfferTicketType[] =>
  ticket_type_ids.length
    ? ticket_type_ids.flatMap((id) => offer.ticket_types.get(id) ?? [])
    : [...offer.ticket_types.values()].filter((type) => !type.access_code_required);

/** Does a cart of the type take so many? */
export const takes = (offer: Offer, { min_per_cart, max_per_cart }: OfferTicketType, size: number): boolean =>
  size >= min_per_cart && size <= max_per_cart && size <= offer.max_per_cart;

/** Every way to seat a party, in the order in which they are tried. */
export const candidatesOf = (offer: Offer, party: Party): Candidate[] =>
  typesFor(offer, party).flatMap((type) =>
    takes(offer, type, party.party_size) ? waysOf(offer, type, party) : [],
  );

function waysOf(offer: Offer, type: OfferTicketType, { party_size, together }: Party): Candidate[] {
  const of = (kind: string) => type.section_ids.filter((id) => offer.sections.get(id)?.kind === kind);
  const [seated, general] = [of('seated'), of('general')];
  const ways: Candidate[] = [];
  if (seated.length) {
    const best_available = { quantity: party_size, ...(together && { together }) };
    ways.push({ type, section_ids: seated, item: { ticket_type_id: type.id, best_available } });
  }
  // A party that stays together stands in one section.
  for (const section_ids of together ? general.map((id) => [id]) : general.length ? [general] : []) {
    const place = together ? { section_id: section_ids[0] as number } : {};
    ways.push({ type, section_ids, item: { ticket_type_id: type.id, quantity: party_size, ...place } });
  }
  return ways;
}
