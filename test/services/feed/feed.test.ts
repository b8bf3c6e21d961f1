import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import { recordChanges } from '../../../src/services/changes.ts';
import { purgeChanges } from '../../../src/services/feed/purge.ts';
import { readChanges } from '../../../src/services/feed/read.ts';
import { sequenceChanges } from '../../../src/services/feed/sequence.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const ALL = { types: null, interface_id: null };
const change = (company_id: number, subject_id: string) => ({
  ...{ company_id, type: 'cart.paid' as const, interface_id: world.web.id, event_id: null },
  ...{ subject_id, data: { subject_id } },
});

/** Writers whose transactions take as long as chance wants; gives what was committed. */
async function write(writers: number, transactions: number): Promise<string[]> {
  const systems = world.processes(writers, 2);
  const committed: string[] = [];
  await Promise.all(
    systems.map(async (system, writer) => {
      for (let i = 0; i < transactions; i++) {
        const names = Array.from({ length: 1 + (i % 3) }, (_, n) => `${writer}-${i}-${n}`);
        const aborted = i % 7 === 3;
        await inTransaction(system.db, async (tx) => {
          for (const name of names) {
            await recordChanges(tx, [change(world.company_id, name)]);
            await sleep(Math.random() * (i % 5 === 0 ? 60 : 8));
          }
          if (aborted) throw new Error('aborted');
        }).catch((error) => {
          if (!aborted) throw error;
        });
        if (!aborted) committed.push(...names);
      }
    }),
  );
  await world.endProcesses();
  return committed;
}

test('20 concurrent writers with transactions of any length: readers miss nothing, twice nothing, in one order', async () => {
  const base = (await readChanges(world, 0, ALL, 1_000)).next; // the events were published
  let writing = true;
  const readers = Array.from({ length: 4 }, async (_, reader) => {
    const seen: { sequence: number; subject_id: string }[] = [];
    let since = base;
    const read = async () => {
      const { items, next } = await readChanges(world, since, ALL, 1 + reader * 37);
      seen.push(...items);
      since = next;
      return items.length;
    };
    while (writing) {
      await read();
      await sleep(Math.random() * 20);
    }
    while (await read());
    return seen;
  });
  const committed = await write(20, 15);
  await expect
    .poll(async () => {
      await sequenceChanges(world.system);
      const [feed] = await world.sql<{ sequence: number }>('SELECT sequence FROM feed');
      return feed?.sequence;
    })
    .toBe(base + committed.length);
  writing = false;
  for (const seen of await Promise.all(readers)) {
    expect(seen.map(({ sequence }) => sequence)).toEqual(committed.map((_, i) => base + i + 1));
    expect(seen.map(({ subject_id }) => subject_id).sort()).toEqual([...committed].sort());
    // What one transaction wrote stays together, in the order of writing.
    const places = new Map(seen.map(({ subject_id, sequence }) => [subject_id, sequence]));
    for (const name of committed.filter((each) => !each.endsWith('-0'))) {
      const before = name.replace(/\d+$/, (n) => String(Number(n) - 1));
      expect(places.get(name)).toBe((places.get(before) as number) + 1);
    }
  }
});

test('a transaction that is still running holds back all that began after it, and nothing before', async () => {
  const from = (await readChanges(world, 0, ALL, 1_000)).next;
  const subjects = async () =>
    (await readChanges(world, from, ALL, 100)).items.map(({ subject_id }) => subject_id);
  let written = false;
  let finish = () => {};
  const slow = inTransaction(world.system.db, async (tx) => {
    await recordChanges(tx, [change(world.company_id, 'slow')]);
    written = true;
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
  });
  await expect.poll(() => written).toBe(true);
  await inTransaction(world.system.db, (tx) => recordChanges(tx, [change(world.company_id, 'quick')]));
  expect(await subjects()).toEqual([]);
  finish();
  await slow;
  await expect.poll(subjects).toEqual(['slow', 'quick']);
});

test('numbers are given once, by however many at the same time', async () => {
  const from = (await readChanges(world, 0, ALL, 1_000)).next;
  await inTransaction(world.system.db, (tx) =>
    recordChanges(
      tx,
      Array.from({ length: 30 }, (_, i) => change(world.company_id, `burst-${i}`)),
    ),
  );
  const systems = world.processes(10);
  await Promise.all(systems.map((system) => sequenceChanges(system)));
  await world.endProcesses();
  await expect
    .poll(async () => (await readChanges(world, from, ALL, 100)).items.map((item) => item.subject_id))
    .toEqual(Array.from({ length: 30 }, (_, i) => `burst-${i}`));
});

test('changes are forgotten after 90 days, and their numbers are not given again', async () => {
  const { items, next } = await readChanges(world, 0, ALL, 1_000);
  await world.sql(
    `UPDATE change SET created_at = now() - interval '91 days'
     WHERE id IN (SELECT change_id FROM feed_entry WHERE sequence <= 5)`,
  );
  await purgeChanges(world.system.db);
  const left = await readChanges(world, 0, ALL, 1_000);
  expect(left.items).toEqual(items.slice(5));
  await inTransaction(world.system.db, (tx) => recordChanges(tx, [change(world.company_id, 'later')]));
  await expect
    .poll(async () => (await readChanges(world, next, ALL, 10)).items)
    .toMatchObject([{ sequence: next + 1, subject_id: 'later' }]);
  expect(await world.sql('SELECT count(*)::int AS n FROM change')).toEqual([{ n: items.length - 5 + 1 }]);
});
