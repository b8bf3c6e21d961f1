import type { FastifyInstance } from 'fastify';
import { empty, one } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { eventParams } from '../schemas/events.ts';
import {
  JoinQueue,
  placeParams,
  Queue,
  QueuePlace,
  QueueSettings,
  QueueSettingsPut,
  QueueSummary,
} from '../schemas/queues.ts';
import { isAgain, joinQueue } from '../services/queue/join.ts';
import { getPlace, leaveQueue } from '../services/queue/place.ts';
import { deleteQueue, getQueue, getQueueSettings, putQueueSettings } from '../services/queue/settings.ts';
import { queueSummary } from '../services/queue/summary.ts';

const tag = 'Queues';
const place = { tag, params: placeParams, scopes: ['buy', 'sell'] } as const;
const manage = { tag: 'Management', params: eventParams, scopes: ['admin'] } as const;

/** The on-sale gate of an event: places for buyers, settings for its organiser. */
export async function queueRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/events/:event_id/queue',
    {
      operation: 'getQueue',
      summary: 'The gate of an event: when it opens, when the sale starts, and the proof of the draw',
      tag,
      scopes: ['public'],
      params: eventParams,
      published: true,
      answer: one('queue', Queue),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getQueue(ctx, params.event_id),
  );
  route(
    app,
    'POST',
    '/events/:event_id/queue',
    {
      operation: 'joinQueue',
      summary: 'Take a place in the queue of an event: 201, or 200 for the one you have',
      description:
        'A user has one place, and so has each visitor that a client names; without either every call gives a new place, ' +
        'known by its id. Who comes before `starts_at` takes part in the draw; who comes later queues at the end. Ask for ' +
        'the place again after `retry_after` seconds. Once it is `admitted`, POST /carts is open to it until ' +
        '`pass_expires_at`: one cart, which may go on to its end.',
      tag,
      scopes: ['buy'],
      params: eventParams,
      body: JoinQueue,
      answer: one('place', QueuePlace, {
        status: { possible: [201, 200], of: (it) => (isAgain(it) ? 200 : 201) },
        location: ({ event_id, id }) => `/events/${event_id}/queue/${id}`,
        retryAfter: (it) => it.retry_after,
      }),
      problems: ['not_found', 'not_on_sale'],
    },
    ({ ctx, params, body }) => joinQueue(ctx, params.event_id, body),
  );
  route(
    app,
    'GET',
    '/events/:event_id/queue/:place_id',
    {
      ...place,
      operation: 'getQueuePlace',
      summary: 'A place in a queue: how many are ahead, and when to ask again',
      answer: one('place', QueuePlace, { retryAfter: (it) => it.retry_after }),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getPlace(ctx, params.event_id, params.place_id),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/queue/:place_id',
    {
      ...place,
      operation: 'leaveQueue',
      summary: 'Give a place up, and its pass',
      answer: empty(),
      problems: ['not_found'],
    },
    ({ ctx, params }) => leaveQueue(ctx, params.event_id, params.place_id),
  );

  route(
    app,
    'GET',
    '/events/:event_id/queue/settings',
    {
      ...manage,
      operation: 'getQueueSettings',
      summary: 'How the gate of an event is set',
      answer: one('queue', QueueSettings),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getQueueSettings(ctx, params.event_id),
  );
  route(
    app,
    'PUT',
    '/events/:event_id/queue/settings',
    {
      ...manage,
      operation: 'putQueueSettings',
      summary: 'Put an event behind a gate, or set the gate it has',
      description:
        'What is not given is as if it never had been, save the times, which stay. Who waits keeps the place. After the ' +
        'draw the times cannot change any more; inflow, pause and the rest may at any time.',
      body: QueueSettingsPut,
      ifMatch: true,
      answer: one('queue', QueueSettings),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => putQueueSettings(ctx, params.event_id, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/queue/settings',
    {
      ...manage,
      operation: 'deleteQueue',
      summary: 'Take the gate of an event away, with all places',
      ifMatch: true,
      answer: empty(),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => deleteQueue(ctx, params.event_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/queue/summary',
    {
      ...manage,
      scopes: ['sell', 'admin'],
      operation: 'getQueueSummary',
      summary: 'What goes on at the gate of an event: waiting, inside, let in, on each interface',
      answer: one('queue', QueueSummary),
      problems: ['not_found'],
    },
    ({ ctx, params }) => queueSummary(ctx, params.event_id),
  );
}
