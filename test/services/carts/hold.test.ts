import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { stockKept } from '../../helpers/kept-world.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
stockKept((made) => {
  world = made;
});

const holding = async (items: AddSaleDetails['items'], ctx: Context = world.buyer()) => {
  const { id } = await openCart(ctx, {});
  return addSaleDetails(ctx, id, { items });
};
const seat = (label: string): number => world.theatre.seats[label] as number;
const statusOf = (seat_id: number) =>
  world.sql('SELECT status, cart_id, hold_expires_at FROM event_seat WHERE seat_id = $1', seat_id);

describe('general admission', () => {
  it('is one line a ticket, all in the first section with room for all', async () => {
    const { adult, floor, event_id } = world.festival;
    const lines = await holding([{ ticket_type_id: adult, quantity: 3 }]);
    expect(lines).toHaveLength(3);
    expect(new Set(lines.map((line) => line.id)).size).toBe(3);
    for (const line of lines)
      expect(line).toMatchObject({
        ...{
          kind: 'ticket',
          status: 'held',
          event_id,
          ticket_type_id: adult,
          section_id: floor,
          quantity: 1,
        },
        ...{
          seat: null,
          product_id: null,
          plan_setting_id: null,
          holder: null,
          guest_id: null,
          ticket_id: null,
        },
      });
  });

  it('is held in the section that is named', async () => {
    const { adult, balcony } = world.festival;
    const lines = await holding([{ ticket_type_id: adult, quantity: 2, section_id: balcony }]);
    expect(lines.map((line) => line.section_id)).toEqual([balcony, balcony]);
  });

  it('goes to the next section when the first has no room for all, and is spread when none has', async () => {
    const { adult, limited, floor, balcony } = world.festival;
    await holding([{ ticket_type_id: adult, quantity: 8 }]);
    await holding([{ ticket_type_id: adult, quantity: 8 }]); // floor: 4 of 20 left
    const five = await holding([{ ticket_type_id: adult, quantity: 5 }]);
    expect(new Set(five.map((line) => line.section_id))).toEqual(new Set([balcony]));
    await holding([{ ticket_type_id: limited, quantity: 2, section_id: floor }]); // floor: 2
    await world.sql('UPDATE event_section SET capacity = 6 WHERE section_id = $1', balcony); // balcony: 1
    const spread = await holding([{ ticket_type_id: adult, quantity: 3 }]);
    await world.sql('UPDATE event_section SET capacity = 7 WHERE section_id = $1', balcony);
    expect(spread.map((line) => line.section_id)).toEqual([floor, floor, balcony]);
    await world.clear();
    await world.sql('UPDATE event_section SET capacity = 5 WHERE section_id = $1', balcony);
  });

  it('says how many are left when there are fewer than asked', async () => {
    const { adult, balcony, child } = world.festival;
    await holding([{ ticket_type_id: adult, quantity: 3, section_id: balcony }]);
    const refusal = await refusalOf(holding([{ ticket_type_id: adult, quantity: 3, section_id: balcony }]));
    expect(refusal).toMatchObject({
      code: 'sold_out',
      facts: { available: 2, item: 0, ticket_type_id: adult },
    });
    const own = await refusalOf(holding([{ ticket_type_id: child, quantity: 4 }]));
    expect(own).toMatchObject({ code: 'sold_out', facts: { available: 3, ticket_type_id: child } });
  });

  it('shares a section between types, and items of one request share what is left', async () => {
    const { adult, child, balcony } = world.festival;
    const items = [
      { ticket_type_id: adult, quantity: 3, section_id: balcony },
      { ticket_type_id: child, quantity: 2, section_id: balcony },
    ];
    expect(await holding(items)).toHaveLength(5);
    const refusal = await refusalOf(holding([{ ticket_type_id: adult, quantity: 1, section_id: balcony }]));
    expect(refusal.facts).toMatchObject({ available: 0 });
    await world.clear();
    const both = [...items, { ticket_type_id: adult, quantity: 1, section_id: balcony }];
    expect((await refusalOf(holding(both))).facts).toMatchObject({ available: 0, item: 2 });
  });
});

describe('chosen seats', () => {
  it('are held for the cart until it expires, in the order asked', async () => {
    const { stall, stalls, event_id } = world.theatre;
    const lines = await holding([{ ticket_type_id: stall, seat_ids: [seat('C3'), seat('A1')] }]);
    expect(lines.map((line) => line.seat)).toEqual([
      { id: seat('C3'), section: 'Stalls', row: 'C', number: '3' },
      { id: seat('A1'), section: 'Stalls', row: 'A', number: '1' },
    ]);
    expect(lines[0]).toMatchObject({ section_id: stalls, event_id, quantity: 1 });
    const { cart_id } = lines[0] as (typeof lines)[number];
    const { expires_at } = await getCart(world.buyer(), cart_id);
    expect(await statusOf(seat('C3'))).toEqual([{ status: 'held', cart_id, hold_expires_at: expires_at }]);
  });

  it('are refused together, the taken ones named in order', async () => {
    const { stall, box } = world.theatre;
    await holding([{ ticket_type_id: stall, seat_ids: [seat('B4'), seat('B2'), seat('F1')] }]);
    const refusal = await refusalOf(
      holding([
        { ticket_type_id: stall, seat_ids: [seat('B5'), seat('B4'), seat('B3'), seat('B2')] },
        { ticket_type_id: box, seat_ids: [seat('F1'), seat('F2')] },
      ]),
    );
    expect(refusal.code).toBe('seats_unavailable');
    expect(refusal.facts.unavailable_seat_ids).toEqual(
      [seat('B2'), seat('B4'), seat('F1')].sort((a, b) => a - b),
    );
    expect(await statusOf(seat('B5'))).toMatchObject([{ status: 'available' }]);
  });

  it('are refused when one request names a seat in two items', async () => {
    const { stall, box } = world.theatre;
    const refusal = await refusalOf(
      holding([
        { ticket_type_id: stall, seat_ids: [seat('F3')] },
        { ticket_type_id: box, seat_ids: [seat('F3')] },
      ]),
    );
    expect(refusal).toMatchObject({
      code: 'seats_unavailable',
      facts: { unavailable_seat_ids: [seat('F3')] },
    });
  });

  it('must be of the ticket type: every wrong one is named', async () => {
    const { stall, box } = world.theatre;
    const refusal = await refusalOf(
      holding([
        { ticket_type_id: box, seat_ids: [seat('A1'), seat('F1'), seat('A2')] },
        { ticket_type_id: stall, seat_ids: [2_000_000_000] },
      ]),
    );
    expect(refusal.code).toBe('validation_failed');
    expect(refusal.facts.errors?.map((fault) => [fault.pointer, fault.code])).toEqual([
      ['/items/0/seat_ids/0', 'not_found'],
      ['/items/0/seat_ids/2', 'not_found'],
      ['/items/1/seat_ids/0', 'not_found'],
    ]);
  });

  it('can be blocked', async () => {
    await world.sql("UPDATE event_seat SET status = 'blocked' WHERE seat_id = $1", seat('E10'));
    const refusal = await refusalOf(
      holding([{ ticket_type_id: world.theatre.stall, seat_ids: [seat('E10')] }]),
    );
    expect(refusal.facts.unavailable_seat_ids).toEqual([seat('E10')]);
    await world.sql("UPDATE event_seat SET status = 'available' WHERE seat_id = $1", seat('E10'));
  });
});

describe('products', () => {
  it('are one line of any quantity', async () => {
    const { shirt, parking } = world.festival;
    const lines = await holding([
      { product_id: shirt, quantity: 3 },
      { product_id: parking, quantity: 9 },
    ]);
    expect(lines.map(({ kind, product_id, quantity, total }) => [kind, product_id, quantity, total])).toEqual(
      [
        ['product', shirt, 3, 4_500],
        ['product', parking, 9, 9 * 820],
      ],
    );
  });

  it('are sold out at their capacity', async () => {
    const { shirt } = world.festival;
    await holding([{ product_id: shirt, quantity: 3 }]);
    const refusal = await refusalOf(holding([{ product_id: shirt, quantity: 2 }]));
    expect(refusal).toMatchObject({ code: 'sold_out', facts: { available: 1, item: 0, product_id: shirt } });
  });
});

describe('what is asked for', () => {
  it('must exist on the interface: every item that does not is named', async () => {
    const { festival, theatre, elsewhere } = world;
    const refusal = await refusalOf(
      holding([
        { ticket_type_id: elsewhere.type, quantity: 1 },
        { ticket_type_id: festival.adult, quantity: 1 },
        { product_id: 2_000_000_000, quantity: 1 },
        { ticket_type_id: festival.pit, quantity: 1, section_id: festival.balcony },
        { ticket_type_id: theatre.stall, quantity: 1 },
        { ticket_type_id: festival.adult, quantity: 1, guest_id: 2_000_000_000 },
        { ticket_type_id: theatre.box, best_available: { quantity: 1, section_id: theatre.stalls } },
      ]),
    );
    expect(refusal.code).toBe('validation_failed');
    expect(refusal.facts.errors?.map((fault) => fault.pointer)).toEqual([
      '/items/0/ticket_type_id',
      '/items/2/product_id',
      '/items/3/section_id',
      '/items/4/quantity',
      '/items/5/guest_id',
      '/items/6/best_available/section_id',
    ]);
  });

  it('sells elsewhere where it does sell', async () => {
    const ctx = world.buyer({ interface: world.pos });
    const lines = await holding([{ ticket_type_id: world.elsewhere.type, quantity: 1 }], ctx);
    expect(lines).toHaveLength(1);
  });

  it('may have been deleted since it was last sold', async () => {
    const [type] = await world.sql<{ id: number }>(
      `INSERT INTO ticket_type (company_id, event_id, name, price, section_ids)
       SELECT company_id, event_id, 'gone', 100, section_ids FROM ticket_type WHERE id = $1 RETURNING id`,
      world.festival.adult,
    );
    const [product] = await world.sql<{ id: number }>(
      `INSERT INTO product (company_id, event_id, name, price)
       SELECT company_id, event_id, 'gone', 100 FROM product WHERE id = $1 RETURNING id`,
      world.festival.shirt,
    );
    const { event_id } = world.festival;
    const touch = () => world.sql('UPDATE event SET version = version + 1 WHERE id = $1', event_id);
    await touch();
    world.system.offers.drop(world.company_id, event_id);
    const items = [
      { ticket_type_id: type?.id, quantity: 1 },
      { product_id: product?.id, quantity: 1 },
    ];
    await holding(items);
    await world.clear();
    await world.sql('DELETE FROM ticket_type WHERE id = $1', type?.id);
    await world.sql('DELETE FROM product WHERE id = $1', product?.id);
    await touch();
    const refusal = await refusalOf(holding(items));
    expect(refusal.facts.errors?.map((fault) => fault.pointer)).toEqual([
      '/items/0/ticket_type_id',
      '/items/1/product_id',
    ]);
  });
});

describe('holders', () => {
  const holder = { first_name: 'Eva', last_name: 'Paz' };

  it('are named in the item, for each of its tickets', async () => {
    const lines = await holding([{ ticket_type_id: world.festival.adult, quantity: 2, holder }]);
    for (const line of lines)
      expect(line).toMatchObject({
        holder: { ...holder, email: null, document_number: null },
        guest_id: null,
      });
  });

  it("are copied from a guest of the user's own; a seller may use any", async () => {
    const items = [{ ticket_type_id: world.festival.adult, quantity: 1, guest_id: world.guest }];
    const carla = { first_name: 'Carla', last_name: 'Gil', email: 'carla@mail.com', document_number: '44' };
    for (const ctx of [world.buyer({ user_id: world.ana }), world.seller()])
      expect(await holding(items, ctx)).toMatchObject([{ holder: carla, guest_id: world.guest }]);
    for (const ctx of [world.buyer({ user_id: world.ben }), world.buyer()]) {
      const refusal = await refusalOf(holding(items, ctx));
      expect(refusal.facts.errors).toMatchObject([{ pointer: '/items/0/guest_id', code: 'not_found' }]);
    }
  });
});
