import type { Item } from './item.ts';
import { queues } from './queues.ts';

const EVENT = '/events/{{new_event_id}}';
const one = (
  operation: string,
  method: Item['method'],
  path: string,
  root: string,
  more: Partial<Item>,
): Item => ({
  ...{ operation, method, path, status: 200, root, ...more },
});
const thing = (plural: string, root: string, Name: string, body: object, change: object): Item[] => [
  one(`create${Name}`, 'POST', `${EVENT}/${plural}`, root, {
    ...{ body, status: 201, set: { [`new_${root}_id`]: `json.${root}.id` } },
  }),
  one(`get${Name}`, 'GET', `${EVENT}/${plural}/{{new_${root}_id}}`, root, {}),
  one(`update${Name}`, 'PATCH', `${EVENT}/${plural}/{{new_${root}_id}}`, root, { body: change }),
  one(`create${Name}s`, 'POST', `${EVENT}/${plural}/bulk`, 'results', {
    name: `Many ${plural.replace('_', ' ')}: good rows are kept, faulty ones told`,
    body: { mode: 'each', [plural]: [{ ...body, name: 'Another' }, { name: '' }] },
    set: { [`spare_${root}_id`]: `json.results[0].${root}.id` },
    test: { 'keeps the good row alone': "json.results.map((r) => r.status).join() === 'ok,error'" },
  }),
  {
    ...{ operation: `delete${Name}`, method: 'DELETE', status: 204 },
    path: `${EVENT}/${plural}/{{spare_${root}_id}}`,
  },
];

/** The life of an event: draft, what hangs on it, published, paused, resumed, sold, called off. */
export const eventManagement: Item[] = [
  {
    operation: 'listMaps',
    name: 'A map to sell on',
    method: 'GET',
    path: '/events/{{event_id}}/maps',
    status: 200,
    root: 'maps',
    set: { new_event_map_id: 'json.maps[0].id', new_event_section_id: 'json.maps[0].sections[0].id' },
  },
  one('createEvent', 'POST', '/events', 'event', {
    body: {
      ...{ name: 'Winter gala', starts_at: '2031-02-01T20:00:00-05:00', time_zone: 'America/Lima' },
      ...{ doors_at: '2031-02-01T19:00:00-05:00', map_ids: ['{{new_event_map_id}}'] },
      translations: { es: { name: 'Gala de invierno' }, pt: { name: 'Gala de inverno' } },
    },
    ...{ status: 201, set: { new_event_id: 'json.event.id' } },
    test: { 'is a draft': "json.event.status === 'draft'" },
  }),
  one('createSeries', 'POST', '/events/series', 'events', {
    body: {
      name: 'Matinee',
      dates: [{ starts_at: '2031-02-08T16:00:00Z' }, { starts_at: '2031-02-15T16:00:00Z' }],
    },
    ...{ status: 201, set: { spare_event_id: 'json.events[0].id' } },
    test: { 'is one event a date': 'json.events.length === 2 && json.events[0].series_id !== null' },
  }),
  { operation: 'deleteEvent', method: 'DELETE', path: '/events/{{spare_event_id}}', status: 204 },
  one('updateEvent', 'PATCH', EVENT, 'event', {
    body: { description: 'Evening dress.' },
    test: { 'has the change': "json.event.description === 'Evening dress.'" },
  }),
  ...thing('gates', 'gate', 'Gate', { name: 'North' }, { zone: 'A' }),
  ...thing(
    'ticket_types',
    'ticket_type',
    'TicketType',
    {
      name: 'Standard',
      price: 6_000,
      fee_rate: 500,
      tax_rate: 1_800,
      section_ids: ['{{new_event_section_id}}'],
    },
    { max_per_cart: 6 },
  ),
  ...thing(
    'products',
    'product',
    'Product',
    { name: 'Parking', price: 1_500, capacity: 40 },
    { capacity: 50 },
  ),
  one('listEventInterfaces', 'GET', `${EVENT}/interfaces`, 'event_interfaces', {
    set: { new_event_interface_id: 'json.event_interfaces[0].interface_id' },
  }),
  one('getEventInterface', 'GET', `${EVENT}/interfaces/{{new_event_interface_id}}`, 'event_interface', {}),
  one('putEventInterface', 'PUT', `${EVENT}/interfaces/{{new_event_interface_id}}`, 'event_interface', {
    body: { extra_fee: 100 },
  }),
  {
    operation: 'removeEventInterface',
    name: 'The last interface of an event stays: 409',
    method: 'DELETE',
    path: `${EVENT}/interfaces/{{new_event_interface_id}}`,
    status: 409,
    test: { 'says conflict': "json.code === 'conflict'" },
  },
  one('publishEvent', 'POST', `${EVENT}/publish`, 'event', {
    test: { 'is published': "json.event.status === 'published'" },
  }),
  one('pauseEvent', 'POST', `${EVENT}/pause`, 'event', {
    test: { 'is paused': "json.event.sales_status === 'paused'" },
  }),
  one('resumeEvent', 'POST', `${EVENT}/resume`, 'event', {
    test: { 'sells again': "json.event.sales_status === 'on_sale'" },
  }),
  ...queues,
  one('duplicateEvent', 'POST', `${EVENT}/duplicate`, 'event', {
    ...{ body: { starts_at: '2031-02-22T20:00:00-05:00' }, status: 201 },
    test: { 'is a draft of its own': "json.event.status === 'draft'" },
  }),
  one('cancelEvent', 'POST', `${EVENT}/cancel`, 'job', {
    ...{ body: { reason: 'Storm' }, status: 202, set: { cancel_job_id: 'json.job.id' } },
  }),
  one('getJob', 'GET', '/jobs/{{cancel_job_id}}?wait=20', 'job', {
    name: 'The job that refunds and voids what was sold',
    test: { 'has succeeded': "json.job.status === 'succeeded'" },
  }),
];
