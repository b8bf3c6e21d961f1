import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitlistRound } from '../../src/services/waitlist/round.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { stockFaults } from '../helpers/stock-audit.ts';
import { free, join, soldOut, statuses } from '../helpers/waitlist.ts';
import { run, SLOW, stop } from './server-process.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const PARTIES = 60;

it(
  'every place that came free is offered once, in order, whenever the workers are killed',
  async () => {
    const { event_id, carts } = await soldOut(world, Array(6).fill(10));
    for (let i = 0; i < PARTIES; i++) await join(world, event_id, `p${i}`, 1);
    await waitlistRound(world.system);
    const offered = async () =>
      (await world.sql(`SELECT id FROM waitlist_entry WHERE event_id = $1 AND status = 'offered'`, event_id))
        .length;
    for (const [kill, { id }] of carts.slice(0, 3).entries()) {
      const before = await offered();
      const worker = run('test/process/waitlist-worker.ts', { DATABASE_URL: world.url });
      await free(world, id);
      await expect.poll(offered, { timeout: 60_000, interval: 1 }).toBeGreaterThan(before + kill);
      await stop(worker, 'SIGKILL');
    }
    expect(await stockFaults(world.system)).toEqual({}); // what the dead ones left is whole
    const two = [0, 1].map(() => run('test/process/waitlist-worker.ts', { DATABASE_URL: world.url }));
    for (const { id } of carts.slice(3, 5)) await free(world, id);
    await expect.poll(offered, { timeout: 60_000, interval: 50 }).toBe(50);
    for (const worker of two) await stop(worker, 'SIGKILL');
    const expected = Array.from({ length: PARTIES }, (_, i) => [`p${i}`, i < 50 ? 'offered' : 'waiting']);
    expect(await statuses(world, event_id)).toEqual(Object.fromEntries(expected));
    const [mails] = await world.sql(
      `SELECT count(*)::int AS n, count(DISTINCT to_email)::int AS people FROM mail WHERE template = 'waitlist_offer'`,
    );
    expect(mails).toEqual({ n: 50, people: 50 });
    const [carried] = await world.sql(
      `SELECT count(*)::int AS n FROM waitlist_entry w JOIN cart c ON c.id = w.cart_id AND c.line_count = 1`,
    );
    expect(carried).toEqual({ n: 50 });
    expect(await stockFaults(world.system)).toEqual({});
  },
  SLOW,
);
