import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { getJob } from '../../src/services/jobs/read.ts';
import { recoverSteps } from '../../src/services/jobs/steps.ts';
import { pay } from '../../src/services/payments/pay.ts';
import { updatePlan } from '../../src/services/plans/change.ts';
import { createSubscription } from '../../src/services/subscriptions/create.ts';
import { moneyFaults } from '../helpers/money-audit.ts';
import { runAllJobs } from '../helpers/payments.ts';
import { addDate, makePasses } from '../helpers/plans.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { stockFaults } from '../helpers/stock-audit.ts';
import { run, SLOW, stop } from './server-process.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const HOLDERS = 600;

it(
  'a date that a season gains is issued to each of its holders once, whenever its worker is killed',
  async () => {
    const { system } = world;
    const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
    const passes = await makePasses(world, { places: 2 * HOLDERS, holders: 2, dates: 1 });
    const ids: string[] = [];
    for (let i = 0; i < HOLDERS; i += 50)
      ids.push(
        ...(await Promise.all(
          Array.from({ length: 50 }, async (_, k) => {
            const user_id = k % 2 ? world.ana : world.ben;
            const { id, cart_id } = await createSubscription(world.buyer({ user_id }), {
              plan_setting_id: passes.pass,
            });
            await pay(world.seller(), cart_id as string, { method: 'cash' });
            return id;
          }),
        )),
      );
    const gala = await inTransaction(system.db, (tx) => addDate(tx, world, passes.place, { name: 'Gala' }));
    const event_ids = [...passes.event_ids, gala.event_id];
    const { job_id } = await updatePlan(admin(), passes.plan_id, { event_ids });
    const job = async () => getJob(admin(), job_id as string);
    const done = async () => (await job()).progress.done;

    let kills = 0;
    while (kills < 3) {
      const before = await done();
      const worker = run('test/process/worker.ts', { DATABASE_URL: world.url });
      await expect.poll(done, { timeout: 60_000, interval: 2 }).toBeGreaterThan(before + kills * 25);
      await stop(worker, 'SIGKILL');
      kills += 1;
      await expect
        .poll(async () => {
          await recoverSteps(system, 0);
          return (
            await world.sql(
              'SELECT FROM graphile_worker.jobs WHERE key = $1 AND locked_at IS NULL',
              `job:${job_id}`,
            )
          ).length;
        })
        .toBe(1);
    }
    expect(await done()).toBeLessThan(HOLDERS);

    // As a minute later: what else the dead workers had begun is looked after again.
    await world.sql(
      "UPDATE graphile_worker._private_jobs SET locked_at = now() - interval '3 minutes' WHERE locked_at IS NOT NULL",
    );
    const status = async () => {
      await runAllJobs(system);
      return (await job()).status;
    };
    await expect.poll(status, { timeout: 60_000 }).toBe('succeeded');
    expect((await job()).result).toEqual({
      season_dates: {
        ...{ plan_id: passes.plan_id, event_ids: [gala.event_id], issued: HOLDERS, tickets: 2 * HOLDERS },
        ...{ refused: 0, list: [] },
      },
    });
    const rows = await world.sql<{ subscription_id: string; n: number }>(
      `SELECT subscription_id, count(*)::int AS n FROM ticket WHERE event_id = $1 AND status = 'valid' GROUP BY 1`,
      gala.event_id,
    );
    expect(rows.map(({ n }) => n)).toEqual(ids.map(() => 2));
    expect(rows.map(({ subscription_id }) => subscription_id).sort()).toEqual(ids.sort());
    const [told] = await world.sql(
      `SELECT count(*)::int AS n, count(DISTINCT subject_id)::int AS tickets FROM change
       WHERE type = 'ticket.issued' AND event_id = $1`,
      gala.event_id,
    );
    expect(told).toEqual({ n: 2 * HOLDERS, tickets: 2 * HOLDERS });
    const [mails] = await world.sql(`SELECT count(*)::int AS n FROM mail WHERE template = 'season_date'`);
    expect(mails).toEqual({ n: HOLDERS });
    expect(await moneyFaults(system)).toEqual({});
    expect(await stockFaults(system)).toEqual({});
  },
  SLOW,
);
