import type { ApiWorld } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const giving = { scopes: ['admin'], status: 200, of: 'interface' } as const;

const plan = (w: ApiWorld) => ({ event_id: w.event_id, ticket_type_id: w.standing });

/** A new courtesy; one that waits for an approval. */
async function courtesy(w: ApiWorld, approval = false): Promise<string> {
  const body = { ...plan(w), guests: [{ first_name: 'Eva' }], approval };
  const answer = await w.call('POST', '/courtesies', { who: 'admin', body });
  return answer.json().courtesies[0].id;
}

/** A new host of the event. */
let hosts = 0;
async function host(w: ApiWorld): Promise<string> {
  const body = { host: `Host-${++hosts}`, quota: 5, approval: false };
  await w.call('POST', `/events/${w.event_id}/hosts`, { who: 'admin', body });
  return `/events/${w.event_id}/hosts/${body.host}`;
}

/** Free tickets and their hosts. */
export const courtesyRoutes: readonly RouteEntry[] = [
  {
    route: 'POST /courtesies',
    ...{ scopes: ['admin'], status: 201, answer: { created: 'courtesies' }, texts: ['host', 'note'] },
    bodyLimit: 4_194_304,
    example: async (w) => {
      const name = (await host(w)).split('/').at(-1);
      const guest = { first_name: 'Eva', last_name: 'Roe', email: 'eva@mail.com', document_number: '9' };
      return {
        url: '/courtesies',
        body: {
          ...{ ...plan(w), section_id: w.floor, guests: [guest], host: name, approval: false, mode: 'each' },
          ...{ expires_at: new Date(Date.now() + 3_600_000).toISOString(), mail: false, note: 'Press' },
        },
      };
    },
  },
  {
    route: 'GET /courtesies',
    ...{ scopes: ['admin'], status: 200, answer: { page: 'courtesies' } },
    texts: ['q', 'host'],
    example: async (w) => {
      await courtesy(w);
      return { url: '/courtesies' };
    },
  },
  {
    ...giving,
    route: 'GET /courtesies/:courtesy_id',
    answer: { one: 'courtesy' },
    example: async (w) => ({ url: `/courtesies/${await courtesy(w)}` }),
  },
  {
    ...giving,
    route: 'POST /courtesies/:courtesy_id/approve',
    answer: { one: 'courtesy' },
    example: async (w) => ({ url: `/courtesies/${await courtesy(w, true)}/approve` }),
  },
  {
    ...giving,
    route: 'POST /courtesies/:courtesy_id/reject',
    answer: { one: 'courtesy' },
    example: async (w) => ({
      url: `/courtesies/${await courtesy(w, true)}/reject`,
      body: { reason: 'No room' },
    }),
  },
  {
    ...giving,
    route: 'DELETE /courtesies/:courtesy_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: `/courtesies/${await courtesy(w)}` }),
  },
  {
    ...giving,
    route: 'GET /events/:event_id/courtesies/report',
    answer: { one: 'report' },
    example: ({ event_id }) => ({ url: `/events/${event_id}/courtesies/report` }),
  },
  {
    ...giving,
    route: 'GET /events/:event_id/hosts',
    answer: { whole: 'hosts' },
    example: async (w) => {
      await host(w);
      return { url: `/events/${w.event_id}/hosts` };
    },
  },
  {
    ...giving,
    route: 'POST /events/:event_id/hosts',
    ...{ status: 201, answer: { one: 'host' } },
    fine: { '/quota': [0] },
    example: ({ event_id }) => ({
      url: `/events/${event_id}/hosts`,
      body: { host: `Host-${++hosts}`, quota: 5, approval: true },
    }),
  },
  {
    ...giving,
    route: 'GET /events/:event_id/hosts/:host',
    answer: { one: 'host' },
    example: async (w) => ({ url: await host(w) }),
  },
  {
    ...giving,
    route: 'PUT /events/:event_id/hosts/:host',
    ...{ answer: { one: 'host' }, ifMatch: true },
    fine: { '/quota': [0] },
    example: async (w) => ({ url: await host(w), body: { quota: 7, approval: true } }),
  },
  {
    ...giving,
    route: 'DELETE /events/:event_id/hosts/:host',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: await host(w) }),
  },
];
