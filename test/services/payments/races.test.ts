import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { sweep } from '../../../src/services/carts/expire.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import type { System } from '../../../src/system.ts';
import { moneyFaults, sandboxFaults } from '../../helpers/money-audit.ts';
import { fill, payByToken, runAllJobs, tell } from '../../helpers/payments.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
let processes: System[];
beforeAll(async () => {
  world = await salesWorld();
  processes = world.processes(4, 5); // 20 connections
  await world.sql('UPDATE event_section SET capacity = 10000 WHERE section_id = $1', world.festival.floor);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
  expect(await sandboxFaults(world.system)).toEqual([]);
});
afterAll(async () => {
  expect(await world.endProcesses()).toBe(0); // deadlocks
  await world.close();
});

const adults = (quantity = 1) => [{ ticket_type_id: world.festival.adult, quantity }];
const at = (i: number, ctx: Context): Context => ({ ...ctx, system: processes[i % 4] as System });
const times = <T>(n: number, make: (i: number) => Promise<T>) =>
  Promise.allSettled(Array.from({ length: n }, (_, i) => make(i)));
const codesOf = (results: PromiseSettledResult<unknown>[]) =>
  results.flatMap((each) => (each.status === 'rejected' ? [each.reason.code ?? each.reason.message] : []));
const chargesOf = (cart_id: string) =>
  world.sql('SELECT c.id FROM sandbox_charge c JOIN payment p ON p.id = c.id WHERE p.cart_id = $1', cart_id);

describe('a cart paid twice at once', () => {
  it('by card over 20 connections: one charge, the others are told', async () => {
    const cart = await fill(world.buyer(), adults(2));
    const results = await times(20, (i) => payByToken(at(i, world.buyer()), cart.id, 'approved'));
    expect(codesOf(results)).toEqual(Array(19).fill('cart_not_open'));
    expect(await chargesOf(cart.id)).toHaveLength(1);
    expect(await getCart(world.buyer(), cart.id)).toMatchObject({
      ...{ status: 'paid', totals: { paid: cart.totals.total } },
    });
  });

  it('by card and in cash, in parts and in full: never more than it costs', async () => {
    const cart = await fill(world.seller(), adults(4));
    const results = await times(40, (i) =>
      pay(
        at(i, world.seller()),
        cart.id,
        i % 2
          ? { method: 'cash', amount: 2_000 }
          : { method: 'card', card: { token: 'sandbox_approved' }, amount: 3_000 },
      ),
    );
    const paid = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value.amount] : []));
    const after = await getCart(world.seller(), cart.id);
    expect(after.totals.paid).toBe(paid.reduce((sum, amount) => sum + amount, 0));
    expect(after.totals.paid).toBeLessThanOrEqual(cart.totals.total);
    for (const code of codesOf(results)) expect(['cart_not_open', 'amount_mismatch']).toContain(code);
  });
});

describe('one Idempotency-Key 50 times at once', () => {
  it('pays once, whatever the method', async () => {
    for (const [key, request] of [
      ['fifty-cash', { method: 'cash' }],
      ['fifty-card', { method: 'card', card: { token: 'sandbox_approved' } }],
    ] as const) {
      const cart = await fill(world.seller(), adults());
      const results = await times(50, (i) => pay(at(i, world.seller({ key })), cart.id, request));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(new Set(codesOf(results))).toEqual(new Set(['idempotency_in_progress']));
      expect(await world.sql('SELECT 1 FROM payment WHERE cart_id = $1', cart.id)).toHaveLength(1);
    }
  });
});

describe('many carts at once', () => {
  it('settle in batches, each as if it were alone; one that is refused harms no other', async () => {
    const carts = await Promise.all(
      Array.from({ length: 60 }, (_, i) => fill(world.seller(), adults(1 + (i % 3)))),
    );
    const cancelled = carts.filter((_, i) => i % 10 === 0);
    await world.sql(
      'UPDATE cart SET expires_at = now() WHERE id = ANY($1)',
      cancelled.map(({ id }) => id),
    );
    const results = await times(60, (i) => {
      const id = carts[i]?.id as string;
      return i % 2
        ? pay(at(i, world.seller()), id, { method: 'cash' })
        : payByToken(at(i, world.seller()), id, 'approved');
    });
    expect(codesOf(results)).toEqual(Array(6).fill('cart_expired'));
    const tickets = await world.sql<{ n: number }>(
      'SELECT count(*)::int AS n FROM ticket WHERE cart_id = ANY($1)',
      carts.map(({ id }) => id),
    );
    expect(tickets[0]?.n).toBe(carts.reduce((n, c, i) => n + (i % 10 ? c.sale_details.length : 0), 0));
  });
});

describe('a confirmation against the sweeper', () => {
  it('ends in tickets or in the money going back, whoever is first', async () => {
    const { seats, stall } = world.theatre;
    const ids = Object.values(seats).slice(0, 40);
    const waiting = await Promise.all(
      ids.map(async (seat_id) => {
        const cart = await fill(world.buyer(), [{ ticket_type_id: stall, seat_ids: [seat_id] }]);
        return { cart, payment: await payByToken(world.buyer(), cart.id, 'requires_action'), seat_id };
      }),
    );
    await world.lapse();
    await world.sql("UPDATE sandbox_charge SET status = 'captured' WHERE status = 'requires_action'");
    await Promise.allSettled([
      ...waiting.map(({ payment }, i) => tell(processes[i % 4] as System, payment, 'captured')),
      ...[0, 1, 2].map((i) => sweep(processes[i] as System)),
      ...waiting
        .filter((_, i) => i % 2)
        .map(({ seat_id }, i) =>
          fill(at(i, world.buyer()), [{ ticket_type_id: stall, seat_ids: [seat_id] }]),
        ),
    ]);
    for (const { payment } of waiting) await tell(world.system, payment, 'captured');
    await runAllJobs(world.system);
    const outcomes = await world.sql<{ cart: string; payment: string; n: number }>(
      `SELECT c.status AS cart, p.status AS payment, count(*)::int AS n FROM payment p JOIN cart c ON c.id = p.cart_id
       WHERE p.id = ANY($1) GROUP BY 1, 2`,
      waiting.map(({ payment }) => payment.id),
    );
    for (const { cart, payment } of outcomes)
      expect([
        ['paid', 'captured'],
        ['expired', 'refunded'],
      ]).toContainEqual([cart, payment]);
    expect(outcomes.reduce((sum, { n }) => sum + n, 0)).toBe(40);
  });
});
