import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, fromNow, type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;
let get: ReadingWorld['get'];

beforeAll(async () => {
  world = await readingWorld();
  get = world.get;
});
afterAll(() => world.close());

const ids = (answer: { body: { events: { id: number }[] } }) => answer.body.events.map(({ id }) => id);
const event = (
  name: 'opera' | 'scheduled' | 'paused' | 'cancelled' | 'over' | 'draft' | 'elsewhere' | 'foreign',
) => world[name].event_id;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

const opera = () => ({
  id: event('opera'),
  name: 'Ópera de Cámara',
  slug: `event-${world.opera.map_id}`,
  description: 'An evening',
  status: 'published',
  sales_status: 'on_sale',
  availability: 'high',
  starts_at: instant,
  ends_at: null,
  doors_at: null,
  time_zone: 'Europe/Madrid',
  seating: 'mixed',
  currency: 'EUR',
  price_range: { min: 3_300, max: 8_525 },
  sales_start: null,
  sales_end: null,
  max_per_cart: 12,
  category_id: world.category_id,
  venue_id: world.venue_id,
  series_id: null,
  image_url: null,
  created_at: instant,
  updated_at: instant,
});

describe('GET /events', () => {
  test('lists what sells on the interface, first date first, in pages', async () => {
    const all = await get('/events');
    expect(ids(all)).toEqual(
      ['over', 'opera', 'scheduled', 'paused', 'cancelled'].map((n) => event(n as 'over')),
    );
    expect(all.body.events[1]).toEqual(opera());
    expect(all.headers).toMatchObject({ 'x-page': '1', 'x-per-page': '10', 'x-total': '5' });

    const second = await get('/events?per_page=2&page=2');
    expect(ids(second)).toEqual(ids(all).slice(2, 4));
    expect(second.headers).toMatchObject({ 'x-page': '2', 'x-per-page': '2', 'x-total': '5' });
    expect(second.headers.link).toMatch(
      /page=1.*rel="first".*page=1.*rel="prev".*page=3.*rel="next".*page=3.*rel="last"/,
    );
    const beyond = await get('/events?page=4');
    expect([beyond.body, beyond.headers['x-total']]).toEqual([{ events: [] }, '5']);
    expect((await get('/events?per_page=500')).headers['x-per-page']).toBe('100');
  });

  test('another interface sees its own', async () => {
    expect(ids(await get('/events', 'pos'))).toEqual([event('elsewhere')]);
  });

  test.each([
    ['opera camara', ['opera']],
    ['CÓRDOBA  Ópera', ['opera']],
    ['nandu', ['scheduled']],
    ['100%', ['scheduled']],
    ['e_t', []],
    ['opera festival', []],
  ])('q=%s', async (q, found) => {
    expect(ids(await get(`/events?q=${encodeURIComponent(q)}`))).toEqual(
      found.map((n) => event(n as 'opera')),
    );
  });

  test('filters by category, venue, country, state and ids', async () => {
    const one = [event('opera')];
    expect(ids(await get(`/events?category_id=${world.category_id}`))).toEqual(one);
    expect(ids(await get(`/events?venue_id=${world.venue_id}`))).toEqual(one);
    expect(ids(await get('/events?country_id=46&state_id=530'))).toEqual(one);
    expect(ids(await get('/events?country_id=45'))).toEqual([]);
    expect(ids(await get('/events?state_id=531'))).toEqual([]);
    const list = [
      event('paused'),
      event('opera'),
      event('draft'),
      event('elsewhere'),
      event('foreign'),
      99_999,
    ];
    expect(ids(await get(`/events?ids=${list}`))).toEqual([event('opera'), event('paused')]);
  });

  test('filters by date, both ends included', async () => {
    const { starts_at } = (await get(`/events/${event('scheduled')}`)).body.event;
    expect(ids(await get(`/events?from=${starts_at}&to=${starts_at}`))).toEqual([event('scheduled')]);
    const local = encodeURIComponent('2999-01-01T00:00:00+02:00');
    expect(ids(await get(`/events?from=${local}`))).toEqual([]);
    expect(ids(await get(`/events?to=${fromNow(0).toISOString()}`))).toEqual([event('over')]);
  });

  test('filters by what can be bought', async () => {
    expect(ids(await get('/events?on_sale=true'))).toEqual([event('opera')]);
    expect(ids(await get('/events?on_sale=false'))).toEqual(
      ['over', 'scheduled', 'paused', 'cancelled'].map((n) => event(n as 'over')),
    );
  });

  test('filters by status', async () => {
    expect(ids(await get('/events?status=paused,cancelled'))).toEqual([event('paused'), event('cancelled')]);
  });

  test('drafts are for admin', async () => {
    const refused = await get('/events?status=draft', 'seller');
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ code: 'insufficient_scope', scopes: ['admin'] });
    expect(refused.headers['www-authenticate']).toContain('scope="admin"');
    expect(ids(await get('/events?status=draft', 'admin'))).toEqual([event('draft')]);
    expect(ids(await get('/events', 'admin'))).not.toContain(event('draft'));
  });

  test.each([
    ['starts_at', ['over', 'opera', 'scheduled', 'paused', 'cancelled']],
    ['-starts_at', ['cancelled', 'paused', 'scheduled', 'opera', 'over']],
    ['name', ['cancelled', 'scheduled', 'over', 'paused', 'opera']],
    ['-popularity', ['opera', 'scheduled', 'paused', 'cancelled', 'over']],
  ])('sort=%s', async (sort, names) => {
    const sorted = ids(await get(`/events?sort=${sort}`));
    if (sort === 'name')
      expect(sorted[0]).toBe(event('cancelled')); // the rest depends on the database's collation
    else expect(sorted).toEqual(names.map((n) => event(n as 'over')));
    const pages = await Promise.all(
      [1, 2, 3].map((page) => get(`/events?sort=${sort}&per_page=2&page=${page}`)),
    );
    expect(pages.flatMap(ids)).toEqual(sorted);
  });

  test('expands relations of all', async () => {
    const { events } = (await get('/events?expand=venue,products')).body;
    expect(events[1].venue).toMatchObject({ id: world.venue_id, city: 'Córdoba' });
    expect(events[1].products.map(({ id }: { id: number }) => id)).toEqual([
      world.opera.programme,
      world.opera.parking,
    ]);
    expect(events[0]).toMatchObject({ venue: null, products: [] });
    expect(events[0]).not.toHaveProperty('maps');
  });

  test.each([
    ['colour=red', '/query/colour'],
    ['expand=venue,seats', '/query/expand/1'],
    ['sort=price', '/query/sort'],
    ['page=0', '/query/page'],
    ['per_page=ten', '/query/per_page'],
    ['from=yesterday', '/query/from'],
    ['status=gone', '/query/status/0'],
    ['ids=1,x', '/query/ids/1'],
    ['category_id=9999999999', '/query/category_id'],
    ['on_sale=yes', '/query/on_sale'],
    ['q=', '/query/q'],
    [`q=${'a'.repeat(201)}`, '/query/q'],
    ['q=%00', '/query/q'],
  ])('?%s is refused', async (query, pointer) => {
    const answer = await get(`/events?${query}`);
    expect(answer.status).toBe(422);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.errors.map((e: { pointer: string }) => e.pointer)).toContain(pointer);
  });
});

describe('GET /events/:event_id', () => {
  test('gives the event whole, and numbers to those who sell', async () => {
    expect((await get(`/events/${event('opera')}`)).body).toEqual({ event: opera() });
    // 20 seats that two types share, and 5 of the gallery's 40 places
    expect((await get(`/events/${event('opera')}`, 'seller')).body).toEqual({
      event: { ...opera(), remaining: 25 },
    });
  });

  test.each([
    ['opera', 'on_sale'],
    ['scheduled', 'scheduled'],
    ['paused', 'paused'],
    ['cancelled', 'cancelled'],
    ['over', 'ended'],
  ] as const)('%s: sales are %s', async (name, sales_status) => {
    expect((await get(`/events/${event(name)}`)).body.event).toMatchObject({ sales_status });
  });

  test('speaks the language of the request, as far as it is translated', async () => {
    const es = await get(`/events/${event('opera')}`, 'reader', { 'accept-language': 'es' });
    expect(es.body.event).toMatchObject({ name: 'La ópera', description: 'Una velada' });
    const pt = await get(`/events/${event('opera')}`, 'reader', { 'accept-language': 'pt' });
    expect(pt.body.event).toMatchObject({ name: 'A ópera', description: 'An evening' });
  });

  test('expands relations', async () => {
    const { body } = await get(`/events/${event('opera')}?expand=venue,ticket_types,products,maps`);
    const { ticket_types } = (await get(`/events/${event('opera')}/ticket_types`)).body;
    const { products } = (await get(`/events/${event('opera')}/products`)).body;
    const { maps } = (await get(`/events/${event('opera')}/maps`)).body;
    const { venue } = (await get(`/venues/${world.venue_id}`)).body;
    expect(body).toEqual({ event: { ...opera(), venue, ticket_types, products, maps } });
    expect((await get(`/events/${event('opera')}?expand=seats`)).status).toBe(422);
  });

  test('carries an ETag of its state', async () => {
    const { headers, body } = await get(`/events/${event('opera')}`);
    const state = new Date(body.event.updated_at).getTime().toString(36);
    expect(headers.etag).toMatch(new RegExp(`^"${state}-`));
    const again = await get(`/events/${event('opera')}`, 'reader', { 'if-none-match': String(headers.etag) });
    expect([again.status, again.text]).toEqual([304, '']);
    const seller = await get(`/events/${event('opera')}`, 'seller');
    const known = { 'if-none-match': String(seller.headers.etag) };
    expect((await get(`/events/${event('opera')}`, 'seller', known)).status).toBe(304);
  });

  test.each(['elsewhere', 'foreign', 'draft'] as const)('%s is not found, in any part', async (name) => {
    const { event_id, map_id } = world[name];
    for (const path of ['', '/ticket_types', '/products', '/maps', `/maps/${map_id}`, `/maps/${map_id}.svg`])
      expect((await get(`/events/${event_id}${path}`)).body, path).toMatchObject({ code: 'not_found' });
    for (const path of ['seats', 'availability', 'availability/stream'])
      expect((await get(`/events/${event_id}/maps/${map_id}/${path}`)).status, path).toBe(404);
    for (const path of ['report', 'gates'])
      expect((await get(`/events/${event_id}/${path}`, 'seller')).status, path).toBe(404);
    expect((await get(`/events/${event_id}/codes/SAVE10`)).status).toBe(404);
    expect((await get(`/events/${event_id}/seats/1`)).status).toBe(404);
  });

  test('a draft is there for admin', async () => {
    const { body } = await get(`/events/${event('draft')}`, 'admin');
    expect(body.event).toMatchObject({ status: 'draft', sales_status: 'scheduled', remaining: 0 });
  });

  test.each(['x', '0', '-1', '1.5', '99999999999', '%00'])('/events/%s is not found', async (id) => {
    expect((await get(`/events/${id}`)).status).toBe(404);
  });

  test('sold out when nothing is left, low when little is', async () => {
    const { event_id, section_ids } = world.scheduled;
    const section = section_ids[0];
    await world.sql('UPDATE event SET sales_start = NULL WHERE id = $1', event_id);
    const sell = async (sold: number) => {
      await world.sql('UPDATE event_section SET sold = $2 WHERE section_id = $1', section, sold);
      world.forget();
      const { sales_status, availability } = (await get(`/events/${event_id}`)).body.event;
      return [sales_status, availability];
    };
    expect(await sell(9)).toEqual(['on_sale', 'high']);
    await world.sql('UPDATE event_section SET capacity = 100 WHERE section_id = $1', section);
    expect(await sell(91)).toEqual(['on_sale', 'low']);
    expect(await sell(100)).toEqual(['sold_out', 'none']);
    expect(ids(await get('/events?on_sale=true'))).not.toContain(event_id);
    await world.sql('UPDATE event_section SET capacity = 10, sold = 0 WHERE section_id = $1', section);
    await world.sql('UPDATE event SET sales_start = $2 WHERE id = $1', event_id, fromNow(DAY));
    world.forget();
  });
});
