import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { openCart } from '../../src/services/carts/hold.ts';
import { joinQueue } from '../../src/services/queue/join.ts';
import { sweepQueues } from '../../src/services/queue/sweep.ts';
import type { System } from '../../src/system.ts';
import { contextOf } from '../helpers/context.ts';
import { names, type QueueWorld, queueWorld } from '../helpers/queues.ts';
import { fromNow, type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { stockFaults } from '../helpers/stock-audit.ts';

const CALLERS = 50;

let world: SalesWorld;
let gate: QueueWorld;
let two: System[];
beforeAll(async () => {
  world = await salesWorld();
  gate = queueWorld(world);
  two = world.processes(2, 8);
});
afterEach(async () => {
  await gate.remove();
  await world.clear();
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(async () => {
  const deadlocks = await world.endProcesses();
  await world.close();
  expect(deadlocks).toBe(0);
});

const sweepAll = () => Promise.all([0, 1, 2, 3].map((i) => sweepQueues(two[i % 2] as System)));

it('of 50 who come to two processes at once, 10 have a pass and 10 a cart', async () => {
  await gate.set(); // 60 a minute: ten seconds' worth are there at once
  const rounds = sweepAll();
  const places = await gate.come(names(CALLERS), two);
  await rounds;
  await sweepAll();
  const started = Date.now();
  const carts = await Promise.allSettled(
    places.map(({ id }, i) =>
      openCart(contextOf(two[i % 2] as System, { interface: world.web }), {
        items: [{ ticket_type_id: world.festival.adult, quantity: 1 }],
        queue_place_ids: [id],
      }),
    ),
  );
  const refused = carts.flatMap((c) => (c.status === 'rejected' ? [c.reason] : []));
  for (const reason of refused)
    expect(reason instanceof AppError && [reason.code, reason.facts.reason]).toEqual([
      'queue_required',
      'waiting',
    ]);
  const late = Math.ceil((Date.now() - started) / 1_000) + 3; // one more a second, on a slow machine
  expect(CALLERS - refused.length).toBeGreaterThanOrEqual(10);
  expect(CALLERS - refused.length).toBeLessThanOrEqual(10 + late);
  const ranks = await world.sql<{ rank: number }>('SELECT rank FROM queue_place ORDER BY rank');
  expect(ranks.map(({ rank }) => rank)).toEqual(names(CALLERS).map((_, i) => i + 1));
  const [order] = await world.sql(
    `SELECT max(rank) FILTER (WHERE admitted_at IS NOT NULL) < min(rank) FILTER (WHERE status = 'waiting') AS fair
     FROM queue_place`,
  );
  expect(order).toEqual({ fair: true });
});

it('one caller who comes 50 times to two processes has one place', async () => {
  await gate.set({ inflow: 0 });
  const places = await gate.come(
    names(CALLERS).map(() => 'same'),
    two,
  );
  expect(new Set(places.map(({ id }) => id)).size).toBe(1);
});

it('50 carts under one pass: one is opened', async () => {
  await gate.set();
  const [place] = await gate.come(['v']);
  const outcomes = await Promise.allSettled(
    names(CALLERS).map((_, i) =>
      openCart(contextOf(two[i % 2] as System, { interface: world.web }), {
        items: [{ ticket_type_id: world.festival.adult, quantity: 1 }],
        queue_place_ids: [place?.id as string],
      }),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      expect([outcome.reason.code, outcome.reason.facts.reason]).toEqual(['queue_required', 'in_use']);
});

it('who comes while the start passes is in the draw or behind it, each with one rank', async () => {
  await gate.set({ opens_at: fromNow(-60_000), starts_at: fromNow(400), inflow: 6_000 });
  const come = async (n: number) => {
    const ctx = contextOf(two[n % 2] as System, { interface: world.web });
    await new Promise((resolve) => setTimeout(resolve, n * 8));
    return joinQueue(ctx, gate.event_id, { visitor: `v${n}` });
  };
  await Promise.all([...names(100).map((_, n) => come(n)), sweepAll()]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  await sweepAll();
  const [row] = await world.sql(
    `SELECT count(*)::int AS n, count(DISTINCT rank)::int AS ranks, max(rank) AS last,
       max(rank) FILTER (WHERE draw IS NOT NULL) < min(rank) FILTER (WHERE draw IS NULL) AS drawn_first
     FROM queue_place`,
  );
  expect(row).toEqual({ n: 100, ranks: 100, last: 100, drawn_first: true });
});

it('a process that dies in the middle of a round has let nobody in, and holds up nobody', async () => {
  await gate.set({ inflow: 0 });
  await gate.come(names(30));
  await gate.set({ inflow: 60 });
  const dying = new pg.Client(world.url);
  dying.on('error', () => {});
  await dying.connect();
  await dying.query('BEGIN');
  await dying.query('SELECT * FROM queue_interface FOR UPDATE');
  await dying.query(
    `UPDATE queue_place SET status = 'admitted', admitted_at = now(), pass_expires_at = now() + interval '1 hour'
     WHERE rank <= 10`,
  );
  await sweepAll(); // somebody is at it: nobody waits for it
  expect(await gate.admitted()).toBe(0);
  const [{ pid } = { pid: 0 }] = (await dying.query('SELECT pg_backend_pid() AS pid')).rows;
  await world.sql('SELECT pg_terminate_backend($1)', pid);
  await expect
    .poll(async () => {
      await sweepAll();
      return gate.admitted();
    })
    .toBeGreaterThanOrEqual(10);
  const [round] = await world.sql<{ n: number }>('SELECT sum(admitted)::int AS n FROM queue_round');
  expect(round?.n).toBe(await gate.admitted());
});
