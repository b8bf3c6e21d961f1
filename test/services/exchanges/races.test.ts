import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { AppError } from '../../../src/errors.ts';
import type { CartView } from '../../../src/services/carts/present.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { commitExchange } from '../../../src/services/exchanges/commit.ts';
import { quoteExchange } from '../../../src/services/exchanges/quote.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { contextOf } from '../../helpers/context.ts';
import { moneyFaults, sandboxFaults } from '../../helpers/money-audit.ts';
import { fill, payByToken, runAllJobs } from '../../helpers/payments.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
let sellers: Context[];
beforeAll(async () => {
  world = await salesWorld();
  sellers = world
    .processes(4)
    .map((system) =>
      contextOf(system, { interface: world.web, scopes: ['public', 'sell'], client_id: 'office' }),
    );
});
afterAll(() => world.close());

const seat = (label: string) => world.theatre.seats[label] as number;
const by = (i: number) => sellers[i % sellers.length] as Context;
const sold = async (label: string): Promise<CartView> => {
  const cart = await fill(by(0), [{ ticket_type_id: world.theatre.stall, seat_ids: [seat(label)] }]);
  await payByToken(by(0), cart.id, 'approved');
  return getCart(by(0), cart.id);
};
const codeOf = (error: unknown) => {
  if (error instanceof AppError) return error.code;
  throw error;
};
const live = (cart: CartView) =>
  cart.sale_details.filter(({ status }) => status === 'paid').map(({ id }) => id);
const allWell = async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
};

it('of 50 who commit one exchange, one does', async () => {
  const cart = await sold('A1');
  const { id } = await quoteExchange(by(0), cart.id, {
    sale_detail_ids: live(cart),
    items: [{ ticket_type_id: world.theatre.box, seat_ids: [seat('F1')] }],
  });
  const payment = (i: number) =>
    i % 2
      ? ({ method: 'cash' } as const)
      : ({ method: 'card', card: { token: 'sandbox_approved' } } as const);
  const ends = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      commitExchange(by(i), cart.id, id, { payment: payment(i) }).then(({ status }) => status, codeOf),
    ),
  );
  expect(ends.filter((end) => end === 'completed')).toHaveLength(1);
  expect(new Set(ends)).toEqual(
    new Set(['completed', 'conflict', ...ends.filter((e) => e !== 'completed' && e !== 'conflict')]),
  );
  expect(
    ends.every((end) => ['completed', 'conflict', 'cart_not_open', 'cart_expired', 'pending'].includes(end)),
  ).toBe(true);
  const tickets = await world.sql<{ status: string }>(
    'SELECT status FROM ticket WHERE cart_id = $1',
    cart.id,
  );
  expect(tickets.map(({ status }) => status).sort()).toEqual(['valid', 'void']);
  await runAllJobs(world.system);
  await allWell();
});

it('of 50 who want the same ticket exchanged, each for another seat, one quote is carried out', async () => {
  const cart = await sold('B1');
  const labels = ['C', 'D', 'E'].flatMap((row) => Array.from({ length: 10 }, (_, i) => `${row}${i + 1}`));
  const ends = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      try {
        const quoted = await quoteExchange(by(i), cart.id, {
          sale_detail_ids: live(cart),
          items: [
            { ticket_type_id: world.theatre.stall, seat_ids: [seat(labels[i % labels.length] as string)] },
          ],
        });
        return (await commitExchange(by(i), cart.id, quoted.id, undefined)).status;
      } catch (error) {
        return codeOf(error);
      }
    }),
  );
  expect(ends.filter((end) => end === 'completed')).toHaveLength(1);
  const tickets = await world.sql<{ status: string }>(
    'SELECT status FROM ticket WHERE cart_id = $1',
    cart.id,
  );
  expect(tickets.filter(({ status }) => status === 'valid')).toHaveLength(1);
  await world.clear();
  await allWell();
});

it('everything at once: exchanges to and fro, refunds, new sales; money, tickets and stock agree, no deadlock', async () => {
  const { theatre, festival } = world;
  const labels = ['A', 'B', 'C'].flatMap((row) => [2, 3, 4, 5, 6].map((n) => `${row}${n}`));
  const carts = await Promise.all(labels.slice(0, 8).map(sold));
  for (let i = 0; i < 4; i += 1) {
    const cart = await fill(by(i), [{ ticket_type_id: festival.adult, quantity: 2 }]);
    await payByToken(by(i), cart.id, 'approved');
    carts.push(await getCart(by(i), cart.id));
  }
  const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
  const wishes = () =>
    pick([
      { items: [{ ticket_type_id: theatre.stall, seat_ids: [seat(pick(labels))] }] },
      { items: [{ ticket_type_id: theatre.stall, best_available: { quantity: 1 } }] },
      { items: [{ ticket_type_id: festival.adult, quantity: 1 }] },
      { items: [{ ticket_type_id: festival.child, quantity: 1, section_id: festival.floor }] },
      { ticket_type_id: festival.child },
      { ticket_type_id: festival.adult },
    ]);
  const done: string[] = [];
  const act = async (i: number) => {
    const ctx = by(i);
    const cart = await getCart(ctx, pick(carts).id);
    const lines = live(cart);
    if (!lines.length) return;
    if (i % 9 === 0) {
      await refundCart(ctx, cart.id, { amount: 10, reason: 'walk' });
      return;
    }
    const quoted = await quoteExchange(ctx, cart.id, { sale_detail_ids: [pick(lines)], ...wishes() });
    const { amount_due } = quoted;
    const payment = amount_due
      ? pick([{ method: 'cash' } as const, { method: 'card', card: { token: 'sandbox_approved' } } as const])
      : undefined;
    done.push((await commitExchange(ctx, cart.id, quoted.id, payment && { payment })).status);
  };
  const refusals: string[] = [];
  await Promise.all(
    Array.from({ length: 12 }, async (_, worker) => {
      for (let round = 0; round < 15; round += 1)
        await act(worker + round).catch((error) => refusals.push(codeOf(error)));
    }),
  );
  expect(done.filter((status) => status === 'completed').length).toBeGreaterThan(20);
  expect(refusals.filter((code) => code === 'internal_error')).toEqual([]);
  await runAllJobs(world.system);
  await allWell();
  await world.clear();
  await allWell();
  expect(await sandboxFaults(world.system)).toEqual([]);
  expect(await world.endProcesses()).toBe(0);
}, 60_000);
