import { uuidv7 } from '../../../src/uuid.ts';
import type { RouteEntry } from '../route-table.ts';

const door = { scopes: ['admin'], status: 200, of: 'interface' } as const;

/** Scans of groups and of devices without a connection. */
export const offlineRoutes: readonly RouteEntry[] = [
  {
    route: 'POST /validations/group',
    ...{ scopes: ['admin'], status: 201, answer: { created: 'validations' } },
    fine: { '/qr_codes/0': [' '], '/force': [true] },
    example: async (w) => ({
      url: '/validations/group',
      body: {
        ...{ qr_codes: [await w.code()], event_id: w.event_id, gate_id: w.gate_id, direction: 'entry' },
        ...{ scanned_at: new Date().toISOString(), people: 1, force: { reason: 'Known faces' } },
      },
    }),
  },
  {
    route: 'POST /validations/batch',
    ...{ scopes: ['admin'], status: 201, answer: { created: 'validations' } },
    fine: { '/scans/0/qr_code': [' '], '/scans/0/force': [true] },
    example: async (w) => ({
      url: '/validations/batch',
      body: {
        device_id: 'tablet-1',
        sent_at: new Date().toISOString(),
        scans: [
          {
            ...{ qr_code: await w.code(), event_id: w.event_id, gate_id: w.gate_id, direction: 'entry' },
            ...{ scanned_at: new Date().toISOString(), nonce: uuidv7(), result: 'accepted' },
            ...{ reason: 'already_used', force: { reason: 'Known face' } },
          },
        ],
      },
    }),
  },
  {
    ...door,
    route: 'GET /events/:event_id/manifest',
    answer: { one: 'manifest' },
    example: ({ event_id }) => ({ url: `/events/${event_id}/manifest` }),
  },
  {
    ...door,
    route: 'GET /events/:event_id/validations/conflicts',
    answer: { page: 'conflicts' },
    texts: ['device_id'],
    example: async (w) => {
      const at = new Date().toISOString();
      const stranger = { qr_code: 'none', event_id: w.event_id, scanned_at: at, nonce: uuidv7() };
      const body = { device_id: 'tablet-1', sent_at: at, scans: [stranger] };
      await w.call('POST', '/validations/batch', { who: 'admin', body });
      return { url: `/events/${w.event_id}/validations/conflicts` };
    },
  },
  {
    ...door,
    route: 'GET /events/:event_id/attendees',
    answer: { page: 'attendees' },
    texts: ['q'],
    example: ({ event_id }) => ({ url: `/events/${event_id}/attendees` }),
  },
  {
    ...door,
    route: 'GET /events/:event_id/validations/summary.svg',
    answer: 'file',
    example: ({ event_id }) => ({ url: `/events/${event_id}/validations/summary.svg` }),
  },
  {
    ...door,
    route: 'GET /events/:event_id/validations/stream',
    answer: 'file',
    example: ({ event_id }) => ({ url: `/events/${event_id}/validations/stream?seconds=1` }),
  },
];
