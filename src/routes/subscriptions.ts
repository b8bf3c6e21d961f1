import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { empty, one, page, whole } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { idParam, listParam, uuidParam } from '../schemas/common.ts';
import {
  Credit,
  GiveBack,
  GiveBackRequest,
  Quote,
  Subscription,
  SubscriptionChange,
  SubscriptionCreate,
  SubscriptionPatch,
} from '../schemas/subscriptions.ts';
import { listCredits } from '../services/credit/read.ts';
import {
  cancelSubscription,
  patchSubscription,
  pauseSubscription,
  resumeSubscription,
} from '../services/subscriptions/change.ts';
import { changeNow, quoteChange } from '../services/subscriptions/change-now.ts';
import { createSubscription } from '../services/subscriptions/create.ts';
import { giveBackDate, listGiveBacks } from '../services/subscriptions/give-back.ts';
import { getSubscription, listSubscriptions, listSubscriptionsOf } from '../services/subscriptions/read.ts';
import { renewSubscription } from '../services/subscriptions/renew.ts';

const shared = { tag: 'Subscriptions', scopes: ['buy', 'sell', 'admin'] } as const;
const subscription = { subscription_id: uuidParam };
const answer = one('subscription', Subscription);
const refused = ['seats_unavailable', 'sold_out', 'not_on_sale', 'limit_exceeded', 'conflict'] as const;

/** Subscriptions: buying, changing, pausing, renewing, cancelling. */
export async function subscriptionRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/subscriptions',
    {
      tag: 'Subscriptions',
      scopes: ['buy', 'sell'],
      operation: 'createSubscription',
      summary: 'Subscribe to a plan',
      description:
        'Pending in a cart to pay, active once that is paid. A season holds its place at all its dates, or nothing.',
      body: SubscriptionCreate,
      answer: one('subscription', Subscription, {
        status: 201,
        location: ({ id }) => `/subscriptions/${id}`,
      }),
      problems: ['user_required', 'not_found', 'cart_expired', 'cart_not_open', ...refused],
    },
    ({ ctx, body }) => createSubscription(ctx, body),
  );

  route(
    app,
    'GET',
    '/subscriptions',
    {
      ...shared,
      operation: 'listSubscriptions',
      summary: 'Subscriptions, newest first',
      query: {
        status: listParam(['pending', 'active', 'past_due', 'paused', 'cancelled', 'expired']).optional(),
        plan_id: idParam.optional(),
        user_id: idParam.optional(),
      },
      answer: page('subscriptions', Subscription),
      problems: ['user_required'],
    },
    ({ ctx, query, page }) => listSubscriptions(ctx, query, page),
  );

  route(
    app,
    'GET',
    '/subscriptions/:subscription_id',
    {
      ...shared,
      operation: 'getSubscription',
      summary: 'One subscription',
      params: subscription,
      answer,
      problems: ['user_required'],
    },
    ({ ctx, params }) => getSubscription(ctx, params.subscription_id),
  );

  route(
    app,
    'PATCH',
    '/subscriptions/:subscription_id',
    {
      ...shared,
      operation: 'updateSubscription',
      summary: 'Change how a subscription goes on',
      description:
        'Another plan setting from the next period, whether it renews, for whom it is, the card of its renewals.',
      params: subscription,
      body: SubscriptionPatch,
      ifMatch: true,
      answer,
      problems: ['user_required', 'conflict'],
    },
    ({ ctx, params, body }) => patchSubscription(ctx, params.subscription_id, body),
  );

  route(
    app,
    'DELETE',
    '/subscriptions/:subscription_id',
    {
      ...shared,
      operation: 'cancelSubscription',
      summary: 'Cancel a subscription',
      description:
        'At the end of the period, or of the minimum term if that is later; `at=now` ends it at once.',
      params: subscription,
      query: { at: z.enum(['now', 'period_end']).optional() },
      ifMatch: true,
      answer: empty(),
      problems: ['user_required', 'conflict'],
    },
    ({ ctx, params, query }) => cancelSubscription(ctx, params.subscription_id, query.at ?? 'period_end'),
  );

  route(
    app,
    'POST',
    '/subscriptions/:subscription_id/pause',
    {
      ...shared,
      operation: 'pauseSubscription',
      summary: 'Let a membership rest',
      params: subscription,
      answer,
      problems: ['user_required', 'conflict'],
    },
    ({ ctx, params }) => pauseSubscription(ctx, params.subscription_id),
  );

  route(
    app,
    'POST',
    '/subscriptions/:subscription_id/resume',
    {
      ...shared,
      operation: 'resumeSubscription',
      summary: 'Go on with a paused membership',
      description: 'Its period ends later by the time that it rested.',
      params: subscription,
      answer,
      problems: ['user_required', 'conflict'],
    },
    ({ ctx, params }) => resumeSubscription(ctx, params.subscription_id),
  );

  route(
    app,
    'POST',
    '/subscriptions/:subscription_id/renew',
    {
      ...shared,
      operation: 'renewSubscription',
      summary: 'Pay the next period by hand',
      description: 'Opens a cart with it: `cart_id` of the answer.',
      params: subscription,
      answer,
      problems: ['user_required', 'conflict', 'sold_out'],
    },
    ({ ctx, params }) => renewSubscription(ctx, params.subscription_id),
  );

  route(
    app,
    'GET',
    '/subscriptions/:subscription_id/quote',
    {
      ...shared,
      operation: 'quoteSubscription',
      summary: 'What a change of the plan setting comes to',
      params: subscription,
      query: { plan_setting_id: idParam },
      answer: one('quote', Quote),
      problems: ['user_required', 'conflict'],
    },
    ({ ctx, params, query }) => quoteChange(ctx, params.subscription_id, query.plan_setting_id),
  );

  route(
    app,
    'POST',
    '/subscriptions/:subscription_id/change',
    {
      ...shared,
      operation: 'changeSubscription',
      summary: 'Change a membership to another plan setting now',
      description:
        'Opens a cart with the difference: `cart_id` of the answer. The change takes effect when that is paid, with ' +
        '`free` if it comes to nothing; what is unused beyond the price becomes credit.',
      params: subscription,
      body: SubscriptionChange,
      answer,
      problems: ['user_required', 'conflict', 'sold_out'],
    },
    ({ ctx, params, body }) => changeNow(ctx, params.subscription_id, body),
  );

  route(
    app,
    'POST',
    '/subscriptions/:subscription_id/give_backs',
    {
      ...shared,
      operation: 'giveBackDate',
      summary: 'Give one date of a season back',
      description: 'Its seat is on sale again at once. When it is sold, the subscriber is credited.',
      params: subscription,
      body: GiveBackRequest,
      answer: one('give_back', GiveBack, { status: 201 }),
      problems: ['user_required', 'conflict'],
    },
    ({ ctx, params, body }) => giveBackDate(ctx, params.subscription_id, body.event_id),
  );

  route(
    app,
    'GET',
    '/subscriptions/:subscription_id/give_backs',
    {
      ...shared,
      operation: 'listGiveBacks',
      summary: 'The dates of a season that were given back',
      params: subscription,
      answer: page('give_backs', GiveBack),
      problems: ['user_required'],
    },
    ({ ctx, params, page }) => listGiveBacks(ctx, params.subscription_id, page),
  );

  route(
    app,
    'GET',
    '/users/:user_id/credits',
    {
      ...shared,
      operation: 'listCredits',
      summary: 'What the organiser owes a user, by currency',
      description: 'A cart of that user is paid by it with the method `credit`.',
      params: { user_id: idParam },
      answer: whole('credits', Credit),
      problems: ['user_required'],
    },
    ({ ctx, params }) => listCredits(ctx, params.user_id),
  );

  route(
    app,
    'GET',
    '/users/:user_id/subscriptions',
    {
      ...shared,
      operation: 'listUserSubscriptions',
      summary: 'The subscriptions of a user',
      params: { user_id: idParam },
      answer: page('subscriptions', Subscription),
      problems: ['user_required'],
    },
    ({ ctx, params, page }) => listSubscriptionsOf(ctx, params.user_id, page),
  );
}
