import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, notFound, PROBLEMS, type ProblemCode } from '../../errors.ts';
import type { Job } from '../../schemas/jobs.ts';
import { invalidToken } from '../oauth/challenge.ts';

/** A job as its table has it, as far as anybody is told. */
export interface JobRow {
  id: string;
  kind: string;
  status: Job['status'];
  done: number;
  total: number;
  result: Job['result'];
  error: Job['error'];
  created_at: Date;
  finished_at: Date | null;
}

// Its creator: the same user, or the same client where none was signed in. An administrator sees all of the interface.
const FIND = statement(
  'job_find',
  `SELECT j.id, j.kind, j.status, j.done, j.total, j.result, j.error, j.created_at, j.finished_at FROM job j
   WHERE j.company_id = $1 AND j.id = $2 AND j.interface_id = $3
     AND ($4 OR j.user_id = $5 OR (j.user_id IS NULL AND j.client_id = $6))`,
);

/**
 * A job that the caller started, or any to `admin`.
 * @param wait seconds to wait for it to finish, 0 to 30
 * @throws AppError not_found; invalid_token when the access ends while it waits
 */
export async function getJob(ctx: Context, id: string, wait = 0): Promise<Job> {
  const job = await find(ctx, id);
  if (!wait || job.finished_at) return presentJob(job);
  const { signal, release } = ctx.system.accessWatch.watch(ctx);
  await ctx.system.jobWaits.until({ company_id: ctx.company_id, id }, wait * 1_000, signal);
  release();
  if (signal.aborted) throw invalidToken();
  return presentJob(await find(ctx, id));
}

/**
 * What a job made.
 * @throws AppError not_found; conflict while it is not finished; the problem that ended it when it failed
 */
export async function getJobResult(ctx: Context, id: string): Promise<Record<string, unknown>> {
  const { result, error, status } = await find(ctx, id);
  if (result) return result;
  if (error) {
    const { code, detail, ...facts } = error;
    throw new AppError(code in PROBLEMS ? (code as ProblemCode) : 'conflict', detail, facts);
  }
  throw new AppError(
    'conflict',
    'The job has not finished yet.',
    { job_status: status },
    { 'retry-after': '1' },
  );
}

async function find(ctx: Context, id: string): Promise<JobRow> {
  const [job] = await ctx.system.db.query<JobRow>(FIND, [
    ctx.company_id,
    id,
    ctx.interface.id,
    ctx.scopes.has('admin'),
    ctx.user_id ?? null,
    ctx.client_id,
  ]);
  if (!job) throw notFound('Job');
  return job;
}

/** A job as the API shows it. */
export const presentJob = ({ done, total, ...job }: JobRow): Job => ({ ...job, progress: { done, total } });
