import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { empty, file, one, page } from '../routing/answers.ts';
import { openRoute, route } from '../routing/route.ts';
import { uuidParam } from '../schemas/common.ts';
import {
  Payment,
  PaymentRequest,
  providerName,
  Refund,
  RefundRequest,
  RefundRetry,
  SandboxDecision,
  WebhookBody,
} from '../schemas/payments.ts';
import { pay } from '../services/payments/pay.ts';
import { getPayment, listPayments } from '../services/payments/read.ts';
import { decideAction, showAction } from '../services/payments/sandbox/decide.ts';
import { receiveWebhook } from '../services/payments/webhook.ts';
import { listRefunds } from '../services/refunds/read.ts';
import { refundCart } from '../services/refunds/refund.ts';
import { retryRefund } from '../services/refunds/retry.ts';

/** Money in and out: payments and refunds of carts, and what payment providers tell us. */
export async function paymentRoutes(app: FastifyInstance): Promise<void> {
  cartPayments(app);
  cartRefunds(app);
  await app.register(providerWebhooks);
  await app.register(sandboxPages);
}

const cart = { cart_id: uuidParam };

function cartPayments(app: FastifyInstance): void {
  route(
    app,
    'POST',
    '/carts/:cart_id/payments',
    {
      operation: 'createPayment',
      summary: 'Pay a cart',
      description:
        'Captured in full: 201, and the tickets exist. Not final yet: 202, with the job that tells its end; send the ' +
        'buyer to action_url where there is one. Several payments may share a cart for sell, each with its amount.',
      tag: 'Payments',
      scopes: ['buy', 'sell'],
      params: cart,
      body: PaymentRequest,
      dryRun: true,
      answer: one('payment', Payment, {
        status: { possible: [201, 202], of: ({ status }) => (isFinal(status) ? 201 : 202) },
        location: ({ id, cart_id, status, job_id }) =>
          isFinal(status) ? `/carts/${cart_id}/payments/${id}` : `/jobs/${job_id}`,
      }),
      problems: [
        'not_found',
        'payment_declined',
        'cart_expired',
        'cart_not_open',
        'cart_empty',
        'amount_mismatch',
      ],
    },
    ({ ctx, params, body }) => pay(ctx, params.cart_id, body),
  );

  route(
    app,
    'GET',
    '/carts/:cart_id/payments',
    {
      operation: 'listPayments',
      summary: 'List the payments of a cart',
      tag: 'Payments',
      scopes: ['buy', 'sell'],
      params: cart,
      answer: page('payments', Payment),
      problems: ['not_found'],
    },
    (input) => listPayments(input.ctx, input.params.cart_id, input.page),
  );

  route(
    app,
    'GET',
    '/carts/:cart_id/payments/:payment_id',
    {
      operation: 'getPayment',
      summary: 'Read a payment',
      tag: 'Payments',
      scopes: ['buy', 'sell'],
      params: { ...cart, payment_id: uuidParam },
      answer: one('payment', Payment),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getPayment(ctx, params.cart_id, params.payment_id),
  );
}

const isFinal = (status: Payment['status']): boolean => status !== 'pending' && status !== 'requires_action';

function cartRefunds(app: FastifyInstance): void {
  route(
    app,
    'POST',
    '/carts/:cart_id/refunds',
    {
      operation: 'createRefund',
      summary: 'Refund a cart, some of its lines, or an amount',
      description:
        'Lines refunded whole lose their tickets, and their places are on sale again unless keep_inventory. Tickets ' +
        'used at the door need force. A cart that was paid in parts is refunded in parts: one for each payment.',
      tag: 'Payments',
      scopes: ['sell', 'admin'],
      params: cart,
      body: RefundRequest,
      dryRun: true,
      answer: one('refund', Refund, { status: 201 }),
      problems: ['not_found', 'refund_exceeds_paid', 'conflict'],
    },
    ({ ctx, params, body }) => refundCart(ctx, params.cart_id, body),
  );

  route(
    app,
    'POST',
    '/carts/:cart_id/refunds/:refund_id/retry',
    {
      operation: 'retryRefund',
      summary: 'Give back what a provider has refused to give back',
      description:
        'For a refund that has `failed`: asks the provider anew, or writes down that the money was given by hand. It ' +
        'never goes back twice: one try at a time, and none once it has succeeded.',
      tag: 'Payments',
      scopes: ['sell', 'admin'],
      params: { ...cart, refund_id: uuidParam },
      body: RefundRetry,
      dryRun: true,
      answer: one('refund', Refund),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => retryRefund(ctx, params.cart_id, params.refund_id, body),
  );

  route(
    app,
    'GET',
    '/carts/:cart_id/refunds',
    {
      operation: 'listRefunds',
      summary: 'List the refunds of a cart',
      tag: 'Payments',
      scopes: ['sell', 'admin'],
      params: cart,
      answer: page('refunds', Refund),
      problems: ['not_found'],
    },
    (input) => listRefunds(input.ctx, input.params.cart_id, input.page),
  );
}

/** In a context of their own: their signature is over the body as it came, so it is not parsed. */
async function providerWebhooks(app: FastifyInstance): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );

  openRoute(
    app,
    'POST',
    '/payments/webhooks/:provider',
    {
      operation: 'receivePaymentWebhook',
      summary: "Receive a payment provider's confirmation",
      description:
        'Signed as Standard Webhooks says (webhook-id, webhook-timestamp, webhook-signature). 204 once what it tells is ' +
        'durable; repeated and late deliveries change nothing.',
      tag: 'Payments',
      params: { provider: providerName },
      body: WebhookBody,
      answer: empty(),
      problems: ['invalid_signature', 'invalid_request', 'not_found'],
    },
    ({ system, params, body, request }) => receiveWebhook(system, params.provider, request.headers, body),
  );
}

/** The simulated provider's own pages: what a buyer's bank would show. */
async function sandboxPages(app: FastifyInstance): Promise<void> {
  await app.register(formbody);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], styleSrc: ["'unsafe-inline'"], formAction: ["'self'"] },
    },
  });
  const html = file('text/html; charset=utf-8');
  const params = { payment_id: uuidParam };

  openRoute(
    app,
    'GET',
    '/payments/sandbox/:payment_id',
    {
      operation: 'getSandboxAction',
      summary: 'Show the page on which a sandbox payment is approved or declined',
      tag: 'Payments',
      params,
      answer: html,
      problems: ['not_found'],
    },
    (input) => showAction(input.system, input.params.payment_id),
  );

  openRoute(
    app,
    'POST',
    '/payments/sandbox/:payment_id',
    {
      operation: 'decideSandboxAction',
      summary: 'Approve or decline a sandbox payment',
      description:
        'What the buttons of the page send; the sandbox then confirms the payment by a signed webhook.',
      tag: 'Payments',
      params,
      body: SandboxDecision,
      answer: html,
      problems: ['not_found'],
    },
    (input) => decideAction(input.system, input.params.payment_id, input.body.decision),
  );
}
