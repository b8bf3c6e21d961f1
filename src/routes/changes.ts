import type { FastifyInstance } from 'fastify';
import { events, feed } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { Change, changeStreamQuery, changesQuery } from '../schemas/changes.ts';
import { resumeHeaders } from '../schemas/maps.ts';
import { listChanges } from '../services/feed/read.ts';
import { streamChanges } from '../services/feed/stream.ts';

const FEED = { tag: 'Webhooks', scopes: ['sell', 'admin'] } as const;

/** The change feed: everything that happens, in one order, for 90 days. */
export async function changeRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('preClose', async () => app.system.feed.release()); // nobody's long poll holds up a shutdown

  route(
    app,
    'GET',
    '/changes',
    {
      ...FEED,
      operation: 'listChanges',
      summary: 'What has changed since a sequence, oldest first; waits for it if asked to',
      description:
        'The feed of a company is numbered 1, 2, 3, … and only ever grows at its end: go on from the last sequence ' +
        'you have (or follow `Link: rel="next"`, which also steps over what your filter leaves out), and you miss ' +
        'nothing and see nothing twice. Changes are kept for 90 days; asked for older ones, it answers 409 with ' +
        '`oldest_sequence`.',
      query: changesQuery,
      answer: feed('changes', Change, 'since'),
      problems: ['conflict'],
    },
    ({ ctx, query }) => listChanges(ctx, query),
  );
  route(
    app,
    'GET',
    '/changes/stream',
    {
      ...FEED,
      operation: 'streamChanges',
      summary: 'The change feed as Server-Sent Events',
      description:
        'Events named `change`, whose data is `{"change": {…}}` and whose id is its sequence: first all since the ' +
        'event named by Last-Event-ID (or `since`), then every change as it happens. A stream ends after five ' +
        'minutes; clients resume by themselves.',
      query: changeStreamQuery,
      headers: resumeHeaders,
      answer: events(),
      problems: ['conflict', 'service_unavailable'],
    },
    ({ ctx, query, headers }) => streamChanges(ctx, query, headers['last-event-id']),
  );
}
