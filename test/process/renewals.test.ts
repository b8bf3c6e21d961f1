import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addMonths } from '../../src/services/subscriptions/periods.ts';
import { workOffDue } from '../../src/services/subscriptions/renewals.ts';
import { moneyFaults, sandboxFaults } from '../helpers/money-audit.ts';
import { runAllJobs } from '../helpers/payments.ts';
import { makeMembership } from '../helpers/plans.ts';
import { later, subscribe } from '../helpers/renewals.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { run, SLOW, stop } from './server-process.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const MEMBERS = 60;
const MONTHS = 6;
const PRICE = 3_900;
/** A month of renewals takes about so long; a kill comes anywhere in it. */
const SPAN_MS = 250;

it(
  'renewals whose worker is killed at random points come to what they come to undisturbed',
  async () => {
    const friends = await makeMembership(world);
    const members = await Promise.all(Array.from({ length: MEMBERS }, () => subscribe(world, friends.month)));
    const end = members[MEMBERS - 1]?.current_period_end as Date;
    for (let month = 0; month < MONTHS; month++) {
      const now = later(addMonths(end, month), 0.5);
      const worker = run('test/process/renewing-worker.ts', {
        ...{ DATABASE_URL: world.url, NOW: now.toISOString() },
      });
      await expect.poll(worker.stdout, { timeout: 60_000, interval: 2 }).toContain('ready');
      await sleep(Math.random() * SPAN_MS);
      await stop(worker, 'SIGKILL');
      expect(worker.child.signalCode === 'SIGKILL' || worker.stdout().includes('done')).toBe(true);
      // Its holds run out, look-ups tell what became of its charges, and another worker takes over after its lease.
      await runAllJobs(world.system);
      await world.clear();
      await runAllJobs(world.system);
      for (const hours of [1, 2]) await workOffDue(world.system, later(now, hours / 24 + 0.1));
    }
    const rows = await world.sql(
      `SELECT s.status, count(*)::int AS periods, sum(p.amount)::int AS money FROM subscription s
       JOIN subscription_period p ON p.subscription_id = s.id AND p.status = 'paid' GROUP BY s.id, s.status`,
    );
    const periods = MONTHS + 1;
    expect(rows).toEqual(members.map(() => ({ status: 'active', periods, money: periods * PRICE })));
    const [money] = await world.sql(
      `SELECT (SELECT sum(amount)::int FROM sandbox_charge WHERE status = 'captured')
         - (SELECT coalesce(sum(amount), 0)::int FROM sandbox_refund) AS kept`,
    );
    expect(Number(money?.kept)).toBe(MEMBERS * periods * PRICE);
    expect(await moneyFaults(world.system)).toEqual({});
    expect(await sandboxFaults(world.system)).toEqual([]);
  },
  SLOW,
);
