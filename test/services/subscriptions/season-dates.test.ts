import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import type { AppError } from '../../../src/errors.ts';
import { runJobs } from '../../../src/jobs/worker.ts';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { pauseEvent, resumeEvent } from '../../../src/services/events/manage/life.ts';
import { getJob } from '../../../src/services/jobs/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { updatePlan } from '../../../src/services/plans/change.ts';
import { getPlan } from '../../../src/services/plans/row.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { cancelSubscription } from '../../../src/services/subscriptions/change.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { giveBackDate } from '../../../src/services/subscriptions/give-back.ts';
import { issueMissingDates } from '../../../src/services/subscriptions/season-dates.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { runAllJobs } from '../../helpers/payments.ts';
import { addDate, makePasses, makeSeason, type Season } from '../../helpers/plans.ts';
import { DAY, fromNow, type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
let season: Season;

beforeAll(async () => {
  world = await salesWorld();
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
const ana = () => world.buyer({ user_id: world.ana });
const ben = () => world.buyer({ user_id: world.ben });
const seat = (label: string) => world.theatre.seats[label] as number;
const theatre = () => ({ map_id: world.theatre.map_id, section_ids: [world.theatre.stalls] });
const newDate = (place = theatre(), more: Record<string, unknown> = {}) =>
  inTransaction(world.system.db, (tx) => addDate(tx, world, place, { name: 'Gala', ...more }));

async function begin(label: string, setting = season.seats) {
  const item = { plan_setting_id: setting, ...(label && { seat_id: seat(label) }) };
  const { id, cart_id } = await createSubscription(ana(), item);
  return { id, cart: cart_id as string };
}
async function holder(label: string, setting = season.seats) {
  const made = await begin(label, setting);
  await pay(world.seller(), made.cart, { method: 'cash' });
  return made;
}
/** Adds a date to a season, and gives its job. */
async function gain(plan_id: number, event_id: number): Promise<string> {
  const { event_ids } = await getPlan(admin(), plan_id);
  const { job_id } = await updatePlan(admin(), plan_id, { event_ids: [...event_ids, event_id] });
  return job_id as string;
}
const resultOf = async (job_id: string) => {
  const job = await getJob(admin(), job_id);
  return { ...job.progress, ...((job.result as { season_dates?: object } | null)?.season_dates ?? {}) };
};
const ticketsOf = (id: string, event_id: number) =>
  world.sql<{ seat_id: number; status: string; cart_id: string }>(
    'SELECT seat_id, status, cart_id FROM ticket WHERE subscription_id = $1 AND event_id = $2 ORDER BY id',
    id,
    event_id,
  );

describe('a season that gains a date', () => {
  it('issues it to its holders on the same seats, once, with a mail, and names those whose seat is taken', async () => {
    season = await makeSeason(world);
    const [a, b, c] = [await holder('A1'), await holder('A2'), await holder('A3')];
    const gala = await newDate();
    const taken = await openCart(ben(), {
      items: [{ ticket_type_id: gala.type, seat_ids: [seat('A2')] }],
    });
    const lapsed = await openCart(ben(), {
      items: [{ ticket_type_id: gala.type, seat_ids: [seat('A3')] }],
    });
    await world.lapse(lapsed.id); // a hold that has run out is in nobody's way
    const job_id = await gain(season.plan_id, gala.event_id);
    expect(await resultOf(job_id)).toEqual({ done: 0, total: 3 });
    await runJobs(world.system, ['run_steps']);
    const refused = {
      ...{ subscription_id: b.id, event_id: gala.event_id, seat_id: seat('A2'), reason: 'seat_taken' },
    };
    expect(await resultOf(job_id)).toEqual({
      ...{ done: 3, total: 3, plan_id: season.plan_id, event_ids: [gala.event_id] },
      ...{ issued: 2, tickets: 2, refused: 1, list: [refused] },
    });
    for (const [{ id, cart }, label] of [[a, 'A1'] as const, [c, 'A3'] as const])
      expect(await ticketsOf(id, gala.event_id)).toEqual([
        { seat_id: seat(label), status: 'valid', cart_id: cart },
      ]);
    expect(await ticketsOf(b.id, gala.event_id)).toEqual([]);
    const mails = await world.sql<{ key: string; data: object }>(
      `SELECT key, data FROM mail WHERE template = 'season_date' ORDER BY key`,
    );
    expect(mails.map(({ key }) => key)).toEqual(
      [a.id, c.id].sort().map((id) => `subscription:${id}:date:${gala.event_id}`),
    );
    expect(mails[0]?.data).toMatchObject({ plan: 'Season', event: 'Gala', tickets: 1, first_name: 'ana' });
    expect(
      await world.sql(`SELECT subject_id FROM change WHERE type = 'subscription.date_added' ORDER BY 1`),
    ).toEqual([a.id, c.id].sort().map((subject_id) => ({ subject_id })));

    // Once it is free, whoever lacks it gets it, and nobody else a second one.
    await cancelCart(ben(), taken.id);
    const again = await issueMissingDates(admin(), season.plan_id);
    await runAllJobs(world.system);
    expect(await resultOf(again.id)).toMatchObject({ issued: 1, refused: 0 });
    for (const { id } of [a, b, c]) expect(await ticketsOf(id, gala.event_id)).toHaveLength(1);

    // The date goes with the season: given back alone, or refunded with all of it.
    await giveBackDate(ana(), a.id, gala.event_id);
    await refundCart(world.seller(), b.cart, { reason: 'Moved away' });
    await cancelSubscription(admin(), c.id, 'now');
    for (const { id } of [a, b, c])
      expect((await ticketsOf(id, gala.event_id)).map(({ status }) => status)).toEqual(['void']);
    await issueMissingDates(admin(), season.plan_id);
    await runAllJobs(world.system);
    for (const { id } of [a, b, c]) expect(await ticketsOf(id, gala.event_id)).toHaveLength(1);
  });

  it('waits for a date that is a draft or paused, and issues it when that opens', async () => {
    season = await makeSeason(world);
    const { id } = await holder('B1');
    const gala = await newDate();
    await pauseEvent(admin(), gala.event_id);
    const job_id = await gain(season.plan_id, gala.event_id);
    await runAllJobs(world.system);
    expect(await resultOf(job_id)).toMatchObject({ issued: 0, refused: 0 });
    const late = await holder('B2');
    expect(await ticketsOf(late.id, gala.event_id)).toEqual([]);
    await resumeEvent(admin(), gala.event_id);
    await runAllJobs(world.system);
    for (const each of [id, late.id]) expect(await ticketsOf(each, gala.event_id)).toHaveLength(1);
  });

  it('gives a place of general admission where the date has no seats, for each of its persons, and says when it is full', async () => {
    const passes = await makePasses(world, { holders: 2 });
    const [one, two] = [await holder('', passes.pass), await holder('', passes.pass)];
    season = await makeSeason(world);
    const seated = await holder('B3');
    const field = await inTransaction(world.system.db, (tx) => addDate(tx, world, passes.place));
    const small = await makePasses(world, { places: 3, dates: 1 });
    await gain(season.plan_id, field.event_id);
    await gain(passes.plan_id, field.event_id);
    const job_id = await gain(passes.plan_id, small.event_ids[0] as number);
    await runAllJobs(world.system);
    expect(await ticketsOf(seated.id, field.event_id)).toMatchObject([{ seat_id: null }]);
    for (const { id } of [one, two]) expect(await ticketsOf(id, field.event_id)).toHaveLength(2);
    expect(await resultOf(job_id)).toMatchObject({ issued: 1, tickets: 2, refused: 1 });
    expect(await resultOf(job_id)).toMatchObject({ list: [{ reason: 'sold_out' }] });
  });

  it('gives those who join while it runs theirs, once', async () => {
    season = await makeSeason(world);
    const carts = [];
    for (const label of ['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8']) carts.push(await begin(label));
    const gala = await newDate();
    const [, ...paid] = await Promise.all([
      gain(season.plan_id, gala.event_id).then(() => runAllJobs(world.system)),
      ...carts.map(({ cart }) => pay(world.seller(), cart, { method: 'cash' })),
    ]);
    expect(paid).toHaveLength(8);
    await runAllJobs(world.system);
    for (const { id } of carts) expect(await ticketsOf(id, gala.event_id)).toHaveLength(1);
    const [jobs] = await world.sql(`SELECT count(*)::int AS left FROM job WHERE finished_at IS NULL`);
    expect(jobs).toEqual({ left: 0 });
  });

  it('shares its seats with carts that race for them: each goes to one of both, and who lost is named', async () => {
    season = await makeSeason(world);
    const labels = ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8', 'D9', 'D10'];
    const holders = await Promise.all(labels.map((label) => holder(label)));
    const gala = await newDate();
    const [first, second] = world.processes(2);
    const started = [await gain(season.plan_id, gala.event_id)];
    started.push((await issueMissingDates(admin(), season.plan_id)).id); // two jobs for the same tickets
    const [, , ...bought] = await Promise.all([
      runAllJobs(world.system),
      runAllJobs(world.system),
      ...Array.from({ length: 50 }, async (_, i) => {
        const system = (i % 2 ? first : second) as SalesWorld['system'];
        const seat_ids = [seat(labels[i % 10] as string)];
        const items = [{ ticket_type_id: gala.type, seat_ids }];
        await sleep(i % 5 ? 0 : i * 4); // some before it, some while it runs
        return openCart({ ...ben(), system }, { items }).then(
          () => undefined,
          (error: AppError) => error.code,
        );
      }),
    ]);
    await runAllJobs(world.system);
    const won = bought.filter((code) => code === undefined).length;
    expect(won).toBeLessThanOrEqual(10);
    expect(new Set(bought.filter((code) => code !== undefined))).toEqual(new Set(['seats_unavailable']));
    const tickets = (await Promise.all(holders.map(({ id }) => ticketsOf(id, gala.event_id)))).map(
      (each) => each.length,
    );
    expect(Math.max(...tickets)).toBeLessThanOrEqual(1); // none where carts were the first for every seat
    expect(tickets.filter((n) => n === 1).length + won).toBe(10);
    const issued = await Promise.all(started.map(resultOf));
    expect(issued.reduce((n, job) => n + (job as unknown as { issued: number }).issued, 0)).toBe(10 - won);
    expect(await world.endProcesses()).toBe(0);
    await world.clear();
  });

  it('leaves nothing to a holder who cancels at that moment', async () => {
    season = await makeSeason(world, { capacity: null });
    const holders = await Promise.all(['E1', 'E2', 'E3', 'E4', 'E5'].map((label) => holder(label)));
    const gala = await newDate();
    await gain(season.plan_id, gala.event_id);
    await Promise.all([
      runAllJobs(world.system),
      ...holders.map(({ id }) => cancelSubscription(admin(), id, 'now')),
    ]);
    await runAllJobs(world.system);
    for (const { id } of holders)
      expect((await ticketsOf(id, gala.event_id)).filter(({ status }) => status === 'valid')).toEqual([]);
  });

  it('passes over a date that is over', async () => {
    season = await makeSeason(world);
    const { id } = await holder('E6');
    const past = await newDate(theatre(), { starts_at: fromNow(-DAY) });
    const job_id = await gain(season.plan_id, past.event_id);
    await runAllJobs(world.system);
    expect(await resultOf(job_id)).toMatchObject({ issued: 0, refused: 0 });
    expect(await ticketsOf(id, past.event_id)).toEqual([]);
  });
});
