import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { openCart } from '../../src/services/carts/hold.ts';
import { cancelEvent } from '../../src/services/events/manage/cancel.ts';
import { getJob } from '../../src/services/jobs/read.ts';
import { recoverSteps } from '../../src/services/jobs/steps.ts';
import { pay } from '../../src/services/payments/pay.ts';
import { recoverRefunds } from '../../src/services/refunds/provider.ts';
import { makeEvent, seatedSection, standingSection } from '../helpers/catalogue.ts';
import { moneyFaults, sandboxFaults } from '../helpers/money-audit.ts';
import { runAllJobs } from '../helpers/payments.ts';
import { codeOf } from '../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { stockFaults } from '../helpers/stock-audit.ts';
import { run, SLOW, stop } from './server-process.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const CARTS = 500;
const EACH = 10;

it(
  'calling off an event with 5,000 tickets refunds and voids each once, whenever its worker is killed',
  async () => {
    const { system, company_id, web } = world;
    const event = await inTransaction(system.db, (tx) =>
      makeEvent(
        tx,
        { company_id, interface_id: web.id },
        [standingSection('Floor', 4_800), seatedSection('Stalls', 20, 20)],
        {
          name: 'Called off',
        },
      ),
    );
    const [standing, seated] = event.ticket_type_ids as [number, number];
    const seats = (
      await world.sql<{ id: number }>('SELECT id FROM seat WHERE map_id = $1 ORDER BY id', event.map_id)
    ).map(({ id }) => id);
    const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
    const open = (i: number) =>
      openCart(admin(), {
        items:
          i < 40
            ? [{ ticket_type_id: seated, seat_ids: seats.slice(i * EACH, i * EACH + EACH) }]
            : [{ ticket_type_id: standing, quantity: EACH }],
      });
    const carts = await Promise.all(Array.from({ length: CARTS }, (_, i) => open(i)));
    for (let i = 0; i < CARTS; i += 50)
      await Promise.all(
        carts
          .slice(i, i + 50)
          .map(({ id }, k) =>
            pay(
              admin(),
              id,
              k % 5 === 0 ? { method: 'cash' } : { method: 'card', card: { token: 'sandbox_approved' } },
            ),
          ),
      );
    const unpaid = await Promise.all([openFew(), openFew(), openFew()]);
    async function openFew() {
      return openCart(admin(), { items: [{ ticket_type_id: standing, quantity: 2 }] });
    }
    await pay(admin(), unpaid[0].id, { method: 'card', card: { token: 'sandbox_pending' } });

    const job = await cancelEvent(admin(), event.event_id, { reason: 'Storm' });
    expect(job).toMatchObject({
      kind: 'event_cancellation',
      status: 'queued',
      progress: { done: 0, total: 5_000 },
    });
    expect(await codeOf(openFew())).toBe('not_on_sale'); // at once

    const done = async () => (await getJob(admin(), job.id)).progress.done;
    for (let kills = 1; kills <= 2; kills++) {
      const before = await done();
      const worker = run('test/process/worker.ts', { DATABASE_URL: world.url });
      await expect.poll(done, { timeout: 120_000, interval: 5 }).toBeGreaterThan(before + 200);
      await stop(worker, 'SIGKILL');
      await expect
        .poll(async () => {
          await recoverSteps(system, 0);
          return (
            await world.sql(
              'SELECT FROM graphile_worker.jobs WHERE key = $1 AND locked_at IS NULL',
              `job:${job.id}`,
            )
          ).length;
        })
        .toBe(1);
    }
    expect(await done()).toBeLessThan(5_000);

    // As a minute later: what else the dead workers had begun is looked after again.
    await world.sql(
      "UPDATE graphile_worker._private_jobs SET locked_at = now() - interval '3 minutes' WHERE locked_at IS NOT NULL",
    );
    await world.sql("UPDATE refund SET updated_at = now() - interval '2 minutes' WHERE status = 'pending'");
    await recoverRefunds(system);
    await world.sql('UPDATE sandbox_charge SET settles_at = now() WHERE settles_at IS NOT NULL');
    const status = async () => {
      await runAllJobs(system);
      return (await getJob(admin(), job.id)).status;
    };
    await expect.poll(status, { timeout: 200_000 }).toBe('succeeded');
    await runAllJobs(system);

    const [money] = await world.sql(
      'SELECT sum(paid)::int AS paid, sum(refunded)::int AS refunded FROM cart',
    );
    const ended = await getJob(admin(), job.id);
    expect(ended).toMatchObject({
      ...{ progress: { done: 5_000, total: 5_000 }, error: null },
      result: {
        cancellation: {
          ...{ event_id: event.event_id, carts_ended: 3, refunds: CARTS, tickets_voided: 5_000, failed: [] },
          amount: money?.paid,
        },
      },
    });
    expect(money?.refunded).toBe(money?.paid);
    const counts = async (sql: string) =>
      (await world.sql(sql, event.event_id)).map((row) => Object.values(row));
    expect(await counts('SELECT status, count(*)::int FROM ticket WHERE event_id = $1 GROUP BY 1')).toEqual([
      ['void', 5_000],
    ]);
    expect(
      await counts(
        "SELECT count(*)::int AS told, count(DISTINCT subject_id)::int AS tickets FROM change WHERE type = 'ticket.voided' AND event_id = $1",
      ),
    ).toEqual([[5_000, 5_000]]);
    expect(await world.sql('SELECT status::text, count(*)::int FROM cart GROUP BY 1 ORDER BY 1')).toEqual([
      { status: 'expired', count: 3 },
      { status: 'refunded', count: CARTS },
    ]);
    // The provider's own books: what was charged went back, once.
    const odd = await world.sql(
      `SELECT c.id FROM sandbox_charge c LEFT JOIN sandbox_refund r ON r.charge_id = c.id
     WHERE c.status = 'captured' GROUP BY c.id, c.amount HAVING count(r.id) <> 1 OR sum(r.amount) <> c.amount`,
    );
    expect(odd).toEqual([]);
    expect(await world.sql("SELECT id FROM refund WHERE status <> 'succeeded'")).toEqual([]);
    expect(await moneyFaults(system)).toEqual({});
    expect(await sandboxFaults(system)).toEqual([]);
    expect(await stockFaults(system)).toEqual({});
  },
  SLOW,
);
