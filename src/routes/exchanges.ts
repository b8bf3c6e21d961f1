import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { uuidParam } from '../schemas/common.ts';
import { CommitExchange, Exchange, ExchangeRequest } from '../schemas/exchanges.ts';
import { cancelExchange } from '../services/exchanges/cancel.ts';
import { commitExchange } from '../services/exchanges/commit.ts';
import { quoteExchange } from '../services/exchanges/quote.ts';
import { getExchange, listExchanges } from '../services/exchanges/read.ts';

const tag = 'Payments';
const scopes = ['buy', 'sell'] as const;
const cart = { cart_id: uuidParam };
const exchange = { ...cart, exchange_id: uuidParam };

/** Tickets of a paid cart for others: quoted, then committed. */
export async function exchangeRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/carts/:cart_id/exchanges',
    {
      operation: 'quoteExchange',
      summary: 'Quote an exchange of tickets',
      description:
        'Other seats, another type or another date. The new places are held until expires_at, and nothing of the old ' +
        'tickets changes before the exchange is committed. A cart has one quote: a new one takes its place.',
      tag,
      scopes,
      params: cart,
      body: ExchangeRequest,
      dryRun: true,
      answer: one('exchange', Exchange, {
        status: 201,
        location: ({ id, cart_id }) => `/carts/${cart_id}/exchanges/${id}`,
      }),
      problems: [
        'conflict',
        'seats_unavailable',
        'sold_out',
        'not_on_sale',
        'limit_exceeded',
        'code_not_applicable',
        'queue_required',
      ],
    },
    ({ ctx, params, body }) => quoteExchange(ctx, params.cart_id, body),
  );

  route(
    app,
    'GET',
    '/carts/:cart_id/exchanges',
    {
      operation: 'listExchanges',
      summary: 'List the exchanges of a cart',
      tag,
      scopes,
      params: cart,
      answer: page('exchanges', Exchange),
    },
    ({ ctx, params, page }) => listExchanges(ctx, params.cart_id, page),
  );

  route(
    app,
    'GET',
    '/carts/:cart_id/exchanges/:exchange_id',
    {
      operation: 'getExchange',
      summary: 'Read an exchange',
      tag,
      scopes,
      params: exchange,
      answer: one('exchange', Exchange),
    },
    ({ ctx, params }) => getExchange(ctx, params.cart_id, params.exchange_id),
  );

  route(
    app,
    'DELETE',
    '/carts/:cart_id/exchanges/:exchange_id',
    {
      operation: 'cancelExchange',
      summary: 'Give up a quoted exchange and free what it holds',
      tag,
      scopes,
      params: exchange,
      answer: empty(),
      problems: ['conflict'],
    },
    ({ ctx, params }) => cancelExchange(ctx, params.cart_id, params.exchange_id),
  );

  route(
    app,
    'POST',
    '/carts/:cart_id/exchanges/:exchange_id/commit',
    {
      operation: 'commitExchange',
      summary: 'Carry out a quoted exchange',
      description:
        'The old tickets are void and the new ones exist in the same instant, with the difference paid or given ' +
        'back. 202 while a card payment is under way: the job of its payment tells the end. A declined card leaves ' +
        'all as it was.',
      tag,
      scopes,
      params: exchange,
      body: CommitExchange,
      dryRun: true,
      answer: one('exchange', Exchange, {
        status: { possible: [200, 202], of: ({ status }) => (status === 'completed' ? 200 : 202) },
      }),
      problems: ['conflict', 'amount_mismatch', 'payment_declined', 'cart_expired', 'cart_not_open'],
    },
    ({ ctx, params, body }) => commitExchange(ctx, params.cart_id, params.exchange_id, body),
  );
}
