import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/errors.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { listCredits } from '../../../src/services/credit/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { patchSubscription } from '../../../src/services/subscriptions/change.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { giveBackDate } from '../../../src/services/subscriptions/give-back.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { makePasses, type Passes } from '../../helpers/plans.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const ana = () => world.buyer({ user_id: world.ana });
const people = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ first_name: `Person ${i}`, last_name: 'Roe' }));
const sections = async ({ event_ids }: Passes) =>
  (
    await world.sql<{ held: number; sold: number }>(
      'SELECT held, sold FROM event_section WHERE event_id = ANY($1) ORDER BY event_id',
      event_ids,
    )
  ).map(({ held, sold }) => [held, sold]);
async function holder(passes: Passes): Promise<{ id: string; cart_id: string }> {
  const { id, cart_id } = await createSubscription(ana(), { plan_setting_id: passes.pass });
  await pay(world.seller(), cart_id as string, { method: 'cash' });
  return { id, cart_id: cart_id as string };
}
const typeOf = async (event_id: number) =>
  (await world.sql<{ id: number }>('SELECT id FROM ticket_type WHERE event_id = $1', event_id))[0]
    ?.id as number;
const credit = async () => (await listCredits(world.seller(), world.ana))[0]?.balance ?? 0;

describe('a season without seats', () => {
  it('is bought for several persons: a ticket for each of them at each date; all go when it is refunded', async () => {
    const passes = await makePasses(world, { holders: 2 });
    const body = { plan_setting_id: passes.pass };
    const many = await refusalOf(createSubscription(ana(), { ...body, holders: people(3) }));
    expect(many.facts.errors).toMatchObject([{ pointer: '/holders', code: 'too_many' }]);
    const seat = await refusalOf(createSubscription(ana(), { ...body, seat_id: world.theatre.seats.A1 }));
    expect(seat.facts.errors).toMatchObject([{ pointer: '/seat_id' }]);
    const { id, cart_id } = await createSubscription(ana(), { ...body, holders: people(2) });
    expect(await sections(passes)).toEqual([
      [2, 0],
      [2, 0],
    ]);
    await pay(world.seller(), cart_id as string, { method: 'cash' });
    expect(await sections(passes)).toEqual([
      [0, 2],
      [0, 2],
    ]);
    const tickets = await world.sql(
      `SELECT event_id, count(*)::int AS n FROM ticket WHERE subscription_id = $1 AND seat_id IS NULL GROUP BY 1 ORDER BY 1`,
      id,
    );
    expect(tickets).toEqual(passes.event_ids.map((event_id) => ({ event_id, n: 2 })));
    expect((await refusalOf(patchSubscription(ana(), id, { holders: people(3) }))).code).toBe(
      'validation_failed',
    );
    expect((await patchSubscription(ana(), id, { holders: people(1) })).holders).toHaveLength(1);
    await refundCart(world.seller(), cart_id as string, { reason: 'Moved away' });
    expect(await sections(passes)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('has no more places than its dates, whoever races for them', async () => {
    const passes = await makePasses(world, { places: 11, holders: 2 });
    const [first, second] = world.processes(2);
    const type = await typeOf(passes.event_ids[1] as number);
    const asked = await Promise.all(
      Array.from({ length: 50 }, (_, i) => {
        const ctx = { ...ana(), system: (i % 2 ? first : second) as SalesWorld['system'] };
        const what: Promise<unknown> =
          i % 5 === 0
            ? openCart(ctx, { items: [{ ticket_type_id: type, quantity: 1 }] })
            : createSubscription(ctx, { plan_setting_id: passes.pass });
        return what.then(
          () => undefined,
          (error: AppError) => error.code,
        );
      }),
    );
    expect(new Set(asked.filter(Boolean))).toEqual(new Set(['sold_out']));
    const passesHeld = asked.filter((code, i) => !code && i % 5 !== 0).length;
    const singles = asked.filter((code, i) => !code && i % 5 === 0).length;
    expect(await sections(passes)).toEqual([
      [2 * passesHeld, 0],
      [2 * passesHeld + singles, 0],
    ]);
    expect(2 * passesHeld + singles).toBeGreaterThanOrEqual(10);
    expect(await world.endProcesses()).toBe(0);
    await world.clear();
  });

  it('takes a place at one date back, and credits it once fewer are left than were given back', async () => {
    const passes = await makePasses(world, { places: 6, holders: 2 });
    const [one, two] = [await holder(passes), await holder(passes)];
    const event_id = passes.event_ids[1] as number;
    const ticket_type_id = await typeOf(event_id);
    const given = await giveBackDate(ana(), one.id, event_id);
    expect(given).toMatchObject({ seat_id: null, value: 2_250, status: 'offered', credited: 0 }); // of four tickets
    await giveBackDate(ana(), two.id, event_id);
    await giveBackDate(ana(), one.id, event_id);
    expect((await refusalOf(giveBackDate(ana(), one.id, event_id))).code).toBe('conflict');
    expect(await sections(passes)).toEqual([
      [0, 4],
      [0, 1],
    ]);

    // Five are free, three of them given back: two are sold before one of those is needed.
    const buy = async (quantity: number) => {
      const cart = await openCart(world.seller(), { items: [{ ticket_type_id, quantity }] });
      await pay(world.seller(), cart.id, { method: 'cash' });
    };
    await buy(2);
    expect(await credit()).toBe(0);
    await buy(1);
    expect(await credit()).toBe(2_250);
    await buy(2);
    expect(await credit()).toBe(3 * 2_250);
    const rows = await world.sql<{ status: string }>(
      'SELECT status FROM give_back WHERE event_id = $1',
      event_id,
    );
    expect(rows.map(({ status }) => status)).toEqual(['sold', 'sold', 'sold']);
  });
});
