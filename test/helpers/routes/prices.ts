import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const admin = { scopes: ['admin'], of: 'interface' } as const;
const staff = { scopes: ['sell', 'admin'], of: 'interface' } as const;

let counter = 0;

async function made(world: ApiWorld, url: string, root: string, body: object): Promise<string> {
  const answer = await world.call('POST', `/events/${world.event_id}${url}`, { who: 'admin', body });
  if (answer.statusCode !== 201) throw new Error(`POST ${url}: ${answer.body}`);
  return `/events/${world.event_id}${url}/${answer.json()[root].id}`;
}

const codeBody = ({ standing }: ApiWorld) => ({
  ...{ code: `SPRING${++counter}`, label: 'spring', kind: 'percentage', value: 1_000 },
  ...{ ticket_type_ids: [standing], max_uses: 100, max_uses_per_user: 2, stackable: true, active: true },
  ...{ starts_at: '2026-01-01T00:00:00.000Z', ends_at: '2036-01-01T00:00:00.000Z' },
});
const patched = ({ standing }: ApiWorld) => ({
  ...{ value: 500, ticket_type_ids: [standing], max_uses: 50, max_uses_per_user: 1, stackable: false },
  ...{
    active: true,
    starts_at: '2026-01-01T00:00:00.000Z',
    ends_at: '2036-01-01T00:00:00.000Z',
    label: 'may',
  },
});
const EVERY = { '/ticket_type_ids': [[]] };
const OPEN = ['/label', '/max_uses', '/max_uses_per_user', '/starts_at', '/ends_at'];
const code = (w: ApiWorld) => made(w, '/codes', 'code', codeBody(w));

const blockBody = ({ floor }: ApiWorld) => ({
  ...{ kind: 'hold', section_id: floor, quantity: 1, note: 'Guests', release_at: '2036-01-01T00:00:00.000Z' },
  name: 'The band',
});
const block = (w: ApiWorld) => made(w, '/blocks', 'block', blockBody(w));
const FREE = ['/note', '/release_at', '/interface_id', '/code_id', '/parent_id'];

/** Codes, blocks and what makes prices of an event, as its organiser manages them. */
export const priceRoutes: readonly RouteEntry[] = [
  {
    ...admin,
    route: 'POST /events/:event_id/codes',
    ...{ status: 201, answer: { one: 'code' }, nullable: OPEN, fine: EVERY },
    example: (w) => ({ url: `/events/${w.event_id}/codes`, body: codeBody(w) }),
  },
  {
    ...admin,
    route: 'POST /events/:event_id/codes/bulk',
    ...{ status: 201, answer: { created: 'results' } },
    ...{ nullable: OPEN.map((field) => `/codes/0${field}`), fine: { '/codes/0/ticket_type_ids': [[]] } },
    example: (w) => ({
      url: `/events/${w.event_id}/codes/bulk`,
      body: { mode: 'atomic', codes: [codeBody(w)] },
    }),
  },
  {
    ...admin,
    route: 'POST /events/:event_id/codes/batches',
    ...{ status: 202, answer: { one: 'job' }, nullable: OPEN, fine: EVERY },
    example: (w) => {
      const { code: _, ...terms } = codeBody(w);
      return {
        url: `/events/${w.event_id}/codes/batches`,
        body: { count: 20, pattern: 'SPRING-########', ...terms },
      };
    },
  },
  {
    ...staff,
    route: 'GET /events/:event_id/codes',
    ...{ status: 200, answer: { page: 'codes' }, texts: ['q', 'label'] },
    example: (w) => ({ url: `/events/${w.event_id}/codes` }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/codes.csv',
    ...{ status: 200, answer: 'file', texts: ['q', 'label'] },
    example: (w) => ({ url: `/events/${w.event_id}/codes.csv` }),
  },
  {
    ...admin,
    route: 'PATCH /events/:event_id/codes/:code',
    ...{ status: 200, answer: { one: 'code' }, ifMatch: true, nullable: OPEN, fine: EVERY },
    example: async (w) => ({ url: await code(w), body: patched(w) }),
  },
  {
    ...admin,
    route: 'DELETE /events/:event_id/codes/:code',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: await code(w) }),
  },
  {
    ...staff,
    route: 'POST /events/:event_id/blocks',
    ...{ status: 201, answer: { one: 'block' }, nullable: FREE },
    example: (w) => ({ url: `/events/${w.event_id}/blocks`, body: blockBody(w) }),
  },
  {
    ...staff,
    route: 'POST /events/:event_id/blocks/bulk',
    ...{ status: 201, answer: { created: 'results' } },
    nullable: FREE.map((field) => `/blocks/0${field}`),
    example: (w) => ({
      url: `/events/${w.event_id}/blocks/bulk`,
      body: { mode: 'atomic', blocks: [blockBody(w)] },
    }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/blocks',
    ...{ status: 200, answer: { page: 'blocks' } },
    example: async (w: ApiWorld, _who: Who) => {
      await block(w);
      return { url: `/events/${w.event_id}/blocks` };
    },
  },
  {
    ...staff,
    route: 'GET /events/:event_id/blocks/:block_id',
    ...{ status: 200, answer: { one: 'block' } },
    example: async (w) => ({ url: await block(w) }),
  },
  {
    ...staff,
    route: 'PATCH /events/:event_id/blocks/:block_id',
    ...{ status: 200, answer: { one: 'block' }, ifMatch: true, nullable: ['/note', '/release_at'] },
    example: async (w) => ({
      url: await block(w),
      body: { note: 'Two less', quantity: 2, release_at: '2036-02-01T00:00:00.000Z', name: 'The choir' },
    }),
  },
  {
    ...staff,
    route: 'DELETE /events/:event_id/blocks/:block_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: await block(w) }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/pricing',
    ...{ status: 200, answer: { one: 'pricing' } },
    example: (w) => ({ url: `/events/${w.event_id}/pricing` }),
  },
  {
    ...admin,
    route: 'PUT /events/:event_id/pricing',
    ...{ status: 200, answer: { one: 'pricing' }, ifMatch: true },
    fine: {
      ...{ '/price_phases': [[]], '/quantity_rules': [[]] },
      '/quantity_rules/0/definition/ticket_type_ids': [[]],
      ...{ '/price_phases/0/price': [0], '/quantity_rules/0/definition/pay': [0] },
    },
    nullable: ['/price_phases/0/starts_at', '/price_phases/0/ends_at', '/price_phases/0/until_sold'],
    example: (w) => ({
      url: `/events/${w.event_id}/pricing`,
      body: {
        price_phases: [
          {
            ...{ ticket_type_id: w.standing, name: 'Ana', price: 4_000, until_sold: 100 },
            ...{ starts_at: '2026-01-01T00:00:00.000Z', ends_at: '2036-01-01T00:00:00.000Z' },
          },
        ],
        quantity_rules: [
          {
            name: '10 for 9',
            definition: { kind: 'multi_buy', ticket_type_ids: [w.standing], take: 10, pay: 9 },
          },
        ],
      },
    }),
  },
];
