import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { joinQueue } from '../../../src/services/queue/join.ts';
import { getPlace, leaveQueue } from '../../../src/services/queue/place.ts';
import { getQueue } from '../../../src/services/queue/settings.ts';
import { queueSummary } from '../../../src/services/queue/summary.ts';
import { sweepQueues } from '../../../src/services/queue/sweep.ts';
import { contextOf } from '../../helpers/context.ts';
import { names, type QueueWorld, queueWorld } from '../../helpers/queues.ts';
import { fromNow, type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let gate: QueueWorld;
beforeAll(async () => {
  world = await salesWorld();
  gate = queueWorld(world);
});
afterEach(() => gate.remove());
afterAll(() => world.close());

const statuses = (places: readonly { status: string }[]) => places.map(({ status }) => status);
const place = async (id: string, ctx = world.buyer()) => getPlace(ctx, gate.event_id, id);

describe('a place', () => {
  it('is given once to a user, and once to each visitor whom a client names', async () => {
    await gate.set({ inflow: 0 });
    const ana = () => world.buyer({ user_id: world.ana });
    const [one, two] = await Promise.all([1, 2].map(() => joinQueue(ana(), gate.event_id, undefined)));
    expect(two?.id).toBe(one?.id);
    const [v1, v2, v1again] = await gate.come(['v1', 'v2', 'v1']);
    expect(v1again?.id).toBe(v1?.id);
    expect(v2?.id).not.toBe(v1?.id);
    expect((await gate.come(['v1']))[0]?.id).toBe(v1?.id);
    const nobody = await Promise.all([1, 2].map(() => joinQueue(world.buyer(), gate.event_id, undefined)));
    expect(nobody[0]?.id).not.toBe(nobody[1]?.id);
    expect(await gate.come(['v2'])).toMatchObject([{ position: v2?.position, status: 'waiting' }]);
  });

  it('belongs to its user, or to the client that took it for nobody, on its interface', async () => {
    await gate.set({ inflow: 0 });
    const [visitor] = await gate.come(['v']);
    const own = await joinQueue(world.buyer({ user_id: world.ana }), gate.event_id, undefined);
    const reach = (id: string, more: object) =>
      place(id, world.buyer(more)).then(
        () => true,
        () => false,
      );
    expect(await reach(visitor?.id as string, {})).toBe(true);
    expect(await reach(visitor?.id as string, { user_id: world.ben })).toBe(true);
    expect(await reach(visitor?.id as string, { client_id: 'other' })).toBe(false);
    expect(await reach(visitor?.id as string, { interface: world.pos })).toBe(false);
    expect(await reach(own.id, { user_id: world.ana })).toBe(true);
    expect(await reach(own.id, { user_id: world.ben })).toBe(false);
    expect(await reach(own.id, {})).toBe(false);
    await expect(
      leaveQueue(world.buyer({ user_id: world.ben }), gate.event_id, own.id),
    ).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('there is none before the gate opens, nor where there is no gate', async () => {
    await expect(gate.come(['v'])).rejects.toMatchObject({ code: 'not_found' });
    await gate.set({ opens_at: fromNow(60_000), starts_at: fromNow(120_000) });
    await expect(gate.come(['v'])).rejects.toMatchObject({
      code: 'not_on_sale',
      facts: { retry_at: expect.any(String) },
    });
  });

  it('can be given up, and taken anew at the end', async () => {
    await gate.set({ inflow: 0 });
    const [a, b, c] = await gate.come(['a', 'b', 'c']);
    await leaveQueue(world.buyer(), gate.event_id, a?.id as string);
    await leaveQueue(world.buyer(), gate.event_id, a?.id as string);
    expect((await place(a?.id as string)).status).toBe('left');
    const [again] = await gate.come(['a']);
    expect(again?.id).not.toBe(a?.id);
    await gate.set({ inflow: 12 });
    await gate.later(60);
    await sweepQueues(world.system);
    expect(statuses(await Promise.all([b, c, again].map((it) => place(it?.id as string))))).toEqual([
      'admitted',
      'admitted',
      'waiting',
    ]);
  });

  it('says how many are ahead and when to ask again', async () => {
    await gate.set({ inflow: 6 });
    const places = await gate.come(names(4));
    expect(
      places.map(({ status, position, ahead, estimated_wait, retry_after }) => [
        status,
        position,
        ahead,
        estimated_wait,
        retry_after,
      ]),
    ).toEqual([
      ['admitted', null, null, null, null],
      ['waiting', 1, 0, 10, 3],
      ['waiting', 2, 1, 20, 5],
      ['waiting', 3, 2, 30, 8],
    ]);
    world.system.queueRounds.clear();
    await gate.later(10);
    expect(await place(places[1]?.id as string)).toMatchObject({ status: 'admitted' }); // who asks does the round
    expect(await place(places[3]?.id as string)).toMatchObject({ position: 2, estimated_wait: 20 });
  });
});

describe('the draw', () => {
  it('ranks all who came before the start by their lot, and nobody sees more than its hash before', async () => {
    const { seed_hash } = await gate.set({
      opens_at: fromNow(-1_000),
      starts_at: fromNow(60_000),
      inflow: 600,
    });
    const early = await gate.come(names(300));
    expect(
      early.every(({ status, position, draw }) => status === 'waiting' && position === null && draw === null),
    ).toBe(true);
    expect(early[0]?.estimated_wait).toBeGreaterThan(55);
    expect(await getQueue(world.buyer(), gate.event_id)).toMatchObject({
      status: 'pre_queue',
      seed: null,
      seed_hash,
    });
    await sweepQueues(world.system);
    expect(await gate.admitted()).toBe(0);

    await gate.later(60);
    const late = await gate.come(['late1', 'late2']); // the first who comes holds the draw
    await sweepQueues(world.system);
    const { seed } = await getQueue(world.buyer(), gate.event_id);
    const sha = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(sha(seed as string)).toBe(seed_hash);
    const ranks = await world.sql<{ id: string; rank: number }>(
      'SELECT id, rank FROM queue_place ORDER BY rank',
    );
    expect(ranks.map(({ rank }) => rank)).toEqual(names(302).map((_, i) => i + 1));
    const byLot = early
      .map(({ id }) => id)
      .sort((a, b) => (sha(`${seed}:${a}`) < sha(`${seed}:${b}`) ? -1 : 1));
    expect(ranks.map(({ id }) => id)).toEqual([...byLot, ...late.map(({ id }) => id)]);
    expect(byLot).not.toEqual(early.map(({ id }) => id));
    expect(await gate.admitted()).toBe(100); // ten seconds of 600 a minute
    const [first] = await world.sql<{ n: number }>(
      'SELECT max(rank) AS n FROM queue_place WHERE admitted_at IS NOT NULL',
    );
    expect(first?.n).toBe(100);
    expect((await place(byLot[0] as string)).draw).toBe(sha(`${seed}:${byLot[0]}`));
  });

  it('is held once, and the start stands after it', async () => {
    await gate.set({ starts_at: fromNow(60_000), opens_at: fromNow(-1_000), inflow: 0 });
    await gate.come(names(20));
    await gate.later(61);
    await Promise.all(world.processes(4).map((system) => sweepQueues(system)));
    const order = () => world.sql('SELECT id, rank FROM queue_place ORDER BY rank');
    const before = await order();
    await Promise.all(world.processes(4).map((system) => sweepQueues(system)));
    expect(await order()).toEqual(before);
    await expect(gate.set({ starts_at: fromNow(60_000) })).rejects.toMatchObject({ code: 'conflict' });
    const told = await world.sql(
      `SELECT data FROM change WHERE type = 'event.updated' AND data->>'queue' = 'drawn'`,
    );
    expect(told.length).toBeGreaterThan(0);
  });

  it('goes on where it stopped when the lots are many', async () => {
    await gate.set({ starts_at: fromNow(60_000), opens_at: fromNow(-1_000), inflow: 60 });
    await gate.come(['first']);
    await world.sql(
      `INSERT INTO queue_place (company_id, id, event_id, interface_id, client_id, draw)
       SELECT company_id, gen_random_uuid(), event_id, interface_id, client_id, sha256(n::text::bytea)
       FROM queue_place, generate_series(1, 12000) AS n`,
    );
    await gate.later(61);
    const [late] = await gate.come(['late']);
    expect(late).toMatchObject({ status: 'waiting' }); // lots without a rank are before it
    await sweepQueues(world.system);
    const [row] = await world.sql(
      `SELECT count(*)::int AS n, count(DISTINCT rank)::int AS ranks, max(rank) AS last,
         bool_and(ok) AS by_lot FROM (SELECT rank, draw IS NULL OR draw > lag(draw) OVER (ORDER BY rank) IS NOT FALSE AS ok FROM queue_place) AS p`,
    );
    expect(row).toEqual({ n: 12_002, ranks: 12_002, last: 12_002, by_lot: true });
    expect(await gate.admitted()).toBeGreaterThanOrEqual(10);
    expect(await gate.admitted()).toBeLessThan(60);
  }, 60_000);
});

describe('who is let in', () => {
  it('is no more than the inflow in any minute, however many rounds are done, also when the inflow changes', async () => {
    await gate.set({ inflow: 60 });
    await gate.come(names(200));
    for (let second = 0; second < 75; second++) {
      await gate.later(1);
      if (second === 40) await gate.set({ inflow: 30 });
      await Promise.all([1, 2, 3].map(() => sweepQueues(world.system)));
    }
    const [worst] = await world.sql<{ over: number }>(
      `SELECT max((SELECT sum(o.admitted) FROM queue_round o WHERE o.at <= r.at AND o.at > r.at - interval '1 minute') - r.inflow)::int
         AS over FROM queue_round r`,
    );
    expect(worst?.over).toBeLessThanOrEqual(0);
    expect(await gate.admitted()).toBeGreaterThanOrEqual(50);
    expect(await gate.admitted()).toBeLessThanOrEqual(90);
  }, 60_000);

  it('nobody while it is paused, and at once when it goes on', async () => {
    await gate.set({ inflow: 0 });
    const [it0] = await gate.come(['v']);
    await gate.set({ inflow: 60, paused: true });
    await gate.later(30);
    await sweepQueues(world.system);
    expect(await place(it0?.id as string)).toMatchObject({
      status: 'waiting',
      paused: true,
      estimated_wait: null,
      retry_after: 30,
    });
    await gate.set({ inflow: 60 });
    await sweepQueues(world.system);
    expect((await place(it0?.id as string)).status).toBe('admitted');
  });

  it('is as many as may be inside: an unused pass that runs out lets the next in', async () => {
    await gate.set({ inflow: 600, max_inside: 2, pass_seconds: 60 });
    const places = await gate.come(names(5));
    expect(statuses(places)).toEqual(['admitted', 'admitted', 'waiting', 'waiting', 'waiting']);
    await gate.later(30);
    await sweepQueues(world.system);
    expect(await gate.admitted()).toBe(2);
    await leaveQueue(world.buyer(), gate.event_id, places[0]?.id as string);
    await sweepQueues(world.system);
    expect(await gate.admitted()).toBe(3);
    await gate.later(31);
    await sweepQueues(world.system);
    expect(statuses(await Promise.all(places.map(({ id }) => place(id))))).toEqual([
      ...['left', 'expired', 'admitted', 'admitted', 'waiting'],
    ]);
    expect(await queueSummary(world.seller(), gate.event_id)).toMatchObject({
      ...{ status: 'running', waiting: 1, inside: 2, admitted: 4, used: 0, expired: 1, left: 1 },
      interfaces: [
        {
          interface_id: world.web.id,
          inflow: 600,
          max_inside: 2,
          waiting: 1,
          inside: 2,
          admitted: 4,
          left: 1,
        },
        { interface_id: world.pos.id, inflow: 600, waiting: 0, inside: 0, admitted: 0, estimated_wait: 1 },
      ],
    });
  });

  it('goes by the inflow of each interface', async () => {
    await gate.set({ inflow: 60, interfaces: [{ interface_id: world.pos.id, inflow: 6 }] });
    await gate.come(names(15));
    const pos = contextOf(world.system, { interface: world.pos });
    const there = await Promise.all(names(3).map((visitor) => joinQueue(pos, gate.event_id, { visitor })));
    expect(statuses(there)).toEqual(['admitted', 'waiting', 'waiting']);
    expect(await gate.admitted()).toBe(11);
  });
});
