import { describe, expect, it } from 'vitest';
import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import { applyCode } from '../../../src/services/carts/codes.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { stockKept } from '../../helpers/kept-world.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import { DAY, fromNow, type SalesWorld } from '../../helpers/sales-world.ts';
import { salesRows } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
stockKept((made) => {
  world = made;
});

type Items = AddSaleDetails['items'];
const seat = (label: string): number => world.theatre.seats[label] as number;

describe('all or nothing: whatever the last item is refused for, no row changes', () => {
  const good = (): Items => [
    { ticket_type_id: world.festival.adult, quantity: 1 },
    { ticket_type_id: world.theatre.stall, seat_ids: [seat('A1'), seat('A2')] },
    { product_id: world.festival.shirt, quantity: 1 },
  ];
  const bad: [string, string, () => Items[number]][] = [
    [
      'a seat is taken',
      'seats_unavailable',
      () => ({ ticket_type_id: world.theatre.stall, seat_ids: [seat('E1')] }),
    ],
    ['a type is sold out', 'sold_out', () => ({ ticket_type_id: world.festival.child, quantity: 4 })],
    [
      'a section is full',
      'sold_out',
      () => ({
        ...{ ticket_type_id: world.festival.adult, quantity: 6 },
        section_id: world.festival.balcony,
      }),
    ],
    ['a product is sold out', 'sold_out', () => ({ product_id: world.theatre.programme, quantity: 10 })],
    ['too many a cart', 'limit_exceeded', () => ({ product_id: world.festival.shirt, quantity: 3 })],
    ['a window is shut', 'not_on_sale', () => ({ ticket_type_id: world.festival.later, quantity: 1 })],
    [
      'a code is missing',
      'code_not_applicable',
      () => ({ ticket_type_id: world.festival.hidden, quantity: 1 }),
    ],
    ['it does not exist', 'validation_failed', () => ({ product_id: 2_000_000_000, quantity: 1 })],
    [
      'a seat does not exist',
      'validation_failed',
      () => ({
        ...{ ticket_type_id: world.theatre.stall, seat_ids: [2_000_000_000] },
      }),
    ],
    ['another currency', 'conflict', () => ({ ticket_type_id: world.abroad.type, quantity: 1 })],
  ];

  it.each(bad)('%s', async (_, code, item) => {
    const other = world.buyer();
    await openCart(other, {
      items: [
        { ticket_type_id: world.theatre.stall, seat_ids: [seat('E1')] },
        { product_id: world.theatre.programme, quantity: 1 },
      ],
    });
    const ctx = world.buyer();
    const empty = await openCart(ctx, {});
    const filled = await openCart(ctx, { items: [{ product_id: world.festival.parking, quantity: 1 }] });
    const before = await salesRows(world.system);
    const items = [...good(), item()];
    expect(await codeOf(openCart(ctx, { items }))).toBe(code);
    expect(await codeOf(addSaleDetails(ctx, empty.id, { items }))).toBe(code);
    expect(await codeOf(addSaleDetails(ctx, filled.id, { items }))).toBe(code);
    expect(await salesRows(world.system)).toEqual(before);
  });
});

describe('limits', () => {
  const opened = async (items: Items, ctx = world.buyer()) => (await openCart(ctx, { items })).id;
  const add = (cart_id: string, items: Items, ctx = world.buyer()) =>
    refusalOf(addSaleDetails(ctx, cart_id, { items }));

  it('of a type a cart count what it holds and every item of the request', async () => {
    const { adult } = world.festival;
    const id = await opened([{ ticket_type_id: adult, quantity: 6 }]);
    const one = { ticket_type_id: adult, quantity: 1 };
    expect(await add(id, [one, one, one])).toMatchObject({
      code: 'limit_exceeded',
      facts: { ticket_type_id: adult, max_per_cart: 8 },
    });
    expect(await addSaleDetails(world.buyer(), id, { items: [one, one] })).toHaveLength(2);
    expect((await add(id, [one])).code).toBe('limit_exceeded');
  });

  it('count seats like places', async () => {
    const { stall } = world.theatre;
    const labels = ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8', 'A9', 'A10'];
    const id = await opened([{ ticket_type_id: stall, seat_ids: labels.map(seat) }]);
    expect((await add(id, [{ ticket_type_id: stall, seat_ids: [seat('B1')] }])).facts).toMatchObject({
      max_per_cart: 10,
    });
    expect((await add(id, [{ ticket_type_id: stall, best_available: { quantity: 1 } }])).code).toBe(
      'limit_exceeded',
    );
  });

  it('of a product', async () => {
    const { shirt } = world.festival;
    const id = await opened([{ product_id: shirt, quantity: 2 }]);
    expect(await add(id, [{ product_id: shirt, quantity: 2 }])).toMatchObject({
      code: 'limit_exceeded',
      facts: { product_id: shirt, max_per_cart: 3 },
    });
  });

  it('of an event count its tickets of all types, not its products', async () => {
    const { adult, early, parking, event_id } = world.festival;
    const id = await opened([
      { ticket_type_id: adult, quantity: 8 },
      { product_id: parking, quantity: 10 },
      { ticket_type_id: world.theatre.stall, seat_ids: [seat('A1')] },
    ]);
    expect(await add(id, [{ ticket_type_id: early, quantity: 5 }])).toMatchObject({
      code: 'limit_exceeded',
      facts: { event_id, max_per_cart: 12 },
    });
    expect(
      await addSaleDetails(world.buyer(), id, { items: [{ ticket_type_id: early, quantity: 4 }] }),
    ).toHaveLength(4);
  });

  it('have a lower end', async () => {
    const { pair } = world.festival;
    const refusal = await refusalOf(
      openCart(world.buyer(), { items: [{ ticket_type_id: pair, quantity: 1 }] }),
    );
    expect(refusal).toMatchObject({
      code: 'limit_exceeded',
      facts: { ticket_type_id: pair, min_per_cart: 2 },
    });
    const id = await opened([{ ticket_type_id: pair, quantity: 2 }]);
    const third = [{ ticket_type_id: pair, quantity: 1 }];
    expect(await addSaleDetails(world.buyer(), id, { items: third })).toHaveLength(1);
  });

  it('of a person count all carts of the user that still hold', async () => {
    const { limited } = world.festival;
    const [ana, ben] = [world.buyer({ user_id: world.ana }), world.buyer({ user_id: world.ben })];
    const one = [{ ticket_type_id: limited, quantity: 1 }];
    const first = await opened(one, ana);
    const second = await opened(one, ana);
    expect(await add(second, one, ana)).toMatchObject({
      code: 'limit_exceeded',
      facts: { ticket_type_id: limited, max_per_user: 2 },
    });
    expect(await codeOf(openCart(ana, { items: one }))).toBe('limit_exceeded');
    expect(await codeOf(openCart(world.seller(), { items: one, user_id: world.ana }))).toBe('limit_exceeded');
    await opened([{ ticket_type_id: limited, quantity: 2 }], ben);
    for (const _ of [1, 2]) await opened([{ ticket_type_id: limited, quantity: 2 }]); // nobody's: each for itself
    expect(await codeOf(openCart(world.buyer(), { items: [...one, ...one, ...one] }))).toBe('limit_exceeded');
    await world.lapse(first);
    expect(await addSaleDetails(ana, second, { items: one })).toHaveLength(1);
  });

  it('keep the amount of a cart within what an amount can be', async () => {
    const { parking } = world.festival;
    await world.sql('UPDATE product SET price = 2000000000, fee_fixed = 0 WHERE id = $1', parking);
    await world.sql('UPDATE event SET version = version + 1 WHERE id = $1', world.festival.event_id);
    const one = [{ product_id: parking, quantity: 1 }];
    const id = await opened(one);
    expect((await add(id, one)).code).toBe('limit_exceeded');
    expect(await codeOf(openCart(world.buyer(), { items: [...one, ...one] }))).toBe('limit_exceeded');
    await world.sql('UPDATE product SET price = 800, fee_fixed = 20 WHERE id = $1', parking);
    await world.sql('UPDATE event SET version = version + 1 WHERE id = $1', world.festival.event_id);
  });

  it('keep its subtotal within it, too, where codes make the total small', async () => {
    const { early, event_id } = world.festival;
    await world.sql(
      `WITH d AS (INSERT INTO code (company_id, event_id, code, kind, value, ticket_type_ids)
         SELECT company_id, id, 'WHOLE', 'percentage', 10000, ARRAY[$2::int] FROM event WHERE id = $1)
       UPDATE price_phase SET price = 2000000000 WHERE ticket_type_id = $2`,
      event_id,
      early,
    );
    const touch = () => world.sql('UPDATE event SET version = version + 1 WHERE id = $1', event_id);
    await touch();
    const one = [{ ticket_type_id: early, quantity: 1 }];
    const id = await opened(one);
    expect((await applyCode(world.buyer(), id, 'WHOLE')).totals.total).toBe(0);
    expect((await add(id, one)).code).toBe('limit_exceeded');
    await world.sql('UPDATE price_phase SET price = 4500 WHERE ticket_type_id = $1', early);
    await touch();
  });
});

describe('when it is sold', () => {
  const one = (ticket_type_id: number): Items => [{ ticket_type_id, quantity: 1 }];
  const WINDOWS = ['event', 'event_interface', 'ticket_type'] as const;
  const set = async (table: (typeof WINDOWS)[number], window: object) => {
    const { event_id } = world.festival;
    const key = table === 'event' ? 'id' : 'event_id';
    const { sales_start = null, sales_end = null } = window as { sales_start?: Date; sales_end?: Date };
    await world.sql(
      `UPDATE ${table} SET sales_start = $2, sales_end = $3 WHERE ${key} = $1`,
      event_id,
      sales_start,
      sales_end,
    );
    await world.sql('UPDATE event SET version = version + 1 WHERE id = $1', event_id);
    world.system.offers.drop(world.company_id, event_id);
  };

  it.each(WINDOWS)('is the business of the %s', async (table) => {
    const { adult, event_id } = world.festival;
    const start = fromNow(DAY);
    await set(table, { sales_start: start });
    const early = await refusalOf(openCart(world.buyer(), { items: one(adult) }));
    expect(early).toMatchObject({
      code: 'not_on_sale',
      facts: { event_id, item: 0, retry_at: start.toISOString() },
    });
    await openCart(world.buyer({ now: new Date(start.getTime() + 1) }), { items: one(adult) });
    await set(table, { sales_end: fromNow(-1_000) });
    expect(await codeOf(openCart(world.buyer(), { items: one(adult) }))).toBe('not_on_sale');
    await set(table, {});
    await openCart(world.buyer(), { items: one(adult) });
  });

  it.each(['paused', 'cancelled', 'ended'])('is not while the event is %s', async (status) => {
    const { event_id, adult } = world.festival;
    const put = (value: string) =>
      world.sql(
        'UPDATE event SET status = $2::event_status, version = version + 1 WHERE id = $1',
        event_id,
        value,
      );
    await openCart(world.buyer(), { items: one(adult) }); // remembered as on sale
    await put(status);
    const refusal = await refusalOf(openCart(world.buyer(), { items: one(adult) }));
    expect(refusal).toMatchObject({ code: 'not_on_sale', facts: { event_status: status } });
    await put('published');
    world.system.offers.drop(world.company_id, event_id);
  });

  it('is not after the event', async () => {
    const { event_id, adult } = world.festival;
    const end = (at: Date | null) =>
      world.sql('UPDATE event SET ends_at = $2, version = version + 1 WHERE id = $1', event_id, at);
    await end(fromNow(-1_000));
    world.system.offers.drop(world.company_id, event_id);
    expect(await codeOf(openCart(world.buyer(), { items: one(adult) }))).toBe('not_on_sale');
    await end(null);
    world.system.offers.drop(world.company_id, event_id);
  });

  it('a draft does not exist', async () => {
    await world.sql(
      "UPDATE event SET status = 'draft', version = version + 1 WHERE id = $1",
      world.abroad.event_id,
    );
    world.system.offers.drop(world.company_id, world.abroad.event_id);
    expect(await codeOf(openCart(world.buyer(), { items: one(world.abroad.type) }))).toBe(
      'validation_failed',
    );
    await world.sql(
      "UPDATE event SET status = 'published', version = version + 1 WHERE id = $1",
      world.abroad.event_id,
    );
    world.system.offers.drop(world.company_id, world.abroad.event_id);
  });
});

describe('currencies', () => {
  const euros = (): Items => [{ ticket_type_id: world.festival.adult, quantity: 1 }];
  const dollars = (): Items => [{ ticket_type_id: world.abroad.type, quantity: 1 }];

  it('are one a cart: that of its first item', async () => {
    const cart = await openCart(world.buyer(), {});
    await addSaleDetails(world.buyer(), cart.id, { items: dollars() });
    expect((await getCart(world.buyer(), cart.id)).currency).toBe('USD');
    expect(await codeOf(addSaleDetails(world.buyer(), cart.id, { items: euros() }))).toBe('conflict');
    expect(await codeOf(openCart(world.buyer(), { items: [...euros(), ...dollars()] }))).toBe('conflict');
  });
  it('of an empty cart do not keep two requests of one moment from filling it', async () => {
    const cart = await openCart(world.buyer(), {}); // in euros, as its interface
    const adds = [1, 2, 3].map(() => addSaleDetails(world.buyer(), cart.id, { items: dollars() }));
    expect(await Promise.all(adds)).toHaveLength(3);
    expect(await getCart(world.buyer(), cart.id)).toMatchObject({
      currency: 'USD',
      totals: { total: 15_000 },
    });
  });
});
