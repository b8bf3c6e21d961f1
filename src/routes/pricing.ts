import type { FastifyInstance } from 'fastify';
import { one } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { eventParams } from '../schemas/events.ts';
import { Pricing, PutPricing } from '../schemas/pricing.ts';
import { getPricing } from '../services/price-rules/read.ts';
import { putPricing } from '../services/price-rules/write.ts';

/** Price phases and quantity rules of an event, as one piece. */
export async function pricingRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/events/:event_id/pricing',
    {
      operation: 'getPricing',
      summary: 'Price phases and quantity rules of an event',
      tag: 'Management',
      scopes: ['sell', 'admin'],
      params: eventParams,
      answer: one('pricing', Pricing),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getPricing(ctx, params.event_id),
  );
  route(
    app,
    'PUT',
    '/events/:event_id/pricing',
    {
      operation: 'putPricing',
      summary: 'Set price phases and quantity rules: 3 for 2, family bundles, group rates',
      description: 'What is held keeps its price. A phase may end by time, or once a number is sold.',
      tag: 'Management',
      scopes: ['admin'],
      params: eventParams,
      body: PutPricing,
      ifMatch: true,
      answer: one('pricing', Pricing),
      problems: ['not_found'],
    },
    ({ ctx, params, body }) => putPricing(ctx, params.event_id, body),
  );
}
