import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

/** Work for the worker (src/jobs): the name of its task and what the task is told. */
export interface Task {
  name: string;
  payload: Record<string, unknown>;
  /** A later task of the same key takes the place of one that has not started yet. */
  key?: string;
  /** Seconds from now; at once when absent. */
  delay?: number;
  /** Tasks of one queue run one after the other; those without one side by side. */
  queue?: string;
}

const ENQUEUE = statement(
  'task_enqueue',
  `SELECT count(*) FROM graphile_worker.add_jobs((
     SELECT array_agg((r.name, r.payload, r.queue, now() + make_interval(secs => r.delay), NULL, r.key, NULL, NULL)
       ::graphile_worker.job_spec)
     FROM unnest($1::text[], $2::json[], $3::text[], $4::float8[], $5::text[]) AS r (name, payload, key, delay, queue)))`,
);
const DEQUEUE = statement(
  'task_dequeue',
  'SELECT count(graphile_worker.remove_job(r.key)) FROM unnest($1::text[]) AS r (key)',
);

/** Hands tasks to the worker in the transaction of what they follow from: they run if and only if it commits. */
export async function enqueue(tx: Tx, tasks: readonly Task[]): Promise<void> {
  if (!tasks.length) return;
  await tx.query(ENQUEUE, [
    tasks.map((t) => t.name),
    tasks.map((t) => JSON.stringify(t.payload)),
    tasks.map((t) => t.key ?? null),
    tasks.map((t) => t.delay ?? 0),
    tasks.map((t) => t.queue ?? null),
  ]);
}

/** Takes back tasks that are needed no more; one that runs already is not tried again. */
export async function dequeue(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length) await tx.query(DEQUEUE, [keys]);
}
