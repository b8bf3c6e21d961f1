import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { file } from '../routing/answers.ts';
import { openRoute } from '../routing/route.ts';
import { livePass } from '../schemas/tickets.ts';
import { showLiveCode } from '../services/tickets/live-page.ts';

/** Codes on a page for people: who bought as a guest has no account to see them in. */
export async function liveCodeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], styleSrc: ["'unsafe-inline'"] },
    },
  });
  openRoute(
    app,
    'GET',
    '/live/:pass',
    {
      operation: 'showLiveCode',
      summary: 'Show the code of a ticket as it is at the moment, on a page for people',
      description:
        'Where codes rotate, mails bring this address in place of a page to print, and `live_url` of ' +
        'GET /tickets/:ticket_id/code tells it. It is secret: whoever knows it holds the ticket. It ends with the code, by ' +
        'a reissue, a transfer or a refund.',
      tag: 'Tickets',
      params: { pass: livePass },
      answer: file('text/html; charset=utf-8', 'private, no-store'),
      problems: ['not_found'],
    },
    ({ system, params, request }) => showLiveCode(system, params.pass, request.language),
  );
}
