import type { Context, SalesChannel, Scope } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import { AppError, type Language } from '../../errors.ts';
import type { Job } from '../../schemas/jobs.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import { finishJobs } from './job.ts';
import { enqueue, type Task } from './queue.ts';
import { type JobRow, presentJob } from './read.ts';

// A job in steps is long work as many short transactions. Each step does a bounded piece and moves the job's cursor in
// the same transaction, under the lock of the job's row: whatever dies between two steps, and whoever goes on, no piece
// is done twice and none is left out.

/** A job as its next step finds it. */
export interface StepJob<Input, Cursor> {
  /** Who asked for it; audit entries of the work are theirs. It carries no Idempotency-Key. */
  ctx: Context;
  id: string;
  input: Input;
  /** Where the step before left off; null for the first one. */
  cursor: Cursor | null;
  done: number;
  total: number;
}

/**
 * Where a step leaves its job: further on, or at its end with what it made, under its resource root.
 * `wait`: so many seconds before the next step, or a little less if a worker dies meanwhile.
 */
export type Stepped<Cursor> =
  | { done: number; total?: number; cursor: Cursor; wait?: number }
  | { result: Record<string, unknown> };

/** A kind of job in steps. Input and cursor are plain JSON. Every kind is listed in jobs/run-steps.ts. */
export interface Steps<Input, Cursor> {
  kind: string;
  /**
   * Does a bounded piece of work, well below a second, in the given transaction.
   * @throws AppError to end the job with this problem: what the steps before did stays; service_unavailable and anything
   *   else is tried again
   */
  step(tx: Tx, job: StepJob<Input, Cursor>): Promise<Stepped<Cursor>>;
}

export type AnySteps = Steps<unknown, unknown>;

/** Who asks for a job: a request, or something that follows from one. */
export type JobCaller = Pick<
  Context,
  'company_id' | 'client_id' | 'user_id' | 'scopes' | 'language' | 'request_id'
> & { readonly interface: Pick<SalesChannel, 'id'> };

/** What a job remembers of its caller. */
interface Caller {
  scopes: Scope[];
  language: Language;
  request_id: string;
}

export const STEPS_TASK = 'run_steps';

/** Which job, for the worker. */
export interface StepsPayload {
  company_id: number;
  job_id: string;
}

const task = (company_id: number, job_id: string, delay = 0): Task => ({
  name: STEPS_TASK,
  payload: { company_id, job_id },
  key: `job:${job_id}`,
  delay,
});

const CREATE = statement(
  'job_create_steps',
  `INSERT INTO job (company_id, id, interface_id, client_id, user_id, kind, total, caller, input, stepped_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())
   RETURNING id, kind, status, done, total, result, error, created_at, finished_at`,
);
const CLAIM = statement(
  'job_claim_step',
  `SELECT j.*, to_jsonb(i) AS channel FROM job j
   JOIN interface i ON i.company_id = j.company_id AND i.id = j.interface_id
   WHERE j.company_id = $1 AND j.id = $2 AND j.finished_at IS NULL FOR UPDATE OF j`,
);
const ADVANCE = statement(
  'job_advance',
  `UPDATE job SET status = 'running', done = least($3, coalesce($4, total)), total = coalesce($4, total), cursor = $5, stepped_at = now()
   WHERE company_id = $1 AND id = $2`,
);

/**
 * Writes a job and hands it to the worker, in the transaction of the request that asks for it.
 * @param total units that make it whole, as far as known: steps may correct it
 * @returns the job for a 202
 */
export async function startSteps<Input, Cursor>(
  tx: Tx,
  ctx: JobCaller,
  { kind }: Steps<Input, Cursor>,
  { input, total }: { input: Input; total: number },
): Promise<Job> {
  const id = uuidv7();
  const caller: Caller = {
    scopes: [...ctx.scopes],
    language: ctx.language,
    request_id: ctx.request_id,
  };
  const [row] = await tx.query<JobRow>(CREATE, [
    ctx.company_id,
    id,
    ctx.interface.id,
    ctx.client_id,
    ctx.user_id ?? null,
    kind,
    total,
    JSON.stringify(caller),
    JSON.stringify(input),
  ]);
  await enqueue(tx, [task(ctx.company_id, id)]);
  return presentJob(row as JobRow);
}

/**
 * Works on a job step by step until it ends or `goOn` says no; then it is queued again, behind what else is due.
 * @param kinds every kind of work by its name
 * @throws whatever a step failed with and may succeed with later: the worker tries again
 */
export async function runSteps(
  system: System,
  kinds: ReadonlyMap<string, AnySteps>,
  { company_id, job_id }: StepsPayload,
  goOn: () => boolean,
): Promise<void> {
  do if (!(await runStep(system, kinds, company_id, job_id))) return;
  while (goOn());
  await inTransaction(system.db, (tx) => enqueue(tx, [task(company_id, job_id)]));
}

/** @returns whether anything is left to do now */
async function runStep(
  system: System,
  kinds: ReadonlyMap<string, AnySteps>,
  company_id: number,
  id: string,
): Promise<boolean> {
  try {
    return await inTransaction(system.db, async (tx) => {
      const [row] = await tx.query<ClaimedRow>(CLAIM, [company_id, id]);
      if (!row) return false;
      const steps = kinds.get(row.kind);
      if (!steps) throw new Error(`no process here knows jobs of the kind ${row.kind}`);
      const outcome = await steps.step(tx, stepJob(system, row));
      if ('result' in outcome) {
        await finishJobs(tx, [{ company_id, id, result: outcome.result }]);
        return false;
      }
      const { done, total = null, cursor, wait } = outcome;
      await tx.execute(ADVANCE, [company_id, id, done, total, JSON.stringify(cursor)]);
      if (wait) await enqueue(tx, [task(company_id, id, wait)]);
      return !wait;
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'service_unavailable') throw error;
    await endWith(system, company_id, id, error);
    return false;
  }
}

/** Gives up a job whose steps fail for a reason that nobody foresaw. */
export async function giveUp(
  system: System,
  { company_id, job_id }: StepsPayload,
  err: unknown,
): Promise<void> {
  system.log.error({ err, job_id }, 'a job was given up');
  const detail = 'It failed again and again and was given up; what its progress counts is done.';
  await endWith(system, company_id, job_id, new AppError('internal_error', detail));
}

const endWith = (system: System, company_id: number, id: string, error: AppError): Promise<void> =>
  inTransaction(system.db, (tx) => finishJobs(tx, [{ company_id, id, error }]));

interface ClaimedRow extends JobRow {
  company_id: number;
  client_id: string;
  user_id: number | null;
  caller: Caller;
  input: unknown;
  cursor: unknown;
  channel: SalesChannel;
}

const stepJob = (system: System, row: ClaimedRow): StepJob<unknown, unknown> => ({
  ctx: {
    system,
    company_id: row.company_id,
    client_id: row.client_id,
    user_id: row.user_id ?? undefined,
    scopes: new Set(row.caller.scopes),
    interface: row.channel,
    language: row.caller.language,
    request_id: row.caller.request_id,
    now: new Date(),
  },
  id: row.id,
  input: row.input,
  cursor: row.cursor,
  done: row.done,
  total: row.total,
});

// A worker that dies keeps its task locked for hours. Nobody holds the row of its job, though, and nothing has moved it
// for a while. (Should its worker live after all, the two take turns: the row's lock sees to that.)
const STRAY = statement(
  'job_stray',
  `SELECT j.company_id, j.id FROM job j
   WHERE j.finished_at IS NULL AND j.stepped_at < now() - make_interval(secs => $1)
     AND NOT EXISTS (SELECT FROM graphile_worker.jobs t
       WHERE t.key = 'job:' || j.id AND t.attempts < t.max_attempts AND t.locked_at IS NULL)
   ORDER BY j.stepped_at LIMIT 1000 FOR UPDATE OF j SKIP LOCKED`,
);

/**
 * Has every job in steps go on whose worker died.
 * @param quietSeconds how long nothing has moved it
 */
export const recoverSteps = (system: System, quietSeconds = 20): Promise<void> =>
  inTransaction(system.db, async (tx) => {
    const strays = await tx.query<{ company_id: number; id: string }>(STRAY, [quietSeconds]);
    await enqueue(
      tx,
      strays.map(({ company_id, id }) => task(company_id, id)),
    );
  });
