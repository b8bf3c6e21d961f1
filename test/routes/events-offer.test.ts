import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;
let get: ReadingWorld['get'];
let url: string;

beforeAll(async () => {
  world = await readingWorld();
  get = world.get;
  url = `/events/${world.opera.event_id}`;
});
afterAll(() => world.close());

const seat = () => ({
  id: world.opera.seat,
  event_id: world.opera.event_id,
  name: 'Seat',
  description: 'Any seat',
  price: 8_000,
  fee: 525, // 1.00 + 5 % of 80.00 + 0.25 of the interface
  tax: 1_388, // 21 % inside 80.00: 13.884
  tax_inclusive: true,
  total: 8_525,
  currency: 'EUR',
  section_ids: [world.opera.stalls],
  seated: true,
  min_per_cart: 1,
  max_per_cart: 6,
  max_per_user: null,
  sales_start: null,
  sales_end: null,
  sales_status: 'on_sale',
  access_code_required: false,
  members_only: false,
  availability: 'high',
});
const gallery = () => ({
  ...seat(),
  id: world.opera.gallery,
  name: 'Gallery',
  description: null,
  price: 3_000, // the phase that runs, not the type's own 40.00
  fee: 0, // the organiser bears it
  tax: 300,
  tax_inclusive: false,
  total: 3_300,
  section_ids: [world.opera.gallery_id],
  seated: false,
  max_per_cart: 10,
  sales_end: expect.any(String),
});
const vip = () => ({
  ...seat(),
  id: world.opera.vip,
  name: 'Patrons',
  description: null,
  price: 20_000,
  fee: 25,
  tax: 0,
  total: 20_025,
  max_per_cart: 10,
  access_code_required: true,
});
const programme = () => ({
  id: world.opera.programme,
  event_id: world.opera.event_id,
  name: 'Programme',
  description: null,
  price: 500,
  fee: 0,
  tax: 0,
  tax_inclusive: true,
  total: 500,
  currency: 'EUR',
  max_per_cart: 2,
  sales_status: 'on_sale',
  availability: 'high',
});
const parking = () => ({
  ...programme(),
  id: world.opera.parking,
  name: 'Parking',
  price: 1_000,
  fee: 50,
  total: 1_050,
  max_per_cart: 10,
});

describe('GET /events/:event_id/ticket_types', () => {
  test('shows prices, fees, taxes, limits and windows, and no hidden types', async () => {
    expect((await get(`${url}/ticket_types`)).body).toEqual({ ticket_types: [seat(), gallery()] });
  });

  test('shows hidden types and exact counts to those who sell', async () => {
    const { body } = await get(`${url}/ticket_types`, 'seller');
    expect(body.ticket_types).toEqual([
      { ...seat(), remaining: 20 },
      { ...gallery(), remaining: 5 },
      { ...vip(), remaining: 20 },
    ]);
    expect((await get(`${url}/ticket_types`, 'admin')).body.ticket_types).toHaveLength(3);
  });

  test('shows hidden types to those who know the code, in any case', async () => {
    for (const code of ['Vip', 'VIP', 'vip'])
      expect((await get(`${url}/ticket_types?code=${code}`)).body.ticket_types).toEqual([
        seat(),
        gallery(),
        vip(),
      ]);
    for (const code of ['SAVE10', 'SPENT', 'nothing'])
      expect((await get(`${url}/ticket_types?code=${code}`)).body.ticket_types).toHaveLength(2);
  });

  test('is whole, or paged where a page is asked for', async () => {
    const paged = await get(`${url}/ticket_types?per_page=1&page=2`);
    expect(paged.body.ticket_types).toEqual([gallery()]);
    expect(paged.headers).toMatchObject({ 'x-total': '2', 'x-page': '2', 'x-per-page': '1' });
  });

  test('speaks the language of the request', async () => {
    const { body } = await get(`${url}/ticket_types`, 'reader', { 'accept-language': 'es' });
    expect(body.ticket_types[0]).toMatchObject({ name: 'Butaca', description: 'Any seat' });
  });

  test('the windows of event, interface and type all count', async () => {
    const past = new Date(Date.now() - 1_000).toISOString();
    await world.sql(
      'UPDATE event_interface SET sales_end = $2 WHERE event_id = $1',
      world.opera.event_id,
      past,
    );
    world.forget();
    const { ticket_types } = (await get(`${url}/ticket_types`)).body;
    for (const type of ticket_types) expect(type).toMatchObject({ sales_end: past, sales_status: 'ended' });
    expect((await get(url)).body.event).toMatchObject({ sales_end: past, sales_status: 'ended' });
    await world.sql('UPDATE event_interface SET sales_end = NULL WHERE event_id = $1', world.opera.event_id);
    world.forget();
  });

  test('refuses what it does not know', async () => {
    expect((await get(`${url}/ticket_types?kode=VIP`)).body).toMatchObject({ code: 'unknown_field' });
    expect((await get(`${url}/ticket_types?code=${'x'.repeat(65)}`)).status).toBe(422);
  });
});

describe('GET /events/:event_id/products', () => {
  test('shows prices; exact counts to those who sell', async () => {
    expect((await get(`${url}/products`)).body).toEqual({ products: [programme(), parking()] });
    expect((await get(`${url}/products`, 'seller')).body.products).toEqual([
      { ...programme(), remaining: 20 },
      { ...parking(), remaining: null },
    ]);
    const paged = await get(`${url}/products?per_page=1`);
    expect([paged.body.products, paged.headers['x-total']]).toEqual([[programme()], '2']);
  });
});

describe('GET /events/:event_id/codes/:code', () => {
  const save10 = () => ({
    code: 'SAVE10',
    event_id: world.opera.event_id,
    kind: 'percentage',
    value: 1_000,
    currency: 'EUR',
    stackable: false,
    max_uses_per_user: null,
    starts_at: null,
    ends_at: null,
    ticket_types: [
      {
        ticket_type_id: world.opera.seat,
        name: 'Seat',
        unlocked: false,
        price: 8_000,
        discount: 800,
        fee: 485, // 1.00 + 5 % of 72.00 + 0.25
        tax: 1_250,
        total: 7_685,
      },
      {
        ticket_type_id: world.opera.gallery,
        name: 'Gallery',
        unlocked: false,
        price: 3_000,
        discount: 300,
        fee: 0,
        tax: 270,
        total: 2_970,
      },
    ],
  });

  test('says what a promotion would do', async () => {
    expect((await get(`${url}/codes/SAVE10`)).body).toEqual({ code: save10() });
    const { code } = (await get(`${url}/codes/save10`, 'seller')).body;
    expect(code).toMatchObject({ code: 'SAVE10', remaining: 6 });
    expect(code.ticket_types).toHaveLength(3);
  });

  test('says what an access code unlocks', async () => {
    const { code } = (await get(`${url}/codes/vip`)).body;
    expect(code).toMatchObject({ code: 'Vip', kind: 'access', value: 0 });
    expect(code.ticket_types).toEqual([
      {
        ticket_type_id: world.opera.vip,
        name: 'Patrons',
        unlocked: true,
        price: 20_000,
        discount: 0,
        fee: 25,
        tax: 0,
        total: 20_025,
      },
    ]);
  });

  test.each(['SPENT', 'LATER', 'OLD', 'OFF', 'UNKNOWN', 'S%'])('%s: not found', async (code) => {
    const answer = await get(`${url}/codes/${encodeURIComponent(code)}`);
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });

  test('a code of another event is not found', async () => {
    expect((await get(`/events/${world.scheduled.event_id}/codes/SAVE10`)).status).toBe(404);
  });
});

describe('GET /events/:event_id/gates', () => {
  test('is for those who sell or manage', async () => {
    const gate = { id: expect.any(Number), event_id: world.opera.event_id, created_at: expect.any(String) };
    const gates = [
      { ...gate, name: 'North', zone: 'A', inner: false, multi_entry: false },
      { ...gate, name: 'South', zone: null, inner: false, multi_entry: false },
    ];
    expect((await get(`${url}/gates`, 'seller')).body).toEqual({ gates });
    expect((await get(`${url}/gates`)).body).toMatchObject({ code: 'insufficient_scope' });
  });
});
