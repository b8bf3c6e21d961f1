import type { Folder } from './item.ts';

const seats = (...names: string[]) => ({
  ticket_type_id: '{{ticket_type_id}}',
  seat_ids: names.map((name) => `{{${name}}}`),
});
export const buyer = {
  first_name: '{{user_first_name}}',
  last_name: '{{user_last_name}}',
  email: '{{user_email}}',
};

export const carts: Folder = {
  name: 'Carts',
  description: 'What a cart holds is kept for it until it expires: all of a request, or nothing.',
  items: [
    {
      operation: 'openCart',
      method: 'POST',
      path: '/carts',
      headers: { 'Idempotency-Key': '{{$guid}}' },
      body: { buyer },
      status: 201,
      root: 'cart',
      set: { cart_id: 'json.cart.id' },
      test: {
        'says where it is': "pm.response.headers.get('Location') === '/carts/' + json.cart.id",
        'is open': "json.cart.status === 'open'",
      },
    },
    {
      operation: 'addSaleDetails',
      name: 'Hold chosen seats',
      method: 'POST',
      path: '/carts/{{cart_id}}/sale_details',
      body: { items: [seats('seat_id', 'second_seat_id')] },
      status: 201,
      root: 'sale_details',
      set: { sale_detail_id: 'json.sale_details[0].id', second_sale_detail_id: 'json.sale_details[1].id' },
      test: {
        'one ticket is one sale detail': 'json.sale_details.length === 2',
        'the price is explained':
          'json.sale_details.every((d) => d.price_trace.reduce((sum, t) => sum + t.amount, 0) === d.total)',
      },
    },
    {
      operation: 'addSaleDetails',
      name: 'A seat that is taken: 409',
      method: 'POST',
      path: '/carts/{{cart_id}}/sale_details',
      body: { items: [seats('seat_id')] },
      status: 409,
      test: {
        'names the seat':
          "json.code === 'seats_unavailable' && String(json.unavailable_seat_ids[0]) === String(pm.variables.get('seat_id'))",
      },
    },
    {
      operation: 'addSaleDetails',
      name: 'Hold the best available',
      method: 'POST',
      path: '/carts/{{cart_id}}/sale_details',
      body: {
        items: [{ ticket_type_id: '{{ticket_type_id}}', best_available: { quantity: 2, together: true } }],
      },
      status: 201,
      root: 'sale_details',
      set: { best_sale_detail_id: 'json.sale_details[0].id' },
    },
    {
      operation: 'listSaleDetails',
      method: 'GET',
      path: '/carts/{{cart_id}}/sale_details',
      status: 200,
      root: 'sale_details',
    },
    {
      operation: 'getSaleDetail',
      method: 'GET',
      path: '/carts/{{cart_id}}/sale_details/{{sale_detail_id}}',
      status: 200,
      root: 'sale_detail',
    },
    {
      operation: 'changeSaleDetail',
      method: 'PATCH',
      path: '/carts/{{cart_id}}/sale_details/{{sale_detail_id}}',
      body: { holder: { first_name: 'Ada', last_name: 'Lovelace', email: 'ada@example.com' } },
      status: 200,
      root: 'sale_detail',
      test: { 'has the holder': "json.sale_detail.holder.first_name === 'Ada'" },
    },
    {
      operation: 'removeSaleDetail',
      method: 'DELETE',
      path: '/carts/{{cart_id}}/sale_details/{{best_sale_detail_id}}',
      status: 204,
    },
    {
      operation: 'applyCode',
      method: 'POST',
      path: '/carts/{{cart_id}}/codes',
      body: { code: '{{code}}' },
      status: 201,
      root: 'cart',
      test: { 'costs less': 'json.cart.totals.discount > 0' },
    },
    { operation: 'removeCode', method: 'DELETE', path: '/carts/{{cart_id}}/codes/{{code}}', status: 204 },
    {
      operation: 'changeCart',
      method: 'PATCH',
      path: '/carts/{{cart_id}}',
      body: { notes: 'Aisle seats, please' },
      status: 200,
      root: 'cart',
    },
    { operation: 'extendCart', method: 'POST', path: '/carts/{{cart_id}}/extend', status: 200, root: 'cart' },
    {
      operation: 'getCart',
      method: 'GET',
      path: '/carts/{{cart_id}}',
      status: 200,
      root: 'cart',
      set: { cart_total: 'json.cart.totals.total' },
    },
    { operation: 'listCarts', method: 'GET', path: '/carts?status=open', status: 200, root: 'carts' },
    {
      operation: 'openCart',
      name: 'General admission and a product, in one request',
      method: 'POST',
      path: '/carts',
      body: {
        items: [
          { ticket_type_id: '{{festival_ticket_type_id}}', quantity: 2 },
          { product_id: '{{product_id}}', quantity: 1 },
        ],
      },
      status: 201,
      root: 'cart',
      set: { festival_cart_id: 'json.cart.id' },
      test: { 'has three lines': 'json.cart.sale_details.length === 3' },
    },
    {
      operation: 'openCart',
      name: 'A cart to cancel',
      method: 'POST',
      path: '/carts',
      body: { items: [seats('third_seat_id')] },
      status: 201,
      root: 'cart',
      set: { cancelled_cart_id: 'json.cart.id' },
    },
    { operation: 'cancelCart', method: 'DELETE', path: '/carts/{{cancelled_cart_id}}', status: 204 },
    {
      operation: 'getSeat',
      name: 'Its seat is free again',
      method: 'GET',
      path: '/events/{{event_id}}/seats/{{third_seat_id}}',
      status: 200,
      root: 'seat',
      test: { 'is available': "json.seat.status === 'available'" },
    },
  ],
};
