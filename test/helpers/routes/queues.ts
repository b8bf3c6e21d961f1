import { insertRow } from '../../../prisma/seed/rows.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import type { ApiWorld, Who } from '../api-world.ts';
import { makeEvent, standingSection } from '../catalogue.ts';
import type { RouteEntry } from '../route-table.ts';

const admin = { scopes: ['admin'], of: 'interface' } as const;
const place = { scopes: ['buy', 'sell'], of: 'interface', own: true } as const;

/** A new event of the web behind a gate at which nobody is let in. */
export async function gatedEvent(w: ApiWorld, settings: Record<string, unknown> = {}): Promise<string> {
  const { company_id, interfaces } = w.accounts;
  const past = new Date(Date.now() - 60_000);
  const event_id = await inTransaction(w.system.db, async (tx) => {
    const on = { company_id, interface_id: interfaces.web };
    const made = await makeEvent(tx, on, [standingSection('Hall', 10)], { name: 'On sale' });
    const gate = { opens_at: past, starts_at: past, inflow: 0, seed: 'a1', ...settings };
    await insertRow(tx, 'queue', { company_id, event_id: made.event_id, ...gate });
    return made.event_id;
  });
  return `/events/${event_id}/queue`;
}

/** A place of the caller's, or of a visitor for those who do not queue. */
async function joined(w: ApiWorld, who: Who): Promise<string> {
  const queue = await gatedEvent(w);
  const answer = await w.call('POST', queue, { who: who === 'seller' ? 'buyer' : who, body: {} });
  if (answer.statusCode !== 201) throw new Error(`POST ${queue}: ${answer.body}`);
  return `${queue}/${answer.json().place.id}`;
}

/** The gates of events and who waits there. */
export const queueRoutes: readonly RouteEntry[] = [
  {
    route: 'GET /events/:event_id/queue',
    ...{ scopes: ['public'], status: 200, of: 'interface', answer: { one: 'queue' } },
    example: async (w) => ({ url: await gatedEvent(w) }),
  },
  {
    route: 'POST /events/:event_id/queue',
    ...{ scopes: ['buy'], status: 201, of: 'interface', answer: { one: 'place' } },
    example: async (w) => ({ url: await gatedEvent(w), body: { visitor: 'session 1' } }),
  },
  {
    ...place,
    route: 'GET /events/:event_id/queue/:place_id',
    ...{ status: 200, answer: { one: 'place' } },
    example: async (w, who) => ({ url: await joined(w, who) }),
  },
  {
    ...place,
    route: 'DELETE /events/:event_id/queue/:place_id',
    ...{ status: 204, answer: 'empty' },
    example: async (w, who) => ({ url: await joined(w, who) }),
  },
  {
    ...admin,
    route: 'GET /events/:event_id/queue/settings',
    ...{ status: 200, answer: { one: 'queue' } },
    example: async (w) => ({ url: `${await gatedEvent(w)}/settings` }),
  },
  {
    ...admin,
    route: 'PUT /events/:event_id/queue/settings',
    ...{ status: 200, answer: { one: 'queue' }, ifMatch: true },
    ...{
      nullable: ['/max_inside', '/interfaces/0/max_inside'],
      fine: { '/interfaces': [[]], '/paused': [true, false], '/inflow': [0], '/interfaces/0/inflow': [0] },
    },
    example: async (w) => ({
      url: `${await gatedEvent(w)}/settings`,
      body: {
        ...{ opens_at: '2036-05-01T08:00:00.000Z', starts_at: '2036-05-01T10:00:00.000Z', inflow: 100 },
        ...{ max_inside: 500, pass_seconds: 900, paused: false },
        interfaces: [{ interface_id: w.accounts.interfaces.web, inflow: 50, max_inside: 200 }],
      },
    }),
  },
  {
    ...admin,
    route: 'DELETE /events/:event_id/queue/settings',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: `${await gatedEvent(w)}/settings` }),
  },
  {
    ...admin,
    scopes: ['sell', 'admin'],
    route: 'GET /events/:event_id/queue/summary',
    ...{ status: 200, answer: { one: 'queue' } },
    example: async (w) => ({ url: `${await gatedEvent(w)}/summary` }),
  },
];
