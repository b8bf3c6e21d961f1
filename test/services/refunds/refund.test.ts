import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { listPayments } from '../../../src/services/payments/read.ts';
import { listRefunds } from '../../../src/services/refunds/read.ts';
import { expectBooksAgree } from '../../helpers/books-agree.ts';
import { fill, runAllJobs } from '../../helpers/payments.ts';
import { refunding } from '../../helpers/refunding.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let ctx: Context;
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.seller();
  await world.sql('UPDATE event_section SET capacity = 10000 WHERE section_id = $1', world.festival.floor);
});
afterEach(async () => {
  await expectBooksAgree(world.system);
});
afterAll(() => world.close());

const { firstPage, adults, seats, paidCart, refund } = refunding(() => world);
const tickets = (cart: { id: string }) =>
  world.sql<{ status: string }>(
    'SELECT id, status, voided_at FROM ticket WHERE cart_id = $1 ORDER BY id',
    cart.id,
  );
const seatStatus = async (label: string) =>
  (await world.sql('SELECT status FROM event_seat WHERE seat_id = $1', world.theatre.seats[label]))[0]
    ?.status;

describe('a refund of everything', () => {
  it('gives the money back, voids the tickets, puts the places on sale, and tells', async () => {
    const cart = await paidCart([...seats('A1', 'A2'), { product_id: world.theatre.programme, quantity: 3 }]);
    const made = await refund(cart);
    expect(made.parts).toEqual([
      {
        ...{ payment_id: made.payment_id, amount: made.amount, status: 'pending' },
        ...{ failure_reason: null, paid_by: null },
      },
    ]);
    expect(made).toMatchObject({
      ...{ cart_id: cart.id, amount: cart.totals.total, currency: 'EUR', reason: 'rain', status: 'pending' },
      sale_detail_ids: expect.arrayContaining(cart.sale_details.map(({ id }) => id)),
    });
    const after = await getCart(ctx, cart.id);
    expect(after).toMatchObject({ status: 'refunded', totals: { refunded: cart.totals.total } });
    expect(after.sale_details.map(({ status, refunded, total }) => [status, refunded === total])).toEqual([
      ['refunded', true],
      ['refunded', true],
      ['refunded', true],
    ]);
    expect((await tickets(cart)).map(({ status }) => status)).toEqual(['void', 'void']);
    expect([await seatStatus('A1'), await seatStatus('A2')]).toEqual(['available', 'available']);
    const { items } = await listPayments(ctx, cart.id, firstPage);
    expect(items).toMatchObject([{ status: 'refunded', refunded: cart.totals.total }]);
    const told = await world.sql('SELECT type FROM change ORDER BY sequence DESC LIMIT 3');
    expect(told.map(({ type }) => type).sort()).toEqual(['cart.refunded', 'ticket.voided', 'ticket.voided']);
    const [audit] = await world.sql("SELECT action, subject_id FROM audit_log WHERE action = 'cart.refund'");
    expect(audit).toEqual({ action: 'cart.refund', subject_id: cart.id });
    await runAllJobs(world.system);
    expect(await listRefunds(ctx, cart.id, firstPage)).toMatchObject({
      ...{ total: 1, items: [{ id: made.id, status: 'succeeded' }] },
    });
    // The seats can be sold anew.
    expect((await paidCart(seats('A1', 'A2'))).status).toBe('paid');
  });

  it('of cash is done at once, and cannot be done twice', async () => {
    const cart = await fill(ctx, adults(1));
    await pay(ctx, cart.id, { method: 'cash' });
    expect(await refund(cart)).toMatchObject({ status: 'succeeded', amount: cart.totals.total });
    expect(await codeOf(refund(cart))).toBe('refund_exceeds_paid');
    expect(await codeOf(refund(cart, { amount: 1 }))).toBe('refund_exceeds_paid');
  });

  it('of free tickets gives them back for nothing', async () => {
    await world.sql('UPDATE product SET price = 0, fee_fixed = 0 WHERE id = $1', world.festival.parking);
    world.system.offers.drop(world.company_id, world.festival.event_id);
    const free = [1, 2].map(() => ({ product_id: world.festival.parking, quantity: 1 }));
    const cart = await fill(ctx, free);
    await pay(ctx, cart.id, { method: 'free' });
    const [first, second] = cart.sale_details.map(({ id }) => id) as [string, string];
    expect(await refund(cart, { sale_detail_ids: [first] })).toMatchObject({
      amount: 0,
      status: 'succeeded',
    });
    expect((await getCart(ctx, cart.id)).status).toBe('partially_refunded');
    expect(await refund(cart, { sale_detail_ids: [second] })).toMatchObject({ amount: 0 });
    expect((await getCart(ctx, cart.id)).status).toBe('refunded');
  });

  it('keeps the places from sale when asked to', async () => {
    const cart = await paidCart(seats('A3'));
    await refund(cart, { keep_inventory: true });
    expect(await seatStatus('A3')).toBe('sold');
    expect((await tickets(cart)).map(({ status }) => status)).toEqual(['void']);
    expect(await codeOf(fill(ctx, seats('A3')))).toBe('seats_unavailable');
    const standing = await paidCart(adults(2));
    await refund(standing, { keep_inventory: true }); // the counters are checked after each test
  });
});

describe('a refund of lines', () => {
  it('ends those lines only; the rest stays sold', async () => {
    const cart = await paidCart(seats('B1', 'B2', 'B3'));
    const [one, two, three] = cart.sale_details;
    const ids = [one?.id, three?.id] as string[];
    expect(await refund(cart, { sale_detail_ids: ids })).toMatchObject({
      amount: 16_000,
      sale_detail_ids: ids,
    });
    const after = await getCart(ctx, cart.id);
    expect(after).toMatchObject({ status: 'partially_refunded', totals: { refunded: 16_000, paid: 24_000 } });
    expect(after.sale_details.map(({ status }) => status)).toEqual(['refunded', 'paid', 'refunded']);
    const statuses = ['B1', 'B2', 'B3'].map(seatStatus);
    expect(await Promise.all(statuses)).toEqual(['available', 'sold', 'available']);
    expect(await refusalOf(refund(cart, { sale_detail_ids: ids }))).toMatchObject({
      ...{ code: 'refund_exceeds_paid', facts: { sale_detail_id: one?.id } },
    });
    await refund(cart, { sale_detail_ids: [two?.id as string] });
    expect((await getCart(ctx, cart.id)).status).toBe('refunded');
  });

  it('made at the same moment are two refunds', async () => {
    const cart = await paidCart(adults(2));
    const [one, two] = cart.sale_details.map(({ id }) => id) as [string, string];
    await refund(cart, { sale_detail_ids: [one] });
    await refund(cart, { sale_detail_ids: [two] });
    await world.sql("UPDATE refund SET created_at = date_trunc('minute', now()) WHERE cart_id = $1", cart.id);
    const { items, total } = await listRefunds(ctx, cart.id, firstPage);
    expect([total, items.map(({ sale_detail_ids }) => sale_detail_ids)]).toEqual([2, [[one], [two]]]);
  });

  it('knows only lines of the cart', async () => {
    const cart = await paidCart(adults(1));
    const other = await paidCart(adults(1));
    const ids = [cart.sale_details[0]?.id, other.sale_details[0]?.id] as string[];
    expect(await refusalOf(refund(cart, { sale_detail_ids: ids }))).toMatchObject({
      ...{ code: 'validation_failed', facts: { errors: [{ pointer: '/sale_detail_ids/1' }] } },
    });
    expect((await getCart(ctx, cart.id)).totals.refunded).toBe(0);
  });
});

describe('a refund of an accessible seat', () => {
  it("leaves no companion's seat alone, unless a seller says why; the pair goes, and so does the companion", async () => {
    const bought = async () => {
      const { id, sale_details } = await paidCart(seats('F9', 'F10'));
      return { id, lines: sale_details.map((line) => line.id) as [string, string] };
    };
    const first = await bought();
    const sale_detail_ids = [first.lines[0]];
    for (const by of [ctx, { ...ctx, dry_run: true }])
      expect(await refusalOf(refund(first, { sale_detail_ids }, by))).toMatchObject({
        code: 'conflict',
        facts: { reason: 'companion_stays', sale_detail_ids: [first.lines[1]] },
      });
    const override_seat_rules = { reason: 'the companion became the guest' };
    await refund(first, { sale_detail_ids, override_seat_rules });
    const [audit] = await world.sql(
      "SELECT after FROM audit_log WHERE action = 'cart.override_seat_rules' AND subject_id = $1",
      first.id,
    );
    const set_aside = [{ rule: 'companion_seat', seat_ids: [world.theatre.seats.F10] }];
    expect(audit?.after).toMatchObject({ ...override_seat_rules, set_aside });
    await refund(first, { sale_detail_ids: [first.lines[1]] });
    const second = await bought();
    await refund(second, { sale_detail_ids: second.lines });
    const third = await bought();
    await refund(third, { sale_detail_ids: [third.lines[1]] });
    await refund(third);
    expect((await getCart(ctx, third.id)).status).toBe('refunded');
  });
});

describe('a refund of an amount', () => {
  it('is spread over the lines, leaves the tickets valid, and what is left of the lines is less', async () => {
    const cart = await paidCart(adults(3));
    expect(await refund(cart, { amount: 1_000 })).toMatchObject({ amount: 1_000, sale_detail_ids: [] });
    const after = await getCart(ctx, cart.id);
    expect(after).toMatchObject({ status: 'partially_refunded', totals: { refunded: 1_000 } });
    expect(after.sale_details.map(({ status, refunded }) => [status, refunded])).toEqual([
      ['paid', 333],
      ['paid', 333],
      ['paid', 334],
    ]);
    expect((await tickets(cart)).map(({ status }) => status)).toEqual(['valid', 'valid', 'valid']);
    const line = after.sale_details[0];
    const rest = await refund(cart, { sale_detail_ids: [line?.id as string] });
    expect(rest.amount).toBe((line?.total ?? 0) - 333);
    const left = cart.totals.total - 1_000 - rest.amount;
    expect(await refusalOf(refund(cart, { amount: left + 1 }))).toMatchObject({
      ...{ code: 'refund_exceeds_paid', facts: { refundable: left } },
    });
    // All that is left is everything: the tickets go with it.
    await refund(cart, { amount: left });
    expect((await getCart(ctx, cart.id)).status).toBe('refunded');
    expect((await tickets(cart)).map(({ status }) => status)).toEqual(['void', 'void', 'void']);
  });

  it('goes back over several payments, oldest first, each the way it came', async () => {
    const cart = await fill(ctx, adults(2));
    await pay(ctx, cart.id, { method: 'cash', amount: 3_000 });
    await pay(ctx, cart.id, { method: 'card', card: { token: 'sandbox_approved' } });
    const made = await refund(cart, { amount: 5_000 });
    expect(made).toMatchObject({ payment_id: null, amount: 5_000, status: 'pending' });
    expect(made.parts.map(({ amount, status }) => [amount, status])).toEqual([
      [3_000, 'succeeded'],
      [2_000, 'pending'],
    ]);
    const { items } = await listPayments(ctx, cart.id, firstPage);
    expect(items.map(({ status, refunded }) => [status, refunded])).toEqual([
      ['refunded', 3_000],
      ['partially_refunded', 2_000],
    ]);
    expect(await listRefunds(ctx, cart.id, firstPage)).toEqual({ items: [made], total: 1 });
  });

  it('may be a part payment of a cart that is still open, which can be cancelled then', async () => {
    const cart = await fill(ctx, adults(2));
    await pay(ctx, cart.id, { method: 'cash', amount: 3_000 });
    expect(await codeOf(refund(cart, { amount: 3_001 }))).toBe('refund_exceeds_paid');
    const lines = [cart.sale_details[0]?.id as string];
    expect(await codeOf(refund(cart, { sale_detail_ids: lines }))).toBe('validation_failed');
    expect(await refund(cart, { amount: 1_000 })).toMatchObject({ amount: 1_000 });
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'open', totals: { paid: 2_000 } });
    expect(await codeOf(cancelCart(ctx, cart.id))).toBe('cart_not_open');
    await refund(cart);
    await cancelCart(ctx, cart.id);
    expect(await codeOf(refund(cart))).toBe('conflict');
  });
});

describe('a ticket used at the door', () => {
  it('is refunded only when forced', async () => {
    const cart = await paidCart(seats('C1', 'C2'));
    const [{ id } = { id: '' }] = await world.sql<{ id: string }>(
      `WITH scanned AS (
         UPDATE ticket SET status = 'used', entries = 1, inside = 1 WHERE cart_id = $1 AND seat_id = $2 RETURNING *)
       INSERT INTO validation (company_id, id, event_id, ticket_id, result, net, scanned_at, client_id, interface_id)
       SELECT company_id, gen_random_uuid(), event_id, id, 'accepted', 1, now(), 'door', interface_id FROM scanned
       RETURNING ticket_id AS id`,
      ...[cart.id, world.theatre.seats.C1],
    );
    expect(await refusalOf(refund(cart))).toMatchObject({
      code: 'conflict',
      facts: { used_ticket_ids: [id] },
    });
    expect((await getCart(ctx, cart.id)).status).toBe('paid');
    const unused = cart.sale_details.find((line) => line.seat?.id === world.theatre.seats.C2);
    await refund(cart, { sale_detail_ids: [unused?.id as string] });
    await refund(cart, { amount: 500 }); // a part of the money voids nothing
    await refund(cart, { force: true });
    expect((await getCart(ctx, cart.id)).status).toBe('refunded');
    expect((await tickets(cart)).map(({ status }) => status)).toEqual(['void', 'void']);
  });

  it('that was voided before is no obstacle', async () => {
    const cart = await paidCart(seats('C3'));
    await world.sql("UPDATE ticket SET status = 'void', voided_at = now() WHERE cart_id = $1", cart.id);
    await refund(cart);
    expect(await seatStatus('C3')).toBe('available');
  });
});

describe('who and when', () => {
  it('is for carts of the interface that were paid', async () => {
    const cart = await paidCart(adults(1));
    for (const stranger of [world.seller({ interface: world.pos }), world.buyer({ client_id: 'other' })])
      expect(await codeOf(refund(cart, {}, stranger))).toBe('not_found');
    expect(await codeOf(listRefunds(world.seller({ interface: world.pos }), cart.id, firstPage))).toBe(
      'not_found',
    );
    const open = await fill(ctx, adults(1));
    expect(await refusalOf(refund(open))).toMatchObject({ code: 'conflict', facts: { cart_status: 'open' } });
    const admin = world.buyer({ scopes: ['public', 'admin'], client_id: 'back' });
    expect(await refund(cart, {}, admin)).toMatchObject({ amount: cart.totals.total });
  });
});
