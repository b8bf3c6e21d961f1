import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { expectWhole, type Parts, type StockWorld, stockWorld } from '../helpers/stock-world.ts';

// The stock proof: what the rows add up to, by section, ticket type and interface.

let world: ApiWorld;
let at: StockWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  at = await stockWorld(world);
});

const NONE = { held: 0, sold: 0, kept: 0, courtesy: 0 };

describe('the stock of an event', () => {
  it('is all there before anything is sold', async () => {
    const { interfaces } = world.accounts;
    expect(await at.stock()).toEqual({
      ...{ event_id: at.event_id, interface_id: null, as_of: expect.any(String) },
      totals: { capacity: 80, available: 80, blocked: 0, ...NONE },
      sections: [
        {
          ...{ section_id: at.stalls, name: 'Stalls', kind: 'seated' },
          ...{ capacity: 20, available: 20, blocked: 0, ...NONE },
          counters: { capacity: 20, held: 0, sold: 0, blocked: 0 },
        },
        {
          ...{ section_id: at.floor, name: 'Floor', kind: 'general' },
          ...{ capacity: 60, available: 60, blocked: 0, ...NONE },
          counters: { capacity: 60, held: 0, sold: 0, blocked: 0 },
        },
      ],
      ticket_types: [
        {
          ...{ ticket_type_id: at.seated, name: 'Stalls', limit: null },
          ...{ capacity: 20, available: 20, blocked: 0, ...NONE, counters: null },
        },
        {
          ...{ ticket_type_id: at.loose, name: 'Floor', limit: 50 },
          ...{ capacity: 50, available: 50, blocked: 0, ...NONE, counters: { held: 0, sold: 0 } },
        },
      ],
      interfaces: [
        {
          ...{ interface_id: interfaces.web, name: 'web' },
          ...{ capacity: 80, available: 80, blocked: 0, allotted: 0, ...NONE },
        },
        {
          ...{ interface_id: interfaces.pos, name: 'box_office' },
          ...{ capacity: 80, available: 80, blocked: 0, allotted: 0, ...NONE },
        },
      ],
      products: [
        {
          ...{ product_id: at.programme, name: 'Programme', capacity: 10, available: 10, held: 0, sold: 0 },
          ...{ kept: 0, counters: { held: 0, sold: 0 } },
        },
      ],
      drift: [],
    });
  });

  it('says by whom and how every place was taken, and agrees with the report', async () => {
    await at.sell([at.sitting(0, 1), at.standing(3), { product_id: at.programme, quantity: 2 }]);
    await at.hold([at.sitting(2), at.standing(2), { product_id: at.programme, quantity: 1 }]);
    await at.sell([at.standing(4)], 'pos');
    const kept = await at.sell([at.sitting(3, 4)]);
    await at.ask('POST', `/carts/${kept.id}/refunds`, {
      ...{ reason: 'ill', keep_inventory: true, sale_detail_ids: [kept.sale_details[0].id] },
    });
    await at.give(at.seated);
    await at.give(at.loose);
    await at.block({ kind: 'kill', name: 'Pillar', seat_ids: [at.seats[18], at.seats[19]] });
    await at.block({ kind: 'house', name: 'House', section_id: at.floor, quantity: 5 });

    const proof = await at.stock();
    expectWhole(proof);
    expect(proof.drift).toEqual([]);
    expect(proof.sections).toMatchObject([
      {
        ...{ capacity: 20, available: 12, held: 1, sold: 4, kept: 1, blocked: 2, courtesy: 1 },
        counters: { capacity: 20, held: 1, sold: 5, blocked: 2 },
      },
      {
        ...{ capacity: 60, available: 45, held: 2, sold: 7, kept: 0, blocked: 5, courtesy: 1 },
        counters: { capacity: 60, held: 2, sold: 8, blocked: 5 },
      },
    ]);
    expect(proof.ticket_types).toMatchObject([
      { capacity: 20, available: 12, held: 1, sold: 4, kept: 1, blocked: 2, courtesy: 1, counters: null },
      {
        ...{ capacity: 50, available: 40, held: 2, sold: 7, blocked: 0, courtesy: 1 },
        counters: { held: 2, sold: 8 },
      },
    ]);
    expect(proof.products).toMatchObject([
      { available: 7, held: 1, sold: 2, counters: { held: 1, sold: 2 } },
    ]);
    const both = { available: 57, blocked: 7, allotted: 0 };
    expect(proof.interfaces).toMatchObject([
      { ...both, capacity: 76, held: 3, sold: 7, kept: 1, courtesy: 2 },
      { ...both, capacity: 68, held: 0, sold: 4, kept: 0, courtesy: 0 },
    ]);
    const told = await at.report();
    const same = ({ capacity, available, held, sold, blocked, courtesy }: Parts) => ({
      ...{ capacity, free: available, held, sold, blocked, courtesy },
    });
    expect(told.totals).toMatchObject(same(proof.totals));
    expect(told.sections).toMatchObject(proof.sections.map(same));
    expect(
      told.ticket_types.map(({ sold, held, free }: Record<string, number>) => [sold, held, free]),
    ).toEqual(
      proof.ticket_types.map((type: Parts & { kept: number }) => [
        type.sold - type.kept,
        type.held,
        type.available,
      ]),
    );
  });

  it('a hold that has run out counts for nothing, swept or not, and is no drift', async () => {
    const before = await at.stock();
    const cart = await at.hold([at.sitting(0), at.standing(2), { product_id: at.programme, quantity: 1 }]);
    expect((await at.stock()).totals).toMatchObject({ available: 77, held: 3 });
    await at.lapse(cart.id);
    expect({ ...(await at.stock()), as_of: 0 }).toEqual({ ...before, as_of: 0 });
    await at.hold([at.sitting(0)]); // the seat is another cart's, and the old one has not been swept
    const after = await at.stock();
    expect([after.totals.held, after.drift]).toEqual([1, []]);
  });

  it('types that share places take them from each other: what others have is blocked for a type', async () => {
    const more = {
      ...{ name: 'Reduced', position: 9, price: 2_000, capacity: 30, max_per_cart: 20 },
      section_ids: [at.floor],
    };
    const { ticket_type } = await at.ask('POST', `/events/${at.event_id}/ticket_types`, more, 'admin');
    for (let i = 0; i < 2; i++) await at.sell([at.standing(20)]);
    await at.block({ kind: 'house', name: 'House', section_id: at.floor, quantity: 5 });
    await at.sell([{ ticket_type_id: ticket_type.id, quantity: 3 }]);
    const proof = await at.stock();
    expectWhole(proof);
    expect(proof.ticket_types.slice(1)).toMatchObject([
      { limit: 50, capacity: 50, available: 10, sold: 40, blocked: 0 },
      { limit: 30, capacity: 30, available: 12, sold: 3, blocked: 15 },
    ]);
    // Sold in sections that the type has left since then: still a part of it.
    await at.ask(
      'PATCH',
      `/events/${at.event_id}/ticket_types/${ticket_type.id}`,
      { section_ids: [at.stalls] },
      'admin',
    );
    const later = await at.stock();
    expectWhole(later);
    expect(later.ticket_types[2]).toMatchObject({ capacity: 23, available: 20, sold: 3, blocked: 0 });
    expect(later.drift).toEqual([]);
  });

  it('an allotment is blocked for all but its interface, whose only stock of the section it may be', async () => {
    const { interfaces } = world.accounts;
    const allot = (more: object) =>
      at.block({ kind: 'allotment', name: 'Partner', interface_id: interfaces.pos, ...more });
    const outer = await allot({ section_id: at.floor, quantity: 20 });
    await at.block({
      ...{ kind: 'allotment', name: 'Inner', section_id: at.floor, quantity: 4 },
      ...{ parent_id: outer.id, interface_id: interfaces.web, overflow: true },
    });
    await allot({ seat_ids: [at.seats[0], at.seats[1], at.seats[2]], overflow: true });
    const proof = await at.stock();
    expectWhole(proof);
    expect(proof.drift).toEqual([]);
    expect(proof.totals).toMatchObject({ available: 57, blocked: 23 });
    expect(proof.interfaces).toMatchObject([
      { name: 'web', capacity: 80, available: 57 + 4, blocked: 19, allotted: 4 },
      // All other seats, but nothing more of the floor.
      { name: 'box_office', capacity: 80, available: 17 + 3 + 16, blocked: 40 + 4, allotted: 19 },
    ]);
    await at.sell([at.standing(6)], 'pos');
    const overdue = await at.hold([at.standing(2), at.sitting(0)], 'pos');
    const during = await at.stock();
    expectWhole(during);
    expect(during.interfaces[1]).toMatchObject({ held: 3, sold: 6, available: 17 + 2 + 8, allotted: 10 });
    await at.lapse(overdue.id);
    const after = await at.stock();
    expectWhole(after);
    expect(after.drift).toEqual([]);
    expect(after.totals).toMatchObject({ held: 0, sold: 6, available: 57, blocked: 17 });
    expect((await at.report()).totals).toMatchObject({ held: 0, sold: 6, free: 57, blocked: 17 });
    expect(after.interfaces[1]).toMatchObject({ held: 0, available: 17 + 3 + 10, allotted: 13 });
    // Free again for whom it is kept, and for nobody else: no courtesy gets it, though nothing else is left.
    const [lapsed] = await at.sql(
      'SELECT status FROM event_seat WHERE event_id = $1 AND seat_id = $2',
      at.event_id,
      at.seats[0],
    );
    expect(lapsed).toEqual({ status: 'held' });
    expect((await at.ask('GET', `/events/${at.event_id}/seats/${at.seats[0]}`)).seat.status).toBe('blocked');
    await at.block({ kind: 'kill', name: 'Closed', seat_ids: at.seats.slice(3) });
    const guests = [{ first_name: 'Guest', last_name: 'One' }];
    const body = { event_id: at.event_id, ticket_type_id: at.seated, guests };
    const refused = await world.call('POST', '/courtesies', { who: 'admin', body });
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'sold_out']);
    expect((await at.stock()).drift).toEqual([]);
    await at.sell([at.sitting(0)], 'pos');
  });

  it('sell sees of the interfaces its own', async () => {
    await at.sell([at.standing(1)]);
    const proof = await at.stock('pos');
    expect(proof.interface_id).toBe(world.accounts.interfaces.pos);
    expect(proof.interfaces.map(({ name }: { name: string }) => name)).toEqual(['box_office']);
    expect(proof.totals.sold).toBe(1);
  });

  it('of an event that was taken off an interface, what that has sold stays told', async () => {
    await at.sell([at.standing(2)], 'pos');
    await at.sql(
      'DELETE FROM event_interface WHERE event_id = $1 AND interface_id = $2',
      at.event_id,
      world.accounts.interfaces.pos,
    );
    const proof = await at.stock();
    expectWhole(proof);
    expect(proof.interfaces[1]).toMatchObject({ capacity: 80, available: 0, sold: 2, blocked: 78 });
  });

  it('a draft has none', async () => {
    const { event } = await at.ask(
      'POST',
      '/events',
      { name: 'Gala', starts_at: '2027-01-01T20:00:00Z', map_ids: [world.map_id] },
      'admin',
    );
    const { stock } = await at.ask('GET', `/events/${event.id}/stock`, undefined, 'admin');
    expect(stock).toMatchObject({ totals: { capacity: 0, available: 0 }, drift: [] });
    expect(stock.sections).toHaveLength(2);
  });

  it('what becomes of a map later is nothing to an event that is over', async () => {
    await at.sell([at.standing(2)]);
    const before = await at.stock();
    await at.sql("UPDATE event SET status = 'ended' WHERE id = $1", at.event_id);
    await at.sql('UPDATE section SET capacity = 70 WHERE id = $1', at.floor);
    expect({ ...(await at.stock()), as_of: 0 }).toEqual({ ...before, as_of: 0 });
  });
});
