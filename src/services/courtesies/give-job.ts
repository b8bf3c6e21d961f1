import type { Context } from '../../context.ts';
import { transaction } from '../../db/transaction.ts';
import type { FieldFault } from '../../errors.ts';
import { AT_ONCE } from '../../schemas/courtesies.ts';
import type { Job } from '../../schemas/jobs.ts';
import { type Steps, startSteps } from '../jobs/steps.ts';
import { grant, type Plan } from './grant.ts';
import type { BadRow, Invited } from './guests.ts';

/** What the job is told. */
interface Input {
  plan: Plan;
  guests: Invited[];
  bad: BadRow[];
}

/** A row that came to nothing. */
interface RefusedRow {
  row: number;
  code: string;
  detail: string;
  errors?: FieldFault[];
}

interface Cursor {
  issued: number;
  requested: number;
  refused: RefusedRow[];
}

/** Refused rows that a job remembers one by one; all of them are counted. */
const MOST_REFUSED = 1_000;

/**
 * Gives many courtesies. In mode each, some at a time, so that sales go on between; in mode atomic all by one step, for
 * there is no way back from half of it. Each step and its progress commit together: no guest is served twice.
 */
export const giveCourtesies: Steps<Input, Cursor> = {
  kind: 'courtesies',
  async step(tx, { ctx, id, input, cursor, done }) {
    const { guests, bad } = input;
    const plan = { ...input.plan, job_id: id };
    const chunk = plan.mode === 'atomic' ? guests : guests.slice(done, done + AT_ONCE);
    const { rows, refused } = await grant(tx, ctx, plan, chunk);
    const before = cursor ?? { issued: 0, requested: 0, refused: bad.map(faulty) };
    const count = (status: string) => rows.filter((row) => row.status === status).length;
    const after: Cursor = {
      issued: before.issued + count('issued'),
      requested: before.requested + count('requested'),
      refused: [
        ...before.refused,
        ...refused.map(({ guest, problem }) => ({
          row: guest.row,
          code: problem.code,
          detail: problem.message,
        })),
      ],
    };
    const through = done + chunk.length;
    if (through < guests.length) return { done: through, cursor: after };
    const { issued, requested } = after;
    const all = after.refused.length;
    const courtesies = {
      job_id: id,
      issued,
      requested,
      refused: all,
      rows: after.refused.slice(0, MOST_REFUSED),
    };
    return { result: { courtesies } };
  },
};

const faulty = ({ row, faults }: BadRow): RefusedRow => ({
  row,
  ...{ code: 'validation_failed', detail: 'Not valid.', errors: faults },
});

/** Begins a job that gives courtesies, in a transaction of its own. */
export const startGiving = (
  ctx: Context,
  plan: Plan,
  guests: readonly Invited[],
  bad: readonly BadRow[],
): Promise<{ job: Job }> =>
  transaction(ctx, async (tx) => {
    const input: Input = { plan, guests: [...guests], bad: [...bad] };
    return { job: await startSteps(tx, ctx, giveCourtesies, { input, total: guests.length }) };
  });
