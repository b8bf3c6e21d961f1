import type { RouteEntry } from '../route-table.ts';

const sale = { scopes: ['buy', 'sell'], status: 200, of: 'interface', own: true } as const;
const refund = { scopes: ['sell', 'admin'], of: 'interface' } as const;
const job = { scopes: ['buy', 'sell', 'admin'], status: 200, of: 'interface', own: true } as const;
const holder = { first_name: 'Ana', last_name: 'Roe', email: 'ana@mail.com', document_number: '44' };
const buyer = {
  ...{ first_name: 'Ana', last_name: 'Roe', email: 'ana@mail.com', phone: '+34 600 000 000' },
  ...{ document_type: 'passport', document_number: 'X44' },
};
const BUYER = Object.keys(buyer).map((field) => `/buyer/${field}`);

/** Carts, payments, refunds and jobs. */
export const salesRoutes: readonly RouteEntry[] = [
  {
    route: 'POST /carts',
    ...{ scopes: ['buy', 'sell'], status: 201, answer: { one: 'cart' } },
    nullable: BUYER,
    example: ({ standing, floor, product_id, seated, accounts, stalls }, who) => ({
      url: '/carts',
      body: {
        items: [
          { ticket_type_id: standing, section_id: floor, quantity: 2, holder },
          { product_id, quantity: 1 },
          {
            ticket_type_id: seated,
            best_available: { quantity: 1, section_id: stalls, accessible: false, together: true },
          },
        ],
        buyer,
        notes: 'At the door',
        ...(who === 'seller' && { user_id: accounts.user.id, override_seat_rules: { reason: 'Asked for' } }),
      },
    }),
  },
  {
    route: 'GET /carts',
    ...{ scopes: ['buy', 'sell'], status: 200, answer: { page: 'carts' }, user: true },
    texts: ['email'],
    example: () => ({ url: '/carts' }),
  },
  {
    ...sale,
    route: 'GET /carts/:cart_id',
    answer: { one: 'cart' },
    example: async (w, who) => ({ url: `/carts/${(await w.cart(who)).id}` }),
  },
  {
    ...sale,
    route: 'PATCH /carts/:cart_id',
    answer: { one: 'cart' },
    ifMatch: true,
    nullable: [...BUYER, '/notes'],
    example: async (w, who) => ({
      url: `/carts/${(await w.cart(who)).id}`,
      body: { buyer, notes: 'Call first' },
    }),
  },
  {
    ...sale,
    route: 'DELETE /carts/:cart_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w, who) => ({ url: `/carts/${(await w.cart(who)).id}` }),
  },
  {
    ...sale,
    route: 'POST /carts/:cart_id/extend',
    answer: { one: 'cart' },
    example: async (w, who) => ({ url: `/carts/${(await w.cart(who)).id}/extend`, body: { seconds: 60 } }),
  },
  {
    ...sale,
    route: 'POST /carts/:cart_id/sale_details',
    ...{ status: 201, answer: { created: 'sale_details' } },
    bodyOf: ({ standing, elsewhere, foreign }, who) => {
      const home = { pos: elsewhere, rival: foreign, outsider: foreign }[who as string];
      return { items: [{ ticket_type_id: home?.ticket_type_ids[0] ?? standing, quantity: 1 }] };
    },
    example: async (w, who) => ({
      url: `/carts/${(await w.cart(who)).id}/sale_details`,
      body: {
        items: [{ ticket_type_id: w.standing, section_id: w.floor, quantity: 1, holder }],
        ...(who === 'seller' && { override_seat_rules: { reason: 'Asked for' } }),
      },
    }),
  },
  {
    ...sale,
    route: 'GET /carts/:cart_id/sale_details',
    answer: { page: 'sale_details' },
    example: async (w, who) => ({ url: `/carts/${(await w.cart(who)).id}/sale_details` }),
  },
  {
    ...sale,
    route: 'GET /carts/:cart_id/sale_details/:sale_detail_id',
    answer: { one: 'sale_detail' },
    example: async (w, who) => {
      const { id, line } = await w.cart(who);
      return { url: `/carts/${id}/sale_details/${line}` };
    },
  },
  {
    ...sale,
    route: 'PATCH /carts/:cart_id/sale_details/:sale_detail_id',
    ...{ answer: { one: 'sale_detail' }, ifMatch: true },
    nullable: ['/holder', '/price_override'],
    fine: { '/price_override/unit_price': [0] },
    bodyOf: () => ({ holder }),
    example: async (w, who) => {
      const { id, line } = await w.cart(who);
      const price_override = { unit_price: 4_000, reason: 'Damaged seat' };
      return {
        url: `/carts/${id}/sale_details/${line}`,
        body: { holder, ...(who === 'seller' && { price_override }) },
      };
    },
  },
  {
    ...sale,
    route: 'DELETE /carts/:cart_id/sale_details/:sale_detail_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w, who) => {
      const { id, line } = await w.cart(who);
      return { url: `/carts/${id}/sale_details/${line}` };
    },
  },
  {
    ...sale,
    route: 'POST /carts/:cart_id/codes',
    ...{ status: 201, answer: { one: 'cart' } },
    example: async (w, who) => ({ url: `/carts/${(await w.cart(who)).id}/codes`, body: { code: 'TENOFF' } }),
  },
  {
    ...sale,
    route: 'DELETE /carts/:cart_id/codes/:code',
    ...{ status: 204, answer: 'empty' },
    example: async (w, who) => {
      const { id } = await w.cart(who);
      await w.call('POST', `/carts/${id}/codes`, { who: 'seller', body: { code: 'TENOFF' } });
      return { url: `/carts/${id}/codes/TENOFF` };
    },
  },
  {
    ...sale,
    route: 'POST /carts/:cart_id/payments',
    ...{ status: 201, answer: { one: 'payment' } },
    example: async (w, who) => ({
      url: `/carts/${(await w.cart(who)).id}/payments`,
      body: {
        ...{ method: 'card', card: { token: 'sandbox_approved' }, amount: 5_800 },
        return_url: 'https://shop.example/back',
      },
    }),
  },
  {
    ...sale,
    route: 'GET /carts/:cart_id/payments',
    answer: { page: 'payments' },
    example: async (w, who) => ({ url: `/carts/${(await w.paid(who)).id}/payments` }),
  },
  {
    ...sale,
    route: 'GET /carts/:cart_id/payments/:payment_id',
    answer: { one: 'payment' },
    example: async (w, who) => {
      const { id, payment } = await w.paid(who);
      return { url: `/carts/${id}/payments/${payment}` };
    },
  },
  {
    ...refund,
    route: 'POST /carts/:cart_id/refunds',
    ...{ status: 201, answer: { one: 'refund' } },
    example: async (w, who) => {
      const { id, line } = await w.paid(who);
      const body = { sale_detail_ids: [line], reason: 'Ill', keep_inventory: false, force: false };
      return { url: `/carts/${id}/refunds`, body };
    },
  },
  {
    ...refund,
    route: 'POST /carts/:cart_id/refunds/:refund_id/retry',
    ...{ status: 200, answer: { one: 'refund' } },
    bodyOf: () => ({ method: 'card' }),
    example: async (w, who) => {
      const { id } = await w.paid(who);
      const body = { amount: 100, reason: 'Late' };
      const made = await w.call('POST', `/carts/${id}/refunds`, { who: 'seller', body });
      const refund_id = made.json().refund.id;
      await w.system.db.pool.query("UPDATE refund SET status = 'failed' WHERE id = $1", [refund_id]);
      return {
        url: `/carts/${id}/refunds/${refund_id}/retry`,
        body: { method: 'external', reference: 'Transfer 7' },
      };
    },
  },
  {
    ...refund,
    route: 'GET /carts/:cart_id/refunds',
    ...{ status: 200, answer: { page: 'refunds' } },
    example: async (w, who) => {
      const { id } = await w.paid(who);
      await w.call('POST', `/carts/${id}/refunds`, { who: 'seller', body: { amount: 100, reason: 'Late' } });
      return { url: `/carts/${id}/refunds` };
    },
  },
  {
    ...sale,
    route: 'GET /carts/:cart_id/tickets',
    answer: { page: 'tickets' },
    example: async (w, who) => ({ url: `/carts/${(await w.paid(who)).id}/tickets` }),
  },
  {
    ...job,
    route: 'GET /jobs/:job_id',
    answer: { one: 'job' },
    example: async (w, who) => ({ url: `/jobs/${(await w.waiting(who, 'pending')).job}` }),
  },
  {
    ...job,
    route: 'GET /jobs/:job_id/result',
    answer: 'bare',
    example: async (w, who) => {
      const { payment, job: id } = await w.waiting(who, 'requires_action');
      await w.call('POST', `/payments/sandbox/${payment}`, { body: { decision: 'approve' } });
      return { url: `/jobs/${id}/result` };
    },
  },
];
