import type { ApiWorld } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const managed = { scopes: ['admin'], status: 200, of: 'interface' } as const;
const made = { scopes: ['admin'], status: 201, of: 'interface' } as const;
const gone = { scopes: ['admin'], status: 204, of: 'interface', answer: 'empty', ifMatch: true } as const;

let counter = 0;
const next = () => ++counter;

async function create(world: ApiWorld, url: string, root: string, body: object): Promise<number> {
  const answer = await world.call('POST', url, { who: 'admin', body });
  if (answer.statusCode !== 201) throw new Error(`POST ${url}: ${answer.body}`);
  return answer.json()[root].id;
}

const words = { en: { name: 'Night', description: 'Dark.' }, es: { name: 'Noche' }, pt: { name: 'Noite' } };
const times = () => ({
  ...{ starts_at: '2027-03-01T20:00:00.000Z', ends_at: '2027-03-01T23:00:00Z' },
  ...{ doors_at: '2027-03-01T19:00:00+01:00', sales_start: '2026-12-01T00:00:00Z' },
  ...{ sales_end: '2027-03-01T20:00:00Z', holder_change_until: '2027-02-01T00:00:00Z' },
  ...{ exchange_until: '2027-02-01T00:00:00Z', accessible_until: '2027-02-20T00:00:00Z' },
});
const settings = (w: ApiWorld) => ({
  ...{ description: 'A night.', translations: words, category_id: w.category_id, venue_id: w.venue_id },
  ...{ image_url: 'https://example.com/a.jpg', orphan_rule: true, max_per_cart: 8, rotating_codes: false },
  ...{ map_ids: [w.map_id], slug: `night-${next()}`, currency: 'EUR', time_zone: 'Europe/Madrid' },
});
const assignment = { sales_start: '2026-12-01T00:00:00Z', sales_end: '2027-03-01T00:00:00Z', extra_fee: 100 };
const on = ({ accounts }: ApiWorld) => ({
  interfaces: [{ ...assignment, interface_id: accounts.interfaces.web }],
});
const typeBody = (w: ApiWorld) => ({
  ...{ description: 'Standing.', translations: words, position: 1, fee_fixed: 50, fee_rate: 300 },
  ...{ fee_payer: 'organiser', tax_rate: 2_100, tax_inclusive: false, max_per_cart: 6, capacity: 100 },
  ...{ section_ids: [w.floor], min_per_cart: 1, max_per_user: 6, sales_start: '2026-12-01T00:00:00Z' },
  ...{ sales_end: '2027-03-01T00:00:00Z', access_code_required: false, members_only: false, re_entry: true },
  ...{ max_entries: 2, gate_ids: [w.gate_id], valid_from: '2027-03-01T18:00:00Z' },
  ...{ valid_until: '2027-03-02T04:00:00Z', name: 'Standing', price: 5_000 },
});
const productBody = () => ({
  ...{ description: 'A place for a car.', translations: words, position: 2, fee_fixed: 0, fee_rate: 0 },
  ...{ fee_payer: 'buyer', tax_rate: 2_100, tax_inclusive: true, max_per_cart: 2, capacity: 50 },
  ...{ name: 'Parking', price: 800 },
});
const gateBody = () => ({ zone: 'West', name: `Gate ${next()}` });

const draft = (w: ApiWorld) =>
  create(w, '/events', 'event', { ...on(w), ...settings(w), ...times(), name: 'Night' });
/** An event of which nothing was sold. */
async function published(w: ApiWorld): Promise<number> {
  const id = await draft(w);
  const { gate_ids: _, ...body } = typeBody(w);
  await create(w, `/events/${id}/ticket_types`, 'ticket_type', body);
  await w.call('POST', `/events/${id}/publish`, { who: 'admin' });
  return id;
}
async function paused(w: ApiWorld): Promise<number> {
  const id = await published(w);
  await w.call('POST', `/events/${id}/pause`, { who: 'admin' });
  return id;
}
const thing = async (w: ApiWorld, plural: string, root: string, body: object) =>
  `/events/${w.event_id}/${plural}/${await create(w, `/events/${w.event_id}/${plural}`, root, body)}`;
const type = (w: ApiWorld) => thing(w, 'ticket_types', 'ticket_type', typeBody(w));
const product = (w: ApiWorld) => thing(w, 'products', 'product', productBody());
const gate = (w: ApiWorld) => thing(w, 'gates', 'gate', gateBody());
/** Where the event of the world sells besides: on an interface that no caller uses. */
const elsewhere = async (w: ApiWorld) => {
  const partner = {
    ...{
      name: `Agency ${next()}`,
      kind: 'partner',
      currency: 'EUR',
      time_zone: 'Europe/Madrid',
      language: 'es',
    },
    ...{ allowed_origins: ['*'], hold_seconds: 300, max_hold_seconds: 900, payment_seconds: 300 },
    payment_methods: ['card'],
  };
  const url = `/events/${w.event_id}/interfaces/${await create(w, '/interfaces', 'interface', partner)}`;
  await w.call('PUT', url, { who: 'admin', body: {} });
  return url;
};

const at = (prefix: string, ...fields: string[]) => fields.map((field) => `${prefix}/${field}`);
const TIME_NULLS = Object.keys(times()).filter((field) => field !== 'starts_at');
const SETTING_NULLS = at('', 'description', 'category_id', 'venue_id', 'image_url');
const CHANNEL_NULLS = at('/interfaces/0', 'sales_start', 'sales_end');
const NO_WORDS = { '/translations/en': [{}], '/translations/es': [{}], '/translations/pt': [{}] };
const EMPTY = [[]];
const typeNulls = (prefix = '') =>
  at(
    prefix,
    ...['description', 'capacity', 'max_per_user', 'sales_start', 'sales_end', 'valid_from', 'valid_until'],
  );
const typeFine = { '/section_ids': EMPTY, '/gate_ids': EMPTY, '/capacity': [0], '/position': [0] };
const zeros = (prefix: string, ...fields: string[]) =>
  Object.fromEntries(at(prefix, ...fields).map((pointer) => [pointer, [0]]));
const ZERO_FIELDS = ['position', 'fee_fixed', 'fee_rate', 'tax_rate', 'capacity', 'price'];

/** Events and what hangs on them, as organisers manage them. */
export const eventRoutes: readonly RouteEntry[] = [
  {
    route: 'POST /events',
    ...{ scopes: ['admin'], status: 201, answer: { one: 'event' } },
    nullable: [...SETTING_NULLS, ...CHANNEL_NULLS, ...at('', ...TIME_NULLS)],
    fine: { ...zeros('/interfaces/0', 'extra_fee'), '/map_ids': EMPTY },
    example: (w) => ({ url: '/events', body: { ...on(w), ...settings(w), ...times(), name: 'Night' } }),
  },
  {
    route: 'POST /events/series',
    ...{ scopes: ['admin'], status: 201, answer: { created: 'events' } },
    nullable: [...SETTING_NULLS, ...CHANNEL_NULLS, ...at('/dates/0', ...TIME_NULLS)],
    fine: { ...zeros('/interfaces/0', 'extra_fee'), '/map_ids': EMPTY },
    example: (w) => ({
      url: '/events/series',
      body: { ...on(w), ...settings(w), dates: [times()], series_name: 'Nights', name: 'Night' },
    }),
  },
  {
    ...managed,
    ...{ route: 'PATCH /events/:event_id', answer: { one: 'event' }, ifMatch: true },
    nullable: [...SETTING_NULLS, ...at('', ...TIME_NULLS)],
    fine: { '/map_ids': EMPTY },
    example: async (w) => ({
      url: `/events/${await draft(w)}`,
      body: { ...settings(w), ...times(), name: 'Night' },
    }),
  },
  {
    ...gone,
    route: 'DELETE /events/:event_id',
    example: async (w) => ({ url: `/events/${await draft(w)}` }),
  },
  {
    ...managed,
    ...{ route: 'POST /events/:event_id/publish', answer: { one: 'event' }, bodyless: true },
    example: async (w) => {
      const id = await draft(w);
      const { gate_ids: _, ...body } = typeBody(w);
      await create(w, `/events/${id}/ticket_types`, 'ticket_type', body);
      return { url: `/events/${id}/publish` };
    },
  },
  {
    ...managed,
    ...{ route: 'POST /events/:event_id/pause', answer: { one: 'event' }, bodyless: true },
    example: async (w) => ({ url: `/events/${await published(w)}/pause` }),
  },
  {
    ...managed,
    ...{ route: 'POST /events/:event_id/resume', answer: { one: 'event' }, bodyless: true },
    example: async (w) => ({ url: `/events/${await paused(w)}/resume` }),
  },
  {
    ...managed,
    ...{ route: 'POST /events/:event_id/cancel', status: 202, answer: { one: 'job' } },
    example: async (w) => ({ url: `/events/${await published(w)}/cancel`, body: { reason: 'Storm' } }),
  },
  {
    ...made,
    ...{ route: 'POST /events/:event_id/duplicate', answer: { one: 'event' } },
    example: (w) => ({
      url: `/events/${w.event_id}/duplicate`,
      body: { starts_at: '2027-04-01T20:00:00Z', slug: `copy-${next()}`, name: 'Night' },
    }),
  },
  {
    ...managed,
    ...{ route: 'GET /events/:event_id/interfaces', answer: { whole: 'event_interfaces' } },
    example: ({ event_id }) => ({ url: `/events/${event_id}/interfaces` }),
  },
  {
    ...managed,
    ...{ route: 'GET /events/:event_id/interfaces/:interface_id', answer: { one: 'event_interface' } },
    example: async (w) => ({ url: await elsewhere(w) }),
  },
  {
    ...managed,
    ...{ route: 'PUT /events/:event_id/interfaces/:interface_id', answer: { one: 'event_interface' } },
    ifMatch: true,
    nullable: ['/sales_start', '/sales_end'],
    fine: zeros('', 'extra_fee'),
    example: async (w) => ({ url: await elsewhere(w), body: assignment }),
  },
  {
    ...gone,
    route: 'DELETE /events/:event_id/interfaces/:interface_id',
    example: async (w) => ({ url: await elsewhere(w) }),
  },
  {
    ...made,
    ...{ route: 'POST /events/:event_id/ticket_types', answer: { one: 'ticket_type' } },
    nullable: typeNulls(),
    fine: { ...typeFine, ...zeros('', ...ZERO_FIELDS), ...NO_WORDS },
    example: (w) => ({ url: `/events/${w.event_id}/ticket_types`, body: typeBody(w) }),
  },
  {
    ...made,
    ...{ route: 'POST /events/:event_id/ticket_types/bulk', answer: { created: 'results' } },
    nullable: typeNulls('/ticket_types/0'),
    fine: {
      ...{ '/ticket_types/0/section_ids': EMPTY, '/ticket_types/0/gate_ids': EMPTY },
      ...zeros('/ticket_types/0', ...ZERO_FIELDS),
    },
    example: (w) => ({
      url: `/events/${w.event_id}/ticket_types/bulk`,
      body: { mode: 'atomic', ticket_types: [typeBody(w)] },
    }),
  },
  {
    ...managed,
    ...{ route: 'GET /events/:event_id/ticket_types/:ticket_type_id', answer: { one: 'ticket_type' } },
    example: async (w) => ({ url: await type(w) }),
  },
  {
    ...managed,
    ...{ route: 'PATCH /events/:event_id/ticket_types/:ticket_type_id', answer: { one: 'ticket_type' } },
    ifMatch: true,
    nullable: typeNulls(),
    fine: { ...typeFine, ...zeros('', ...ZERO_FIELDS), ...NO_WORDS },
    example: async (w) => ({ url: await type(w), body: typeBody(w) }),
  },
  {
    ...gone,
    route: 'DELETE /events/:event_id/ticket_types/:ticket_type_id',
    example: async (w) => ({ url: await type(w) }),
  },
  {
    ...made,
    ...{ route: 'POST /events/:event_id/products', answer: { one: 'product' } },
    nullable: ['/description', '/capacity'],
    fine: zeros('', ...ZERO_FIELDS),
    example: (w) => ({ url: `/events/${w.event_id}/products`, body: productBody() }),
  },
  {
    ...made,
    ...{ route: 'POST /events/:event_id/products/bulk', answer: { created: 'results' } },
    nullable: at('/products/0', 'description', 'capacity'),
    fine: zeros('/products/0', ...ZERO_FIELDS),
    example: (w) => ({
      url: `/events/${w.event_id}/products/bulk`,
      body: { mode: 'atomic', products: [productBody()] },
    }),
  },
  {
    ...managed,
    ...{ route: 'GET /events/:event_id/products/:product_id', answer: { one: 'product' } },
    example: async (w) => ({ url: await product(w) }),
  },
  {
    ...managed,
    ...{ route: 'PATCH /events/:event_id/products/:product_id', answer: { one: 'product' }, ifMatch: true },
    nullable: ['/description', '/capacity'],
    fine: zeros('', ...ZERO_FIELDS),
    example: async (w) => ({ url: await product(w), body: productBody() }),
  },
  {
    ...gone,
    route: 'DELETE /events/:event_id/products/:product_id',
    example: async (w) => ({ url: await product(w) }),
  },
  {
    ...made,
    ...{ route: 'POST /events/:event_id/gates', answer: { one: 'gate' } },
    nullable: ['/zone'],
    example: (w) => ({ url: `/events/${w.event_id}/gates`, body: gateBody() }),
  },
  {
    ...made,
    ...{ route: 'POST /events/:event_id/gates/bulk', answer: { created: 'results' } },
    nullable: ['/gates/0/zone'],
    example: (w) => ({
      url: `/events/${w.event_id}/gates/bulk`,
      body: { mode: 'atomic', gates: [gateBody()] },
    }),
  },
  {
    ...managed,
    ...{ route: 'GET /events/:event_id/gates/:gate_id', answer: { one: 'gate' } },
    example: async (w) => ({ url: await gate(w) }),
  },
  {
    ...managed,
    ...{ route: 'PATCH /events/:event_id/gates/:gate_id', answer: { one: 'gate' }, ifMatch: true },
    nullable: ['/zone'],
    example: async (w) => ({ url: await gate(w), body: gateBody() }),
  },
  {
    ...gone,
    route: 'DELETE /events/:event_id/gates/:gate_id',
    example: async (w) => ({ url: await gate(w) }),
  },
];
