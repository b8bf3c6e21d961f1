import type { FastifyInstance } from 'fastify';
import { csv, download, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { eventParams } from '../schemas/events.ts';
import { attendeesQuery, Export, exportParams, NewExport, Sale, salesQuery } from '../schemas/exports.ts';
import { Job } from '../schemas/jobs.ts';
import { listSales, streamCsv } from '../services/exports/list.ts';
import { createExport, downloadExport, getExport } from '../services/exports/manage.ts';

const STAFF = { tag: 'Exports', scopes: ['sell', 'admin'] } as const;

/** Tables as files, written by jobs. */
export async function exportRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/exports',
    {
      ...STAFF,
      operation: 'createExport',
      summary: 'Write sales, attendees, the ledger or codes into a file',
      description:
        'Answers with the job that writes it. The result of the job is the export, whose `url` gives the file for 24 ' +
        'hours. Text that a spreadsheet would run as a formula is put behind a quotation mark in CSV, and is marked as ' +
        'text in workbooks.',
      body: NewExport,
      answer: one('job', Job, { status: 202, location: ({ id }) => `/jobs/${id}` }),
      problems: ['validation_failed'],
    },
    ({ ctx, body }) => createExport(ctx, body),
  );
  route(
    app,
    'GET',
    '/exports/:export_id',
    {
      ...STAFF,
      operation: 'getExport',
      summary: 'An export, and where its file is',
      params: exportParams,
      answer: one('export', Export),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getExport(ctx, params.export_id),
  );
  route(
    app,
    'GET',
    '/exports/:export_id/file',
    {
      ...STAFF,
      operation: 'downloadExport',
      summary: 'The file of an export',
      params: exportParams,
      answer: download(),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => downloadExport(ctx, params.export_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/sales',
    {
      ...STAFF,
      operation: 'listSales',
      summary: 'What was sold of an event, newest first',
      params: eventParams,
      query: salesQuery,
      answer: page('sales', Sale),
      problems: ['not_found'],
    },
    ({ ctx, params, query, page }) => listSales(ctx, params.event_id, query, page),
  );
  route(
    app,
    'GET',
    '/events/:event_id/sales.csv',
    {
      ...STAFF,
      operation: 'listSalesCsv',
      summary: 'What was sold of an event, as CSV',
      params: eventParams,
      query: salesQuery,
      answer: csv('sales'),
      problems: ['not_found'],
    },
    ({ ctx, params, query }) => streamCsv(ctx, 'sales', params.event_id, query),
  );
  route(
    app,
    'GET',
    '/events/:event_id/tickets.csv',
    {
      ...STAFF,
      operation: 'listAttendeesCsv',
      summary: 'The attendees of an event, as CSV',
      params: eventParams,
      query: attendeesQuery,
      answer: csv('attendees'),
      problems: ['not_found'],
    },
    ({ ctx, params, query }) => streamCsv(ctx, 'attendees', params.event_id, query),
  );
}
