import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { recoverSteps, startSteps } from '../../src/services/jobs/steps.ts';
import { type TestApp, testApp } from '../helpers/app.ts';
import { channelOf, contextOf } from '../helpers/context.ts';
import { counting, countingTable, runDueSteps } from '../helpers/counting-steps.ts';
import { run, SLOW, stop } from './server-process.ts';

let world: TestApp;
beforeAll(async () => {
  world = await testApp();
  await countingTable(world.system);
});
afterAll(() => world.close());

const rows = async <Row>(sql: string): Promise<Row[]> =>
  (await world.system.db.pool.query(sql)).rows as Row[];

it(
  'a job in steps outlives kill -9 of its worker: it goes on where it was, and does nothing twice',
  async () => {
    const { system, accounts } = world;
    const ctx = contextOf(system, { interface: await channelOf(system, accounts.interfaces.web) });
    const limit = 200;
    await inTransaction(system.db, (tx) =>
      startSteps(tx, ctx, counting, { input: { limit, each: 3, seconds: 0.02 }, total: limit }),
    );
    const url = system.db.pool.options.connectionString as string;
    const done = async () => (await rows<{ done: number }>('SELECT done FROM job'))[0]?.done as number;
    for (let kills = 1; kills <= 3; kills++) {
      const before = await done();
      const worker = run('test/process/counting-worker.ts', { DATABASE_URL: url });
      await expect.poll(done, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before + 5);
      await stop(worker, 'SIGKILL');
      const [task] = await rows<{ locked_at: Date | null }>('SELECT locked_at FROM graphile_worker.jobs');
      expect(task?.locked_at).not.toBeNull(); // the queue believes that somebody works on it
      // The dead process's last transaction may still be at its end in the server.
      await expect.poll(() => recoverSteps(system, 0).then(waiting), { interval: 50 }).toBe(1);
    }
    const [left] = await rows<{ done: number; status: string }>('SELECT done, status FROM job');
    expect(left?.status).toBe('running');
    expect(left?.done).toBeLessThan(limit);

    await runDueSteps(system);
    const [job] = await rows('SELECT status, done, total, result, error FROM job');
    expect(job).toEqual({
      ...{ status: 'succeeded', done: limit, total: limit, error: null },
      result: { counted: { limit, by: 'web' } },
    });
    const counted = await rows<{ unit: number }>('SELECT unit FROM counted ORDER BY unit');
    expect(counted.map(({ unit }) => unit)).toEqual(Array.from({ length: limit }, (_, i) => i + 1));
  },
  SLOW,
);

const waiting = async () =>
  (await rows('SELECT id FROM graphile_worker.jobs WHERE locked_at IS NULL AND attempts < max_attempts'))
    .length;
