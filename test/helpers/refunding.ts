import type { RefundRequest } from '../../src/schemas/payments.ts';
import type { CartView } from '../../src/services/carts/present.ts';
import { getCart } from '../../src/services/carts/read.ts';
import { refundCart } from '../../src/services/refunds/refund.ts';
import { fill, payByToken } from './payments.ts';
import type { SalesWorld } from './sales-world.ts';

/** Selling and refunding, by the seller where nobody else is named. */
export function refunding(world: () => SalesWorld) {
  return {
    firstPage: { page: 1, per_page: 10, limit: 10, offset: 0 },
    adults: (quantity: number) => [{ ticket_type_id: world().festival.adult, quantity }],
    seats: (...labels: string[]) => [
      {
        ticket_type_id: world().theatre.stall,
        seat_ids: labels.map((label) => world().theatre.seats[label] as number),
      },
    ],
    /** A cart that was paid by a card of the sandbox. */
    paidCart: async (items: Parameters<typeof fill>[1], token = 'approved'): Promise<CartView> => {
      const ctx = world().seller();
      const cart = await fill(ctx, items);
      await payByToken(ctx, cart.id, token);
      return getCart(ctx, cart.id);
    },
    refund: (cart: { id: string }, request: Partial<RefundRequest> = {}, by = world().seller()) =>
      refundCart(by, cart.id, { reason: 'rain', ...request }),
  };
}
