import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import {
  addCashMovement,
  closeCashSession,
  getCashSession,
  listCashMovements,
  openCashSession,
} from '../../src/services/cash/sessions.ts';
import { commitExchange } from '../../src/services/exchanges/commit.ts';
import { quoteExchange } from '../../src/services/exchanges/quote.ts';
import { pay } from '../../src/services/payments/pay.ts';
import { refundCart } from '../../src/services/refunds/refund.ts';
import { moneyFaults } from '../helpers/money-audit.ts';
import { fill } from '../helpers/payments.ts';
import { refusalOf } from '../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';

let world: SalesWorld;
let ctx: Context;
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.seller();
  await world.sql('UPDATE event_section SET capacity = 10000 WHERE section_id = $1', world.festival.floor);
});
afterEach(async () => expect(await moneyFaults(world.system)).toEqual({}));
afterAll(() => world.close());

const adults = (quantity: number) => [{ ticket_type_id: world.festival.adult, quantity }];
const sellFor = async (method: 'cash' | 'external', quantity = 1, by = ctx) => {
  const cart = await fill(by, adults(quantity));
  await pay(by, cart.id, method === 'cash' ? { method } : { method, reference: 'POS' });
  return cart;
};
const firstPage = { page: 1, per_page: 100, limit: 100, offset: 0 };

it('a day at the box office: float, sales, refunds, an exchange, money in and out, the count', async () => {
  await sellFor('cash'); // before the drawer was opened
  const opened = await openCashSession(ctx, { opening: 10_000, note: 'Morning' });
  expect(opened).toMatchObject({
    status: 'open',
    currency: 'EUR',
    expected: 10_000,
    counted: null,
    difference: null,
  });
  expect(await refusalOf(openCashSession(ctx, { opening: 0 }))).toMatchObject({
    code: 'conflict',
    facts: { cash_session_id: opened.id },
  });

  const sold = await sellFor('cash', 2);
  await sellFor('external');
  await sellFor('cash', 1, world.seller({ client_id: 'other office' }));
  await refundCart(ctx, sold.id, { sale_detail_ids: [sold.sale_details[0]?.id as string], reason: 'ill' });
  const line = sold.sale_details[1]?.id as string;
  const stall = [{ ticket_type_id: world.theatre.stall, seat_ids: [world.theatre.seats.A1 as number] }];
  const quoted = await quoteExchange(ctx, sold.id, { sale_detail_ids: [line], items: stall });
  await commitExchange(ctx, sold.id, quoted.id, { payment: { method: 'cash' } });
  await addCashMovement(ctx, opened.id, { kind: 'pay_in', amount: 500, reason: 'change' });
  await addCashMovement(ctx, opened.id, { kind: 'pay_out', amount: 3_000, reason: 'safe' });
  expect(
    await refusalOf(addCashMovement(ctx, opened.id, { kind: 'pay_out', amount: 1_000_000, reason: 'x' })),
  ).toMatchObject({
    code: 'conflict',
  });

  const expected = 10_000 + 2 * 5_350 - 5_350 + 2_650 + 500 - 3_000;
  expect(await getCashSession(ctx, opened.id)).toMatchObject({
    ...{ payments: 2 * 5_350 + 2_650, refunds: 5_350, paid_in: 500, paid_out: 3_000, expected },
  });
  const { items } = await listCashMovements(ctx, opened.id, firstPage);
  expect(items.map(({ kind, amount }) => [kind, amount])).toEqual([
    ['payment', 10_700],
    ['refund', -5_350],
    ['payment', 2_650],
    ['pay_in', 500],
    ['pay_out', -3_000],
  ]);
  const closed = await closeCashSession(ctx, opened.id, { counted: expected - 150, note: 'Evening' });
  expect(closed).toMatchObject({
    status: 'closed',
    expected,
    counted: expected - 150,
    difference: -150,
    note: 'Evening',
  });
  expect((await refusalOf(closeCashSession(ctx, opened.id, { counted: 1 }))).code).toBe('conflict');
  expect(
    (await refusalOf(addCashMovement(ctx, opened.id, { kind: 'pay_in', amount: 1, reason: 'x' }))).code,
  ).toBe('conflict');
  await sellFor('cash');
  expect(await getCashSession(ctx, opened.id)).toEqual(closed);
  const acts = await world.sql<{ action: string }>(
    "SELECT action FROM audit_log WHERE subject_type = 'cash_session' ORDER BY id",
  );
  expect(acts.map(({ action }) => action)).toEqual(
    ['open', 'pay_in', 'pay_out', 'close'].map((act) => `cash_session.${act}`),
  );
  expect((await refusalOf(getCashSession(world.seller({ interface: world.pos }), opened.id))).code).toBe(
    'not_found',
  );
});

it('a drawer has one currency, and a box office one for each that it takes', async () => {
  await world.sql("INSERT INTO currency (code, numeric, name, digits) VALUES ('USD', '840', 'US Dollar', 2)");
  const euros = await openCashSession(ctx, { opening: 100 });
  const dollars = await openCashSession(ctx, { opening: 200, currency: 'USD' });
  expect([euros.currency, dollars.currency]).toEqual(['EUR', 'USD']);
  expect(await refusalOf(openCashSession(ctx, { opening: 0, currency: 'USD' }))).toMatchObject({
    ...{ code: 'conflict', facts: { cash_session_id: dollars.id } },
  });
  expect(await refusalOf(openCashSession(ctx, { opening: 0, currency: 'QQQ' }))).toMatchObject({
    ...{ code: 'validation_failed', facts: { errors: [{ pointer: '/currency' }] } },
  });
  const cart = await fill(ctx, [{ ticket_type_id: world.abroad.type, quantity: 1 }]);
  await pay(ctx, cart.id, { method: 'cash' });
  await sellFor('cash');
  const [inEuros, inDollars] = await Promise.all(
    [euros, dollars].map(({ id, opening }) => closeCashSession(ctx, id, { counted: opening })),
  );
  expect(inEuros).toMatchObject({ payments: 5_350, difference: -5_350 });
  expect(inDollars).toMatchObject({ payments: cart.totals.total, difference: -cart.totals.total });
});

it('of 50 who open a drawer one does, and cash that arrives while it is closed is in it or after it', async () => {
  const opened = await Promise.allSettled(
    Array.from({ length: 50 }, () => openCashSession(world.seller(), { opening: 0 })),
  );
  const [session] = opened.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const id = session?.id as string;
  const carts = await Promise.all(Array.from({ length: 30 }, () => fill(ctx, adults(1))));
  const work = carts.map((cart, i) =>
    i === 15
      ? closeCashSession(world.seller(), id, { counted: 0 })
      : pay(world.seller(), cart.id, { method: 'cash' }),
  );
  await Promise.all(work);
  const { expected, payments, difference } = await getCashSession(ctx, id);
  expect([expected, difference]).toEqual([payments, payments ? -payments : 0]);
});
