import type { FastifyInstance } from 'fastify';
import { created, empty, one, whole } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import {
  channelParams,
  EventCancel,
  EventCreate,
  EventDuplicate,
  EventInterface,
  EventInterfacePut,
  EventPatch,
  SeriesCreate,
} from '../schemas/event-management.ts';
import { Event, eventParams } from '../schemas/events.ts';
import { Job } from '../schemas/jobs.ts';
import { cancelEvent } from '../services/events/manage/cancel.ts';
import {
  getEventInterface,
  listEventInterfaces,
  putEventInterface,
  removeEventInterface,
} from '../services/events/manage/channels.ts';
import { createEvent, createSeries } from '../services/events/manage/create.ts';
import { duplicateEvent } from '../services/events/manage/duplicate.ts';
import { pauseEvent, publishEvent, resumeEvent } from '../services/events/manage/life.ts';
import { deleteEvent } from '../services/events/manage/remove.ts';
import { updateEvent } from '../services/events/manage/update.ts';

const MANAGE = { tag: 'Management', scopes: ['admin'], problems: ['not_found', 'conflict'] } as const;
const LIFE = { ...MANAGE, params: eventParams, answer: one('event', Event) } as const;
const newEvent = one('event', Event, { status: 201, location: ({ id }) => `/events/${id}` });

/** The life of events, for their organiser. */
export async function eventManagementRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/events',
    {
      ...MANAGE,
      operation: 'createEvent',
      summary: 'Create an event, as a draft',
      body: EventCreate,
      answer: newEvent,
    },
    ({ ctx, body }) => createEvent(ctx, body),
  );
  route(
    app,
    'POST',
    '/events/series',
    {
      ...MANAGE,
      operation: 'createSeries',
      summary: 'Create a series: one draft for each date',
      body: SeriesCreate,
      answer: created('events', Event),
    },
    ({ ctx, body }) => createSeries(ctx, body),
  );
  route(
    app,
    'PATCH',
    '/events/:event_id',
    { ...LIFE, operation: 'updateEvent', summary: 'Change an event', body: EventPatch, ifMatch: true },
    ({ ctx, params, body }) => updateEvent(ctx, params.event_id, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id',
    {
      ...MANAGE,
      operation: 'deleteEvent',
      summary: 'Delete a draft of which nothing was sold',
      params: eventParams,
      ifMatch: true,
      answer: empty(),
    },
    ({ ctx, params }) => deleteEvent(ctx, params.event_id),
  );
  route(
    app,
    'POST',
    '/events/:event_id/publish',
    { ...LIFE, operation: 'publishEvent', summary: 'Publish a draft: its places become stock' },
    ({ ctx, params }) => publishEvent(ctx, params.event_id),
  );
  route(
    app,
    'POST',
    '/events/:event_id/pause',
    { ...LIFE, operation: 'pauseEvent', summary: 'Stop sales for a while; carts keep what they hold' },
    ({ ctx, params }) => pauseEvent(ctx, params.event_id),
  );
  route(
    app,
    'POST',
    '/events/:event_id/resume',
    { ...LIFE, operation: 'resumeEvent', summary: 'Go on selling' },
    ({ ctx, params }) => resumeEvent(ctx, params.event_id),
  );
  route(
    app,
    'POST',
    '/events/:event_id/cancel',
    {
      ...MANAGE,
      operation: 'cancelEvent',
      summary: 'Call an event off: a job refunds and voids all that was sold',
      description:
        'Sales stop at once. The job ends unpaid carts, refunds every sale in full through the provider that took the ' +
        'money, and voids every ticket, each exactly once, whatever happens to the server meanwhile. Its result counts ' +
        'them, and names the carts that could not be refunded, though it tried some times: once that is put right, call ' +
        'the event off again, and a new job does what is left.',
      params: eventParams,
      body: EventCancel,
      answer: one('job', Job, { status: 202, location: ({ id }) => `/jobs/${id}` }),
    },
    ({ ctx, params, body }) => cancelEvent(ctx, params.event_id, body),
  );
  route(
    app,
    'POST',
    '/events/:event_id/duplicate',
    {
      ...MANAGE,
      operation: 'duplicateEvent',
      summary: 'Copy an event to another date, with all that hangs on it',
      params: eventParams,
      body: EventDuplicate,
      answer: newEvent,
    },
    ({ ctx, params, body }) => duplicateEvent(ctx, params.event_id, body),
  );
  route(
    app,
    'GET',
    '/events/:event_id/interfaces',
    {
      ...MANAGE,
      operation: 'listEventInterfaces',
      summary: 'Interfaces an event sells on',
      params: eventParams,
      answer: whole('event_interfaces', EventInterface),
    },
    ({ ctx, params }) => listEventInterfaces(ctx, params.event_id),
  );
  const channel = { ...MANAGE, params: channelParams } as const;
  route(
    app,
    'GET',
    '/events/:event_id/interfaces/:interface_id',
    {
      ...channel,
      operation: 'getEventInterface',
      summary: 'How an event sells on an interface',
      answer: one('event_interface', EventInterface),
    },
    ({ ctx, params }) => getEventInterface(ctx, params.event_id, params.interface_id),
  );
  route(
    app,
    'PUT',
    '/events/:event_id/interfaces/:interface_id',
    {
      ...channel,
      operation: 'putEventInterface',
      summary: 'Have an event sell on an interface: window and extra fee',
      body: EventInterfacePut,
      ifMatch: true,
      answer: one('event_interface', EventInterface),
    },
    ({ ctx, params, body }) => putEventInterface(ctx, params.event_id, params.interface_id, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/interfaces/:interface_id',
    {
      ...channel,
      operation: 'removeEventInterface',
      summary: 'Have an event no longer sell on an interface',
      ifMatch: true,
      answer: empty(),
    },
    ({ ctx, params }) => removeEventInterface(ctx, params.event_id, params.interface_id),
  );
}
