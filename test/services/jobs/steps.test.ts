import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statement } from '../../../src/db/client.ts';
import { inTransaction, transaction } from '../../../src/db/transaction.ts';
import { AppError } from '../../../src/errors.ts';
import { getJob, getJobResult } from '../../../src/services/jobs/read.ts';
import {
  type AnySteps,
  recoverSteps,
  runSteps,
  type Steps,
  startSteps,
} from '../../../src/services/jobs/steps.ts';
import { type TestApp, testApp } from '../../helpers/app.ts';
import { channelOf, contextOf } from '../../helpers/context.ts';
import { counting, countingTable, runDueSteps } from '../../helpers/counting-steps.ts';
import { refusalOf } from '../../helpers/refusal.ts';

let world: TestApp;
beforeAll(async () => {
  world = await testApp();
  await countingTable(world.system);
});
afterAll(() => world.close());
beforeEach(() => world.system.db.pool.query('TRUNCATE counted, job; TRUNCATE graphile_worker._private_jobs'));

const asker = async (more = {}) =>
  contextOf(world.system, {
    interface: await channelOf(world.system, world.accounts.interfaces.web),
    ...more,
  });
const start = async <Input, Cursor>(steps: Steps<Input, Cursor>, input: Input, total: number) => {
  const ctx = await asker();
  return inTransaction(world.system.db, (tx) => startSteps(tx, ctx, steps, { input, total }));
};
const counted = async () =>
  (await world.system.db.pool.query<{ unit: number }>('SELECT unit FROM counted ORDER BY unit')).rows.map(
    ({ unit }) => unit,
  );
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const tasks = async () =>
  (await world.system.db.pool.query('SELECT key, attempts, last_error FROM graphile_worker.jobs')).rows;

describe('a job in steps', () => {
  it('is queued with its request, tells its progress, and ends with what it made', async () => {
    const job = await start(counting, { limit: 7, each: 3, seconds: 0 }, 7);
    expect(job).toEqual({
      ...{ id: job.id, kind: 'counting', status: 'queued', progress: { done: 0, total: 7 } },
      ...{ result: null, error: null, created_at: expect.any(Date), finished_at: null },
    });
    const kinds = new Map([[counting.kind, counting as AnySteps]]);
    const payload = { company_id: world.accounts.company_id, job_id: job.id };
    await runSteps(world.system, kinds, payload, () => false);
    const ctx = await asker();
    expect(await getJob(ctx, job.id)).toMatchObject({ status: 'running', progress: { done: 3, total: 7 } });
    await runDueSteps(world.system);
    expect(await getJob(ctx, job.id)).toMatchObject({ status: 'succeeded', progress: { done: 7, total: 7 } });
    expect(await getJobResult(ctx, job.id)).toEqual({ counted: { limit: 7, by: 'web' } });
    expect(await counted()).toEqual(upTo(7));
    await runSteps(world.system, kinds, payload, () => true); // once more does nothing
    expect(await counted()).toEqual(upTo(7));
    expect(await tasks()).toEqual([]);
  });

  it('does not exist when its request is rolled back', async () => {
    const ctx = await asker();
    const input = { limit: 7, each: 3, seconds: 0 };
    await transaction({ ...ctx, dry_run: true }, (tx) => startSteps(tx, ctx, counting, { input, total: 7 }));
    expect(await tasks()).toEqual([]);
    expect((await world.system.db.pool.query('SELECT id FROM job')).rows).toEqual([]);
  });

  it('is worked on by twenty at once without doing anything twice', async () => {
    const job = await start(counting, { limit: 100, each: 7, seconds: 0 }, 100);
    const kinds = new Map([[counting.kind, counting as AnySteps]]);
    const payload = { company_id: world.accounts.company_id, job_id: job.id };
    await Promise.all(Array.from({ length: 20 }, () => runSteps(world.system, kinds, payload, () => true)));
    expect(await counted()).toEqual(upTo(100));
  });

  it('ends with the problem that a step is refused with; what the steps before did stays', async () => {
    const failing: Steps<null, { at: number }> = {
      kind: 'failing',
      async step(tx, { cursor }) {
        await tx.execute(statement('test_failing', 'INSERT INTO counted VALUES ($1)'), [cursor?.at ?? 1]);
        if (cursor) throw new AppError('conflict', 'No further.', { at: cursor.at });
        return { done: 1, cursor: { at: 2 } };
      },
    };
    const job = await start(failing, null, 2);
    await runDueSteps(world.system, [failing]);
    expect(await counted()).toEqual([1]);
    const ctx = await asker();
    expect(await getJob(ctx, job.id)).toMatchObject({
      ...{ status: 'failed', progress: { done: 1, total: 2 }, result: null },
      error: { code: 'conflict', detail: 'No further.', at: 2 },
    });
    expect(await refusalOf(getJobResult(ctx, job.id))).toMatchObject({ code: 'conflict' });
    expect(await tasks()).toEqual([]);
  });

  it('is tried again after a failure that nobody foresaw, and given up after eight', async () => {
    let failures = 0;
    const broken: Steps<null, null> = {
      kind: 'broken',
      async step() {
        failures += 1;
        throw new Error('a secret of ours');
      },
    };
    const job = await start(broken, null, 1);
    const again = () =>
      world.system.db.pool.query("UPDATE graphile_worker._private_jobs SET run_at = now() - interval '1 s'");
    for (let attempt = 1; attempt <= 7; attempt++) {
      await runDueSteps(world.system, [broken]);
      await again();
    }
    expect(failures).toBe(7);
    expect(await getJob(await asker(), job.id)).toMatchObject({ status: 'queued', error: null });
    await runDueSteps(world.system, [broken]);
    const ended = await getJob(await asker(), job.id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'internal_error' } });
    expect(JSON.stringify(ended)).not.toContain('secret');
    expect(world.errors.map(({ msg }) => msg)).toEqual(['a job was given up']);
    expect(failures).toBe(8);
  });
});

describe('recovery', () => {
  const lock = (more = '') =>
    world.system.db.pool.query(
      `UPDATE graphile_worker._private_jobs SET locked_at = now(), locked_by = 'dead' ${more}`,
    );
  const age = (seconds: number) =>
    world.system.db.pool.query('UPDATE job SET stepped_at = now() - make_interval(secs => $1)', [seconds]);

  it('has a job go on whose task nobody works on any more', async () => {
    await start(counting, { limit: 5, each: 5, seconds: 0 }, 5);
    await lock();
    await age(60);
    await recoverSteps(world.system);
    await runDueSteps(world.system);
    expect(await counted()).toEqual(upTo(5));
  });

  it.each([
    ['that is waiting for its turn', async () => age(60)],
    ['that took a step just now', async () => void (await lock())],
    [
      'that has ended',
      async () => {
        await runDueSteps(world.system);
        await age(60);
      },
    ],
  ])('leaves a job alone %s', async (_, prepare) => {
    await start(counting, { limit: 5, each: 5, seconds: 0 }, 5);
    await prepare();
    const before = await tasks();
    await recoverSteps(world.system);
    expect(await tasks()).toEqual(before);
  });

  it('leaves a job alone that a step is being taken of', async () => {
    const job = await start(counting, { limit: 5, each: 5, seconds: 0 }, 5);
    await lock();
    await age(60);
    const hold = await world.system.db.pool.connect();
    await hold.query('BEGIN');
    await hold.query('SELECT FROM job WHERE id = $1 FOR UPDATE', [job.id]);
    await recoverSteps(world.system);
    await hold.query('ROLLBACK');
    hold.release();
    await runDueSteps(world.system);
    expect(await counted()).toEqual([]);
  });
});
