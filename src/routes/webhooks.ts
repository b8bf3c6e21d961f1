import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import {
  Delivery,
  deliveriesQuery,
  deliveryParams,
  NewWebhook,
  PatchWebhook,
  RedeliverAll,
  Redelivery,
  RotateSecret,
  Webhook,
  WebhookWithSecret,
  webhookParams,
} from '../schemas/webhooks.ts';
import { listDeliveries, redeliver, redeliverMissed } from '../services/webhooks/deliveries.ts';
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  rotateWebhookSecret,
  updateWebhook,
} from '../services/webhooks/manage.ts';

const ADMIN = { tag: 'Webhooks', scopes: ['admin'] } as const;
const SIGNED =
  'Deliveries follow Standard Webhooks (https://www.standardwebhooks.com): POST with the headers `webhook-id` (the id ' +
  'of the change), `webhook-timestamp` and `webhook-signature`, and the change as JSON. Any answer of 2xx within 15 ' +
  'seconds takes it; otherwise it is tried again for three days.';

/** Receivers of changes. */
export async function webhookRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/webhooks',
    {
      ...ADMIN,
      operation: 'listWebhooks',
      summary: 'Webhooks of the company',
      answer: page('webhooks', Webhook),
    },
    ({ ctx, page }) => listWebhooks(ctx, page),
  );
  route(
    app,
    'POST',
    '/webhooks',
    {
      ...ADMIN,
      operation: 'createWebhook',
      summary: 'Have changes sent to an address; the secret is shown this once',
      description: SIGNED,
      body: NewWebhook,
      answer: one('webhook', WebhookWithSecret, { status: 201, location: ({ id }) => `/webhooks/${id}` }),
      problems: ['validation_failed'],
    },
    ({ ctx, body }) => createWebhook(ctx, body),
  );
  route(
    app,
    'GET',
    '/webhooks/:webhook_id',
    {
      ...ADMIN,
      operation: 'getWebhook',
      summary: 'One webhook, and how it is doing',
      params: webhookParams,
      answer: one('webhook', Webhook),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getWebhook(ctx, params.webhook_id),
  );
  route(
    app,
    'PATCH',
    '/webhooks/:webhook_id',
    {
      ...ADMIN,
      operation: 'updateWebhook',
      summary: 'Change a webhook, or make it active again',
      params: webhookParams,
      body: PatchWebhook,
      ifMatch: true,
      answer: one('webhook', Webhook),
      problems: ['not_found', 'validation_failed'],
    },
    ({ ctx, params, body }) => updateWebhook(ctx, params.webhook_id, body),
  );
  route(
    app,
    'DELETE',
    '/webhooks/:webhook_id',
    {
      ...ADMIN,
      operation: 'deleteWebhook',
      summary: 'Remove a webhook with its deliveries',
      params: webhookParams,
      ifMatch: true,
      answer: empty(),
      problems: ['not_found'],
    },
    ({ ctx, params }) => deleteWebhook(ctx, params.webhook_id),
  );
  route(
    app,
    'POST',
    '/webhooks/:webhook_id/rotate_secret',
    {
      ...ADMIN,
      operation: 'rotateWebhookSecret',
      summary: 'A new secret; the old one signs beside it for a while',
      params: webhookParams,
      body: RotateSecret,
      answer: one('webhook', WebhookWithSecret),
      problems: ['not_found'],
    },
    ({ ctx, params, body }) => rotateWebhookSecret(ctx, params.webhook_id, body),
  );
  route(
    app,
    'GET',
    '/webhooks/:webhook_id/deliveries',
    {
      ...ADMIN,
      operation: 'listDeliveries',
      summary: 'What was sent to a webhook and what waits for it, newest first',
      params: webhookParams,
      query: deliveriesQuery,
      answer: page('deliveries', Delivery),
      problems: ['not_found'],
    },
    ({ ctx, params, query, page }) => listDeliveries(ctx, params.webhook_id, query, page),
  );
  route(
    app,
    'POST',
    '/webhooks/:webhook_id/deliveries/:delivery_id/redeliver',
    {
      ...ADMIN,
      operation: 'redeliver',
      summary: 'Send a delivery again, under the same id',
      params: deliveryParams,
      answer: one('delivery', Delivery, { status: 202 }),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => redeliver(ctx, params.webhook_id, params.delivery_id),
  );
  route(
    app,
    'POST',
    '/webhooks/:webhook_id/redeliver',
    {
      ...ADMIN,
      operation: 'redeliverMissed',
      summary: 'Send what a webhook has not received: what failed, and what it missed since a sequence',
      params: webhookParams,
      body: RedeliverAll,
      answer: one('redelivery', Redelivery, { status: 202 }),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => redeliverMissed(ctx, params.webhook_id, body),
  );
}
