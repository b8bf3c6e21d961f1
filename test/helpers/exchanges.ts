import type { ExchangeRequest } from '../../src/schemas/exchanges.ts';
import type { PaymentRequest } from '../../src/schemas/payments.ts';
import type { CartView } from '../../src/services/carts/present.ts';
import { getCart } from '../../src/services/carts/read.ts';
import { commitExchange } from '../../src/services/exchanges/commit.ts';
import { quoteExchange } from '../../src/services/exchanges/quote.ts';
import { fill, payByToken } from './payments.ts';
import type { SalesWorld } from './sales-world.ts';

/** Selling and exchanging seats of the theatre, by its seller where nobody else is named. */
export function exchanging(world: () => SalesWorld) {
  const seat = (label: string) => world().theatre.seats[label] as number;
  const idsOf = (cart: CartView) => cart.sale_details.map(({ id }) => id);
  return {
    seat,
    idsOf,
    stalls: (...labels: string[]) => [{ ticket_type_id: world().theatre.stall, seat_ids: labels.map(seat) }],
    boxes: (...labels: string[]) => [{ ticket_type_id: world().theatre.box, seat_ids: labels.map(seat) }],
    /** A cart that was paid by card. */
    sold: async (items: Parameters<typeof fill>[1], by = world().seller()): Promise<CartView> => {
      const cart = await fill(by, items);
      await payByToken(by, cart.id, 'approved');
      return getCart(by, cart.id);
    },
    /** For all lines of the cart, where none are named. */
    quote: (cart: CartView, more: Partial<ExchangeRequest>, by = world().seller()) =>
      quoteExchange(by, cart.id, { sale_detail_ids: idsOf(cart), ...more }),
    commit: (x: { id: string; cart_id: string }, payment?: PaymentRequest, by = world().seller()) =>
      commitExchange(by, x.cart_id, x.id, payment && { payment }),
    card: (token: string): PaymentRequest => ({ method: 'card', card: { token: `sandbox_${token}` } }),
    statusOf: async (label: string) =>
      (await world().sql('SELECT status FROM event_seat WHERE seat_id = $1', seat(label)))[0]?.status,
  };
}
