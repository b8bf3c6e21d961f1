import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/errors.ts';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { patchSaleDetail } from '../../../src/services/carts/lines.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { listCredits } from '../../../src/services/credit/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import {
  cancelSubscription,
  patchSubscription,
  pauseSubscription,
} from '../../../src/services/subscriptions/change.ts';
import { changeNow, quoteChange } from '../../../src/services/subscriptions/change-now.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { getSubscription } from '../../../src/services/subscriptions/read.ts';
import { renewSubscription } from '../../../src/services/subscriptions/renew.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { payByToken, runAllJobs, tell } from '../../helpers/payments.ts';
import { type Membership, makeMembership, makeSeason } from '../../helpers/plans.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { at, later, stateOf, subscribe } from '../../helpers/renewals.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let friends: Membership;
beforeAll(async () => {
  world = await salesWorld();
  friends = await makeMembership(world);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const ana = (more = {}) => world.buyer({ user_id: world.ana, ...more });
const toYear = () => ({ plan_setting_id: friends.year });
const credit = async () =>
  (await listCredits(world.seller(), world.ana)).map(({ balance }) => balance)[0] ?? 0;
const counts = async () =>
  (
    await world.sql<{ held: number; sold: number }>(
      'SELECT held, sold FROM plan_setting WHERE id = ANY($1) ORDER BY id',
      [friends.month, friends.year],
    )
  ).map(({ held, sold }) => [held, sold]);

describe('a change of the setting now', () => {
  it('costs the price less what is unused, and takes effect when it is paid: nothing before, all of it then', async () => {
    const { id, current_period_start, current_period_end } = await subscribe(world, friends.month);
    const whole = (current_period_end as Date).getTime() - (current_period_start as Date).getTime();
    const now = new Date((current_period_start as Date).getTime() + whole / 2);
    const quote = await quoteChange(ana({ now }), id, friends.year);
    expect(quote).toEqual({
      ...{ plan_setting_id: friends.year, price: 39_000, unused: 1_950, amount_due: 37_050, credit: 0 },
      ...{ currency: 'EUR', effective_at: current_period_end },
    });
    const { cart_id, status, plan_setting_id } = await changeNow(ana({ now }), id, toYear());
    expect([status, plan_setting_id]).toEqual(['active', friends.month]);
    expect(await stateOf(world, id)).toBe('active 1');
    const cart = await getCart(ana(), cart_id as string);
    expect(cart.totals).toMatchObject({ total: 37_050 });
    expect(JSON.stringify(cart.sale_details[0]?.price_trace)).toContain(
      'change from Monthly: 1950 of it unused',
    );
    expect(await counts()).toEqual([
      [0, 1],
      [1, 0],
    ]);

    // What would stand in its way waits for it, or it for that.
    for (const other of [
      () => changeNow(ana({ now }), id, toYear()),
      () => renewSubscription(ana(), id),
      () => pauseSubscription(ana(), id),
      () => cancelSubscription(world.seller(), id, 'now'),
    ])
      expect((await refusalOf(other())).code).toBe('conflict');
    await at(world, later(current_period_end as Date, 0.001));
    expect(await stateOf(world, id)).toBe('active 1');

    await payByToken(ana(), cart_id as string, 'approved');
    const changed = await getSubscription(ana(), id);
    expect(changed).toMatchObject({ status: 'active', period: 2, plan_setting_id: friends.year });
    const begun = changed.current_period_start as Date;
    expect(Math.abs(begun.getTime() - Date.now())).toBeLessThan(60_000);
    expect(later(begun, 366) >= (changed.current_period_end as Date)).toBe(true);
    expect(later(begun, 365) <= (changed.current_period_end as Date)).toBe(true);
    expect(await counts()).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(
      await world.sql(
        'SELECT number, status, ends_at FROM subscription_period WHERE subscription_id = $1 AND number = 1',
        id,
      ),
    ).toEqual([{ number: 1, status: 'paid', ends_at: begun }]);
    expect(await credit()).toBe(0);

    // Down again: what is unused is more than the price.
    const down = await quoteChange(ana({ now: begun }), id, friends.month);
    expect(down).toMatchObject({ unused: 39_000, amount_due: 0, credit: 35_100 });
    const free = await changeNow(ana({ now: begun }), id, { plan_setting_id: friends.month });
    expect(await credit()).toBe(0); // not before it takes effect
    await pay(ana(), free.cart_id as string, { method: 'free' });
    expect(await credit()).toBe(35_100);
    expect(await stateOf(world, id)).toBe('active 3');
    expect(await world.sql('SELECT kind, amount FROM credit_entry WHERE subscription_id = $1', id)).toEqual([
      { kind: 'proration', amount: 35_100 },
    ]);
    // The period that is renewed next is one of the month, at its price.
    const { current_period_end: next } = await getSubscription(ana(), id);
    await at(world, later(next as Date, 0.001));
    expect(await stateOf(world, id)).toBe('active 4');
    await patchSubscription(ana(), id, { auto_renew: false });
  });

  it('comes to nothing when it is not paid', async () => {
    const { id } = await subscribe(world, friends.month);
    const change = await changeNow(ana(), id, toYear());
    await cancelCart(ana(), change.cart_id as string);
    expect(await stateOf(world, id)).toBe('active 1');
    const lapsing = await changeNow(ana(), id, toYear());
    await world.clear();
    expect((await getCart(ana(), lapsing.cart_id as string)).status).toBe('expired');
    expect(await getSubscription(ana(), id)).toMatchObject({ period: 1, plan_setting_id: friends.month });
    await cancelSubscription(world.seller(), id, 'now');
  });

  it('credits no more than what was paid for the period, whatever its price', async () => {
    const { id, cart_id } = await createSubscription(ana(), { plan_setting_id: friends.year });
    const cart = await getCart(world.seller(), cart_id as string);
    const price_override = { unit_price: 5_000, reason: 'press' };
    await patchSaleDetail(world.seller(), cart.id, cart.sale_details[0]?.id as string, { price_override });
    await pay(world.seller(), cart.id, { method: 'cash' });
    const { current_period_start: now } = await getSubscription(ana(), id);
    const quote = () => quoteChange(ana({ now: now as Date }), id, friends.month);
    expect(await quote()).toMatchObject({ unused: 5_000, amount_due: 0, credit: 1_100 });
    await refundCart(world.seller(), cart.id, { reason: 'Kindness', amount: 4_000 });
    expect(await quote()).toMatchObject({ unused: 1_000, amount_due: 2_900, credit: 0 });
    await cancelSubscription(world.seller(), id, 'now');
  });

  it('is paid late while nothing else came between, and else the money goes back', async () => {
    const { id } = await subscribe(world, friends.month);
    const change = await changeNow(ana(), id, toYear());
    const payment = await payByToken(ana(), change.cart_id as string, 'requires_action');
    await world.clear();
    await tell(world.system, payment, 'captured');
    expect(await getSubscription(ana(), id)).toMatchObject({ period: 2, plan_setting_id: friends.year });

    const other = await subscribe(world, friends.month);
    const slow = await changeNow(ana(), other.id, toYear());
    const lost = await payByToken(ana(), slow.cart_id as string, 'requires_action');
    await world.clear();
    await at(world, later(other.current_period_end as Date, 0.01)); // renewed meanwhile
    await tell(world.system, lost, 'captured');
    await runAllJobs(world.system);
    expect(await getSubscription(ana(), other.id)).toMatchObject({
      ...{ period: 2, plan_setting_id: friends.month },
    });
  });

  it('is opened once, whether sent twice or by several at once, and paid once', async () => {
    const { id } = await subscribe(world, friends.month);
    const key = 'change-once-0001';
    const twice = await Promise.allSettled([1, 2].map(() => changeNow(ana({ key }), id, toYear())));
    const carts = twice.flatMap((each) => (each.status === 'fulfilled' ? [each.value.cart_id] : []));
    expect(new Set(carts).size).toBe(1);
    await cancelCart(ana(), carts[0] as string);
    const [first, second] = world.processes(2);
    const asked = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const ctx = { ...ana(), system: (i % 2 ? first : second) as SalesWorld['system'] };
        const what = i % 4 === 3 ? renewSubscription(ctx, id) : changeNow(ctx, id, toYear());
        return what.then(
          ({ cart_id }) => ({ cart_id }),
          (error: AppError) => ({ code: error.code }),
        );
      }),
    );
    const won = asked.flatMap((each) => ('cart_id' in each ? [each.cart_id] : []));
    expect(won).toHaveLength(1);
    expect(new Set(asked.flatMap((each) => ('code' in each ? [each.code] : [])))).toEqual(
      new Set(['conflict']),
    );
    const paid = await Promise.allSettled(
      Array.from({ length: 10 }, () => payByToken(ana(), won[0] as string, 'approved')),
    );
    expect(paid.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await runAllJobs(world.system);
    expect(await stateOf(world, id)).toMatch(/^active [12]$/);
    expect(await world.endProcesses()).toBe(0);
  });

  it('is for memberships that live, to settings that are sold, by their owner', async () => {
    const { id } = await subscribe(world, friends.month);
    const season = await makeSeason(world);
    for (const [plan_setting_id, code] of [
      [friends.month, 'validation_failed'],
      [season.seats, 'validation_failed'],
      [0, 'validation_failed'],
    ] as const)
      expect((await refusalOf(changeNow(ana(), id, { plan_setting_id }))).code).toBe(code);
    const ben = world.buyer({ user_id: world.ben });
    expect((await refusalOf(changeNow(ben, id, toYear()))).code).toBe('not_found');
    await cancelSubscription(world.seller(), id, 'now');
    expect((await refusalOf(changeNow(ana(), id, toYear()))).code).toBe('conflict');
  });
});
