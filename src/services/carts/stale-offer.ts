import type { System } from '../../system.ts';
import type { Offer } from '../events/offer.ts';

/** Prices or rules of the event moved since the command read them: read again. */
export class StaleOffer extends Error {}

/**
 * Offers that something is sold by must still be those of their events.
 * @param versions of the events, by id, read where they can no longer change
 * @throws StaleOffer, and forgets the old one
 */
export function requireCurrentOffers(
  system: System,
  offers: readonly Offer[],
  versions: ReadonlyMap<number, number>,
): void {
  for (const { company_id, event_id, version } of offers) {
    if (versions.get(event_id) === version) continue;
    system.offers.drop(company_id, event_id);
    throw new StaleOffer();
  }
}
