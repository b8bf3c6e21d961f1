import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import type { AppError } from '../../../src/errors.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { updatePlan } from '../../../src/services/plans/change.ts';
import { createPlanSetting } from '../../../src/services/plans/settings.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { renewSubscription } from '../../../src/services/subscriptions/renew.ts';
import { makeFollowing } from '../../helpers/following.ts';
import { booksKept } from '../../helpers/kept-world.ts';
import { runAllJobs } from '../../helpers/payments.ts';
import { addDate, makePasses, makeSeason } from '../../helpers/plans.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { DAY, fromNow, type SalesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
booksKept((made) => {
  world = made;
});

const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
const ana = () => world.buyer({ user_id: world.ana });
const ben = () => world.buyer({ user_id: world.ben });
const seat = (label: string) => world.theatre.seats[label] as number;

async function holder(setting: number, label: string): Promise<string> {
  const place = label && { seat_id: seat(label) };
  const { id, cart_id } = await createSubscription(ana(), { plan_setting_id: setting, ...place });
  await pay(world.seller(), cart_id as string, { method: 'cash' });
  return id;
}

const following = (renewed: number, deadline: Date, more: object = {}) =>
  makeFollowing(world, renewed, deadline, more);
const pass = async (setting: number) => {
  await world.sql(`UPDATE plan_setting SET renewal_deadline = now() WHERE id = $1`, setting);
  await world.sql(`UPDATE block SET release_at = now() WHERE plan_setting_id = $1`, setting);
};

describe('places that are kept for renewal', () => {
  it('goes to one of those who race for a seat at its deadline, and to nobody else before', async () => {
    const first = await makeSeason(world);
    const id = await holder(first.seats, 'E1');
    const next = await following(first.seats, fromNow(60 * DAY));
    const deadline = fromNow(1_500);
    await world.sql('UPDATE plan_setting SET renewal_deadline = $2 WHERE id = $1', next.seats, deadline);
    await world.sql('UPDATE block SET release_at = $2 WHERE plan_setting_id = $1', next.seats, deadline);
    await world.sql('UPDATE event SET version = version + 1 WHERE id = ANY($1)', next.event_ids);
    const asked = Array.from({ length: 50 }, async (_, i) => {
      await sleep(Math.max(0, deadline.getTime() - Date.now() - 250 + i * 10));
      const now = new Date();
      const [who, what] =
        i % 10 === 9
          ? (['renewal', renewSubscription({ ...ana(), now }, id)] as const)
          : ([
              'cart',
              openCart(
                { ...ben(), now },
                {
                  items: [{ ticket_type_id: next.types[i % 3] as number, seat_ids: [seat('E1')] }],
                },
              ),
            ] as const);
      const code = await what.then(
        () => undefined,
        (error: AppError) => error.code,
      );
      return { who, code, when: Date.now() };
    });
    const outcomes = await Promise.all(asked);
    const won = outcomes.filter(({ code }) => code === undefined);
    expect(won.length).toBeGreaterThan(0);
    for (const { who, when } of won)
      if (who === 'cart') expect(when).toBeGreaterThanOrEqual(deadline.getTime());
    if (won.some(({ who }) => who === 'renewal')) expect(won).toHaveLength(1);
    const codes = new Set(outcomes.flatMap(({ code }) => code ?? []));
    expect([...codes].filter((code) => code !== 'seats_unavailable' && code !== 'conflict')).toEqual([]);
    await world.clear();
  });

  it('keeps places without seats, and room in a capacity, for as many as there were', async () => {
    const first = await makePasses(world, { places: 10, holders: 2, dates: 1 });
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push(await holder(first.pass, ''));
    const next = await makePasses(world, { places: 8, holders: 2, dates: 1 });
    const { id } = await createPlanSetting(admin(), next.plan_id, {
      ...{ name: 'Pass again', price: 9_000, currency: 'EUR', interval: 'season', holders: 2, capacity: 4 },
      ...{ section_ids: next.place.section_ids, renews_setting_id: first.pass },
      renewal_deadline: fromNow(30 * DAY),
    });
    // Another ground has other sections: what the holders had is not there, so nothing is kept of it.
    await runAllJobs(world.system);
    const [none] = await world.sql('SELECT count(*)::int AS n FROM block WHERE plan_setting_id = $1', id);
    expect(none).toEqual({ n: 0 });
    expect(await createSubscription(ben(), { plan_setting_id: id })).toMatchObject({ status: 'pending' });
    const refusal = await refusalOf(createSubscription(ben(), { plan_setting_id: id }));
    expect(refusal.code).toBe('sold_out'); // 4, of which 3 are for those who renew
    const { cart_id } = await renewSubscription(ana(), ids[0] as string);
    await pay(world.seller(), cart_id as string, { method: 'cash' });
    await world.clear();

    // On the same ground they are kept.
    const again = await inTransaction(world.system.db, (tx) => addDate(tx, world, first.place));
    await updatePlan(admin(), next.plan_id, { event_ids: [again.event_id] });
    await runAllJobs(world.system);
    const section = async () =>
      (
        await world.sql('SELECT held, sold, blocked FROM event_section WHERE event_id = $1', again.event_id)
      )[0];
    expect(await section()).toEqual({ held: 0, sold: 2, blocked: 4 });
    const items = [{ ticket_type_id: again.type, quantity: 5 }];
    expect((await refusalOf(openCart(ben(), { items }))).facts).toMatchObject({ available: 4 });
    const renewal = await renewSubscription(ana(), ids[1] as string);
    expect(await section()).toEqual({ held: 2, sold: 2, blocked: 2 });
    await pay(world.seller(), renewal.cart_id as string, { method: 'cash' });
    await pass(id);
    await openCart(ben(), { items: [{ ticket_type_id: again.type, quantity: 6 }] });
    expect(await section()).toEqual({ held: 6, sold: 4, blocked: 0 });
    await world.clear();
  });
});
