import { AppError, type FieldFault } from '../../errors.ts';
import { isCounted, phaseAt, ticketTerms } from '../events/terms.ts';
import { type Asker, isFor, type Share, shareOf } from '../inventory/allotments.ts';
import { type LockedSeat, type LockedStock, pairKey } from '../inventory/locks.ts';
import type { Case } from './judge.ts';
import { PickLost } from './picks.ts';
import type { LineTerms } from './row.ts';
import type { Wanted } from './wanted.ts';

/** What holds are granted from: stock that is locked and read, less what was granted in this batch already. */
export interface HoldStock extends LockedStock {
  /** What is left in blocks of general admission. */
  blocks: Map<number, { free: number }>;
  /** Tickets held or sold, of types whose price depends on it. */
  counted: Map<number, number>;
}

/** Steps that put back what was taken out of the stock, for a refusal further on. */
export type Undo = (() => void)[];

type General = Extract<Wanted, { form: 'general' }>;
type Tickets = Extract<Wanted, { type: unknown }>;

/** Who asks, for the allotments that they may take from. */
export const askerOf = ({ ctx, codes }: Pick<Case, 'ctx' | 'codes'>, want?: Wanted): Asker => ({
  interface_id: ctx.interface.id,
  code_ids: codes.map((code) => code.id),
  renews: want?.plan?.kept ? (want.plan.setting.renews_setting_id ?? undefined) : undefined,
  now: ctx.now,
});

/** Whether a seat can be had: free for everybody, or kept for this asker; who has an allotment in its section may be held to it. */
export function isOpenTo(asker: Asker, seat: LockedSeat, { offer }: Wanted): boolean {
  if (seat.free) return !shareOf(offer, seat.section_id, asker).only;
  const block = seat.block_id === null ? undefined : offer.blocks.get(seat.block_id);
  return block !== undefined && isFor(block, asker);
}

/** What a want takes of the stock: how many, and the seats if it names any. */
export function seatsWanted(asked: Pick<Case, 'picks'>, want: Wanted): readonly number[] {
  return want.form === 'seats'
    ? want.seat_ids
    : want.form === 'best'
      ? (asked.picks.get(want.item) ?? [])
      : [];
}

/**
 * Names every seat that cannot be had, of all items, at once.
 * @throws AppError seats_unavailable, validation_failed; PickLost
 */
export function requireSeatsFree(asked: Case, stock: HoldStock): void {
  const unknown: FieldFault[] = [];
  const unavailable: number[] = [];
  let lostPick = false;
  const seen = new Set<string>();
  for (const want of asked.wanted) {
    if (want.form !== 'seats' && want.form !== 'best') continue;
    const asker = askerOf(asked, want);
    for (const [i, seat_id] of seatsWanted(asked, want).entries()) {
      const key = pairKey(want.offer.event_id, seat_id);
      const seat = stock.seats.get(key);
      const sold = seat && want.type.section_ids.includes(seat.section_id);
      if (sold && isOpenTo(asker, seat, want) && !seen.has(key)) seen.add(key);
      else if (want.form === 'best') lostPick = true;
      else if (sold) unavailable.push(seat_id);
      else
        unknown.push({
          pointer: `/items/${want.item}/seat_ids/${i}`,
          code: 'not_found',
          message: `Seat ${seat_id} is not one of this ticket type's.`,
        });
    }
  }
  if (unknown.length)
    throw new AppError('validation_failed', 'Some seats are not sold by their ticket type.', {
      errors: unknown,
    });
  if (unavailable.length)
    throw new AppError('seats_unavailable', 'Some of these seats are taken; nothing was held.', {
      unavailable_seat_ids: unavailable.sort((a, b) => a - b),
    });
  if (lostPick) throw new PickLost();
}

/** A place of general admission, and the allotment that it comes from. */
export interface Place {
  section_id: number;
  block_id: number | null;
}

interface Room {
  counter: { free: number };
  block_id: number | null;
}

/**
 * Takes places for a want: from one section if any has room for all of it, else from several; in each from the asker's own
 * allotments first, and only from those if they allow no more.
 * @throws AppError sold_out
 */
export function grantPlaces(want: General, asker: Asker, stock: HoldStock, undo: Undo): Place[] {
  const { offer, quantity, section_ids } = want;
  const sections = section_ids.flatMap((id) => {
    const section = stock.sections.get(pairKey(offer.event_id, id));
    return section ? [{ id, rooms: roomsOf(section, shareOf(offer, id, asker), stock) }] : [];
  });
  const left = (rooms: readonly Room[]) => rooms.reduce((n, { counter }) => n + Math.max(0, counter.free), 0);
  const available = sections.reduce((n, { rooms }) => n + left(rooms), 0);
  if (available < quantity) throw soldOut(available, { item: want.item, ticket_type_id: want.type.id });
  const roomy = sections.find(({ rooms }) => left(rooms) >= quantity);
  const places: Place[] = [];
  for (const { id, rooms } of roomy ? [roomy] : sections)
    for (const { counter, block_id } of rooms) {
      const n = Math.min(counter.free, quantity - places.length);
      if (n <= 0) continue;
      takeFrom(counter, n, undo);
      for (let i = 0; i < n; i++) places.push({ section_id: id, block_id });
    }
  return places;
}

function roomsOf(section: { free: number }, { own, only }: Share, stock: HoldStock): Room[] {
  const blocks = own.flatMap(({ id }) => {
    const counter = stock.blocks.get(id);
    return counter ? [{ counter, block_id: id }] : [];
  });
  return only ? blocks : [...blocks, { counter: section, block_id: null }];
}

/** Takes n out of a counter. */
export function takeFrom(counter: { free: number }, n: number, undo: Undo): void {
  counter.free -= n;
  undo.push(() => {
    counter.free += n;
  });
}

/**
 * The price of the next ticket of a want. Where it depends on how many are sold, each ticket is priced by what the ones
 * before it leave of the phase, under the lock of the type.
 */
export function nextTerms(
  { ctx }: Pick<Case, 'ctx'>,
  want: Tickets,
  stock: HoldStock,
  undo: Undo,
): { terms: LineTerms; price_phase_id: number | null } {
  const { type, offer, terms } = want;
  if (want.plan || !isCounted(type)) return { terms, price_phase_id: null };
  const sold = stock.counted.get(type.id) ?? 0;
  stock.counted.set(type.id, sold + 1);
  undo.push(() => stock.counted.set(type.id, sold));
  const extra_fee = offer.channels.get(ctx.interface.id)?.extra_fee ?? 0;
  return {
    terms: ticketTerms(type, extra_fee, ctx.now, sold),
    price_phase_id: phaseAt(type, ctx.now, sold)?.id ?? 0,
  };
}

/** The refusal of more than is left. */
export const soldOut = (available: number, facts: Record<string, unknown>): AppError =>
  new AppError('sold_out', available > 0 ? `Only ${available} left; nothing was held.` : 'Nothing is left.', {
    available: Math.max(0, available),
    ...facts,
  });
