import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { CartView } from '../../../src/services/carts/present.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { cancelExchange } from '../../../src/services/exchanges/cancel.ts';
import { getExchange } from '../../../src/services/exchanges/read.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { expectBooksAgree } from '../../helpers/books-agree.ts';
import { exchanging } from '../../helpers/exchanges.ts';
import { fill, runAllJobs, tell } from '../../helpers/payments.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let ctx: Context;
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.seller();
});
afterEach(async () => {
  await expectBooksAgree(world.system);
  await world.clear();
});
afterAll(() => world.close());

const { seat, stalls, boxes, sold, idsOf, quote, commit, card, statusOf } = exchanging(() => world);
const tickets = (cart_id: string) =>
  world.sql<{ status: string; seat_id: number; ticket_type_id: number }>(
    'SELECT id, status, seat_id, ticket_type_id FROM ticket WHERE cart_id = $1 ORDER BY created_at, id',
    cart_id,
  );

describe('another seat', () => {
  it('of the same price: quoted, held, then swapped in one step', async () => {
    const cart = await sold(stalls('A1'));
    const quoted = await quote(cart, { items: stalls('B1'), reason: 'pillar' });
    expect(quoted).toMatchObject({
      ...{ cart_id: cart.id, status: 'quoted', credit: 8_000, price: 8_000, amount_due: 0, refund_due: 0 },
      ...{ currency: 'EUR', reason: 'pillar', payment: null, refund: null, completed_at: null },
      old_sale_details: [{ id: idsOf(cart)[0], status: 'paid', seat: { row: 'A', number: '1' } }],
      new_sale_details: [{ status: 'held', cart_id: cart.id, seat: { row: 'B', number: '1' }, total: 8_000 }],
    });
    expect([await statusOf('A1'), await statusOf('B1')]).toEqual(['sold', 'held']);
    expect((await tickets(cart.id)).map(({ status }) => status)).toEqual(['valid']);
    expect((await refusalOf(fill(ctx, stalls('B1')))).code).toBe('seats_unavailable');

    const done = await commit(quoted);
    expect(done).toMatchObject({ status: 'completed', completed_at: expect.any(Date) });
    expect(await getExchange(ctx, cart.id, quoted.id)).toEqual(done);
    expect([await statusOf('A1'), await statusOf('B1')]).toEqual(['available', 'sold']);
    expect((await tickets(cart.id)).map((t) => [t.status, t.seat_id])).toEqual([
      ['void', seat('A1')],
      ['valid', seat('B1')],
    ]);
    const after = await getCart(ctx, cart.id);
    expect(after).toMatchObject({
      status: 'paid',
      totals: { total: 16_000, paid: 16_000, refunded: 8_000, exchanged: 8_000 },
    });
    expect(after.sale_details.map(({ status, refunded }) => [status, refunded])).toEqual([
      ['exchanged', 8_000],
      ['paid', 0],
    ]);
    const told = await world.sql<{ type: string }>('SELECT type FROM change ORDER BY sequence DESC LIMIT 3');
    expect(told.map(({ type }) => type).sort()).toEqual(['cart.exchanged', 'ticket.issued', 'ticket.voided']);
    const [audit] = await world.sql("SELECT subject_id FROM audit_log WHERE action = 'cart.exchange'");
    expect(audit).toEqual({ subject_id: cart.id });
    await refundCart(ctx, cart.id, { reason: 'end' });
    expect((await getCart(ctx, cart.id)).totals).toMatchObject({ refunded: 16_000 });
  });

  it('dearer: the difference is paid in cash with it', async () => {
    const cart = await sold(stalls('F1'));
    const quoted = await quote(cart, { items: boxes('F3') });
    expect(quoted).toMatchObject({ credit: 8_000, price: 9_000, amount_due: 1_000 });
    expect(await refusalOf(commit(quoted))).toMatchObject({
      code: 'amount_mismatch',
      facts: { amount_due: 1_000 },
    });
    expect((await refusalOf(commit(quoted, { method: 'cash', amount: 999 }))).code).toBe('amount_mismatch');
    expect(await commit(quoted, { method: 'cash' })).toMatchObject({
      status: 'completed',
      payment: { method: 'cash', amount: 1_000, status: 'captured', cart_id: cart.id },
    });
    expect((await refusalOf(commit(quoted, { method: 'cash' }))).code).toBe('conflict');
  });

  it('cheaper: what is over is given back by the way it was paid', async () => {
    const cart = await sold(boxes('F4'));
    const done = await commit(await quote(cart, { items: stalls('C1') }));
    expect(done).toMatchObject({
      status: 'completed',
      ...{ amount_due: 0, refund_due: 1_000, refund: { amount: 1_000, status: 'pending' } },
    });
    await runAllJobs(world.system);
    expect((await getExchange(ctx, cart.id, done.id)).refund?.status).toBe('succeeded');
  });
});

describe('another type', () => {
  it('on the same seat keeps it: the old ticket dies, the new one has its place', async () => {
    const cart = await sold(stalls('F5'));
    const done = await commit(await quote(cart, { ticket_type_id: world.theatre.box }), {
      method: 'external',
      reference: 'POS-1',
    });
    expect(done.new_sale_details).toMatchObject([
      { ticket_type_id: world.theatre.box, status: 'paid', seat: { row: 'F', number: '5' }, total: 9_000 },
    ]);
    expect((await tickets(cart.id)).map((t) => [t.status, t.seat_id, t.ticket_type_id])).toEqual([
      ['void', seat('F5'), world.theatre.stall],
      ['valid', seat('F5'), world.theatre.box],
    ]);
  });

  it('in a section that is full takes nobody else’s place; the type keeps its own limit', async () => {
    const { festival } = world;
    const full = [
      await sold([{ ticket_type_id: festival.adult, quantity: 5, section_id: festival.balcony }]),
    ];
    const [cart] = full as [CartView];
    const done = await commit(
      await quote(cart, { ticket_type_id: festival.child, sale_detail_ids: idsOf(cart).slice(0, 3) }),
    );
    expect(done).toMatchObject({ status: 'completed', refund_due: 3 * 5_350 - 3 * 2_500 });
    const rest = idsOf(cart).slice(3);
    const refused = await refusalOf(quote(cart, { ticket_type_id: festival.child, sale_detail_ids: rest }));
    expect(refused).toMatchObject({ code: 'sold_out', facts: { available: 0 } });
    expect(
      (await refusalOf(quote(cart, { ticket_type_id: world.theatre.box, sale_detail_ids: rest }))).facts
        .errors,
    ).toMatchObject([{ pointer: '/ticket_type_id' }]);
  });
});

it('another date: from one event to another, holders go along', async () => {
  const { festival } = world;
  const holder = { first_name: 'Eva', last_name: 'Roe' };
  const cart = await sold([{ ticket_type_id: festival.pit, quantity: 1, holder }]);
  const done = await commit(await quote(cart, { items: stalls('C3') }), card('approved'));
  expect(done).toMatchObject({
    status: 'completed',
    payment: { status: 'captured', amount: 2_500, cart_id: cart.id },
    new_sale_details: [{ event_id: world.theatre.event_id, holder: { first_name: 'Eva' } }],
  });
  const rows = await world.sql(
    'SELECT kind, amount, exchange_id FROM ledger_entry WHERE cart_id = $1 ORDER BY created_at, kind',
    cart.id,
  );
  expect(rows.filter((row) => row.exchange_id).map(({ kind, amount }) => [kind, amount])).toEqual([
    ['reversal', -5_500],
    ['sale', 8_000],
  ]);
});

describe('a card for the difference', () => {
  it('declined leaves all as it was, and another card may do', async () => {
    const cart = await sold(stalls('F6'));
    const quoted = await quote(cart, { items: boxes('F7') });
    expect((await refusalOf(commit(quoted, card('declined')))).code).toBe('payment_declined');
    expect(await getCart(ctx, cart.id)).toEqual(cart);
    expect(await getExchange(ctx, cart.id, quoted.id)).toMatchObject({
      status: 'quoted',
      payment: { status: 'declined' },
    });
    expect(await commit(quoted, card('approved'))).toMatchObject({ status: 'completed' });
  });

  it('that needs an action is pending until the webhook comes', async () => {
    const cart = await sold(stalls('D1'));
    const quoted = await quote(cart, { items: boxes('F1') });
    const pending = await commit(quoted, card('requires_action'));
    expect(pending).toMatchObject({ status: 'pending', payment: { status: 'requires_action' } });
    expect((await refusalOf(commit(quoted, { method: 'cash' }))).code).toBe('conflict');
    expect((await refusalOf(cancelExchange(ctx, cart.id, quoted.id))).code).toBe('conflict');
    expect((await refusalOf(quote(cart, { items: boxes('F3') }))).code).toBe('conflict');
    const payment = pending.payment as { id: string };
    await tell(world.system, payment, 'captured');
    await tell(world.system, payment, 'captured');
    await world.sql("UPDATE sandbox_charge SET status = 'captured' WHERE id = $1", payment.id);
    expect(await getExchange(ctx, cart.id, quoted.id)).toMatchObject({ status: 'completed' });
    expect((await tickets(cart.id)).map(({ status }) => status)).toEqual(['void', 'valid']);
  });

  it('captured when the old ticket is gone gives the money back', async () => {
    const cart = await sold(stalls('D2'));
    const quoted = await quote(cart, { items: boxes('F8') });
    const { payment } = await commit(quoted, card('requires_action'));
    await refundCart(ctx, cart.id, { reason: 'raced' });
    await tell(world.system, payment as { id: string }, 'captured');
    await world.sql("UPDATE sandbox_charge SET status = 'captured' WHERE id = $1", payment?.id);
    expect(await getExchange(ctx, cart.id, quoted.id)).toMatchObject({ payment: { status: 'refunded' } });
    expect((await tickets(cart.id)).map(({ status }) => status)).toEqual(['void']);
  });

  it('captured when the quote has expired gives the money back', async () => {
    const cart = await sold(stalls('D3'));
    const quoted = await quote(cart, { items: boxes('F8') });
    const { payment } = await commit(quoted, card('requires_action'));
    await world.lapse();
    await tell(world.system, payment as { id: string }, 'captured');
    await world.sql("UPDATE sandbox_charge SET status = 'captured' WHERE id = $1", payment?.id);
    expect(await getExchange(ctx, cart.id, quoted.id)).toMatchObject({
      status: 'expired',
      payment: { status: 'refunded' },
    });
    expect((await tickets(cart.id)).map(({ status }) => status)).toEqual(['valid']);
  });
});
