import type { FastifyInstance } from 'fastify';
import { csv, empty, one, page } from '../routing/answers.ts';
import { BULK, results } from '../routing/bulk.ts';
import { route } from '../routing/route.ts';
import {
  CodeRecord,
  CodesBulk,
  codeIdParams,
  codesQuery,
  NewCode,
  NewCodes,
  PatchCode,
} from '../schemas/codes.ts';
import { eventParams } from '../schemas/events.ts';
import { Job } from '../schemas/jobs.ts';
import { createCodes } from '../services/codes/batch.ts';
import { codesCsv, listCodes } from '../services/codes/read.ts';
import { createCode, createCodeRows, deleteCode, patchCode } from '../services/codes/write.ts';

const ADMIN = { tag: 'Management', scopes: ['admin'] } as const;
const STAFF = { tag: 'Management', scopes: ['sell', 'admin'] } as const;

/** Codes of events, for those who make them. What a code would do for a buyer is in events.ts. */
export async function codeRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/events/:event_id/codes',
    {
      ...ADMIN,
      operation: 'createCode',
      summary: 'Make a promotion or access code',
      params: eventParams,
      body: NewCode,
      answer: one('code', CodeRecord, {
        status: 201,
        location: (code) => `/events/${code.event_id}/codes/${code.id}`,
      }),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => createCode(ctx, params.event_id, body),
  );
  route(
    app,
    'POST',
    '/events/:event_id/codes/bulk',
    {
      ...ADMIN,
      operation: 'createCodeRows',
      summary: 'Make up to 500 codes that were thought of, at once',
      description: BULK,
      params: eventParams,
      body: CodesBulk,
      answer: results('code', CodeRecord),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => createCodeRows(ctx, params.event_id, body.mode, body.codes),
  );
  route(
    app,
    'POST',
    '/events/:event_id/codes/batches',
    {
      ...ADMIN,
      operation: 'createCodes',
      summary: 'Make up to 100,000 unguessable codes, as a job with progress',
      description: 'List or export them by their label when the job is done.',
      params: eventParams,
      body: NewCodes,
      answer: one('job', Job, { status: 202, location: (job) => `/jobs/${job.id}` }),
      problems: ['not_found'],
    },
    ({ ctx, params, body }) => createCodes(ctx, params.event_id, body),
  );
  route(
    app,
    'GET',
    '/events/:event_id/codes',
    {
      ...STAFF,
      operation: 'listCodes',
      summary: 'Codes of an event with their uses',
      params: eventParams,
      query: codesQuery,
      answer: page('codes', CodeRecord),
      problems: ['not_found'],
    },
    ({ ctx, params, query, page }) => listCodes(ctx, params.event_id, query, page),
  );
  route(
    app,
    'GET',
    '/events/:event_id/codes.csv',
    {
      ...STAFF,
      operation: 'exportCodes',
      summary: 'Codes of an event as CSV',
      params: eventParams,
      query: codesQuery,
      answer: csv('codes'),
      problems: ['not_found'],
    },
    ({ ctx, params, query }) => codesCsv(ctx, params.event_id, query),
  );
  route(
    app,
    'PATCH',
    '/events/:event_id/codes/:code',
    {
      ...ADMIN,
      operation: 'changeCode',
      summary: 'Change a code',
      params: codeIdParams,
      body: PatchCode,
      ifMatch: true,
      answer: one('code', CodeRecord),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => patchCode(ctx, params.event_id, params.code, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/codes/:code',
    {
      ...ADMIN,
      operation: 'deleteCode',
      summary: 'Take away a code that nobody has used',
      params: codeIdParams,
      ifMatch: true,
      answer: empty(),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => deleteCode(ctx, params.event_id, params.code),
  );
}
