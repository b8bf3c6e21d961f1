import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { lookAt } from '../../../src/services/waitlist/look.ts';
import { waitlistRound } from '../../../src/services/waitlist/round.ts';
import { updateSettings } from '../../../src/services/waitlist/settings.ts';
import type { System } from '../../../src/system.ts';
import { contextOf } from '../../helpers/context.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';
import { free, join, reasons, soldOut, statuses } from '../../helpers/waitlist.ts';

const BUYERS = 50;
const SLOW = 60_000;

let world: SalesWorld;
let processes: System[];
beforeAll(async () => {
  world = await salesWorld();
  processes = world.processes(6, 4);
  await Promise.all(processes.map((system) => system.db.pool.query('SELECT 1')));
}, SLOW);
afterAll(async () => {
  const deadlocks = await world.endProcesses();
  await world.close();
  expect(deadlocks).toBe(0);
}, SLOW);

/** Fifty buyers in four processes who try again and again to get a ticket, until they are told to stop. */
function buyers(type: number, trying: () => boolean) {
  return Promise.all(
    Array.from({ length: BUYERS }, async (_, i) => {
      const system = processes[i % 4] as System;
      do {
        try {
          const ctx = contextOf(system, { interface: world.web, client_id: `web${i}` });
          const { id } = await openCart(ctx, { items: [{ ticket_type_id: type, quantity: 1 }] });
          return id;
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(['sold_out', 'service_unavailable']).toContain(error.code);
        }
        await sleep(5);
      } while (trying());
      return null;
    }),
  );
}

/** Two workers look at the lists again and again until nothing more is offered. */
async function workers(idle: () => Promise<boolean>): Promise<void> {
  const work = async (system: System) => {
    do await waitlistRound(system);
    while (!(await idle()));
  };
  await Promise.all([work(processes[4] as System), work(processes[5] as System)]);
}

const offered = async (event_id: number) =>
  (await world.sql(`SELECT id FROM waitlist_entry WHERE event_id = $1 AND status = 'offered'`, event_id))
    .length;
const taken = async (event_id: number) =>
  (
    await world.sql<{ held: number; sold: number; capacity: number }>(
      'SELECT held, sold, capacity FROM event_section WHERE event_id = $1',
      event_id,
    )
  )[0];

it(
  'twenty who wait get ten places in their order, and fifty buyers who ask at the same time none of them',
  async () => {
    const { event_id, type, carts } = await soldOut(world, Array(12).fill(1));
    for (let i = 0; i < 20; i++) await join(world, event_id, `p${i}`, 1);
    await waitlistRound(world.system);
    let trying = true;
    const asking = buyers(type, () => trying);
    const freeing = (async () => {
      for (const { id } of carts.slice(0, 10)) await free(world, id);
    })();
    await workers(async () => (await offered(event_id)) === 10);
    trying = false;
    await freeing;
    expect((await asking).filter(Boolean)).toEqual([]);
    const expected = Array.from({ length: 20 }, (_, i) => [`p${i}`, i < 10 ? 'offered' : 'waiting']);
    expect(await statuses(world, event_id)).toEqual(Object.fromEntries(expected));
    expect(await taken(event_id)).toEqual({ held: 10, sold: 2, capacity: 12 });
    expect(await stockFaults(world.system)).toEqual({});
  },
  SLOW,
);

it(
  'without a head start nothing is oversold either, and everybody who was passed over is told why',
  async () => {
    const { event_id, type, carts } = await soldOut(world, Array(10).fill(1));
    await updateSettings(world.seller({ scopes: ['public', 'admin'] }), event_id, { head_start: false });
    const sizes = [3, 1, 2, 5, 1, 1, 4, 2, 1, 3, 2, 1, 1, 2, 6, 1, 1, 2, 3, 1];
    const entries = [];
    for (const [i, size] of sizes.entries()) entries.push(await join(world, event_id, `q${i}`, size));
    let trying = true;
    const asking = buyers(type, () => trying);
    const freeing = Promise.all(carts.map(({ id }) => free(world, id)));
    const full = async () => {
      const { held, sold, capacity } = (await taken(event_id)) as {
        held: number;
        sold: number;
        capacity: number;
      };
      return held + sold === capacity && held > 0;
    };
    await workers(async () => {
      if (!(await full())) return false;
      await freeing;
      return full();
    });
    trying = false;
    const bought = (await asking).filter(Boolean).length;
    const all = await statuses(world, event_id);
    const got = sizes.reduce((n, size, i) => n + (all[`q${i}`] === 'offered' ? size : 0), 0);
    expect(bought + got).toBe(10);
    expect(await taken(event_id)).toEqual({ held: 10, sold: 0, capacity: 10 });
    const last = sizes.findLastIndex((_, i) => all[`q${i}`] === 'offered');
    for (const [i, { id }] of entries.entries())
      if (i < last && all[`q${i}`] === 'waiting')
        expect([i, new Set(await reasons(world, id))]).toEqual([i, new Set(['too_few_places'])]);
    expect(await stockFaults(world.system)).toEqual({});
  },
  SLOW,
);

it('of two who look at one list at once, one works and the other leaves it alone', async () => {
  const { event_id, carts } = await soldOut(world, Array(6).fill(1));
  for (let i = 0; i < 6; i++) await join(world, event_id, `r${i}`, 1);
  for (const { id } of carts) await free(world, id);
  const looks = await Promise.all(processes.map((system) => lookAt(system, world.company_id, event_id)));
  expect(looks.filter((made) => made !== undefined)).toEqual([6]);
  const mails = await world.sql(
    `SELECT to_email FROM mail WHERE template = 'waitlist_offer' AND to_email LIKE 'r%' ORDER BY to_email`,
  );
  expect(mails).toHaveLength(6);
});

it('one who dies while looking keeps nobody for longer than the lease', async () => {
  const { event_id, carts } = await soldOut(world, [1]);
  await join(world, event_id, 's0', 1);
  await free(world, carts[0]?.id as string);
  await world.sql(
    `UPDATE waitlist SET lease = gen_random_uuid(), lease_until = now() + interval '1 minute' WHERE event_id = $1`,
    event_id,
  );
  await waitlistRound(world.system);
  expect(await statuses(world, event_id)).toEqual({ s0: 'waiting' });
  await world.sql(`UPDATE waitlist SET lease_until = now() WHERE event_id = $1`, event_id);
  await waitlistRound(world.system);
  expect(await statuses(world, event_id)).toEqual({ s0: 'offered' });
});

it('nothing is looked at again when nothing has moved', async () => {
  const looks = () => world.sql('SELECT event_id, looked_at FROM waitlist ORDER BY event_id');
  const lookedAgain = async () => {
    const before = JSON.stringify(await looks());
    await waitlistRound(world.system);
    return JSON.stringify(await looks()) !== before;
  };
  // What a transaction that still runs might have written is looked at again: other tests have such.
  await expect.poll(lookedAgain, { timeout: 10_000 }).toBe(false);
  await world.sql('UPDATE event_section SET version = pg_current_xact_id()::text::bigint');
  expect(await lookedAgain()).toBe(true);
});
