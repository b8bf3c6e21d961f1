import type { Context } from '../../context.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';
import { uuidv7 } from '../../uuid.ts';
import { anyOverdue, endOverdueOf, OverdueInTheWay } from '../carts/expire.ts';
import type { Offer, OfferTicketType } from '../events/offer.ts';
import { pickFreeSeats } from '../inventory/give.ts';
import { lockStock, pairKey } from '../inventory/locks.ts';
import type { Plan, Refused } from './grant.ts';
import type { Invited } from './guests.ts';

/** A place that is locked and free, and the ticket that will take it. */
export interface Place {
  section_id: number;
  seat_id: number | null;
  ticket_id: string;
}

interface Placed {
  places: { guest: Invited; place: Place }[];
  refused: Refused[];
}

/**
 * The event and type that a courtesy is for, as they are offered on the caller's interface.
 * @throws AppError not_found for the event; validation_failed for type or section; conflict when it gives no tickets now
 */
export async function offerOf(
  ctx: Context,
  { event_id, ticket_type_id, section_id }: Pick<Plan, 'event_id' | 'ticket_type_id' | 'section_id'>,
): Promise<{ offer: Offer; type: OfferTicketType; section_ids: number[] }> {
  const offer = await ctx.system.offers.get(ctx.system, ctx.company_id, event_id);
  if (!offer.channels.has(ctx.interface.id)) throw notFound('Event');
  const type = offer.ticket_types.get(ticket_type_id);
  if (!type) throw fieldError('/ticket_type_id', 'No ticket type of this event.', 'not_found');
  if (section_id !== null && !type.section_ids.includes(section_id))
    throw fieldError('/section_id', 'No section of this ticket type.', 'not_found');
  if (offer.status !== 'published' && offer.status !== 'paused')
    throw new AppError('conflict', `This event is ${offer.status}: it gives no tickets.`, {
      event_status: offer.status,
    });
  return { offer, type, section_ids: section_id === null ? type.section_ids : [section_id] };
}

/**
 * Finds a free place for each guest and locks it: the seat that was asked for, a place without a number, or the best
 * free seat. Never one that is sold, held or blocked.
 * @returns in mode each, those for whom there is none beside the others
 * @throws AppError sold_out and seats_unavailable, in mode atomic; OverdueInTheWay when holds that have ended are all
 *   that is in the way
 */
export async function placesFor(
  tx: Tx,
  ctx: Context,
  plan: Plan,
  guests: readonly Invited[],
): Promise<Placed> {
  const { company_id } = ctx;
  const { event_id } = plan;
  const { offer, type, section_ids } = await offerOf(ctx, plan);
  const kindOf = (kind: 'seated' | 'general') =>
    section_ids.filter((id) => offer.sections.get(id)?.kind === kind);
  const [general, seated] = [kindOf('general'), kindOf('seated')];
  const asked = guests.flatMap(({ seat_id }) => seat_id ?? []);
  const stock = await lockStock(tx, company_id, {
    sections: general.map((id) => [event_id, id] as const),
    ticket_types: [[event_id, type.id] as const],
    products: [],
    seats: asked.map((id) => [event_id, id] as const),
  });
  const placed: Placed = { places: [], refused: [] };
  const give = (guest: Invited, section_id: number, seat_id: number | null) =>
    placed.places.push({ guest, place: { section_id, seat_id, ticket_id: uuidv7() } });
  const refuse = (guest: Invited, problem: AppError) => placed.refused.push({ guest, problem });

  let left = stock.ticket_types.get(pairKey(event_id, type.id))?.free ?? Number.POSITIVE_INFINITY;
  const waiting: Invited[] = [];
  for (const guest of guests) {
    if (guest.seat_id === null) {
      waiting.push(guest);
      continue;
    }
    const seat = stock.seats.get(pairKey(event_id, guest.seat_id));
    const mine = seat?.free && section_ids.includes(seat.section_id) && left > 0;
    if (!seat || !mine) {
      refuse(guest, seatGone(guest));
      continue;
    }
    seat.free = false; // nobody else of this request gets it
    left--;
    give(guest, seat.section_id, guest.seat_id);
  }
  for (const section_id of general) {
    const free = stock.sections.get(pairKey(event_id, section_id))?.free ?? 0;
    const here = waiting.splice(0, Math.max(0, Math.min(free, left)));
    for (const guest of here) give(guest, section_id, null);
    left -= here.length;
  }
  const wanted = Math.min(waiting.length, left);
  if (seated.length && wanted > 0) {
    const seats = await pickFreeSeats(tx, company_id, event_id, seated, wanted, asked);
    for (const { seat_id, section_id } of seats) give(waiting.shift() as Invited, section_id, seat_id);
  }
  const available = placed.places.length;
  if (waiting.length && (await anyOverdue(tx, company_id, [event_id])))
    throw new OverdueInTheWay(soldOut(type.id, available));
  for (const guest of waiting) refuse(guest, soldOut(type.id, available));
  const [first] = placed.refused;
  if (first && plan.mode === 'atomic') throw first.problem;
  return placed;
}

/** How often it starts again because holds that had ended were in the way. */
const MAX_ATTEMPTS = 3;

/**
 * Runs what needs places; where only holds that have ended are in the way, ends them and runs it again.
 * @throws AppError whatever it throws, and what the guest is told when that goes on
 */
export async function afterOverdue<T>(ctx: Context, event_id: number, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OverdueInTheWay)) throw error;
      if (attempt === MAX_ATTEMPTS) throw error.refusal;
      await endOverdueOf(ctx.system, [event_id]);
    }
  }
}

const soldOut = (ticket_type_id: number, available: number) =>
  new AppError('sold_out', 'There are not as many places left; none was given.', {
    ticket_type_id,
    available,
  });

const seatGone = ({ seat_id, row }: Invited) =>
  new AppError('seats_unavailable', 'This seat is not free, or not of this ticket type.', {
    unavailable_seat_ids: [seat_id],
    row,
  });
