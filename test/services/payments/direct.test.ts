import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { applyCode } from '../../../src/services/carts/codes.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { getPayment, listPayments } from '../../../src/services/payments/read.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { fill } from '../../helpers/payments.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
  await world.sql('UPDATE event_section SET capacity = 10000 WHERE section_id = $1', world.festival.floor);
  await world.sql('UPDATE product SET price = 0, fee_fixed = 0 WHERE id = $1', world.festival.parking);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const adults = (quantity: number) => [{ ticket_type_id: world.festival.adult, quantity }];
const seat = (label: string): number => world.theatre.seats[label] as number;
const firstPage = { page: 1, per_page: 10, limit: 10, offset: 0 };

describe('a payment in full', () => {
  it('settles the cart: lines paid, seats sold, tickets with the holders, codes used, books written', async () => {
    const ctx = world.seller();
    const cart = await openCart(ctx, {
      user_id: world.ana,
      buyer: { email: 'ana@mail.com' },
      items: [
        {
          ticket_type_id: world.theatre.stall,
          seat_ids: [seat('A1'), seat('A2')],
          holder: { first_name: 'Carla', last_name: 'Gil', document_number: '7' },
        },
        { product_id: world.theatre.programme, quantity: 2 },
      ],
    });
    const { totals } = await applyCode(ctx, cart.id, 'SEATS');
    const payment = await pay(ctx, cart.id, { method: 'external', reference: 'POS-77' });
    expect(payment).toMatchObject({
      ...{ cart_id: cart.id, method: 'external', provider: 'external', amount: totals.total, refunded: 0 },
      ...{ currency: 'EUR', status: 'captured', action_url: null, reference: 'POS-77', job_id: null },
      ...{ failure_reason: null, created_at: expect.any(Date) },
    });

    const paid = await getCart(ctx, cart.id);
    expect(paid).toMatchObject({ status: 'paid', totals: { paid: totals.total, refunded: 0 } });
    expect(paid.paid_at).toBeInstanceOf(Date);
    const tickets = await world.sql(
      `SELECT id, seat_id, user_id, status, first_name, last_name, document_number, email, interface_id, event_id
       FROM ticket WHERE cart_id = $1 ORDER BY seat_id`,
      cart.id,
    );
    expect(tickets).toMatchObject(
      [seat('A1'), seat('A2')].map((seat_id) => ({
        ...{ seat_id, user_id: world.ana, status: 'valid', first_name: 'Carla', last_name: 'Gil' },
        ...{
          document_number: '7',
          email: null,
          interface_id: world.web.id,
          event_id: world.theatre.event_id,
        },
      })),
    );
    expect(paid.sale_details.map((line) => [line.kind, line.status, line.ticket_id !== null])).toEqual([
      ['ticket', 'paid', true],
      ['ticket', 'paid', true],
      ['product', 'paid', false],
    ]);
    const seats = await world.sql(
      'SELECT status, ticket_id, hold_expires_at FROM event_seat WHERE cart_id = $1 ORDER BY seat_id',
      cart.id,
    );
    expect(seats).toEqual(
      tickets.map(({ id }) => ({ status: 'sold', ticket_id: id, hold_expires_at: null })),
    );
    expect(await world.sql('SELECT held, used FROM code WHERE code = $1', 'SEATS')).toEqual([
      { held: 0, used: 1 },
    ]);

    const books = await world.sql(
      `SELECT kind, quantity, amount, discount, fee, tax, event_id, ticket_type_id, product_id, payment_id
       FROM ledger_entry WHERE cart_id = $1 ORDER BY kind DESC, id`,
      cart.id,
    );
    expect(books.map(({ kind }) => kind)).toEqual(['sale', 'sale', 'sale', 'payment']);
    expect(books[0]).toMatchObject({ quantity: 1, event_id: world.theatre.event_id, payment_id: null });
    expect(books[2]).toMatchObject({ quantity: 2, amount: 1_000, product_id: world.theatre.programme });
    expect(books[3]).toMatchObject({ amount: totals.total, payment_id: payment.id });
    const line = paid.sale_details[0];
    expect(books[0]).toMatchObject({
      amount: line?.total,
      discount: line?.discount,
      fee: line?.fee,
      tax: line?.tax,
    });

    const changes = await world.sql<{ type: string; data: object }>(
      "SELECT type, data FROM change WHERE type IN ('cart.paid', 'ticket.issued') ORDER BY sequence DESC LIMIT 3",
    );
    expect(changes.map(({ type }) => type).sort()).toEqual(['cart.paid', 'ticket.issued', 'ticket.issued']);
    expect(JSON.stringify(changes)).not.toMatch(/Carla|ana@/);
    expect(changes.find(({ type }) => type === 'cart.paid')?.data).toEqual({
      ...{ cart_id: cart.id, total: totals.total, currency: 'EUR' },
      ticket_ids: expect.arrayContaining(tickets.map(({ id }) => id)),
    });
  });

  it('is free where nothing is to be paid, and only there', async () => {
    const ctx = world.buyer();
    const dear = await fill(ctx, adults(1));
    expect(await refusalOf(pay(ctx, dear.id, { method: 'free' }))).toMatchObject({
      code: 'amount_mismatch',
      facts: { amount_due: dear.totals.total, currency: 'EUR' },
    });
    world.system.offers.drop(world.company_id, world.festival.event_id);
    const free = await fill(ctx, [{ product_id: world.festival.parking, quantity: 1 }]);
    expect(free.totals.total).toBe(0);
    expect(await codeOf(pay(world.seller(), free.id, { method: 'cash' }))).toBe('amount_mismatch');
    expect(await pay(ctx, free.id, { method: 'free' })).toMatchObject({ status: 'captured', amount: 0 });
    expect(await codeOf(pay(ctx, free.id, { method: 'free' }))).toBe('cart_not_open');
  });
});

describe('what is refused', () => {
  it('cash and external without sell: insufficient_scope, naming it', async () => {
    const ctx = world.buyer();
    const cart = await fill(ctx, adults(1));
    for (const request of [{ method: 'cash' }, { method: 'external', reference: 'x' }] as const)
      expect(await refusalOf(pay(ctx, cart.id, request))).toMatchObject({
        ...{ code: 'insufficient_scope', facts: { scopes: ['sell'] } },
        headers: { 'www-authenticate': expect.stringContaining('scope="sell"') },
      });
    const admin = world.buyer({ scopes: ['public', 'buy', 'admin'] });
    expect(await codeOf(pay(admin, cart.id, { method: 'cash' }))).toBe('insufficient_scope');
  });

  it('a method that the interface does not offer', async () => {
    const channel = { ...world.web, payment_methods: ['card'] };
    const ctx = world.seller({ interface: channel });
    const cart = await fill(ctx, adults(1));
    expect(await refusalOf(pay(ctx, cart.id, { method: 'cash' }))).toMatchObject({
      code: 'validation_failed',
      facts: { errors: [{ pointer: '/method', code: 'not_offered' }] },
    });
  });

  it('a cart that is empty, cancelled, overdue or of somebody else', async () => {
    const ctx = world.seller();
    const cash = { method: 'cash' } as const;
    const empty = await openCart(ctx, {});
    expect(await codeOf(pay(ctx, empty.id, cash))).toBe('cart_empty');
    const overdue = await fill(ctx, adults(1));
    await world.lapse(overdue.id);
    expect(await codeOf(pay(ctx, overdue.id, cash))).toBe('cart_expired');
    await world.clear();
    expect(await codeOf(pay(ctx, overdue.id, cash))).toBe('cart_expired');

    const cart = await fill(world.buyer({ user_id: world.ana }), [
      { product_id: world.festival.parking, quantity: 1 },
    ]);
    const free = { method: 'free' } as const;
    for (const stranger of [
      world.buyer({ user_id: world.ben }),
      world.buyer(),
      world.buyer({ interface: world.pos, user_id: world.ana }),
      world.seller({ interface: world.pos }),
    ])
      expect(await codeOf(pay(stranger, cart.id, free))).toBe('not_found');
    expect(await codeOf(pay(ctx, '018f0000-0000-7000-8000-000000000000', free))).toBe('not_found');
    expect(await pay(world.buyer({ user_id: world.ana }), cart.id, free)).toMatchObject({
      status: 'captured',
    });
  });

  it('another amount than is due, to whom may not split', async () => {
    const buyer = world.buyer();
    const cart = await fill(buyer, adults(1));
    const by = (amount: number) =>
      pay(buyer, cart.id, { method: 'card', card: { token: 'sandbox_approved' }, amount });
    expect(await codeOf(by(cart.totals.total - 1))).toBe('amount_mismatch');
    expect(await codeOf(by(cart.totals.total + 1))).toBe('amount_mismatch');
    expect(
      await codeOf(pay(world.seller(), cart.id, { method: 'cash', amount: cart.totals.total + 1 })),
    ).toBe('amount_mismatch');
    expect(await listPayments(buyer, cart.id, firstPage)).toEqual({ items: [], total: 0 });
    expect(await by(cart.totals.total)).toMatchObject({ status: 'captured' });
  });
});

describe('split payments', () => {
  it('add up; the last one settles', async () => {
    const ctx = world.seller();
    const cart = await fill(ctx, adults(2));
    const { total } = cart.totals;
    const part = await pay(ctx, cart.id, { method: 'cash', amount: 1_000 });
    expect(part).toMatchObject({ status: 'captured', amount: 1_000 });
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'open', totals: { paid: 1_000 } });
    expect(await world.sql('SELECT 1 FROM ticket WHERE cart_id = $1', cart.id)).toEqual([]);
    await pay(ctx, cart.id, { method: 'card', card: { token: 'sandbox_approved' }, amount: 2_000 });
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'open', totals: { paid: 3_000 } });
    expect(await codeOf(pay(ctx, cart.id, { method: 'cash', amount: total - 2_999 }))).toBe(
      'amount_mismatch',
    );
    const rest = await pay(ctx, cart.id, { method: 'external', reference: 'voucher 9' });
    expect(rest.amount).toBe(total - 3_000);
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'paid', totals: { paid: total } });
    const { items } = await listPayments(ctx, cart.id, firstPage);
    expect(items.map(({ method, status }) => [method, status])).toEqual([
      ['cash', 'captured'],
      ['card', 'captured'],
      ['external', 'captured'],
    ]);
    expect(await getPayment(ctx, cart.id, part.id)).toEqual(part);
    const page = await listPayments(ctx, cart.id, { ...firstPage, limit: 1, offset: 1 });
    expect([page.total, page.items.map(({ method }) => method)]).toEqual([3, ['card']]);
  });

  it('of a cart that expires go back, each the way it came', async () => {
    const ctx = world.seller();
    const cart = await fill(ctx, adults(2));
    const cash = await pay(ctx, cart.id, { method: 'cash', amount: 1_000 });
    const card = await pay(ctx, cart.id, {
      method: 'card',
      card: { token: 'sandbox_approved' },
      amount: 500,
    });
    await world.lapse(cart.id);
    await world.clear();
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'expired', totals: { paid: 0 } });
    expect((await getPayment(ctx, cart.id, cash.id)).status).toBe('refunded');
    expect((await getPayment(ctx, cart.id, card.id)).status).toBe('refunded');
    const refunds = await world.sql(
      'SELECT payment_id, amount, status, reason FROM refund WHERE cart_id = $1 ORDER BY amount',
      cart.id,
    );
    expect(refunds).toEqual([
      { payment_id: card.id, amount: 500, status: 'pending', reason: 'cart expired' },
      { payment_id: cash.id, amount: 1_000, status: 'succeeded', reason: 'cart expired' },
    ]);
  });
});

describe('an Idempotency-Key', () => {
  it('is answered with the payment, and free again after a refusal', async () => {
    const cart = await fill(world.seller(), adults(1));
    const keyed = () => world.seller({ key: 'once' });
    await world.sql('UPDATE cart SET line_count = 0 WHERE id = $1', cart.id);
    expect(await codeOf(pay(keyed(), cart.id, { method: 'cash' }))).toBe('cart_empty');
    await world.sql('UPDATE cart SET line_count = 1 WHERE id = $1', cart.id);
    const ctx = keyed();
    const payment = await pay(ctx, cart.id, { method: 'cash' });
    expect(ctx.idempotency?.state).toBe('answered');
    expect(await world.sql('SELECT answered, result FROM idempotency_key WHERE key = $1', 'once')).toEqual([
      { answered: true, result: { result: JSON.parse(JSON.stringify(payment)) } },
    ]);
    expect(await codeOf(pay(keyed(), cart.id, { method: 'cash' }))).toBe('idempotency_in_progress');
  });
});
