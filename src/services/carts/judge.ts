import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { uuidv7 } from '../../uuid.ts';
import { type Counter, type LockedSeat, type Pair, pairKey } from '../inventory/locks.ts';
import { addTotals, assertWithinLimit, lessTotals, priceCart } from '../pricing/price.ts';
import type { AppliedCode, CartTotals } from '../pricing/types.ts';
import { requireUnreserved } from '../waitlist/reserved.ts';
import {
  askerOf,
  grantPlaces,
  type HoldStock,
  nextTerms,
  requireSeatsFree,
  seatsWanted,
  soldOut,
  takeFrom,
  type Undo,
} from './grant.ts';
import type { CartCodeRow, LineRow } from './row.ts';
import { type Grounds, neighboursOf, requireSeatRules, type SetAside } from './seat-rules.ts';
import type { Wanted } from './wanted.ts';

/** A cart under its lock, and what is asked for it. */
export interface Case {
  ctx: Context;
  cart_id: string;
  lines: readonly LineRow[];
  codes: readonly CartCodeRow[];
  /** What the cart adds up to so far. */
  totals: CartTotals;
  wanted: readonly Wanted[];
  /** Seats that best available picked, by item. */
  picks: ReadonlyMap<number, readonly number[]>;
  /** Tickets that the buyer's account has already, by ticket type; for types with a limit a user. */
  owned: ReadonlyMap<number, number>;
  /** The maps by which seats are judged; none: places that are kept, which were judged once. */
  grounds?: Grounds;
  /** A seller sets the rules about seats aside. */
  override?: boolean;
  /** It is an offer to the waiting list, or takes nothing that the list could have. */
  listed?: boolean;
  /** Seats that come back with what is asked, as pairKey. */
  returning?: ReadonlySet<string>;
}

export type NewLine = Omit<LineRow, 'company_id' | 'created_at' | 'updated_at'>;

export interface Verdict {
  lines: NewLine[];
  /** What the new lines add to the cart. */
  totals: CartTotals;
  /** Lines that the cart held before, whose price is another in the company of the new ones. */
  repriced: LineRow[];
  /** Rules about seats that a seller set aside for it. */
  aside: SetAside[];
}

/**
 * Decides whether a cart may hold all that is asked, from stock that is locked and read. All or nothing: on a refusal
 * `stock` is as it was, otherwise what was granted is taken out of it, for the next command of the batch to see.
 * @throws AppError seats_unavailable, sold_out, limit_exceeded, orphan_seat, companion_seat, validation_failed, conflict;
 *   PickLost
 */
export function judge(asked: Case, stock: HoldStock): Verdict {
  requireUnreserved(asked);
  requireWithinLimits(asked);
  requireSeatsFree(asked, stock);
  const aside = requireSeatRules(asked, stock);
  const undo: Undo = [];
  try {
    const lines = asked.wanted.flatMap((want) => grant(asked, want, stock, undo));
    const verdict = { ...priced(asked, lines), aside };
    assertWithinLimit(addTotals(asked.totals, verdict.totals));
    return verdict;
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

/** Prices new lines; where quantity rules see them together with older ones of the cart, those anew as well. */
function priced(
  { lines: held, codes, totals: before }: Case,
  lines: readonly NewLine[],
): Omit<Verdict, 'aside'> {
  const ruled = (list: readonly NewLine[]) => list.some((line) => line.terms.rules?.length);
  const open = held.filter((line) => line.status === 'held'); // what is paid for costs what it cost
  const older = ruled(lines) && ruled(open) ? open : [];
  const all = [...older, ...lines];
  const { lines: prices, totals } = priceCart(all.map(priceable), applicable(codes, all));
  const repriced = older.map((line, i) => ({ ...line, ...prices[i] }));
  return {
    lines: lines.map((line, i) => ({ ...line, ...prices[older.length + i] })),
    totals: older.length ? lessTotals(totals, before) : totals,
    repriced: repriced.filter((line, i) => line.discount !== older[i]?.discount),
  };
}

/** A line as pricing takes it. */
export const priceable = (line: NewLine) => ({
  id: line.id,
  kind: line.kind,
  ticket_type_id: line.ticket_type_id,
  quantity: line.quantity,
  terms: line.terms,
  override: line.terms.override ?? null,
});

/** A code of an event that names no types is meant for all types of that event. */
export function applicable(codes: readonly CartCodeRow[], lines: readonly NewLine[]): AppliedCode[] {
  return codes.map((code) => {
    if (code.ticket_type_ids.length) return code;
    const types = lines.flatMap((l) =>
      l.event_id === code.event_id && l.ticket_type_id ? [l.ticket_type_id] : [],
    );
    return { ...code, ticket_type_ids: types.length ? types : [0] };
  });
}

export const quantityOf = (want: Wanted): number =>
  want.form === 'seats'
    ? want.seat_ids.length
    : want.form === 'best'
      ? want.ask.quantity
      : want.form === 'plan'
        ? 1
        : want.quantity;

/** Limits of types, products, events and users, counted over what the cart holds already and all that is asked. */
function requireWithinLimits({ lines, wanted, codes, owned }: Case): void {
  const refuse = (detail: string, facts: Record<string, unknown>) => {
    throw new AppError('limit_exceeded', detail, facts);
  };
  const sumOf = (match: (line: LineRow) => boolean, want: (want: Wanted) => boolean) =>
    lines.filter((l) => l.subscription_id === null && match(l)).reduce((n, l) => n + l.quantity, 0) +
    wanted.filter((w) => !w.plan && want(w)).reduce((n, w) => n + quantityOf(w), 0);

  for (const want of wanted) {
    const { offer } = want;
    const { event_id } = offer;
    if (want.plan || want.form === 'plan') continue; // what a plan includes is limited by the plan
    if (want.form === 'product') {
      const { id, max_per_cart, name } = want.product;
      const n = sumOf(
        (l) => l.product_id === id,
        (w) => w.form === 'product' && w.product.id === id,
      );
      if (n > max_per_cart)
        refuse(`At most ${max_per_cart} of ${name} a cart.`, { product_id: id, max_per_cart });
      continue;
    }
    const { type } = want;
    const facts = { ticket_type_id: type.id, item: want.item };
    const n = sumOf(
      (l) => l.ticket_type_id === type.id,
      (w) => 'type' in w && w.type.id === type.id,
    );
    if (n > type.max_per_cart)
      refuse(`At most ${type.max_per_cart} of ${type.name} a cart.`, {
        ...facts,
        max_per_cart: type.max_per_cart,
      });
    if (n < type.min_per_cart)
      refuse(`At least ${type.min_per_cart} of ${type.name} a cart.`, {
        ...facts,
        min_per_cart: type.min_per_cart,
      });
    if (type.max_per_user !== null && n + (owned.get(type.id) ?? 0) > type.max_per_user)
      refuse(`At most ${type.max_per_user} of ${type.name} a person.`, {
        ...facts,
        max_per_user: type.max_per_user,
      });
    const all = sumOf(
      (l) => l.event_id === event_id && l.kind === 'ticket',
      (w) => 'type' in w && w.offer.event_id === event_id,
    );
    if (all > offer.max_per_cart)
      refuse(`At most ${offer.max_per_cart} tickets of ${offer.name} a cart.`, {
        event_id,
        max_per_cart: offer.max_per_cart,
      });
    if (
      type.access_code_required &&
      !codes.some((c) => c.kind === 'access' && c.event_id === event_id && unlocks(c, type.id))
    )
      throw new AppError(
        'code_not_applicable',
        `${type.name} needs an access code: apply it to the cart first.`,
        {
          reason: 'access_code_required',
          ...facts,
        },
      );
  }
}

const unlocks = (code: CartCodeRow, type_id: number): boolean =>
  code.ticket_type_ids.length === 0 || code.ticket_type_ids.includes(type_id);

/** Takes one want out of the stock and gives its lines, not priced yet. */
function grant(asked: Case, want: Wanted, stock: HoldStock, undo: Undo): NewLine[] {
  const { event_id } = want.offer;
  const limited = (counter: Counter | undefined, n: number, facts: Record<string, unknown>) => {
    if (!counter) return; // no capacity of its own
    if (counter.free < n) throw soldOut(counter.free, { item: want.item, ...facts });
    takeFrom(counter, n, undo);
  };

  if (want.form === 'product') {
    limited(stock.products.get(pairKey(event_id, want.product.id)), want.quantity, {
      product_id: want.product.id,
    });
    return [line(asked, want, { product_id: want.product.id, quantity: want.quantity })];
  }

  if (want.form === 'plan') return [line(asked, want, { kind: 'plan', event_id: null })];
  const { type } = want;
  limited(stock.ticket_types.get(pairKey(event_id, type.id)), quantityOf(want), { ticket_type_id: type.id });
  const ticket = (place: Partial<NewLine>) => {
    const priced = nextTerms(asked, want, stock, undo);
    return line(asked, want, {
      ticket_type_id: type.id,
      base_price: priced.terms.base_price,
      ...priced,
      ...place,
    });
  };
  if (want.form === 'general') return grantPlaces(want, askerOf(asked, want), stock, undo).map(ticket);
  return seatsWanted(asked, want).map((seat_id) => {
    const seat = stock.seats.get(pairKey(event_id, seat_id)) as LockedSeat;
    const { free, block_id, section_id } = seat;
    Object.assign(seat, { free: false, block_id: null });
    undo.push(() => Object.assign(seat, { free, block_id }));
    return ticket({ section_id, seat_id, block_id: free ? null : block_id });
  });
}

function line(asked: Case, want: Wanted, what: Partial<NewLine>): NewLine {
  return {
    id: uuidv7(),
    cart_id: asked.cart_id,
    kind: want.form === 'product' ? 'product' : 'ticket',
    status: 'held',
    event_id: want.offer.event_id,
    ticket_type_id: null,
    product_id: null,
    plan_setting_id: want.plan?.setting.id ?? null,
    subscription_id: want.plan?.subscription_id ?? null,
    section_id: null,
    seat_id: null,
    block_id: null,
    price_phase_id: null,
    quantity: 1,
    base_price: want.terms.base_price,
    unit_price: 0,
    discount: 0,
    fee: 0,
    tax: 0,
    total: 0,
    refunded: 0,
    terms: want.terms,
    price_trace: [],
    ...want.holder,
    ...what,
  };
}

/** The pairs that must be locked for a want, before it is judged. */
export function locksOf(asked: Pick<Case, 'picks' | 'grounds'>, want: Wanted) {
  const { event_id } = want.offer;
  const sections: Pair[] = want.form === 'general' ? want.section_ids.map((id) => [event_id, id]) : [];
  const ticket_types: Pair[] =
    'type' in want && want.type.capacity !== null ? [[event_id, want.type.id]] : [];
  const products: Pair[] =
    want.form === 'product' && want.product.capacity !== null ? [[event_id, want.product.id]] : [];
  return {
    sections,
    ticket_types,
    products,
    seats: [...seatsWanted(asked, want).map((id): Pair => [event_id, id]), ...neighboursOf(asked, want)],
  };
}
