import type { FastifyInstance } from 'fastify';
import { created, events, file, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { idParam, uuidParam } from '../schemas/common.ts';
import { resumeHeaders } from '../schemas/maps.ts';
import { ScannedTicket } from '../schemas/tickets.ts';
import {
  attendeesQuery,
  doorStreamQuery,
  GroupScan,
  Scan,
  summaryQuery,
  Validation,
  ValidationSummary,
  validationsQuery,
} from '../schemas/validations.ts';
import { findAttendees } from '../services/validations/attendees.ts';
import { drawDoor } from '../services/validations/draw.ts';
import { scanGroup } from '../services/validations/group.ts';
import { getValidation, listValidations } from '../services/validations/read.ts';
import { scan } from '../services/validations/scan.ts';
import { streamDoor } from '../services/validations/stream.ts';
import { summarizeValidations } from '../services/validations/summary.ts';
import { undoValidation } from '../services/validations/undo.ts';

const DOOR = { tag: 'Validations', scopes: ['admin'] } as const;

/** The door: codes in, verdicts out, every attempt kept. */
export async function validationRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('preClose', async () => app.system.doorStreams.close());

  route(
    app,
    'POST',
    '/validations',
    {
      ...DOOR,
      operation: 'createValidation',
      summary: 'Scan a code at the door',
      description:
        'Accepted or rejected, the scan is kept and answered with 201. In place of a code, `ticket_id` checks somebody in by ' +
        'name. A ticket admits from 6 hours before the doors ' +
        'open (or the event starts) until 6 hours after the event ends (24 after it starts when no end is known), ' +
        'unless its type names its own times. An exit is judged by the ticket alone. Where codes rotate, one that is not of ' +
        'the moment by our clock (15 seconds, and 15 on either side) is rejected as `expired`.',
      body: Scan,
      answer: one('validation', Validation, { status: 201, location: ({ id }) => `/validations/${id}` }),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, body }) => scan(ctx, body),
  );
  route(
    app,
    'POST',
    '/validations/group',
    {
      ...DOOR,
      operation: 'createGroupValidation',
      summary: 'Scan a whole group in one request',
      description:
        'Several codes, or all tickets that were bought together, named by their cart or by the code of any of them. ' +
        'Each ticket is judged by itself; all scans are kept at once.',
      body: GroupScan,
      answer: created('validations', Validation),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, body }) => scanGroup(ctx, body),
  );
  route(
    app,
    'GET',
    '/validations',
    {
      ...DOOR,
      operation: 'listValidations',
      summary: 'Scans of the events of this interface, newest first',
      query: validationsQuery,
      answer: page('validations', Validation),
    },
    ({ ctx, query, page }) => listValidations(ctx, query, page),
  );
  route(
    app,
    'GET',
    '/validations/:validation_id',
    {
      ...DOOR,
      operation: 'getValidation',
      summary: 'One scan',
      params: { validation_id: uuidParam },
      answer: one('validation', Validation),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getValidation(ctx, params.validation_id),
  );
  route(
    app,
    'POST',
    '/validations/:validation_id/undo',
    {
      ...DOOR,
      scopes: ['sell', 'admin'],
      operation: 'undoValidation',
      summary: 'Take back the last scan of a ticket',
      description: 'Its entry counts no more; the scan itself is kept, marked.',
      params: { validation_id: uuidParam },
      answer: one('validation', Validation),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => undoValidation(ctx, params.validation_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/attendees',
    {
      ...DOOR,
      operation: 'listAttendees',
      summary: 'Tickets of an event by name, for a check-in without a code',
      description: 'Of every interface. Check one in by POST /validations with its `ticket_id`.',
      params: { event_id: idParam },
      query: attendeesQuery,
      answer: page('attendees', ScannedTicket),
      problems: ['not_found'],
    },
    ({ ctx, params, query, page }) => findAttendees(ctx, params.event_id, query, page),
  );
  route(
    app,
    'GET',
    '/events/:event_id/validations/summary',
    {
      ...DOOR,
      operation: 'summarizeValidations',
      summary: 'Scans of an event per gate and minute, and how many are inside now',
      params: { event_id: idParam },
      query: summaryQuery,
      answer: one('summary', ValidationSummary),
      problems: ['not_found'],
    },
    ({ ctx, params, query }) => summarizeValidations(ctx, params.event_id, query),
  );
  route(
    app,
    'GET',
    '/events/:event_id/validations/summary.svg',
    {
      ...DOOR,
      operation: 'drawValidations',
      summary:
        'The doors of an event drawn: entries, exits and rejections by time and gate, and who is inside',
      description:
        'From the first scan of the last 12 hours until now, unless `from` and `to` say otherwise.',
      params: { event_id: idParam },
      query: summaryQuery,
      answer: file('image/svg+xml; charset=utf-8'),
      problems: ['not_found'],
    },
    ({ ctx, params, query }) => drawDoor(ctx, params.event_id, query),
  );
  route(
    app,
    'GET',
    '/events/:event_id/validations/stream',
    {
      ...DOOR,
      operation: 'streamValidations',
      summary: 'The doors of an event live, as Server-Sent Events',
      description:
        'Events named `summary`, whose data is the body of the summary route: at once, then at every change. `minutes` ' +
        'holds those of the last hour at first, or all that have changed since the event named by Last-Event-ID; later ' +
        'those that have just changed. A stream ends after five minutes; clients resume by themselves.',
      params: { event_id: idParam },
      query: doorStreamQuery,
      headers: resumeHeaders,
      answer: events(),
      problems: ['not_found', 'service_unavailable'],
    },
    ({ ctx, params, query, headers }) =>
      streamDoor(ctx, params.event_id, headers['last-event-id'], query.seconds),
  );
}
