import { describe, expect, it } from 'vitest';
import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import { cancelCart, extendCart, patchCart } from '../../../src/services/carts/change.ts';
import { sweep } from '../../../src/services/carts/expire.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail, patchSaleDetail } from '../../../src/services/carts/lines.ts';
import { getCart, listCarts } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { stockKept } from '../../helpers/kept-world.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';
import { salesRows } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
stockKept((made) => {
  world = made;
});

type Items = AddSaleDetails['items'];
const seat = (label: string): number => world.theatre.seats[label] as number;
const seats = (...labels: string[]): Items => [
  { ticket_type_id: world.theatre.stall, seat_ids: labels.map(seat) },
];
const opened = (items: Items, ctx = world.buyer()) => openCart(ctx, { items });
const rowOf = async (label: string) =>
  (
    await world.sql('SELECT status, cart_id, hold_expires_at FROM event_seat WHERE seat_id = $1', seat(label))
  )[0];
/** Everything at once: seats, places, a limited type, a limited product. */
const everything = (): Items => [
  ...seats('A1', 'A2'),
  { ticket_type_id: world.festival.child, quantity: 3 },
  { ticket_type_id: world.festival.adult, quantity: 2, section_id: world.festival.balcony },
  { product_id: world.festival.shirt, quantity: 3 },
];
const changesOf = (cart_id: string) =>
  world.sql('SELECT type, data FROM change WHERE subject_id = $1 ORDER BY sequence', cart_id);

describe('extending', () => {
  const latest = (cart: { created_at: Date }) =>
    new Date(cart.created_at.getTime() + world.web.max_hold_seconds * 1_000);

  it('moves the end of cart and seats by one hold of the interface', async () => {
    const cart = await opened(seats('A1'));
    const extended = await extendCart(world.buyer(), cart.id, undefined);
    expect(extended.expires_at.getTime() - cart.expires_at.getTime()).toBe(world.web.hold_seconds * 1_000);
    expect(await rowOf('A1')).toMatchObject({ hold_expires_at: extended.expires_at });
    expect(await getCart(world.buyer(), cart.id)).toEqual(extended);
  });

  it('is done once by a buyer', async () => {
    const cart = await opened(seats('A1'));
    await extendCart(world.buyer(), cart.id, { seconds: 1 });
    const refusal = await refusalOf(extendCart(world.buyer(), cart.id, { seconds: 1 }));
    expect(refusal).toMatchObject({ code: 'limit_exceeded', facts: { max_hold_seconds: 1_800 } });
  });

  it('goes no further than the limit of the interface for a buyer', async () => {
    const cart = await opened(seats('A1'));
    const extended = await extendCart(world.buyer(), cart.id, { seconds: 86_400 });
    expect(extended.expires_at).toEqual(latest(cart));
  });

  it('is done by a seller as often as they like', async () => {
    const cart = await opened(seats('A1'));
    await extendCart(world.buyer(), cart.id, undefined);
    await extendCart(world.seller(), cart.id, { seconds: 86_400 });
    const extended = await extendCart(world.seller(), cart.id, { seconds: 86_400 });
    expect(extended.expires_at.getTime()).toBeGreaterThan(latest(cart).getTime() + 86_400_000);
    expect(await codeOf(extendCart(world.buyer(), cart.id, undefined))).toBe('limit_exceeded');
  });

  it('revives nothing', async () => {
    const cart = await opened(seats('A1'));
    await world.lapse(cart.id);
    expect(await codeOf(extendCart(world.seller(), cart.id, undefined))).toBe('cart_expired');
  });

  it('is refused where a seat was lost between the clock and the lock', async () => {
    const cart = await opened(seats('A1', 'A2'));
    const rival = await opened([]);
    await world.sql('UPDATE event_seat SET cart_id = $2 WHERE seat_id = $1', seat('A2'), rival.id);
    expect(await codeOf(extendCart(world.buyer(), cart.id, undefined))).toBe('cart_expired');
    await world.sql('UPDATE event_seat SET cart_id = $2 WHERE seat_id = $1', seat('A2'), cart.id);
    expect((await getCart(world.buyer(), cart.id)).expires_at).toEqual(cart.expires_at);
  });
});

describe('cancelling', () => {
  it('frees everything at once', async () => {
    const cart = await opened(everything());
    expect(await codeOf(opened(everything()))).toBe('seats_unavailable');
    await cancelCart(world.buyer(), cart.id);
    expect(await rowOf('A1')).toEqual({ status: 'available', cart_id: null, hold_expires_at: null });
    expect((await opened(everything())).sale_details).toHaveLength(8);
    expect(await changesOf(cart.id)).toEqual([{ type: 'cart.cancelled', data: { cart_id: cart.id } }]);
  });

  it('leaves a cart to look at, as it was', async () => {
    const cart = await opened(everything());
    await cancelCart(world.buyer(), cart.id);
    const after = await getCart(world.buyer(), cart.id);
    expect(after).toMatchObject({ status: 'cancelled', totals: cart.totals });
    expect(after.sale_details.map((line) => line.id)).toEqual(cart.sale_details.map((line) => line.id));
    expect(new Set(after.sale_details.map((line) => line.status))).toEqual(new Set(['released']));
  });

  it('is final', async () => {
    const cart = await opened(seats('A1'));
    const line = cart.sale_details[0]?.id as string;
    await cancelCart(world.buyer(), cart.id);
    const before = await salesRows(world.system);
    for (const attempt of [
      () => cancelCart(world.buyer(), cart.id),
      () => patchCart(world.buyer(), cart.id, { notes: 'x' }),
      () => extendCart(world.seller(), cart.id, undefined),
      () => addSaleDetails(world.buyer(), cart.id, { items: seats('A1') }),
      () => patchSaleDetail(world.buyer(), cart.id, line, { holder: null }),
      () => deleteSaleDetail(world.buyer(), cart.id, line),
    ])
      expect(await refusalOf(attempt())).toMatchObject({
        code: 'cart_not_open',
        facts: { cart_status: 'cancelled' },
      });
    expect(await salesRows(world.system)).toEqual(before);
  });

  it('is refused while money is in it', async () => {
    const cart = await opened(seats('A1'));
    await world.sql('UPDATE cart SET paid = 100 WHERE id = $1', cart.id);
    expect(await codeOf(cancelCart(world.buyer(), cart.id))).toBe('cart_not_open');
    await world.sql('UPDATE cart SET paid = 0 WHERE id = $1', cart.id);
  });
});

describe('taking a line out', () => {
  it('frees what it held and prices the rest', async () => {
    const cart = await opened(everything());
    for (const { id } of cart.sale_details.slice(1)) await deleteSaleDetail(world.buyer(), cart.id, id);
    const after = await getCart(world.buyer(), cart.id);
    expect(after.sale_details.map((line) => line.id)).toEqual([cart.sale_details[0]?.id]);
    expect(after.totals.total).toBe(cart.sale_details[0]?.total);
    expect((await opened([...everything().slice(1), ...seats('A2')])).sale_details).toHaveLength(7);
  });

  it('leaves no trace of it, also when the cart ends', async () => {
    const cart = await opened(seats('A1', 'A2'));
    const [kept, gone] = cart.sale_details.map((line) => line.id) as [string, string];
    await deleteSaleDetail(world.buyer(), cart.id, gone);
    expect(await codeOf(deleteSaleDetail(world.buyer(), cart.id, gone))).toBe('not_found');
    await cancelCart(world.buyer(), cart.id);
    expect((await getCart(world.buyer(), cart.id)).sale_details.map((line) => line.id)).toEqual([kept]);
  });

  it('may empty the cart, which then takes another currency', async () => {
    const cart = await opened(seats('A1'));
    await deleteSaleDetail(world.buyer(), cart.id, cart.sale_details[0]?.id as string);
    const empty = await getCart(world.buyer(), cart.id);
    expect(empty).toMatchObject({ status: 'open', sale_details: [], totals: { total: 0 } });
    await addSaleDetails(world.buyer(), cart.id, {
      items: [{ ticket_type_id: world.abroad.type, quantity: 1 }],
    });
    expect((await getCart(world.buyer(), cart.id)).currency).toBe('USD');
  });

  it('leaves the currency alone when a part of the cart is paid', async () => {
    const ctx = world.seller();
    const cart = await opened(seats('A1'), ctx);
    await pay(ctx, cart.id, { method: 'cash', amount: 100 });
    await deleteSaleDetail(ctx, cart.id, cart.sale_details[0]?.id as string);
    const dollars = { items: [{ ticket_type_id: world.abroad.type, quantity: 1 }] };
    expect(await codeOf(addSaleDetails(ctx, cart.id, dollars))).toBe('conflict');
  });

  it('of another cart is not found', async () => {
    const [one, two] = [await opened(seats('A1')), await opened(seats('A2'))];
    const foreign = two.sale_details[0]?.id as string;
    expect(await codeOf(deleteSaleDetail(world.buyer(), one.id, foreign))).toBe('not_found');
    expect(await codeOf(patchSaleDetail(world.buyer(), one.id, foreign, { holder: null }))).toBe('not_found');
  });
});

describe('expiry by the clock', () => {
  it('frees a seat before any sweep; the sweep then does not give it back again', async () => {
    const first = await opened(seats('A1', 'A2'));
    await world.lapse(first.id);
    const second = await opened(seats('A1'));
    expect(await rowOf('A1')).toMatchObject({ status: 'held', cart_id: second.id });
    expect(await sweep(world.system)).toBe(1);
    expect(await rowOf('A1')).toMatchObject({ status: 'held', cart_id: second.id });
    expect(await rowOf('A2')).toMatchObject({ status: 'available', cart_id: null });
    expect(await codeOf(opened(seats('A1')))).toBe('seats_unavailable');
    expect(await sweep(world.system)).toBe(0);
  });

  it('turns places, limited types and products back before anybody is told "sold out"', async () => {
    const { child, adult, balcony, shirt } = world.festival;
    const shelves: Items[] = [
      [{ ticket_type_id: child, quantity: 3 }],
      [{ ticket_type_id: adult, quantity: 5, section_id: balcony }],
      [{ product_id: shirt, quantity: 3 }],
    ];
    for (const items of shelves) {
      const first = await opened(items);
      const refusal = await refusalOf(opened(items));
      expect(refusal.code).toBe('sold_out');
      await world.lapse(first.id);
      const second = await opened(items);
      expect(second.status).toBe('open');
      expect(await getCart(world.buyer(), first.id)).toMatchObject({ status: 'expired' });
      await world.clear();
    }
  });

  it('is seen at once, swept or not', async () => {
    const cart = await opened(seats('A1'), world.buyer({ user_id: world.ana }));
    const ctx = world.buyer({ user_id: world.ana });
    await world.lapse(cart.id);
    const page = { offset: 0, limit: 10 } as Parameters<typeof listCarts>[2];
    for (const swept of [false, true]) {
      if (swept) await sweep(world.system);
      expect((await getCart(ctx, cart.id)).status).toBe('expired');
      expect((await listCarts(ctx, { status: ['expired'] }, page)).items.map((c) => c.id)).toContain(cart.id);
      expect((await listCarts(ctx, { status: ['open'] }, page)).items).toEqual([]);
    }
    expect(await changesOf(cart.id)).toEqual([{ type: 'cart.expired', data: { cart_id: cart.id } }]);
  });

  it('ends every change, swept or not', async () => {
    const cart = await opened(seats('A1'));
    const line = cart.sale_details[0]?.id as string;
    await world.lapse(cart.id);
    for (const swept of [false, true]) {
      if (swept) await sweep(world.system);
      const before = await salesRows(world.system);
      for (const attempt of [
        () => cancelCart(world.buyer(), cart.id),
        () => patchCart(world.buyer(), cart.id, { notes: 'x' }),
        () => addSaleDetails(world.buyer(), cart.id, { items: seats('B1') }),
        () => patchSaleDetail(world.buyer(), cart.id, line, { holder: null }),
        () => deleteSaleDetail(world.buyer(), cart.id, line),
      ])
        expect(await codeOf(attempt())).toBe('cart_expired');
      expect(await salesRows(world.system)).toEqual(before);
    }
  });

  it('ends a cart whose payment never came, too', async () => {
    const cart = await opened(everything());
    await world.sql("UPDATE cart SET status = 'pending_payment' WHERE id = $1", cart.id);
    await sweep(world.system);
    expect((await getCart(world.buyer(), cart.id)).status).toBe('pending_payment');
    await world.lapse(cart.id);
    expect((await opened(everything())).sale_details).toHaveLength(8);
    expect((await getCart(world.buyer(), cart.id)).status).toBe('expired');
  });

  it('is swept many at a time, those in use passed over', async () => {
    const carts = await Promise.all(Array.from({ length: 250 }, () => openCart(world.buyer(), {})));
    await world.lapse();
    const client = await world.system.db.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM cart WHERE id = $1 FOR UPDATE', [carts[0]?.id]);
      expect((await sweep(world.system)) + (await sweep(world.system))).toBe(249);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
    expect(await sweep(world.system)).toBe(1);
  });
});
