import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { AppError } from '../../errors.ts';

// The job is what a client sees of work that outlives its request (a 202). The work itself is a task of the worker
// (jobs/queue.ts), made in the same transaction.

export interface NewJob {
  company_id: number;
  /** UUIDv7 */
  id: string;
  interface_id: number;
  client_id: string;
  user_id: number | null;
  kind: string;
  status: 'queued' | 'running';
  /** Steps that make it whole. */
  total: number;
}

/** How a job ended: with what it made, under its resource root, or with the problem that stopped it. */
export type JobEnd = { company_id: number; id: string } & (
  | { result: Record<string, unknown> }
  | { error: AppError }
);

const CREATE = statement(
  'job_create',
  `INSERT INTO job (company_id, id, interface_id, client_id, user_id, kind, status, total)
   SELECT r.company_id, r.id, r.interface_id, r.client_id, r.user_id, r.kind, r.status, r.total
   FROM unnest($1::int[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[], $7::job_status[], $8::int[])
     AS r (company_id, id, interface_id, client_id, user_id, kind, status, total)`,
);
const PROGRESS = statement(
  'job_progress',
  `UPDATE job SET status = 'running', done = least($3::int, total)
   WHERE company_id = $1 AND id = $2 AND status IN ('queued', 'running')`,
);
const FINISH = statement(
  'job_finish',
  `UPDATE job j SET status = r.status, result = r.result, error = r.error, finished_at = now(),
     done = CASE WHEN r.status = 'succeeded' THEN j.total ELSE j.done END
   FROM unnest($1::int[], $2::uuid[], $3::job_status[], $4::jsonb[], $5::jsonb[])
     AS r (company_id, id, status, result, error)
   WHERE j.company_id = ANY($1) AND j.id = ANY($2) AND j.company_id = r.company_id AND j.id = r.id
     AND j.status IN ('queued', 'running')`,
);

/** Writes the jobs that a 202 will point at, in the transaction that begins their work. */
export async function createJobs(tx: Tx, jobs: readonly NewJob[]): Promise<void> {
  if (!jobs.length) return;
  await tx.execute(CREATE, [
    jobs.map((j) => j.company_id),
    jobs.map((j) => j.id),
    jobs.map((j) => j.interface_id),
    jobs.map((j) => j.client_id),
    jobs.map((j) => j.user_id),
    jobs.map((j) => j.kind),
    jobs.map((j) => j.status),
    jobs.map((j) => j.total),
  ]);
}

/** Says how many steps of a job are done. A finished job stays as it ended. */
export async function progressJob(tx: Tx, company_id: number, id: string, done: number): Promise<void> {
  await tx.execute(PROGRESS, [company_id, id, done]);
}

/** Ends jobs, once: a job that has ended already stays as it is. */
export async function finishJobs(tx: Tx, ends: readonly JobEnd[]): Promise<void> {
  if (!ends.length) return;
  await tx.execute(FINISH, [
    ends.map((e) => e.company_id),
    ends.map((e) => e.id),
    ends.map((e) => ('error' in e ? 'failed' : 'succeeded')),
    ends.map((e) => ('error' in e ? null : JSON.stringify(e.result))),
    ends.map((e) => ('error' in e ? JSON.stringify(problemOf(e.error)) : null)),
  ]);
}

const problemOf = ({ code, message, facts }: AppError) => ({ ...facts, code, detail: message });
