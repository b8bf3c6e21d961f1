import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { organiser } from '../helpers/organiser.ts';
import { stockFaults } from '../helpers/stock-audit.ts';

let world: ApiWorld;
let of: ReturnType<typeof organiser>;
beforeAll(async () => {
  world = await apiWorld();
  of = organiser(world);
});
afterAll(() => world.close());

describe('a ticket type on sale', () => {
  it('may cost something else from now on; what is held and sold keeps its price', async () => {
    const { id, type } = await of.onSale();
    const held = await of.buy(type, 1, false);
    const changed = await of.ask('PATCH', `/events/${id}/ticket_types/${type}`, {
      ...{ price: 9_000, fee_fixed: 100, fee_payer: 'organiser', tax_rate: 1_000, tax_inclusive: false },
    });
    expect(changed.body.ticket_type).toMatchObject({ price: 9_000, fee_payer: 'organiser', tax_rate: 1_000 });
    const cart = await of.seller('GET', `/carts/${held.body.cart.id}`);
    expect(cart.body.cart.sale_details[0]).toMatchObject({ unit_price: 5_000, total: 5_000 });
    const next = await of.buy(type, 1, false);
    expect(next.body.cart.sale_details[0]).toMatchObject({
      unit_price: 9_000,
      fee: 0,
      tax: 900,
      total: 9_900,
    });
    const paid = await of.seller('POST', `/carts/${held.body.cart.id}/payments`, { method: 'cash' });
    expect(paid.body.payment.amount).toBe(5_000);
  });

  it('keeps a limit that covers what is held and sold, and is not deleted', async () => {
    const { id, type } = await of.onSale({ capacity: 10 });
    const url = `/events/${id}/ticket_types/${type}`;
    await of.buy(type, 3);
    await of.buy(type, 2, false);
    expect(await of.ask('PATCH', url, { capacity: 4 })).toMatchObject({
      ...{ status: 409, body: { code: 'conflict', held: 2, sold: 3, least: 5, capacity: 4 } },
    });
    expect((await of.ask('PATCH', url, { capacity: 5 })).status).toBe(200);
    expect(await of.buy(type)).toMatchObject({ status: 409, body: { code: 'sold_out' } });
    expect(await of.ask('DELETE', url)).toMatchObject({ status: 409, body: { held: 2, sold: 3 } });
    expect((await of.ask('PATCH', url, { capacity: null })).body.ticket_type.capacity).toBeNull();
    expect((await of.buy(type)).status).toBe(201);
    // Sold without a limit meanwhile: a new one counts it all the same.
    expect(await of.ask('PATCH', url, { capacity: 5 })).toMatchObject({
      status: 409,
      body: { held: 2, sold: 4, least: 6, capacity: 5 },
    });
    expect((await of.ask('PATCH', url, { capacity: 7 })).body.ticket_type).toMatchObject({ capacity: 7 });
    expect(await stockFaults(world.system)).toEqual({});
    expect((await of.buy(type, 2)).body).toMatchObject({ code: 'sold_out', available: 1 });
    expect((await of.buy(type)).status).toBe(201);
    expect(await of.buy(type)).toMatchObject({ status: 409, body: { code: 'sold_out' } });
    expect(await stockFaults(world.system)).toEqual({});
    expect((await of.auditOf(type, 'ticket_type')).map(({ action }) => action)).toEqual([
      ...['ticket_type.create', 'ticket_type.update', 'ticket_type.update', 'ticket_type.update'],
    ]);
  });

  it('gets its first limit while fifty would buy it: never more are held than that', async () => {
    const { id, type } = await of.onSale();
    const buying = Array.from({ length: 50 }, () => of.buy(type, 1, false));
    const answer = await of.ask('PATCH', `/events/${id}/ticket_types/${type}`, { capacity: 5 });
    const bought = (await Promise.all(buying)).filter(({ status }) => status === 201).length;
    expect([200, 409]).toContain(answer.status);
    expect(bought).toBe(answer.status === 200 ? 5 : 50);
    expect(await stockFaults(world.system)).toEqual({});
  });

  it('gets its first limit while carts are bought, paid, let go and refunded: every line is counted once', async () => {
    const { id, type } = await of.onSale();
    const carts = await Promise.all(Array.from({ length: 30 }, (_, i) => of.buy(type, 1, i % 3 === 0)));
    const moves = carts.map(({ body }, i) => {
      const url = `/carts/${body.cart?.id ?? body.payment.cart_id}`;
      if (i % 3 === 0) return of.seller('POST', `${url}/refunds`, { reason: 'ill' });
      if (i % 3 === 1) return of.seller('POST', `${url}/payments`, { method: 'cash' });
      return of.seller('DELETE', url);
    });
    const buying = Array.from({ length: 20 }, () => of.buy(type, 1, false));
    const limit = of.ask('PATCH', `/events/${id}/ticket_types/${type}`, { capacity: 200 });
    const answers = await Promise.all([...moves, ...buying, limit]);
    expect(answers.filter(({ status }) => status >= 400)).toEqual([]);
    expect(await stockFaults(world.system)).toEqual({});
    const [counted] = (
      await world.system.db.pool.query('SELECT held, sold FROM ticket_type WHERE id = $1', [type])
    ).rows;
    expect(counted).toEqual({ held: 20, sold: 10 });
  });
});

describe('what hangs on an event', () => {
  it('names sections and gates of its own event, times in order', async () => {
    const { id } = await of.draft({ map_ids: [world.map_id] });
    const answer = await of.ask('POST', `/events/${id}/ticket_types`, {
      ...{ name: 'A', price: 1, section_ids: [world.floor, 99_999, world.floor], gate_ids: [world.gate_id] },
      ...{
        min_per_cart: 5,
        max_per_cart: 4,
        sales_start: '2027-01-02T00:00:00Z',
        sales_end: '2027-01-01T00:00:00Z',
      },
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      ...['/gate_ids/0', '/max_per_cart', '/sales_end', '/section_ids/1', '/section_ids/2'],
    ]);
  });

  it('comes many at once: atomic all or none, each by itself', async () => {
    const { id } = await of.draft({ map_ids: [world.map_id] });
    const url = `/events/${id}/ticket_types/bulk`;
    const rows = [
      { name: 'A', price: 100, section_ids: [world.floor] },
      { name: '', price: -1 },
      { name: 'C', price: 100, section_ids: [1_000_000] },
    ];
    const none = await of.ask('POST', url, { ticket_types: rows });
    expect(none.status).toBe(422);
    expect(none.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      ...['/ticket_types/1/name', '/ticket_types/1/price', '/ticket_types/2/section_ids/0'],
    ]);
    const listed = async () => (await of.ask('GET', `/events/${id}/ticket_types`)).body.ticket_types.length;
    expect(await listed()).toBe(0);
    const some = await of.ask('POST', url, { mode: 'each', ticket_types: rows });
    expect(some.status).toBe(200);
    expect(some.body.results).toMatchObject([
      { index: 0, status: 'ok', ticket_type: { name: 'A', event_id: id }, error: null },
      { index: 1, status: 'error', ticket_type: null, error: { code: 'validation_failed' } },
      { index: 2, status: 'error', error: { errors: [{ pointer: '/ticket_types/2/section_ids/0' }] } },
    ]);
    expect(await listed()).toBe(1);
    expect((await of.ask('POST', url, { ticket_types: [rows[0]] })).status).toBe(201);
  });

  it('stays while something refers to it', async () => {
    const { id, type } = await of.onSale();
    const gate = (await of.ask('POST', `/events/${id}/gates`, { name: 'N' })).body.gate;
    await of.ask('PATCH', `/events/${id}/ticket_types/${type}`, { gate_ids: [gate.id] });
    const refused = await of.ask('DELETE', `/events/${id}/gates/${gate.id}`);
    expect(refused).toMatchObject({ status: 409, body: { ticket_type_ids: [type] } });
    await of.ask('PATCH', `/events/${id}/ticket_types/${type}`, { gate_ids: [] });
    expect((await of.ask('DELETE', `/events/${id}/gates/${gate.id}`)).status).toBe(204);
    expect((await of.ask('DELETE', `/events/${id}/ticket_types/${type}`)).status).toBe(204);
  });
});
