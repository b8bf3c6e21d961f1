import { describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { publishEvent } from '../../../src/services/events/manage/life.ts';
import { getJob } from '../../../src/services/jobs/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { updatePlan } from '../../../src/services/plans/change.ts';
import { createPlanSetting, updatePlanSetting } from '../../../src/services/plans/settings.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { cancelSubscription, patchSubscription } from '../../../src/services/subscriptions/change.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { getSubscription } from '../../../src/services/subscriptions/read.ts';
import { renewSubscription } from '../../../src/services/subscriptions/renew.ts';
import { makeFollowing } from '../../helpers/following.ts';
import { booksKept } from '../../helpers/kept-world.ts';
import { runAllJobs } from '../../helpers/payments.ts';
import { addDate, makeSeason, type Season } from '../../helpers/plans.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { at, later, stateOf } from '../../helpers/renewals.ts';
import { DAY, fromNow, type SalesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
booksKept((made) => {
  world = made;
});

const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
const ana = () => world.buyer({ user_id: world.ana });
const ben = () => world.buyer({ user_id: world.ben });
const seat = (label: string) => world.theatre.seats[label] as number;

async function holder(setting: number, label: string, token?: string): Promise<string> {
  const place = label && { seat_id: seat(label) };
  const { id, cart_id } = await createSubscription(ana(), { plan_setting_id: setting, ...place });
  const card = { token: `sandbox_${token}`, save: true };
  if (token) await pay(ana(), cart_id as string, { method: 'card', card });
  else await pay(world.seller(), cart_id as string, { method: 'cash' });
  return id;
}

const following = (renewed: number, deadline: Date, more: object = {}) =>
  makeFollowing(world, renewed, deadline, more);
const statusOf = async ({ event_ids }: Season, label: string): Promise<string[]> =>
  (
    await world.sql<{ status: string }>(
      'SELECT status FROM event_seat WHERE event_id = ANY($1) AND seat_id = $2 ORDER BY event_id',
      event_ids,
      seat(label),
    )
  ).map(({ status }) => status);
const buy = (season: Season, label: string, n = 0) =>
  openCart(ben(), { items: [{ ticket_type_id: season.types[n] as number, seat_ids: [seat(label)] }] });
const mailsOf = async (id: string) =>
  (
    await world.sql<{ template: string }>(
      `SELECT template FROM mail WHERE key LIKE 'subscription:' || $1 || ':%' AND template <> 'season_date' ORDER BY id`,
      id,
    )
  ).map(({ template }) => template);
const pass = async (setting: number) => {
  await world.sql(`UPDATE plan_setting SET renewal_deadline = now() WHERE id = $1`, setting);
  await world.sql(`UPDATE block SET release_at = now() WHERE plan_setting_id = $1`, setting);
};

describe('a season that may be renewed', () => {
  it('keeps the seats of its holders out of sale; who renews has them, the others’ are on sale after the deadline, swept or not', async () => {
    const first = await makeSeason(world);
    const [one, two] = [await holder(first.seats, 'A1'), await holder(first.seats, 'A2')];
    const next = await following(first.seats, fromNow(60 * DAY), { capacity: 5 });
    expect((await getJob(admin(), next.job_id)).result).toEqual({
      season_keep: { plan_setting_id: next.seats, subscribers: 2, not_kept: [] },
    });
    for (const label of ['A1', 'A2']) {
      expect(await statusOf(next, label)).toEqual(['blocked', 'blocked', 'blocked']);
      expect((await refusalOf(buy(next, label))).code).toBe('seats_unavailable');
      const asked = { plan_setting_id: next.seats, seat_id: seat(label) };
      expect((await refusalOf(createSubscription(ben(), asked))).code).toBe('seats_unavailable');
    }
    expect(await statusOf(next, 'A3')).toEqual(['available', 'available', 'available']);

    // By hand: a cart that ends unpaid gives the seats back to be kept, and the next one is paid.
    expect((await refusalOf(renewSubscription(ben(), one))).code).toBe('not_found');
    const let_go = await renewSubscription(ana(), one);
    expect((await refusalOf(renewSubscription(ana(), one))).code).toBe('conflict');
    await cancelCart(ana(), let_go.cart_id as string);
    expect(await statusOf(next, 'A1')).toEqual(['blocked', 'blocked', 'blocked']);
    const { cart_id } = await renewSubscription(ana(), one);
    await pay(world.seller(), cart_id as string, { method: 'cash' });
    expect(await statusOf(next, 'A1')).toEqual(['sold', 'sold', 'sold']);
    expect(await stateOf(world, one)).toBe('active 1');
    const tickets = await world.sql(
      'SELECT seat_id, status FROM ticket WHERE subscription_id = $1 AND event_id = ANY($2)',
      one,
      next.event_ids,
    );
    expect(tickets).toEqual(Array(3).fill({ seat_id: seat('A1'), status: 'valid' }));
    const end = (await getSubscription(ana(), one)).current_period_end as Date;

    // The other one is not renewed.
    await pass(next.seats);
    const carts = [await buy(next, 'A2', 0), await buy(next, 'A2', 2)];
    expect(await statusOf(next, 'A2')).toEqual(['held', 'blocked', 'held']); // nothing was swept
    expect((await refusalOf(renewSubscription(ana(), two))).code).toBe('seats_unavailable');
    for (const cart of carts) await cancelCart(ben(), cart.id);
    await at(world, later(end, 0.01));
    expect(await getSubscription(ana(), one)).toMatchObject({
      ...{ status: 'active', period: 2, plan_id: next.plan_id, plan_setting_id: next.seats },
    });
    expect(await stateOf(world, two)).toBe('expired 1');
    const counts = await world.sql('SELECT id, sold FROM plan_setting WHERE id = ANY($1) ORDER BY id', [
      first.seats,
      next.seats,
    ]);
    expect(counts).toEqual([
      { id: first.seats, sold: 0 },
      { id: next.seats, sold: 1 },
    ]);
  });

  it('tells its holders, charges the card that is kept, and tries a declined one until the deadline', async () => {
    const first = await makeSeason(world);
    const good = await holder(first.seats, 'B1', 'approved');
    const bad = await holder(first.seats, 'B2', 'declines_later');
    const end = (await getSubscription(ana(), good)).current_period_end as Date;
    const deadline = later(end, 20); // after the season is over: it is past due until then
    const next = await following(first.seats, deadline);
    await at(world, later(end, -1));
    expect(await mailsOf(good)).toEqual([]);
    await at(world, later(end, 0.01));
    expect(await stateOf(world, good)).toBe('past_due 1');
    await at(world, later(deadline, -14));
    expect(await mailsOf(good)).toEqual(['season_renewal']);
    await at(world, later(deadline, -7.5));
    expect(await stateOf(world, good)).toBe('past_due 1');
    await at(world, later(deadline, -7));
    expect(await stateOf(world, good)).toBe('active 2');
    expect(await stateOf(world, bad)).toBe('past_due 1 after 1');
    expect(await mailsOf(bad)).toEqual(['season_renewal', 'subscription_unpaid']);
    for (const [days, tries] of [
      [-6.5, 1],
      [-6, 2],
      [-4.5, 2],
      [-4, 3],
      [-2, 4],
      [-1, 4],
    ] as const) {
      await at(world, later(deadline, days));
      expect([days, await stateOf(world, bad)]).toEqual([days, `past_due 1 after ${tries}`]);
    }
    expect(await statusOf(next, 'B1')).toEqual(['sold', 'sold', 'sold']);
    expect(await statusOf(next, 'B2')).toEqual(['blocked', 'blocked', 'blocked']);
    await at(world, later(deadline, 0.01));
    expect(await stateOf(world, bad)).toBe('expired 1 after 4');
    await runAllJobs(world.system); // nobody keeps it any more
    expect(await statusOf(next, 'B2')).toEqual(['available', 'available', 'available']);
  });

  it('keeps what its holders have by then: who joins, gives up, comes back or is refunded', async () => {
    const first = await makeSeason(world);
    const next = await following(first.seats, fromNow(60 * DAY));
    const id = await holder(first.seats, 'C1');
    await runAllJobs(world.system);
    expect(await statusOf(next, 'C1')).toEqual(['blocked', 'blocked', 'blocked']);
    await cancelSubscription(ana(), id, 'period_end');
    await runAllJobs(world.system);
    expect(await statusOf(next, 'C1')).toEqual(['available', 'available', 'available']);
    await patchSubscription(ana(), id, { auto_renew: true });
    await runAllJobs(world.system);
    expect(await statusOf(next, 'C1')).toEqual(['blocked', 'blocked', 'blocked']);
    const { cart_id } = await getSubscription(ana(), id);
    await refundCart(world.seller(), cart_id as string, { reason: 'Moved away' });
    await runAllJobs(world.system);
    expect(await statusOf(next, 'C1')).toEqual(['available', 'available', 'available']);

    // A seat that somebody else has stays theirs; another deadline is one for what is kept already.
    await holder(first.seats, 'C2');
    await holder(first.seats, 'C3');
    const taken = await buy(next, 'C2', 1);
    await runAllJobs(world.system);
    expect(await statusOf(next, 'C2')).toEqual(['blocked', 'held', 'blocked']);
    const deadline = fromNow(70 * DAY);
    const { job_id } = await updatePlanSetting(admin(), next.plan_id, next.seats, {
      renewal_deadline: deadline,
    });
    await runAllJobs(world.system);
    expect((await getJob(admin(), job_id as string)).result).toMatchObject({
      season_keep: { not_kept: [{ event_id: next.event_ids[1], seat_ids: [seat('C2')], places: 0 }] },
    });
    expect(
      await world.sql('SELECT DISTINCT release_at FROM block WHERE plan_setting_id = $1', next.seats),
    ).toEqual([{ release_at: deadline }]);
    await updatePlanSetting(admin(), next.plan_id, next.seats, {
      ...{ renews_setting_id: null, renewal_deadline: null },
    });
    await runAllJobs(world.system);
    expect(await statusOf(next, 'C3')).toEqual(['available', 'available', 'available']);
    await cancelCart(ben(), taken.id);
  });

  it('goes on by the setting that its holder chooses among those that follow', async () => {
    const first = await makeSeason(world);
    const id = await holder(first.seats, 'E2');
    const next = await following(first.seats, fromNow(60 * DAY));
    const { id: dear, job_id } = await createPlanSetting(admin(), next.plan_id, {
      ...{ name: 'Seat and dinner', price: 50_000, currency: 'EUR', interval: 'season', seat_choice: true },
      ...{ renews_setting_id: first.seats, renewal_deadline: fromNow(50 * DAY) },
    });
    await runAllJobs(world.system);
    // The place is kept once, until the later of both days; it is the holder's by either.
    expect((await getJob(admin(), job_id as string)).result).toMatchObject({
      season_keep: { subscribers: 1, not_kept: [] },
    });
    const keepers = () =>
      world.sql(
        `SELECT DISTINCT plan_setting_id AS id FROM block WHERE event_id = ANY($1) AND released_at IS NULL`,
        next.event_ids,
      );
    expect(await keepers()).toEqual([{ id: next.seats }]);
    const renewal_deadline = fromNow(70 * DAY);
    await updatePlanSetting(admin(), next.plan_id, dear, { renewal_deadline });
    await runAllJobs(world.system);
    expect(await keepers()).toEqual([{ id: dear }]);
    await updatePlanSetting(admin(), next.plan_id, dear, { renewal_deadline: fromNow(50 * DAY) });
    await runAllJobs(world.system);
    expect(await keepers()).toEqual([{ id: next.seats }]);
    expect(await statusOf(next, 'E2')).toEqual(['blocked', 'blocked', 'blocked']);
    const other = await makeSeason(world);
    const strange = { plan_setting_id: other.seats };
    expect((await refusalOf(patchSubscription(ana(), id, strange))).code).toBe('validation_failed');
    await patchSubscription(ana(), id, { plan_setting_id: dear });
    const { cart_id } = await renewSubscription(ana(), id);
    expect((await getCart(ana(), cart_id as string)).totals.total).toBe(50_000);
    await pay(world.seller(), cart_id as string, { method: 'cash' });
    expect(await statusOf(next, 'E2')).toEqual(['sold', 'sold', 'sold']);
  });

  it('keeps seats of a date from the moment that it is published, for those who renewed as well', async () => {
    const first = await makeSeason(world);
    const [renewed, waiting] = [await holder(first.seats, 'D1'), await holder(first.seats, 'D2')];
    const next = await following(first.seats, fromNow(60 * DAY));
    const { cart_id } = await renewSubscription(ana(), renewed);
    await pay(world.seller(), cart_id as string, { method: 'cash' });
    const place = { map_id: world.theatre.map_id, section_ids: [world.theatre.stalls] };
    const gala = await inTransaction(world.system.db, (tx) => addDate(tx, world, place, { name: 'Gala' }));
    await world.sql(`DELETE FROM event_seat WHERE event_id = $1`, gala.event_id);
    await world.sql(`DELETE FROM event_section WHERE event_id = $1`, gala.event_id);
    await world.sql(`UPDATE event SET status = 'draft' WHERE id = $1`, gala.event_id);
    await updatePlan(admin(), next.plan_id, { event_ids: [...next.event_ids, gala.event_id] });
    await runAllJobs(world.system);
    await publishEvent(admin(), gala.event_id);
    const at_gala = { ...next, event_ids: [gala.event_id], types: [gala.type] };
    for (const label of ['D1', 'D2'])
      expect((await refusalOf(buy(at_gala, label))).code).toBe('seats_unavailable');
    await runAllJobs(world.system);
    expect(await statusOf(at_gala, 'D1')).toEqual(['sold']);
    expect(await statusOf(at_gala, 'D2')).toEqual(['blocked']);
    const paid = await renewSubscription(ana(), waiting);
    await pay(world.seller(), paid.cart_id as string, { method: 'cash' });
    expect(await statusOf(at_gala, 'D2')).toEqual(['sold']);
  });
});
