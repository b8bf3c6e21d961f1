import type { FastifyInstance } from 'fastify';
import { csvBodies } from '../hooks/csv-body.ts';
import { createdOrJob, empty, one, page, whole } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { idParam, uuidParam } from '../schemas/common.ts';
import {
  Courtesy,
  CourtesyReport,
  CourtesyRow,
  courtesiesQuery,
  Decision,
  giveQuery,
  Host,
  hostParams,
  IssueCourtesies,
  NewHost,
  SetQuota,
} from '../schemas/courtesies.ts';
import { approveCourtesy, rejectCourtesy, revokeCourtesy } from '../services/courtesies/decide.ts';
import { issueCourtesies } from '../services/courtesies/issue.ts';
import { createHost, deleteHost, getHost, listHosts, setQuota } from '../services/courtesies/quotas.ts';
import { getCourtesy, listCourtesies } from '../services/courtesies/read.ts';
import { reportCourtesies } from '../services/courtesies/report.ts';

const GIVING = { tag: 'Courtesies', scopes: ['admin'] } as const;
const params = { courtesy_id: uuidParam };

/** Two megabytes: ten thousand guests. */
const MANY = 2_097_152;

/** Gives free tickets: the one route here that takes text/csv. */
export async function courtesyGivingRoutes(app: FastifyInstance): Promise<void> {
  csvBodies(app, {
    fields: Object.keys(giveQuery),
    numbers: ['event_id', 'ticket_type_id', 'section_id'],
    flags: ['approval', 'mail'],
  });
  route(
    app,
    'POST',
    '/courtesies',
    {
      ...GIVING,
      operation: 'createCourtesies',
      summary: 'Give free tickets to guests, users or the rows of a CSV',
      description:
        'Each takes a place that is free, never one beyond the stock, and counts against the quota of its host. Up to 50 ' +
        'are given at once; more by a job with progress, whose courtesies are listed by `job_id`. A table may come as ' +
        '`text/csv` with the rest in the query (which JSON has no use for), or as JSON with the table in `csv`: rows that ' +
        'are none are named (`/csv/3/email`), and the others are given in mode `each` only.',
      query: giveQuery,
      body: IssueCourtesies,
      csv: true,
      bodyLimit: MANY,
      dryRun: true,
      answer: createdOrJob('courtesies', CourtesyRow),
      problems: ['not_found', 'conflict', 'sold_out', 'seats_unavailable', 'limit_exceeded'],
    },
    ({ ctx, body }) => issueCourtesies(ctx, body),
  );
}

/** Free tickets, and who may give how many. */
export async function courtesyRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/courtesies',
    {
      ...GIVING,
      operation: 'listCourtesies',
      summary: 'Courtesies of this interface, newest first',
      query: courtesiesQuery,
      answer: page('courtesies', Courtesy),
    },
    ({ ctx, query, page }) => listCourtesies(ctx, query, page),
  );
  route(
    app,
    'GET',
    '/courtesies/:courtesy_id',
    {
      ...GIVING,
      operation: 'getCourtesy',
      summary: 'One courtesy',
      params,
      answer: one('courtesy', Courtesy),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getCourtesy(ctx, params.courtesy_id),
  );
  route(
    app,
    'POST',
    '/courtesies/:courtesy_id/approve',
    {
      ...GIVING,
      operation: 'approveCourtesy',
      summary: 'Approve a courtesy that was asked for: it takes its place now',
      params,
      answer: one('courtesy', Courtesy),
      problems: ['not_found', 'conflict', 'sold_out', 'seats_unavailable'],
    },
    ({ ctx, params }) => approveCourtesy(ctx, params.courtesy_id),
  );
  route(
    app,
    'POST',
    '/courtesies/:courtesy_id/reject',
    {
      ...GIVING,
      operation: 'rejectCourtesy',
      summary: 'Turn down a courtesy that was asked for',
      params,
      body: Decision,
      answer: one('courtesy', Courtesy),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => rejectCourtesy(ctx, params.courtesy_id, body),
  );
  route(
    app,
    'DELETE',
    '/courtesies/:courtesy_id',
    {
      ...GIVING,
      operation: 'revokeCourtesy',
      summary: 'Take back a courtesy whose guest has not come: its place is free again',
      params,
      ifMatch: true,
      answer: empty(),
      problems: ['not_found', 'conflict', 'precondition_failed'],
    },
    ({ ctx, params }) => revokeCourtesy(ctx, params.courtesy_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/courtesies/report',
    {
      ...GIVING,
      operation: 'reportCourtesies',
      summary: 'What became of the courtesies of an event, host by host; no-shows once it is over',
      params: { event_id: idParam },
      answer: one('report', CourtesyReport),
      problems: ['not_found'],
    },
    ({ ctx, params }) => reportCourtesies(ctx, params.event_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/hosts',
    {
      ...GIVING,
      operation: 'listHosts',
      summary: 'Hosts of an event with their quotas of courtesies',
      params: { event_id: idParam },
      answer: whole('hosts', Host),
      problems: ['not_found'],
    },
    ({ ctx, params }) => listHosts(ctx, params.event_id),
  );
  route(
    app,
    'POST',
    '/events/:event_id/hosts',
    {
      ...GIVING,
      operation: 'createHost',
      summary: 'Make a host with a quota of courtesies for an event',
      params: { event_id: idParam },
      body: NewHost,
      answer: one('host', Host, {
        status: 201,
        location: ({ event_id, host }) => `/events/${event_id}/hosts/${encodeURIComponent(host)}`,
      }),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => createHost(ctx, params.event_id, body),
  );
  route(
    app,
    'GET',
    '/events/:event_id/hosts/:host',
    {
      ...GIVING,
      operation: 'getHost',
      summary: 'A host of an event with the quota',
      params: hostParams,
      answer: one('host', Host),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getHost(ctx, params.event_id, params.host),
  );
  route(
    app,
    'PUT',
    '/events/:event_id/hosts/:host',
    {
      ...GIVING,
      operation: 'setHostQuota',
      summary: 'Set how many courtesies a host may give for an event',
      params: hostParams,
      body: SetQuota,
      ifMatch: true,
      answer: one('host', Host),
      problems: ['not_found', 'conflict', 'precondition_failed'],
    },
    ({ ctx, params, body }) => setQuota(ctx, params.event_id, params.host, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/hosts/:host',
    {
      ...GIVING,
      operation: 'deleteHost',
      summary: 'Take away a host who has given nothing',
      params: hostParams,
      ifMatch: true,
      answer: empty(),
      problems: ['not_found', 'conflict', 'precondition_failed'],
    },
    ({ ctx, params }) => deleteHost(ctx, params.event_id, params.host),
  );
}
