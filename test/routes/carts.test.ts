import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cart, SaleDetail } from '../../src/schemas/carts.ts';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { cartCalls } from '../helpers/cart-calls.ts';
import { strict } from '../helpers/strict-schema.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(async () => {
  const { errors } = world;
  await world.close();
  expect(errors).toEqual([]);
});

const { post, ask, standing, seat, opened, refusal } = cartCalls(() => world);
/** Instants are text in JSON; the schemas say Date. */
const parses = (schema: typeof Cart | typeof SaleDetail, value: unknown) => strict(schema).parse(value);

describe('POST /carts', () => {
  it('opens a cart, and says where it is', async () => {
    const answer = await post('/carts', { items: [standing(2)], buyer: { first_name: 'Eva' } });
    expect(answer.statusCode).toBe(201);
    const { cart } = answer.json();
    expect(Object.keys(answer.json())).toEqual(['cart']);
    expect(answer.headers.location).toBe(`/carts/${cart.id}`);
    parses(Cart, cart);
    expect(cart.expires_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const seen = await ask('GET', `/carts/${cart.id}`);
    expect(seen.json()).toEqual({ cart });
  });

  it('needs no body', async () => {
    expect((await post('/carts')).statusCode).toBe(201);
    expect((await post('/carts', {})).statusCode).toBe(201);
  });

  it('tells which seats are taken', async () => {
    const taken = [seat(), seat()];
    await opened({ ticket_type_id: world.seated, seat_ids: taken });
    const answer = await post('/carts', {
      items: [{ ticket_type_id: world.seated, seat_ids: [...taken, seat()] }],
    });
    expect(refusal(answer)).toMatchObject({
      status: 409,
      code: 'seats_unavailable',
      title: 'Seats unavailable',
      unavailable_seat_ids: taken,
    });
  });

  it('tells how many are left', async () => {
    const { system, product_id } = world;
    await system.db.pool.query('UPDATE product SET capacity = 1 WHERE id = $1', [product_id]);
    await system.db.pool.query('UPDATE event SET version = version + 1 WHERE id = $1', [world.event_id]);
    const answer = await post('/carts', { items: [{ product_id, quantity: 2 }] });
    expect(refusal(answer)).toMatchObject({ status: 409, code: 'sold_out', available: 1, item: 0 });
    await system.db.pool.query('UPDATE product SET capacity = NULL WHERE id = $1', [product_id]);
    await system.db.pool.query('UPDATE event SET version = version + 1 WHERE id = $1', [world.event_id]);
  });

  it('is for a user only where a seller says so', async () => {
    const { user } = world.accounts;
    const answer = await post('/carts', { user_id: user.id });
    expect(refusal(answer)).toMatchObject({ status: 403, code: 'insufficient_scope' });
    expect(answer.headers['www-authenticate']).toContain('scope="sell"');
    const granted = await post('/carts', { user_id: user.id }, { who: 'seller' });
    expect(granted.json().cart.user_id).toBe(user.id);
    const unknown = await post('/carts', { user_id: 2_147_483_647 }, { who: 'seller' });
    expect(refusal(unknown)).toMatchObject({
      status: 422,
      errors: [{ pointer: '/user_id', code: 'not_found' }],
    });
  });

  const wrong: [string, (w: ApiWorld) => object, string[]][] = [
    ['nothing', () => ({}), ['ticket_type_id', 'quantity']],
    ['two things', (w) => ({ ...standing(), product_id: w.product_id }), ['ticket_type_id']],
    ['no amount', (w) => ({ ticket_type_id: w.standing }), ['quantity']],
    ['two amounts', (w) => ({ ...standing(), seat_ids: [w.seat_id] }), ['seat_ids']],
    ['a product by seats', (w) => ({ product_id: w.product_id, seat_ids: [1] }), ['seat_ids']],
    [
      'a product in a section',
      (w) => ({ product_id: w.product_id, quantity: 1, section_id: w.floor }),
      ['section_id'],
    ],
    [
      'seats in a section',
      (w) => ({ ticket_type_id: w.seated, seat_ids: [1], section_id: w.stalls }),
      ['section_id'],
    ],
    ['a seat twice', (w) => ({ ticket_type_id: w.seated, seat_ids: [1, 1] }), ['seat_ids']],
    [
      'a holder and a guest',
      () => ({ ...standing(), holder: { first_name: 'A', last_name: 'B' }, guest_id: 1 }),
      ['guest_id'],
    ],
    ['none of it', () => standing(0), ['quantity']],
    ['half of it', () => standing(1.5), ['quantity']],
    ['no seats', (w) => ({ ticket_type_id: w.seated, seat_ids: [] }), ['seat_ids']],
    ['half a holder', () => ({ ...standing(), holder: { first_name: 'A' } }), ['holder/last_name']],
    ['two of a plan', () => ({ plan_setting_id: 1, quantity: 2 }), ['quantity']],
  ];
  it.each(wrong)('refuses an item that asks for %s', async (_, item, fields) => {
    const answer = await post('/carts', { items: [standing(), item(world)] });
    const { status, errors } = refusal(answer);
    expect(status).toBe(422);
    expect(errors.map((fault: { pointer: string }) => fault.pointer)).toEqual(
      fields.map((f) => `/items/1/${f}`),
    );
  });
});

describe('sale details', () => {
  it('are added, listed, read, changed and removed', async () => {
    const { id } = await opened();
    const url = `/carts/${id}/sale_details`;
    const added = await post(url, {
      items: [standing(2), { ticket_type_id: world.seated, seat_ids: [seat()] }],
    });
    expect(added.statusCode).toBe(201);
    const { sale_details } = added.json();
    expect(sale_details).toHaveLength(3);
    for (const line of sale_details) parses(SaleDetail, line);

    const listed = await ask('GET', `${url}?per_page=2`);
    expect(listed.json()).toEqual({ sale_details: sale_details.slice(0, 2) });
    expect(listed.headers).toMatchObject({ 'x-page': '1', 'x-per-page': '2', 'x-total': '3' });
    expect(listed.headers.link).toContain('rel="next"');

    const one = `${url}/${sale_details[0].id}`;
    expect((await ask('GET', one)).json()).toEqual({ sale_detail: sale_details[0] });
    const holder = { first_name: 'Eva', last_name: 'Paz' };
    const changed = await ask('PATCH', one, { body: { holder } });
    expect(changed.json().sale_detail).toMatchObject({
      holder: { ...holder, email: null, document_number: null },
    });
    const removed = await ask('DELETE', one);
    expect([removed.statusCode, removed.body]).toEqual([204, '']);
    expect(refusal(await ask('GET', one))).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('are priced by hand by sellers', async () => {
    const { id, sale_details } = await opened(standing());
    const url = `/carts/${id}/sale_details/${sale_details[0]?.id}`;
    const body = { price_override: { unit_price: 100, reason: 'staff' } };
    expect(refusal(await ask('PATCH', url, { body }))).toMatchObject({
      status: 403,
      code: 'insufficient_scope',
    });
    const changed = await ask('PATCH', url, { who: 'seller', body });
    expect(changed.json().sale_detail).toMatchObject({ unit_price: 100, total: 100 });
  });

  it('say which limit is in the way', async () => {
    const { id } = await opened(standing(20));
    const answer = await post(`/carts/${id}/sale_details`, { items: [standing()] });
    expect(refusal(answer)).toMatchObject({
      status: 409,
      code: 'limit_exceeded',
      ticket_type_id: world.standing,
      max_per_cart: 20,
    });
  });
});
