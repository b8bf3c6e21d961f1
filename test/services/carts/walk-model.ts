import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';

/** What is asked for in a walk: kinds of goods with little of each, so that they run short soon. */
export type Sku = 'adult' | 'child' | 'shirt' | 'seat';
export interface Wish {
  sku: Sku;
  /** How many; of seats, which one. */
  n: number;
}

/** Places that adults and children share; children and shirts have limits of their own. */
export const STOCK = { places: 7, child: 3, shirt: 4 };
export const SEATS = ['A1', 'A2', 'A3'];
const A_CART = { adult: 8, child: 5, shirt: 3, seat: 10 };
const TICKETS_A_CART = 12; // of the festival, adults and children
const PRICE = { adult: 5_350, child: 2_500, shirt: 1_500, seat: 8_000 };
const WITH_CODE = { ...PRICE, adult: 4_825, child: 2_250 };

export interface ModelLine {
  id: string;
  sku: Sku;
  quantity: number;
  seat: string | null;
}

export interface ModelCart {
  id: string;
  state: 'open' | 'overdue' | 'cancelled' | 'paid';
  lines: ModelLine[];
  code: boolean;
}

/**
 * What the contract says of stock and money, in the simplest words: an overdue cart holds nothing, whatever housekeeping
 * has been done.
 */
export class Model {
  readonly carts: ModelCart[] = [];

  /** A cart by any number, if there is one; most numbers name one that is open. */
  cart(n: number): ModelCart | undefined {
    const open = this.carts.filter((cart) => cart.state === 'open');
    const among = n % 5 && open.length ? open : this.carts;
    return among.length ? among[n % among.length] : undefined;
  }

  private get live(): ModelLine[] {
    return this.carts
      .filter((cart) => cart.state === 'open' || cart.state === 'paid')
      .flatMap((cart) => cart.lines);
  }

  taken(...skus: Sku[]): number {
    return count(this.live, skus);
  }

  /** The code that one cart at a time may have; for good once that cart is paid. */
  get codeTaken(): boolean {
    return this.carts.some((cart) => cart.code && (cart.state === 'open' || cart.state === 'paid'));
  }

  /** Why wishes for a cart are refused; undefined when they are granted. */
  refusal(cart: ModelCart, wishes: readonly Wish[]): string | undefined {
    if (cart.state !== 'open') return closed(cart);
    const asked = wishes.map((wish, i) => lineOf(wish, String(i)));
    for (const { sku } of asked)
      if (count(cart.lines, [sku]) + count(asked, [sku]) > A_CART[sku]) return 'limit_exceeded';
    const tickets: Sku[] = ['adult', 'child'];
    if (count(cart.lines, tickets) + count(asked, tickets) > TICKETS_A_CART) return 'limit_exceeded';
    const seats = asked.flatMap((line) => line.seat ?? []);
    const held = new Set(this.live.map((line) => line.seat));
    if (new Set(seats).size < seats.length || seats.some((seat) => held.has(seat)))
      return 'seats_unavailable';
    const short =
      this.taken('adult', 'child') + count(asked, ['adult', 'child']) > STOCK.places ||
      this.taken('child') + count(asked, ['child']) > STOCK.child ||
      this.taken('shirt') + count(asked, ['shirt']) > STOCK.shirt;
    return short ? 'sold_out' : undefined;
  }

  total(cart: ModelCart): number {
    const prices = cart.code ? WITH_CODE : PRICE;
    return cart.lines.reduce((sum, line) => sum + prices[line.sku] * line.quantity, 0);
  }
}

/** What a cart that is not open answers to every change. */
export const closed = (cart: ModelCart): string =>
  cart.state === 'overdue' ? 'cart_expired' : 'cart_not_open';

const count = (lines: readonly ModelLine[], skus: readonly Sku[]): number =>
  lines.reduce((sum, line) => sum + (skus.includes(line.sku) ? line.quantity : 0), 0);

const lineOf = ({ sku, n }: Wish, id: string): ModelLine =>
  sku === 'seat'
    ? { id, sku, quantity: 1, seat: SEATS[n % SEATS.length] as string }
    : { id, sku, quantity: n, seat: null };

/** The lines that granted wishes make: tickets one by one, given the ids of the answer. */
export function linesOf(wishes: readonly Wish[], ids: readonly string[]): ModelLine[] {
  const lines = wishes.flatMap((wish) => {
    const line = lineOf(wish, '');
    if (wish.sku === 'seat' || wish.sku === 'shirt') return [line];
    return Array.from({ length: wish.n }, () => ({ ...line, quantity: 1 }));
  });
  if (lines.length !== ids.length) throw new Error(`${ids.length} lines for ${lines.length} wished for`);
  return lines.map((line, i) => ({ ...line, id: ids[i] as string }));
}

/** Wishes as a request says them. */
export const itemsOf = (
  { festival, theatre }: SalesWorld,
  wishes: readonly Wish[],
): AddSaleDetails['items'] =>
  wishes.map((wish) => {
    if (wish.sku === 'seat') {
      const { seat } = lineOf(wish, '');
      return { ticket_type_id: theatre.stall, seat_ids: [theatre.seats[seat as string] as number] };
    }
    if (wish.sku === 'shirt') return { product_id: festival.shirt, quantity: wish.n };
    return { ticket_type_id: festival[wish.sku], quantity: wish.n };
  });
