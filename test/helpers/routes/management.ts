import type { ApiWorld } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const managed = { scopes: ['admin'], of: 'company' } as const;
const made = { scopes: ['admin'], status: 201 } as const;

let counter = 0;
const next = () => ++counter;

/** The id of something new, made by the administrator. */
async function create(world: ApiWorld, url: string, root: string, body: object): Promise<string | number> {
  const answer = await world.call('POST', url, { who: 'admin', body });
  if (answer.statusCode !== 201) throw new Error(`POST ${url}: ${answer.body}`);
  return answer.json()[root].id;
}

const interfaceBody = () => ({
  ...{
    name: `Partner ${next()}`,
    kind: 'partner',
    currency: 'EUR',
    time_zone: 'Europe/Madrid',
    language: 'es',
  },
  ...{ allowed_origins: ['https://shop.example'], hold_seconds: 300, max_hold_seconds: 900 },
  ...{ payment_seconds: 300, payment_methods: ['card'] },
});
const venueBody = () => ({
  ...{ name: `Hall ${next()}`, time_zone: 'America/Lima', line1: 'Av. Arenales 1', city: 'Lima' },
  ...{ postal_code: '15046', country_id: 46, state_id: 530, latitude: -12.07, longitude: -77.03 },
});
const categoryBody = () => ({ code: `cat-${next()}`, names: { en: 'Jazz', es: 'Yas', pt: 'Jazz' } });
const clientBody = ({ accounts: { interfaces } }: ApiWorld) => ({
  ...{
    interface_ids: [interfaces.web, interfaces.pos],
    default_interface_id: interfaces.web,
    rate_limit: 100,
  },
  ...{ scopes: ['public', 'sell'], name: `Shop ${next()}` },
});

const channel = (w: ApiWorld) => create(w, '/interfaces', 'interface', interfaceBody());
const venue = (w: ApiWorld) => create(w, '/venues', 'venue', venueBody());
const category = (w: ApiWorld) => create(w, '/categories', 'category', categoryBody());
const client = (w: ApiWorld) => create(w, '/clients', 'client', clientBody(w));

const VENUE_NULLS = ['line1', 'city', 'postal_code', 'latitude', 'longitude', 'state_id'].map((f) => `/${f}`);

const DEGREES = { '/latitude': [-1, 0, 1.5], '/longitude': [-1, 0, 1.5] };

/** Interfaces, clients, venues, categories and the audit log, as administrators manage them. */
export const managementRoutes: readonly RouteEntry[] = [
  {
    ...made,
    route: 'POST /interfaces',
    answer: { one: 'interface' },
    example: () => ({ url: '/interfaces', body: interfaceBody() }),
    fine: { '/payment_methods': [[]], '/allowed_origins': [[]] },
  },
  {
    ...managed,
    ...{ route: 'PATCH /interfaces/:interface_id', status: 200, answer: { one: 'interface' }, ifMatch: true },
    fine: { '/payment_methods': [[]], '/allowed_origins': [[]] },
    example: async (w) => {
      const { currency: _, ...body } = interfaceBody();
      return { url: `/interfaces/${await channel(w)}`, body };
    },
  },
  {
    ...managed,
    ...{ route: 'DELETE /interfaces/:interface_id', status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: `/interfaces/${await channel(w)}` }),
  },
  {
    ...made,
    route: 'POST /venues',
    answer: { one: 'venue' },
    nullable: VENUE_NULLS,
    fine: DEGREES,
    example: () => ({ url: '/venues', body: venueBody() }),
  },
  {
    ...managed,
    ...{ route: 'PATCH /venues/:venue_id', status: 200, answer: { one: 'venue' }, ifMatch: true },
    nullable: VENUE_NULLS,
    fine: DEGREES,
    example: async (w) => ({ url: `/venues/${await venue(w)}`, body: venueBody() }),
  },
  {
    ...managed,
    ...{ route: 'DELETE /venues/:venue_id', status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: `/venues/${await venue(w)}` }),
  },
  {
    ...made,
    route: 'POST /categories',
    answer: { one: 'category' },
    example: () => ({ url: '/categories', body: categoryBody() }),
  },
  {
    route: 'GET /categories/:category_id',
    ...{ scopes: ['public'], status: 200, of: 'company', answer: { one: 'category' } },
    example: ({ category_id }) => ({ url: `/categories/${category_id}` }),
  },
  {
    ...managed,
    ...{ route: 'PATCH /categories/:category_id', status: 200, answer: { one: 'category' }, ifMatch: true },
    example: async (w) => ({ url: `/categories/${await category(w)}`, body: categoryBody() }),
  },
  {
    ...managed,
    ...{ route: 'DELETE /categories/:category_id', status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: `/categories/${await category(w)}` }),
  },
  {
    ...{ route: 'GET /clients', scopes: ['admin'], status: 200, answer: { page: 'clients' } },
    example: () => ({ url: '/clients' }),
  },
  {
    ...made,
    route: 'POST /clients',
    answer: { one: 'client' },
    nullable: ['/rate_limit'],
    example: (w) => ({ url: '/clients', body: clientBody(w) }),
  },
  {
    ...managed,
    ...{ route: 'GET /clients/:client_id', status: 200, answer: { one: 'client' } },
    example: async (w) => ({ url: `/clients/${await client(w)}` }),
  },
  {
    ...managed,
    ...{ route: 'PATCH /clients/:client_id', status: 200, answer: { one: 'client' }, ifMatch: true },
    nullable: ['/rate_limit'],
    example: async (w) => ({ url: `/clients/${await client(w)}`, body: clientBody(w) }),
  },
  {
    ...managed,
    ...{ route: 'DELETE /clients/:client_id', status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: `/clients/${await client(w)}` }),
  },
  {
    ...managed,
    ...{ route: 'POST /clients/:client_id/rotate_secret', status: 200, answer: { one: 'client' } },
    fine: { '/overlap_seconds': [0] },
    example: async (w) => ({
      url: `/clients/${await client(w)}/rotate_secret`,
      body: { overlap_seconds: 60 },
    }),
  },
  {
    ...{ route: 'GET /audit_logs', scopes: ['admin'], status: 200, answer: { page: 'audit_logs' } },
    texts: ['action', 'subject_type', 'subject_id', 'client_id', 'request_id'],
    example: async (w) => {
      await venue(w);
      return { url: '/audit_logs' };
    },
  },
];
