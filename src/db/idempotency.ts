import type { Context } from '../context.ts';
import { AppError, type ProblemCode, type ProblemFacts } from '../errors.ts';
import { statement } from './client.ts';
import type { Tx } from './transaction.ts';

// The advisory lock makes a second request with a running key fail at once instead of waiting for the first to end.
// A key is free again after 24 hours, and after one minute when its use case died between two transactions.
const CLAIM = statement(
  'idempotency_claim',
  `INSERT INTO idempotency_key (company_id, client_id, key, fingerprint)
   SELECT r.company_id, r.client_id, r.key, r.fingerprint
   FROM unnest($1::int[], $2::text[], $3::text[], $4::bytea[]) AS r (company_id, client_id, key, fingerprint)
   WHERE pg_try_advisory_xact_lock(hashtextextended(r.client_id || ' ' || r.key, r.company_id))
   ON CONFLICT (company_id, client_id, key) DO UPDATE
     SET fingerprint = excluded.fingerprint, answered = false, result = NULL, created_at = now()
     WHERE idempotency_key.created_at <= now() - interval '24 hours'
       OR (NOT idempotency_key.answered AND idempotency_key.created_at <= now() - interval '60 seconds')
   RETURNING company_id, client_id, key`,
);

const BY_KEY = `k.company_id = ANY($1) AND k.client_id = ANY($2) AND k.key = ANY($3)
     AND k.company_id = r.company_id AND k.client_id = r.client_id AND k.key = r.key`;

const ANSWER = statement(
  'idempotency_answer',
  `UPDATE idempotency_key k SET answered = true, result = r.result
   FROM unnest($1::int[], $2::text[], $3::text[], $4::jsonb[]) AS r (company_id, client_id, key, result)
   WHERE ${BY_KEY}`,
);

/** What a key belongs to: a request, or what a job remembers of one whose process died. */
export type Keyed = Pick<Context, 'company_id' | 'client_id' | 'idempotency'>;

/**
 * Claims the Idempotency-Keys of the given requests, in their transaction.
 * @returns per request: undefined when it may go on (claimed, or it has no key), else its refusal
 */
export async function claimKeys(tx: Tx, requests: readonly Context[]): Promise<(AppError | undefined)[]> {
  const keyed = requests.filter((ctx) => ctx.idempotency?.state === 'unclaimed');
  if (!keyed.length) return requests.map(() => undefined);
  // Of two requests with one key in one batch, the first has it.
  const first = new Map(keyed.toReversed().map((ctx) => [addressOf(ctx, ctx.idempotency?.key), ctx]));
  const asking = [...first.values()];
  const rows = await tx.query<{ company_id: number; client_id: string; key: string }>(CLAIM, [
    ...addresses(asking),
    asking.map((ctx) => ctx.idempotency?.fingerprint),
  ]);
  const claimed = new Set(rows.map((row) => first.get(addressOf(row, row.key))));
  return requests.map((ctx) => {
    return ctx.idempotency?.state !== 'unclaimed' || claimed.has(ctx) ? undefined : keyInProgress();
  });
}

/** What a repetition is answered with: what the service gave, or the refusal that came with an effect. */
export interface StoredOutcome {
  result?: unknown;
  refusal?: { code: ProblemCode; detail: string; facts: ProblemFacts; headers: Record<string, string> };
}

function outcomeOf(result: unknown): StoredOutcome {
  if (!(result instanceof AppError)) return { result };
  const { code, message, facts, headers } = result;
  return { refusal: { code, detail: message, facts, headers } };
}

/**
 * Stores what the service gave, for a repetition to be answered with; an AppError is stored as the refusal it is.
 * Requests without a key are passed over.
 */
export async function answerKeys(tx: Tx, answers: readonly { ctx: Keyed; result: unknown }[]): Promise<void> {
  const keyed = answers.filter(({ ctx }) => ctx.idempotency);
  if (!keyed.length) return;
  await tx.execute(ANSWER, [
    ...addresses(keyed.map(({ ctx }) => ctx)),
    keyed.map(({ result }) => JSON.stringify(outcomeOf(result))),
  ]);
}

const RELEASE = statement(
  'idempotency_release',
  `DELETE FROM idempotency_key k
   USING unnest($1::int[], $2::text[], $3::text[]) AS r (company_id, client_id, key)
   WHERE ${BY_KEY} AND NOT k.answered`,
);

/** Gives back the keys of commands that were refused while others of their batch go through: no effect, no record. */
export async function releaseKeys(tx: Tx, requests: readonly Keyed[]): Promise<void> {
  const keyed = requests.filter((ctx) => ctx.idempotency);
  if (keyed.length) await tx.execute(RELEASE, addresses(keyed));
}

const addressOf = ({ company_id, client_id }: { company_id: number; client_id: string }, key = '') =>
  `${company_id} ${client_id} ${key}`;

const addresses = (requests: readonly Keyed[]) => [
  requests.map((ctx) => ctx.company_id),
  requests.map((ctx) => ctx.client_id),
  requests.map((ctx) => ctx.idempotency?.key),
];

/** Told while the same key is being worked on, or was finished a moment ago: trying again replays the answer. */
const keyInProgress = (): AppError =>
  new AppError(
    'idempotency_in_progress',
    'A request with this Idempotency-Key is still running; try again.',
    {},
    { 'retry-after': '1' },
  );
