import { AppError } from '../../errors.ts';
import { askerOf } from '../carts/grant.ts';
import type { Case } from '../carts/judge.ts';
import { shareOfEvent } from '../inventory/allotments.ts';

/** Refused for the sake of the waiting list: nothing that lies about is in the way, and there is nothing else to be had. */
export const isReserved = (refusal: unknown): boolean =>
  refusal instanceof AppError && refusal.facts.reason === 'waiting_list';

/**
 * While a sold-out event's list has its head start, buyers have nothing of what comes free: neither new tickets nor others
 * in exchange. Not bound by it are parties of the list, sellers, plans, and whom an allotment is for.
 * @throws AppError sold_out with `reason: waiting_list`
 */
export function requireUnreserved(asked: Case): void {
  if (asked.listed || asked.ctx.scopes.has('sell')) return;
  for (const want of asked.wanted) {
    const { offer } = want;
    if (!offer.reserved || want.plan || !('type' in want)) continue;
    if (shareOfEvent(offer.blocks.values(), askerOf(asked, want)).own.size) continue;
    throw new AppError('sold_out', 'Sold out: what comes free goes to the waiting list first.', {
      ...{ item: want.item, ticket_type_id: want.type.id, available: 0 },
      ...{ event_id: offer.event_id, reason: 'waiting_list' },
    });
  }
}
