import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import type { AppError } from '../../src/errors.ts';
import type { AddSaleDetails } from '../../src/schemas/carts.ts';
import { sweep } from '../../src/services/carts/expire.ts';
import { addSaleDetails, openCart } from '../../src/services/carts/hold.ts';
import type { System } from '../../src/system.ts';
import { contextOf } from '../helpers/context.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { stockFaults } from '../helpers/stock-audit.ts';

const BUYERS = 50;

let world: SalesWorld;
let processes: System[];
beforeAll(async () => {
  world = await salesWorld();
  processes = world.processes(BUYERS);
  await Promise.all(processes.map((system) => system.db.pool.query('SELECT 1'))); // 50 connections stand ready
}, 60_000);
afterEach(async () => {
  const faults = await stockFaults(world.system);
  await world.clear();
  expect(faults).toEqual({});
});
afterAll(async () => {
  const deadlocks = await world.endProcesses();
  await world.close();
  expect(deadlocks).toBe(0);
}, 60_000);

type Items = AddSaleDetails['items'];
const contextIn = (system: System): Context => contextOf(system, { interface: world.web });
const seat = (label: string): number => world.theatre.seats[label] as number;
const seats = (...labels: string[]): Items => [
  { ticket_type_id: world.theatre.stall, seat_ids: labels.map(seat) },
];

/** Lets all buyers ask at once; gives what they hold, and why the others were refused. */
async function race<T>(ask: (ctx: Context, i: number) => Promise<T>, systems = processes) {
  const outcomes = await Promise.allSettled(systems.map((system, i) => ask(contextIn(system), i)));
  const won = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
  const lost = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as AppError] : []));
  return { won, lost };
}
const held = async () =>
  (await world.sql<{ n: number }>("SELECT sum(quantity)::int AS n FROM sale_detail WHERE status = 'held'"))[0]
    ?.n;
const carts = async () =>
  (await world.sql<{ n: number }>('SELECT count(*)::int AS n FROM cart'))[0]?.n as number;
/** Every buyer has an open cart first. */
const withCarts = (items: Items) => async () => {
  const opened = await Promise.all(processes.map((system) => openCart(contextIn(system), {})));
  return race((ctx, i) => addSaleDetails(ctx, opened[i]?.id as string, { items }));
};
const opening = (items: Items) => async () => {
  const before = await carts();
  const outcome = await race((ctx) => openCart(ctx, { items }));
  expect((await carts()) - before).toBe(outcome.won.length); // losers have no cart either
  return outcome;
};

describe(`${BUYERS} connections`, () => {
  it.each([
    ['opening a cart with it', opening],
    ['adding it to a cart', withCarts],
  ])('on the last seat, %s: one has it, the others are told which seat', async (_, raceFor) => {
    for (let round = 0; round < 3; round++) {
      const { won, lost } = await raceFor(seats('A1'))();
      expect(won).toHaveLength(1);
      for (const refusal of lost)
        expect(refusal).toMatchObject({
          code: 'seats_unavailable',
          status: 409,
          facts: { unavailable_seat_ids: [seat('A1')] },
        });
      expect(await held()).toBe(1);
      await world.clear();
    }
  });

  it.each([
    ['opening a cart with it', opening],
    ['adding it to a cart', withCarts],
  ])('on the last place of a section, %s: one has it, the others are told 0', async (_, raceFor) => {
    const { adult, balcony } = world.festival;
    const items = (quantity: number): Items => [{ ticket_type_id: adult, quantity, section_id: balcony }];
    for (let round = 0; round < 3; round++) {
      await openCart(world.buyer(), { items: items(4) });
      const { won, lost } = await raceFor(items(1))();
      expect(won).toHaveLength(1);
      for (const refusal of lost)
        expect(refusal).toMatchObject({ code: 'sold_out', facts: { available: 0 } });
      expect(await held()).toBe(5);
      await world.clear();
    }
  });

  it('on the last of a limited type and of a product', async () => {
    const { child, shirt } = world.festival;
    for (const [items, winners] of [
      [[{ ticket_type_id: child, quantity: 2 }], 1],
      [[{ product_id: shirt, quantity: 2 }], 2],
    ] as [Items, number][]) {
      const { won, lost } = await opening(items)();
      expect(won).toHaveLength(winners);
      for (const { code } of lost) expect(code).toBe('sold_out');
      await world.clear();
    }
  });

  it('on overlapping rows of seats, each named in another order: whole rows or nothing, and no deadlock', async () => {
    const labels = ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8'];
    for (let round = 0; round < 6; round++) {
      const { won, lost } = await race((ctx, i) => {
        const from = i % 6;
        const wish = labels.slice(from, from + 3);
        return openCart(ctx, { items: seats(...(i % 2 ? wish : wish.toReversed())) });
      });
      expect(won.length).toBeGreaterThan(0);
      for (const { code } of lost) expect(code).toBe('seats_unavailable');
      expect(await held()).toBe(won.length * 3);
      await world.clear();
    }
  });

  it('on mixed goods in any order: no deadlock between sections, types, products and seats', async () => {
    const { adult, child, balcony, shirt } = world.festival;
    const goods = (): Items => [
      { ticket_type_id: adult, quantity: 1, section_id: balcony },
      { product_id: shirt, quantity: 1 },
      ...seats('C5', 'C6'),
      { ticket_type_id: child, quantity: 1 },
    ];
    const { won, lost } = await race((ctx, i) => {
      const items = goods();
      return openCart(ctx, { items: [...items.slice(i % 4), ...items.slice(0, i % 4)] });
    });
    expect(won).toHaveLength(1);
    for (const { code } of lost) expect(['seats_unavailable', 'sold_out']).toContain(code);
  });

  it('on the best seats: everybody has others, until there are none', async () => {
    const items = [{ ticket_type_id: world.theatre.box, best_available: { quantity: 2 } }];
    const { won, lost } = await opening(items)();
    const given = won.flatMap((cart) => cart.sale_details.map((line) => line.seat?.id));
    expect(new Set(given).size).toBe(given.length);
    for (const { code } of lost) expect(['sold_out', 'service_unavailable']).toContain(code);
    if (lost.every(({ code }) => code === 'sold_out')) expect(given).toHaveLength(8);
  });
});

describe('what an overdue cart still holds', () => {
  it('goes to one of 50, while sweepers run', async () => {
    const { adult, balcony } = world.festival;
    for (const items of [
      seats('B1', 'B2'),
      [{ ticket_type_id: adult, quantity: 5, section_id: balcony }],
    ] as Items[])
      for (let round = 0; round < 3; round++) {
        const { id } = await openCart(world.buyer(), { items });
        await world.lapse(id);
        const sweeps = Promise.all(processes.slice(0, 5).map((system) => sweep(system)));
        const { won } = await race((ctx) => openCart(ctx, { items }));
        await sweeps;
        expect(won).toHaveLength(1);
        expect(await stockFaults(world.system)).toEqual({});
        await world.clear();
      }
  });

  it('is never in the way of one who asks while others sweep', async () => {
    const { adult, child, balcony, shirt } = world.festival;
    const items: Items = [
      { ticket_type_id: adult, quantity: 2, section_id: balcony },
      { ticket_type_id: child, quantity: 3, section_id: balcony },
      { product_id: shirt, quantity: 3 },
    ];
    const asker = contextIn(processes[0] as System);
    for (let round = 0; round < 40; round++) {
      const { id } = await openCart(asker, { items });
      await world.lapse(id);
      const sweeps = processes.slice(1, 4).map((system) => sweep(system));
      await openCart(asker, { items });
      await Promise.all(sweeps);
      await world.clear();
    }
  });
});

describe('a few processes with full batches', () => {
  it('sell each place once: 200 buyers, 25 places', async () => {
    const few = processes.slice(0, 4);
    const { adult, early } = world.festival;
    const { won, lost } = await race(
      (ctx, i) =>
        openCart(ctx, { items: [{ ticket_type_id: i % 3 ? adult : early, quantity: 1 + (i % 2) }] }),
      Array.from({ length: 200 }, (_, i) => few[i % few.length] as System),
    );
    const places = won.reduce((n, cart) => n + cart.sale_details.length, 0);
    expect(places).toBe(25);
    for (const { code } of lost) expect(code).toBe('sold_out');
    expect(await held()).toBe(25);
  });

  it('sell each seat once: 200 buyers, 10 seats', async () => {
    const few = processes.slice(0, 4);
    const { won, lost } = await race(
      (ctx, i) => openCart(ctx, { items: seats(`D${1 + (i % 10)}`) }),
      Array.from({ length: 200 }, (_, i) => few[i % few.length] as System),
    );
    expect(won).toHaveLength(10);
    expect(new Set(won.map((cart) => cart.sale_details[0]?.seat?.number)).size).toBe(10);
    for (const { code } of lost) expect(code).toBe('seats_unavailable');
  });
});
