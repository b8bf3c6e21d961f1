import { runJobs } from '../../../src/jobs/worker.ts';
import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const staff = { scopes: ['sell', 'admin'], status: 200, of: 'interface' } as const;

/** A finished export of `who`. */
async function made(world: ApiWorld, who: Who): Promise<string> {
  const body = { resource: 'codes', format: 'csv' };
  const { job } = (await world.call('POST', '/exports', { who, body })).json();
  await runJobs(world.system);
  return (await world.call('GET', `/jobs/${job.id}/result`, { who })).json().export.id;
}

/** Exports, sales and attendees. */
export const exportRoutes: readonly RouteEntry[] = [
  {
    route: 'POST /exports',
    ...{ scopes: ['sell', 'admin'], status: 202, answer: { one: 'job' } },
    example: ({ event_id, accounts }) => ({
      url: '/exports',
      body: {
        ...{ resource: 'sales', format: 'csv' },
        filters: {
          ...{ event_id, interface_id: accounts.interfaces.web, status: ['paid'] },
          ...{ from: '2026-01-01T00:00:00.000Z', to: '2030-01-01T00:00:00.000Z' },
        },
      },
    }),
  },
  {
    ...staff,
    route: 'GET /exports/:export_id',
    answer: { one: 'export' },
    example: async (world, who) => ({ url: `/exports/${await made(world, who)}` }),
  },
  {
    ...staff,
    route: 'GET /exports/:export_id/file',
    answer: 'file',
    example: async (world, who) => ({ url: `/exports/${await made(world, who)}/file` }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/sales',
    answer: { page: 'sales' },
    example: async (world) => {
      await world.paid('seller');
      return { url: `/events/${world.event_id}/sales` };
    },
  },
  {
    ...staff,
    route: 'GET /events/:event_id/sales.csv',
    answer: 'file',
    example: ({ event_id }) => ({ url: `/events/${event_id}/sales.csv` }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/tickets.csv',
    answer: 'file',
    example: ({ event_id }) => ({ url: `/events/${event_id}/tickets.csv` }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/report.csv',
    answer: 'file',
    example: ({ event_id }) => ({ url: `/events/${event_id}/report.csv` }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/report.svg',
    answer: 'file',
    example: ({ event_id }) => ({ url: `/events/${event_id}/report.svg` }),
  },
];
