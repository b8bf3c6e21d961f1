import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;

beforeAll(async () => {
  world = await readingWorld();
});
afterAll(() => world.close());

const post = async (url: string, payload: object) => {
  const headers = { authorization: `Bearer ${world.token('seller')}` };
  const answer = await world.app.inject({ method: 'POST', url, headers, payload });
  expect(answer.statusCode, answer.body).toBeLessThan(300);
  return answer.json();
};
const report = async (who: 'seller' | 'admin' = 'seller') =>
  (await world.get(`/events/${world.opera.event_id}/report`, who)).body.report;

test('an event that nobody has bought anything of', async () => {
  expect(await report()).toEqual({
    event_id: world.opera.event_id,
    interface_id: world.web,
    currency: 'EUR',
    as_of: expect.stringMatching(/Z$/),
    totals: {
      ...{ capacity: 60, sold: 0, courtesy: 0, held: 0, blocked: 0, free: 60 },
      ...{ refunded: 0, refunded_amount: 0, revenue: 0, discount: 0, fee: 0, tax: 0 },
    },
    ticket_types: [
      {
        ticket_type_id: world.opera.seat,
        name: 'Seat',
        capacity: 20,
        courtesy: 0,
        held: 0,
        free: 20,
        sold: 0,
        refunded: 0,
        refunded_amount: 0,
        revenue: 0,
      },
      {
        ticket_type_id: world.opera.gallery,
        name: 'Gallery',
        capacity: 5,
        courtesy: 0,
        held: 0,
        free: 5,
        sold: 0,
        refunded: 0,
        refunded_amount: 0,
        revenue: 0,
      },
      {
        ticket_type_id: world.opera.vip,
        name: 'Patrons',
        capacity: 20,
        courtesy: 0,
        held: 0,
        free: 20,
        sold: 0,
        refunded: 0,
        refunded_amount: 0,
        revenue: 0,
      },
    ],
    sections: [
      {
        ...{ section_id: world.opera.stalls, name: 'Stalls <left>', kind: 'seated' },
        ...{ capacity: 20, sold: 0, courtesy: 0, held: 0, blocked: 0, free: 20 },
        ...{ refunded: 0, refunded_amount: 0, revenue: 0 },
      },
      {
        ...{ section_id: world.opera.gallery_id, name: 'Gallery', kind: 'general' },
        ...{ capacity: 40, sold: 0, courtesy: 0, held: 0, blocked: 0, free: 40 },
        ...{ refunded: 0, refunded_amount: 0, revenue: 0 },
      },
    ],
    products: [
      {
        product_id: world.opera.programme,
        name: 'Programme',
        capacity: 20,
        held: 0,
        free: 20,
        sold: 0,
        refunded: 0,
        refunded_amount: 0,
        revenue: 0,
      },
      {
        product_id: world.opera.parking,
        name: 'Parking',
        capacity: null,
        held: 0,
        free: null,
        sold: 0,
        refunded: 0,
        refunded_amount: 0,
        revenue: 0,
      },
    ],
    ...{ interfaces: [], days: [], hours: [] },
  });
});

test('counts what was sold, held, blocked and given back, and the money', async () => {
  const { opera } = world;
  const seats = (...labels: string[]) => labels.map((label) => opera.seats[label]);
  const sold = await post('/carts', {
    items: [
      { ticket_type_id: opera.seat, seat_ids: seats('A1', 'A2') },
      { ticket_type_id: opera.gallery, quantity: 2 },
      { product_id: opera.programme, quantity: 2 },
    ],
  });
  await post(`/carts/${sold.cart.id}/payments`, { method: 'cash' });
  await post('/carts', {
    items: [
      { ticket_type_id: opera.seat, seat_ids: seats('A3') },
      { product_id: opera.parking, quantity: 3 },
    ],
  });
  await world.sql(
    "UPDATE event_seat SET status = 'blocked' WHERE event_id = $1 AND seat_id = $2",
    opera.event_id,
    seats('A5')[0],
  );

  const after = await report();
  expect(after.totals).toEqual({
    ...{ capacity: 60, sold: 4, courtesy: 0, held: 1, blocked: 1, free: 54 },
    ...{
      refunded: 0,
      refunded_amount: 0,
      revenue: 2 * 8_525 + 2 * 3_300 + 1_000,
      discount: 0,
      fee: 2 * 525,
      tax: 2 * 1_388 + 2 * 300,
    },
  });
  expect(after.ticket_types.slice(0, 2)).toMatchObject([
    { capacity: 20, held: 1, free: 16, sold: 2, refunded: 0, refunded_amount: 0, revenue: 2 * 8_525 },
    { capacity: 5, held: 0, free: 3, sold: 2, refunded: 0, refunded_amount: 0, revenue: 2 * 3_300 },
  ]);
  expect(after.sections).toMatchObject([
    { capacity: 20, sold: 2, held: 1, blocked: 1, free: 16, revenue: 2 * 8_525 },
    { capacity: 40, sold: 2, held: 0, blocked: 0, free: 38, revenue: 2 * 3_300 },
  ]);
  expect(after.products).toMatchObject([
    { held: 0, free: 18, sold: 2, revenue: 1_000 },
    { held: 3, free: null, sold: 0, revenue: 0 },
  ]);
  expect(await report('admin')).toEqual({ ...after, interface_id: null, as_of: expect.any(String) });
});

test('what is given back counts as refunded and is no revenue', async () => {
  const { opera } = world;
  const { cart } = await post('/carts', {
    items: [{ ticket_type_id: opera.seat, seat_ids: [opera.seats.B1] }],
  });
  await post(`/carts/${cart.id}/payments`, { method: 'cash' });
  const before = await report();
  await post(`/carts/${cart.id}/refunds`, { reason: 'ill' });
  const after = await report();
  expect(after.ticket_types[0]).toMatchObject({
    sold: before.ticket_types[0].sold - 1,
    refunded: 1,
    free: before.ticket_types[0].free + 1,
    revenue: before.ticket_types[0].revenue - 8_525,
  });
  expect(after.totals.revenue).toBe(before.totals.revenue - 8_525);
});

test('a hold that has run out is free again, swept or not', async () => {
  const { opera } = world;
  const before = await report();
  const { cart } = await post('/carts', {
    items: [
      { ticket_type_id: opera.gallery, quantity: 2 },
      { product_id: opera.programme, quantity: 1 },
    ],
  });
  expect((await report()).totals.held).toBe(before.totals.held + 2);
  await world.sql("UPDATE cart SET expires_at = now() - interval '1 second' WHERE id = $1", cart.id);
  const after = await report();
  expect({ ...after, as_of: 0 }).toEqual({ ...before, as_of: 0 });
});

test('another interface sees the same stock and its own books; readers see nothing', async () => {
  await world.sql(
    'INSERT INTO event_interface (company_id, event_id, interface_id) VALUES ($1, $2, $3)',
    world.company_id,
    world.opera.event_id,
    world.accounts.interfaces.pos,
  );
  const headers = { 'x-interface': String(world.accounts.interfaces.pos) };
  const answer = await world.get(`/events/${world.opera.event_id}/report`, 'seller', headers);
  expect(answer.body.report).toMatchObject({ interface_id: world.accounts.interfaces.pos });
  expect(answer.body.report.totals).toMatchObject({ sold: 4, revenue: 0 });
  const refused = await world.get(`/events/${world.opera.event_id}/report`);
  expect([refused.status, refused.body.code]).toEqual([403, 'insufficient_scope']);
});
