import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;
let get: ReadingWorld['get'];

beforeAll(async () => {
  world = await readingWorld();
  get = world.get;
});
afterAll(() => world.close());

const web = () => ({
  id: world.accounts.interfaces.web,
  name: 'web',
  kind: 'web',
  currency: 'EUR',
  time_zone: 'Europe/Madrid',
  language: 'en',
  hold_seconds: 600,
  payment_methods: ['free', 'card', 'cash', 'external'],
  default: true,
  created_at: expect.any(String),
  updated_at: expect.any(String),
});

describe('catalogues are whole unless a page is asked for', () => {
  const catalogues: [string, string, number][] = [
    ['/interfaces', 'interfaces', 1],
    ['/currencies', 'currencies', 165],
    ['/countries', 'countries', 249],
    ['/categories', 'categories', 1],
    ['/venues', 'venues', 1],
    ['/payment_methods', 'payment_methods', 2],
  ];
  test.each(catalogues)('GET %s', async (url, root, length) => {
    const whole = await get(url);
    expect(whole.status).toBe(200);
    expect(Object.keys(whole.body)).toEqual([root]);
    expect(whole.body[root].length).toBeGreaterThanOrEqual(length);
    expect(whole.headers).not.toHaveProperty('x-total');

    const paged = await get(`${url}?per_page=1`);
    expect(paged.body[root]).toEqual(whole.body[root].slice(0, 1));
    expect(paged.headers).toMatchObject({
      'x-page': '1',
      'x-per-page': '1',
      'x-total': String(whole.body[root].length),
    });
    const beyond = await get(`${url}?page=99999`);
    expect(beyond.body).toEqual({ [root]: [] });
  });

  test('pages of a catalogue add up to the whole, without repeats', async () => {
    const whole = await get('/countries');
    const pages = await Promise.all([1, 2, 3].map((page) => get(`/countries?per_page=100&page=${page}`)));
    expect(pages.flatMap(({ body }) => body.countries)).toEqual(whole.body.countries);
  });

  test.each(['/resources', ...catalogues.map(([url]) => url)])('%s?colour=red is refused', async (url) => {
    const answer = await get(`${url}?colour=red`);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'unknown_field', errors: [{ pointer: '/query/colour' }] });
  });
});

describe('interfaces', () => {
  test('are those granted to the client', async () => {
    expect((await get('/interfaces')).body).toEqual({ interfaces: [web()] });
    const pos = await get('/interfaces', 'pos');
    expect(pos.body.interfaces.map(({ id }: { id: number }) => id)).toEqual([world.accounts.interfaces.pos]);
    const all = await get('/interfaces', 'admin');
    expect(all.body.interfaces.map(({ id }: { id: number }) => id)).toEqual(
      Object.values(world.accounts.interfaces),
    );
  });

  test('one, with an ETag', async () => {
    const answer = await get(`/interfaces/${web().id}`);
    expect(answer.body).toEqual({ interface: web() });
    const again = await get(`/interfaces/${web().id}`, 'reader', {
      'if-none-match': String(answer.headers.etag),
    });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  test('one that is not granted, not active or not there is not found', async () => {
    const { pos } = world.accounts.interfaces;
    for (const id of [pos, 99_999, 'x', '0', '99999999999'])
      expect((await get(`/interfaces/${id}`)).status).toBe(404);
  });
});

describe('countries', () => {
  test('speak the language of the request, and are in its order', async () => {
    const en = (await get('/countries')).body.countries;
    expect(en[0]).toMatchObject({ name: 'Afghanistan' });
    const es = (await get('/countries', 'reader', { 'accept-language': 'es' })).body.countries;
    expect(es.map(({ name }: { name: string }) => name)).toContain('España');
    const names = es.map(({ name }: { name: string }) => name);
    expect(names).toEqual(names.toSorted(new Intl.Collator('es').compare));
  });

  test('one', async () => {
    const answer = await get('/countries/46');
    expect(answer.body).toEqual({
      country: { id: 46, code: 'CL', code3: 'CHL', numeric: '152', name: 'Chile' },
    });
    expect((await get('/countries/9999')).status).toBe(404);
  });

  test('states of a country', async () => {
    const { states } = (await get('/countries/46/states')).body;
    const state = states.find(({ id }: { id: number }) => id === 530);
    expect(state).toEqual({ id: 530, country_id: 46, code: expect.any(String), name: expect.any(String) });
    expect(states.every((row: { country_id: number }) => row.country_id === 46)).toBe(true);
    const paged = await get('/countries/46/states?per_page=3&page=2');
    expect(paged.body.states).toEqual(states.slice(3, 6));
    expect((await get('/countries/9999/states')).body).toMatchObject({ code: 'not_found' });
  });
});

test('currencies', async () => {
  const { currencies } = (await get('/currencies')).body;
  expect(currencies).toContainEqual({ code: 'EUR', numeric: '978', name: 'Euro', digits: 2 });
});

test('categories', async () => {
  const answer = await get('/categories', 'reader', { 'accept-language': 'es-MX, en;q=0.5' });
  expect(answer.body).toEqual({
    categories: [
      {
        ...{ id: world.category_id, code: 'opera', name: 'Ópera' },
        names: expect.objectContaining({ es: 'Ópera' }),
        ...{ created_at: expect.any(String), updated_at: expect.any(String) },
      },
    ],
  });
});

test('venues, all and one, of the company alone', async () => {
  const venue = {
    id: world.venue_id,
    name: 'Teatro Colón',
    line1: 'Cerrito 628',
    city: 'Córdoba',
    postal_code: '1010',
    country_id: 46,
    state_id: 530,
    time_zone: 'Europe/Madrid',
    latitude: 40.5,
    longitude: -3.25,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    updated_at: expect.any(String),
  };
  expect((await get('/venues')).body).toEqual({ venues: [venue] });
  expect((await get(`/venues/${world.venue_id}`)).body).toEqual({ venue });
  expect((await get('/venues/99999')).body).toMatchObject({ code: 'not_found', detail: 'Venue not found.' });
});

describe('payment methods', () => {
  const codes = async (who: 'reader' | 'seller') =>
    (await get('/payment_methods', who)).body.payment_methods.map(({ code }: { code: string }) => code);

  test('are those that the caller can use', async () => {
    expect(await codes('reader')).toEqual(['free', 'card']);
    expect(await codes('seller')).toEqual(['free', 'card', 'cash', 'external']);
  });

  test('speak the language of the request', async () => {
    const answer = await get('/payment_methods', 'reader', { 'accept-language': 'pt' });
    expect(answer.body.payment_methods[0]).toEqual({ code: 'free', name: 'Grátis' });
  });
});

describe('GET /resources', () => {
  const names = [
    ...['interfaces', 'currencies', 'countries', 'states', 'categories', 'venues', 'payment_methods'],
    ...['document_types', 'languages', 'time_zones'],
  ];

  test('without names lists them', async () => {
    expect((await get('/resources')).body).toEqual({ resources: names });
  });

  test('gives the catalogues asked for, as their own routes do', async () => {
    const answer = await get('/resources?resources=interfaces,currencies,interfaces');
    const { interfaces } = (await get('/interfaces')).body;
    const { currencies } = (await get('/currencies')).body;
    expect(answer.body).toEqual({ resources: { interfaces, currencies } });
  });

  test('gives all', async () => {
    const { resources } = (await get(`/resources?resources=${names}`)).body;
    expect(Object.keys(resources).sort()).toEqual([...names].sort());
    for (const name of names) expect(resources[name].length).toBeGreaterThan(0);
    expect(resources.states.length).toBeGreaterThan(4_000);
    expect(resources.document_types).toContainEqual({ code: 'passport', name: 'Passport' });
    expect(resources.languages).toContainEqual({ code: 'es', name: 'Spanish', native_name: 'Español' });
    expect(resources.time_zones).toContainEqual({ name: 'Europe/Madrid' });
  });

  test('refuses unknown names', async () => {
    const answer = await get('/resources?resources=currencies,colours');
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer: '/query/resources/1' })]);
  });
});

test('no token, no catalogue', async () => {
  const answer = await world.app.inject({ url: '/currencies' });
  expect(answer.statusCode).toBe(401);
});
