import type { FastifyInstance } from 'fastify';
import { events, file, one, whole, wholeWritten, written } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { eventParams } from '../schemas/events.ts';
import {
  Availability,
  MapOutline,
  mapParams,
  resumeHeaders,
  Seat,
  SeatMap,
  seatParams,
  seatsQuery,
  sinceQuery,
  streamQuery,
  unlockingCode,
} from '../schemas/maps.ts';
import { getAvailability } from '../services/maps/changes.ts';
import { drawMap } from '../services/maps/draw.ts';
import { listMaps } from '../services/maps/outline.ts';
import { getMap, getSeat } from '../services/maps/read.ts';
import { listSeats } from '../services/maps/seat-list.ts';
import { streamAvailability } from '../services/maps/stream.ts';

const READ = { tag: 'Maps', scopes: ['public'], problems: ['not_found'] } as const;
const PUBLISHED = { ...READ, published: true } as const;

/** A map changes only when it is edited, and its ETag tells. Not for shared caches: what is shown depends on the token. */
const STATIC = 'private, max-age=60';

/** The maps of events: geometry, and the live status of every seat. */
export async function mapRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('preClose', async () => app.system.streams.close());

  route(
    app,
    'GET',
    '/events/:event_id/maps',
    {
      ...PUBLISHED,
      operation: 'listMaps',
      summary: 'Maps of an event',
      params: eventParams,
      answer: whole('maps', MapOutline),
    },
    ({ ctx, params }) => listMaps(ctx, params.event_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/maps/:map_id',
    {
      ...PUBLISHED,
      operation: 'getMap',
      summary: 'A map with its sections, rows and seats',
      params: mapParams,
      answer: written('map', SeatMap, STATIC),
    },
    ({ ctx, params }) => getMap(ctx, params.event_id, params.map_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/maps/:map_id.svg',
    {
      ...PUBLISHED,
      operation: 'drawMap',
      summary: 'The map drawn, with live colours',
      params: mapParams,
      query: unlockingCode,
      answer: file('image/svg+xml; charset=utf-8'),
    },
    ({ ctx, params, query }) => drawMap(ctx, params.event_id, params.map_id, query.code),
  );
  route(
    app,
    'GET',
    '/events/:event_id/maps/:map_id/seats',
    {
      ...PUBLISHED,
      operation: 'listSeats',
      summary: 'Seats of a map with live status and prices',
      params: mapParams,
      query: seatsQuery,
      answer: wholeWritten('seats', Seat),
    },
    ({ ctx, params, query }) => listSeats(ctx, params.event_id, params.map_id, query),
  );
  route(
    app,
    'GET',
    '/events/:event_id/maps/:map_id/availability',
    {
      ...PUBLISHED,
      operation: 'getAvailability',
      summary: 'Live status of all seats, compact; or what has changed',
      params: mapParams,
      query: sinceQuery,
      answer: one('availability', Availability),
    },
    ({ ctx, params, query }) => getAvailability(ctx, params.event_id, params.map_id, query),
  );
  route(
    app,
    'GET',
    '/events/:event_id/maps/:map_id/availability/stream',
    {
      ...READ,
      operation: 'streamAvailability',
      summary: 'Live status of all seats, as Server-Sent Events',
      description:
        'Events named `availability`, whose data is the body of the availability route: first all that has changed ' +
        'since the event named by Last-Event-ID (or `since`; without either, the whole state), then every change as ' +
        'it happens. A stream ends after five minutes; clients resume by themselves.',
      params: mapParams,
      query: streamQuery,
      headers: resumeHeaders,
      answer: events(),
      problems: ['not_found', 'service_unavailable'],
    },
    ({ ctx, params, query, headers }) =>
      streamAvailability(ctx, params.event_id, params.map_id, headers['last-event-id'] ?? query.since, query),
  );
  route(
    app,
    'GET',
    '/events/:event_id/seats/:seat_id',
    {
      ...PUBLISHED,
      operation: 'getSeat',
      summary: 'One seat: where it is, its status and prices',
      params: seatParams,
      query: unlockingCode,
      answer: one('seat', Seat),
    },
    ({ ctx, params, query }) => getSeat(ctx, params.event_id, params.seat_id, query.code),
  );
}
