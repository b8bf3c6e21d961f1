import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  cancelSubscription,
  patchSubscription,
  pauseSubscription,
  resumeSubscription,
} from '../../../src/services/subscriptions/change.ts';
import { getSubscription } from '../../../src/services/subscriptions/read.ts';
import { renewSubscription } from '../../../src/services/subscriptions/renew.ts';
import { workOffDue } from '../../../src/services/subscriptions/renewals.ts';
import { moneyFaults, sandboxFaults } from '../../helpers/money-audit.ts';
import { payByToken } from '../../helpers/payments.ts';
import { type Membership, makeMembership } from '../../helpers/plans.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { at, later, newCard, stateOf, subscribe } from '../../helpers/renewals.ts';
import { DAY, type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let friends: Membership;

beforeAll(async () => {
  world = await salesWorld();
  friends = await makeMembership(world);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await sandboxFaults(world.system)).toEqual([]);
  // The next test begins with nobody who is due.
  await world.sql(`UPDATE subscription SET next_attempt_at = NULL`);
});
afterAll(() => world.close());

const ana = (now = new Date()) => world.buyer({ user_id: world.ana, now });
const endOf = async (id: string) => (await getSubscription(ana(), id)).current_period_end as Date;
const mailsOf = async (id: string) =>
  (
    await world.sql<{ template: string }>(
      `SELECT template FROM mail WHERE key LIKE $1 ORDER BY id`,
      `%${id}%`,
    )
  ).map(({ template }) => template);
const periodsOf = (id: string) =>
  world.sql(
    'SELECT number, status, amount FROM subscription_period WHERE subscription_id = $1 ORDER BY 1',
    id,
  );

describe('a renewal', () => {
  it('is announced, charged when the period ends, and begins where that ended', async () => {
    const { id, current_period_end } = await subscribe(world, friends.month);
    const end = current_period_end as Date;
    await at(world, later(end, -3.5));
    expect(await mailsOf(id)).toEqual([]);
    await at(world, later(end, -3));
    await at(world, later(end, -2));
    expect(await mailsOf(id)).toEqual(['subscription_reminder']);
    await at(world, new Date(end.getTime() - 1));
    expect(await stateOf(world, id)).toBe('active 1');
    await at(world, end);
    await at(world, end);
    expect(await stateOf(world, id)).toBe('active 2');
    const next = await getSubscription(ana(), id);
    expect(next.current_period_start).toEqual(end);
    const days = ((next.current_period_end as Date).getTime() - end.getTime()) / DAY;
    expect(days).toBeGreaterThanOrEqual(28);
    expect(days).toBeLessThanOrEqual(31);
    const paid = { status: 'paid', amount: 3_900 };
    expect(await periodsOf(id)).toEqual([
      { number: 1, ...paid },
      { number: 2, ...paid },
    ]);
    const told = await world.sql(
      `SELECT type FROM change WHERE subject_id = $1 AND type LIKE 'subscription%' ORDER BY sequence`,
      id,
    );
    expect(told.map(({ type }) => type)).toEqual([
      ...['subscription.created', 'subscription.activated', 'subscription.renewed'],
    ]);
  });

  it('is tried again after 1, 3 and 5 days, and the subscription ends with the grace period', async () => {
    const { id, current_period_end } = await subscribe(world, friends.month, 'declines_later');
    const end = current_period_end as Date;
    const story: string[] = [];
    for (const day of [0, 0.9, 1, 2.9, 3, 4.9, 5, 6.9, 7, 8]) {
      await at(world, later(end, day));
      story.push(`${day}: ${await stateOf(world, id)}`);
    }
    expect(story).toEqual([
      ...['0: past_due 1 after 1', '0.9: past_due 1 after 1', '1: past_due 1 after 2'],
      ...['2.9: past_due 1 after 2', '3: past_due 1 after 3', '4.9: past_due 1 after 3'],
      ...['5: past_due 1 after 4', '6.9: past_due 1 after 4', '7: expired 1 after 4', '8: expired 1 after 4'],
    ]);
    expect((await mailsOf(id)).filter((name) => name === 'subscription_unpaid')).toHaveLength(1);
    expect(await periodsOf(id)).toMatchObject([{ status: 'paid' }, { number: 2, status: 'void' }]);
    expect((await getSubscription(ana(), id)).ended_at).toEqual(later(end, 7));
  });

  it('that was declined goes through with another try, or at once with another card', async () => {
    const once = await subscribe(world, friends.month, 'declines_once');
    const never = await subscribe(world, friends.month, 'declines_later');
    const end = never.current_period_end as Date;
    await at(world, end);
    expect([await stateOf(world, once.id), await stateOf(world, never.id)]).toEqual([
      ...['past_due 1 after 1', 'past_due 1 after 1'],
    ]);
    await at(world, later(end, 1));
    expect(await stateOf(world, once.id)).toBe('active 2');
    await newCard(world, never.id, 'approved');
    await at(world, later(end, 1.1));
    expect(await stateOf(world, never.id)).toBe('active 2');
    expect((await getSubscription(ana(), never.id)).current_period_start).toEqual(end); // no day is lost or given
  });

  it('without a card waits to be paid by hand for as long as the grace period', async () => {
    const paying = await subscribe(world, friends.month, 'approved', false);
    const gone = await subscribe(world, friends.month, 'approved', false);
    const end = gone.current_period_end as Date;
    await at(world, end);
    expect(await mailsOf(gone.id)).toEqual(['subscription_unpaid']);
    const { cart_id } = await renewSubscription(ana(), paying.id);
    expect((await refusalOf(renewSubscription(ana(), paying.id))).code).toBe('conflict'); // each period once
    await payByToken(ana(), cart_id as string, 'approved');
    await at(world, later(end, 7));
    expect([await stateOf(world, paying.id), await stateOf(world, gone.id)]).toEqual([
      'active 2',
      'expired 1',
    ]);
  });

  it('paid early begins when the period ends', async () => {
    const { id, current_period_end } = await subscribe(world, friends.month);
    const { cart_id } = await renewSubscription(ana(), id);
    await payByToken(ana(), cart_id as string, 'approved');
    expect(await stateOf(world, id)).toBe('active 1');
    await at(world, current_period_end as Date);
    expect(await stateOf(world, id)).toBe('active 2');
    expect(await periodsOf(id)).toHaveLength(2);
  });

  it('goes on with another setting, counted from there', async () => {
    const { id, current_period_end } = await subscribe(world, friends.month);
    await patchSubscription(ana(), id, { plan_setting_id: friends.year });
    await at(world, current_period_end as Date);
    const changed = await getSubscription(ana(), id);
    expect(changed).toMatchObject({
      ...{ period: 2, plan_setting_id: friends.year, next_plan_setting_id: null, status: 'active' },
    });
    const days =
      ((changed.current_period_end as Date).getTime() - (current_period_end as Date).getTime()) / DAY;
    expect(Math.round(days)).toBeGreaterThanOrEqual(365);
  });

  it('is made once, whatever number of workers is at it', async () => {
    const bought = [];
    for (let i = 0; i < 8; i++) bought.push(await subscribe(world, friends.month));
    const end = bought[7]?.current_period_end as Date;
    await Promise.all(world.processes(4).map((system) => workOffDue(system, end)));
    for (const { id } of bought) expect(await stateOf(world, id)).toBe('active 2');
    expect(await world.endProcesses()).toBe(0);
  });
});

describe('a subscription', () => {
  it('is cancelled at the end of its period, and taken back until then', async () => {
    const gone = await subscribe(world, friends.month);
    const kept = await subscribe(world, friends.month);
    for (const { id } of [gone, kept]) await cancelSubscription(ana(), id, 'period_end');
    await patchSubscription(ana(), kept.id, { auto_renew: true });
    await at(world, kept.current_period_end as Date);
    expect([await stateOf(world, gone.id), await stateOf(world, kept.id)]).toEqual([
      'cancelled 1',
      'active 2',
    ]);
  });

  it('is not renewed without auto_renew, and is bound for its minimum term', async () => {
    const free = await subscribe(world, friends.month);
    const bound = await subscribe(world, friends.bound);
    for (const { id } of [free, bound]) await patchSubscription(ana(), id, { auto_renew: false });
    expect((await refusalOf(cancelSubscription(ana(), bound.id, 'now'))).facts).toMatchObject({
      reason: 'minimum_term',
    });
    await at(world, bound.current_period_end as Date);
    expect([await stateOf(world, free.id), await stateOf(world, bound.id)]).toEqual([
      'expired 1',
      'active 2',
    ]);
    await at(world, await endOf(bound.id));
    expect(await stateOf(world, bound.id)).toBe('expired 2');
    const staff = await subscribe(world, friends.bound);
    await cancelSubscription(world.seller(), staff.id, 'now');
    expect(await stateOf(world, staff.id)).toBe('cancelled 1');
  });

  it('that rests is not charged, and ends later by as long as it rested', async () => {
    const { id, current_period_end } = await subscribe(world, friends.month);
    const end = current_period_end as Date;
    const start = new Date();
    await pauseSubscription(ana(start), id);
    await at(world, later(end, 20));
    expect(await stateOf(world, id)).toBe('paused 1');
    await resumeSubscription(ana(later(start, 40)), id);
    expect((await endOf(id)).getTime()).toBe(end.getTime() + 40 * DAY);
    await at(world, later(end, 39));
    expect(await stateOf(world, id)).toBe('active 1');
    await at(world, later(end, 40));
    expect(await stateOf(world, id)).toBe('active 2');
  });
});
