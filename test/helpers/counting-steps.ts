import { setTimeout as sleep } from 'node:timers/promises';
import { runOnce } from 'graphile-worker';
import { statement } from '../../src/db/client.ts';
import { stepsTask } from '../../src/jobs/run-steps.ts';
import { type AnySteps, STEPS_TASK, type Steps } from '../../src/services/jobs/steps.ts';
import type { System } from '../../src/system.ts';

const COUNT = statement('test_count', 'INSERT INTO counted (unit) SELECT generate_series($1::int, $2::int)');
const SLOWLY = statement('test_slowly', 'SELECT pg_sleep($1)');

/** Writes down the numbers up to a limit, some a step: `counted` has no key, so that whatever is done twice shows. */
export const counting: Steps<{ limit: number; each: number; seconds: number }, { next: number }> = {
  kind: 'counting',
  async step(tx, { input: { limit, each, seconds }, cursor, ctx }) {
    const first = cursor?.next ?? 1;
    const last = Math.min(first + each - 1, limit);
    await tx.execute(COUNT, [first, last]);
    await tx.query(SLOWLY, [seconds]);
    if (last === limit) return { result: { counted: { limit, by: ctx.client_id } } };
    return { done: last, cursor: { next: last + 1 } };
  },
};

export const countingTable = (system: System) => system.db.pool.query('CREATE TABLE counted (unit int)');

const BUSY = statement(
  'test_busy',
  "SELECT id FROM graphile_worker.jobs WHERE locked_by <> 'dead' AND attempts < max_attempts",
);

/** Works off the steps that are due, and returns when what became of them is written down. */
export async function runDueSteps(system: System, kinds: readonly AnySteps[] = [counting]): Promise<void> {
  await runOnce({
    pgPool: system.db.pool,
    taskList: { [STEPS_TASK]: stepsTask(kinds)(system) },
    noHandleSignals: true,
  });
  while ((await system.db.query(BUSY)).length) await sleep(5);
}
