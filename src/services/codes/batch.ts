import { randomInt } from 'node:crypto';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { fieldError } from '../../errors.ts';
import type { NewCodes } from '../../schemas/codes.ts';
import type { Job } from '../../schemas/jobs.ts';
import { recordAudit } from '../audit.ts';
import { loadEvent } from '../events/row.ts';
import { type Steps, startSteps } from '../jobs/steps.ts';
import { requireTypes, termsOf } from './write.ts';

/** Nobody mistakes one of these for another: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS_EACH = 5;
/** One guess in so many (2^24, sixteen million) may hit a code. */
const BITS_TO_GUESS = 24;
const AT_ONCE = 2_000;
const PATTERN = '##########';

interface Input {
  event_id: number;
  pattern: string;
  count: number;
  /** As the columns take them. */
  terms: unknown[];
}

interface Cursor {
  made: number;
}

/**
 * Makes up to 100,000 codes that nobody can guess, as a job with progress.
 * @throws AppError not_found; validation_failed for a pattern with too little to draw
 */
export async function createCodes(ctx: Context, event_id: number, body: NewCodes): Promise<Job> {
  await loadEvent(ctx, event_id);
  const { count, pattern = PATTERN, ...terms } = body;
  const drawn = [...pattern].filter((letter) => letter === '#').length;
  const needed = Math.ceil((BITS_TO_GUESS + Math.log2(count)) / BITS_EACH);
  if (drawn < needed)
    throw fieldError('/pattern', `For ${count} codes at least ${needed} places must be drawn (#).`);
  return transaction(ctx, async (tx) => {
    await requireTypes(tx, ctx, event_id, body.ticket_type_ids);
    const input: Input = { event_id, pattern, count, terms: termsOf(terms) };
    const job = await startSteps(tx, ctx, createCodesSteps, { input, total: count });
    await recordAudit(tx, ctx, {
      ...{ action: 'code.create_many', subject_type: 'event', subject_id: String(event_id), before: null },
      after: { ...body, job_id: job.id },
    });
    return job;
  });
}

// Those that exist are looked up all at once (what is drawn is in capitals), by a plan that knows what it looks for: PostgreSQL
// hashes a list that it sees, and compares with each of one that it does not. A plan made when the event had few codes would
// take seconds a step once it has many.
const PLAN_ANEW = statement('code_plan_anew', 'SET LOCAL plan_cache_mode = force_custom_plan');
const INSERT = statement(
  'code_insert_many',
  `WITH taken AS MATERIALIZED (
     SELECT upper(d.code) AS code FROM code d
     WHERE d.company_id = $1 AND d.event_id = $2 AND upper(d.code) = ANY($3::text[]))
   INSERT INTO code (company_id, event_id, code, label, kind, value, ticket_type_ids, max_uses, max_uses_per_user,
     stackable, starts_at, ends_at, active)
   SELECT $1, $2, u.code, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM unnest($3::text[]) AS u (code)
   WHERE u.code NOT IN (SELECT code FROM taken)
   ON CONFLICT (company_id, event_id, code) DO NOTHING`,
);

/** What the worker does of it: some thousand a step. One that exists already is drawn anew. */
export const createCodesSteps: Steps<Input, Cursor> = {
  kind: 'create_codes',
  async step(tx: Tx, { ctx, input, cursor }) {
    const { event_id, pattern, count, terms } = input;
    const made = cursor?.made ?? 0;
    const texts = new Set<string>();
    while (texts.size < Math.min(AT_ONCE, count - made)) texts.add(draw(pattern));
    await tx.execute(PLAN_ANEW, []);
    const more = await tx.execute(INSERT, [ctx.company_id, event_id, [...texts], ...terms]);
    const done = made + more;
    if (done >= count) return { result: { codes: { event_id, label: terms[0], count } } };
    return { done, cursor: { made: done } };
  },
};

const draw = (pattern: string): string =>
  pattern.replaceAll('#', () => ALPHABET[randomInt(ALPHABET.length)] as string);
