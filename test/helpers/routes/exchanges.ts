import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const sale = { scopes: ['buy', 'sell'], of: 'interface', own: true } as const;
const holder = { first_name: 'Ana', last_name: 'Roe' };

/** Two places on the floor for one: a difference is due. */
const wish = ({ standing, floor }: ApiWorld, line: string) => ({
  sale_detail_ids: [line],
  items: [{ ticket_type_id: standing, section_id: floor, quantity: 2, holder }],
  reason: 'Friends',
});

async function quoted(w: ApiWorld, who: Who): Promise<{ cart: string; exchange: string; due: number }> {
  const { id, line } = await w.paid(who);
  const answer = await w.call('POST', `/carts/${id}/exchanges`, { who: 'seller', body: wish(w, line) });
  const { exchange } = answer.json();
  return { cart: id, exchange: exchange.id, due: exchange.amount_due };
}

/** Tickets for other tickets. */
export const exchangeRoutes: readonly RouteEntry[] = [
  {
    ...sale,
    route: 'POST /carts/:cart_id/exchanges',
    ...{ status: 201, answer: { one: 'exchange' } },
    bodyOf: (w) => wish(w, '00000000-0000-7000-8000-000000000000'),
    example: async (w, who) => {
      const { id, line } = await w.paid(who);
      return {
        url: `/carts/${id}/exchanges`,
        body: {
          ...wish(w, line),
          ...(who === 'seller' && { force: false, override_seat_rules: { reason: 'Asked for' } }),
        },
      };
    },
  },
  {
    ...sale,
    route: 'GET /carts/:cart_id/exchanges',
    ...{ status: 200, answer: { page: 'exchanges' } },
    example: async (w, who) => ({ url: `/carts/${(await quoted(w, who)).cart}/exchanges` }),
  },
  {
    ...sale,
    route: 'GET /carts/:cart_id/exchanges/:exchange_id',
    ...{ status: 200, answer: { one: 'exchange' } },
    example: async (w, who) => {
      const { cart, exchange } = await quoted(w, who);
      return { url: `/carts/${cart}/exchanges/${exchange}` };
    },
  },
  {
    ...sale,
    route: 'DELETE /carts/:cart_id/exchanges/:exchange_id',
    ...{ status: 204, answer: 'empty' },
    example: async (w, who) => {
      const { cart, exchange } = await quoted(w, who);
      return { url: `/carts/${cart}/exchanges/${exchange}` };
    },
  },
  {
    ...sale,
    route: 'POST /carts/:cart_id/exchanges/:exchange_id/commit',
    ...{ status: 200, answer: { one: 'exchange' } },
    example: async (w, who) => {
      const { cart, exchange, due: amount } = await quoted(w, who);
      const payment =
        who === 'seller'
          ? { method: 'external', reference: 'Ana', amount }
          : { method: 'card', card: { token: 'sandbox_approved' }, amount };
      return { url: `/carts/${cart}/exchanges/${exchange}/commit`, body: { payment } };
    },
  },
];
