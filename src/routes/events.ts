import type { FastifyInstance } from 'fastify';
import { csv, file, one, page, whole } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import {
  Code,
  codeParams,
  codeQuery,
  Event,
  eventParams,
  eventQuery,
  eventsQuery,
  Gate,
  Product,
  Report,
  reportQuery,
  TicketType,
} from '../schemas/events.ts';
import { Stock, stockQuery } from '../schemas/stock.ts';
import { getCode } from '../services/events/codes.ts';
import { listGates } from '../services/events/gates.ts';
import { listProducts } from '../services/events/products.ts';
import { proveStock } from '../services/events/proof/prove.ts';
import { getEvent, listEvents } from '../services/events/read.ts';
import { getReport } from '../services/events/report.ts';
import { drawReport } from '../services/events/report-chart.ts';
import { getReportCsv } from '../services/events/report-csv.ts';
import { listTicketTypes } from '../services/events/ticket-types.ts';

const READ = { tag: 'Events', scopes: ['public'], published: true, problems: ['not_found'] } as const;
const BACK_OFFICE = { tag: 'Events', scopes: ['sell', 'admin'], problems: ['not_found'] } as const;

/** Events and what hangs on them, for readers. An event is visible on the interfaces it sells on. */
export async function eventRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/events',
    {
      ...READ,
      operation: 'listEvents',
      summary: 'Events that sell on this interface',
      query: eventsQuery,
      answer: page('events', Event),
      problems: ['insufficient_scope'],
    },
    ({ ctx, query, page }) => listEvents(ctx, query, page),
  );
  route(
    app,
    'GET',
    '/events/:event_id',
    {
      ...READ,
      operation: 'getEvent',
      summary: 'One event',
      params: eventParams,
      query: eventQuery,
      answer: one('event', Event),
    },
    ({ ctx, params, query }) => getEvent(ctx, params.event_id, query.expand),
  );
  route(
    app,
    'GET',
    '/events/:event_id/ticket_types',
    {
      ...READ,
      operation: 'listTicketTypes',
      summary: 'Ticket types of an event, with prices on this interface',
      params: eventParams,
      query: codeQuery,
      answer: whole('ticket_types', TicketType),
    },
    ({ ctx, params, query }) => listTicketTypes(ctx, params.event_id, query.code),
  );
  route(
    app,
    'GET',
    '/events/:event_id/products',
    {
      ...READ,
      operation: 'listProducts',
      summary: 'What an event sells beside tickets',
      params: eventParams,
      answer: whole('products', Product),
    },
    ({ ctx, params }) => listProducts(ctx, params.event_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/codes/:code',
    {
      ...READ,
      operation: 'getCode',
      summary: 'What a promotion or access code would do',
      params: codeParams,
      answer: one('code', Code),
    },
    ({ ctx, params }) => getCode(ctx, params.event_id, params.code),
  );
  route(
    app,
    'GET',
    '/events/:event_id/gates',
    {
      ...BACK_OFFICE,
      operation: 'listGates',
      summary: 'Gates of an event',
      params: eventParams,
      answer: whole('gates', Gate),
    },
    ({ ctx, params }) => listGates(ctx, params.event_id),
  );
  route(
    app,
    'GET',
    '/events/:event_id/report',
    {
      ...BACK_OFFICE,
      operation: 'getReport',
      summary: 'Sold, held, blocked and free places, and revenue',
      params: eventParams,
      query: reportQuery,
      answer: one('report', Report),
    },
    ({ ctx, params, query }) => getReport(ctx, params.event_id, query.as_of),
  );
  route(
    app,
    'GET',
    '/events/:event_id/report.csv',
    {
      ...BACK_OFFICE,
      operation: 'getReportCsv',
      summary: 'The report as one table',
      params: eventParams,
      query: reportQuery,
      answer: csv('report'),
    },
    ({ ctx, params, query }) => getReportCsv(ctx, params.event_id, query.as_of),
  );
  route(
    app,
    'GET',
    '/events/:event_id/report.svg',
    {
      ...BACK_OFFICE,
      operation: 'drawReport',
      summary: 'The report drawn: sales over time, places by section, revenue by type and interface',
      params: eventParams,
      query: reportQuery,
      answer: file('image/svg+xml; charset=utf-8'),
    },
    ({ ctx, params, query }) => drawReport(ctx, params.event_id, query.as_of),
  );
  route(
    app,
    'GET',
    '/events/:event_id/stock',
    {
      ...BACK_OFFICE,
      operation: 'proveStock',
      summary: 'The stock counted from the rows, beside the counters it is sold by, and where they differ',
      params: eventParams,
      query: stockQuery,
      answer: one('stock', Stock),
    },
    ({ ctx, params, query }) => proveStock(ctx, params.event_id, query.as_of),
  );
}
