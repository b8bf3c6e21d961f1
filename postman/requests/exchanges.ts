import type { Item } from './item.ts';
import { buyer } from './sales.ts';

const two = [{ ticket_type_id: '{{festival_ticket_type_id}}', quantity: 2 }];
const quote = (name: string): Item => ({
  operation: 'quoteExchange',
  name,
  method: 'POST',
  path: '/carts/{{exchange_cart_id}}/exchanges',
  headers: { 'Idempotency-Key': '{{$guid}}' },
  body: { sale_detail_ids: ['{{exchange_line_id}}'], items: two, reason: 'A friend comes along' },
  status: 201,
  root: 'exchange',
  set: { exchange_id: 'json.exchange.id' },
  test: { 'says what is due': 'json.exchange.amount_due > 0' },
});

/** Tickets of a paid cart for others, from quote to commit. */
export const exchanges: Item[] = [
  {
    operation: 'openCart',
    name: 'A cart whose ticket is exchanged',
    method: 'POST',
    path: '/carts',
    body: { items: [{ ticket_type_id: '{{festival_ticket_type_id}}', quantity: 1 }], buyer },
    status: 201,
    root: 'cart',
    set: { exchange_cart_id: 'json.cart.id', exchange_line_id: 'json.cart.sale_details[0].id' },
  },
  {
    operation: 'createPayment',
    name: 'Paid in cash, to be exchanged',
    method: 'POST',
    path: '/carts/{{exchange_cart_id}}/payments',
    body: { method: 'cash' },
    status: 201,
    root: 'payment',
  },
  {
    ...quote('What an exchange would cost (dry run): 200, nothing is held'),
    path: '/carts/{{exchange_cart_id}}/exchanges?dry_run=true',
    status: 200,
    set: {},
    test: { 'is marked': "pm.response.headers.get('X-Dry-Run') === 'true'" },
  },
  quote('Quote an exchange: two places for one'),
  {
    operation: 'cancelExchange',
    method: 'DELETE',
    path: '/carts/{{exchange_cart_id}}/exchanges/{{exchange_id}}',
    status: 204,
  },
  quote('Quote it again'),
  {
    operation: 'getExchange',
    method: 'GET',
    path: '/carts/{{exchange_cart_id}}/exchanges/{{exchange_id}}',
    status: 200,
    root: 'exchange',
    test: { 'holds the new places': "json.exchange.status === 'quoted'" },
  },
  {
    operation: 'commitExchange',
    method: 'POST',
    path: '/carts/{{exchange_cart_id}}/exchanges/{{exchange_id}}/commit',
    headers: { 'Idempotency-Key': '{{$guid}}' },
    body: { payment: { method: 'card', card: { token: 'sandbox_approved' } } },
    status: 200,
    root: 'exchange',
    test: {
      'is done': "json.exchange.status === 'completed'",
      'gave the old ticket': "json.exchange.old_sale_details[0].status === 'exchanged'",
    },
  },
  {
    operation: 'listExchanges',
    method: 'GET',
    path: '/carts/{{exchange_cart_id}}/exchanges',
    status: 200,
    root: 'exchanges',
  },
];
