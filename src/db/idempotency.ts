import type { Context } from '../context.ts';
import { AppError } from '../errors.ts';
import { statement } from './client.ts';
import type { Tx } from './transaction.ts';

// The advisory lock makes a second request with a running key fail at once instead of waiting for the first to end.
const CLAIM = statement(
  'idempotency_claim',
  `INSERT INTO idempotency_key (company_id, client_id, key, fingerprint)
   SELECT r.company_id, r.client_id, r.key, r.fingerprint
   FROM unnest($1::int[], $2::text[], $3::text[], $4::bytea[]) AS r (company_id, client_id, key, fingerprint)
   WHERE pg_try_advisory_xact_lock(hashtextextended(r.client_id || ' ' || r.key, r.company_id))
   ON CONFLICT DO NOTHING
   RETURNING company_id, client_id, key`,
);

const ANSWER = statement(
  'idempotency_answer',
  `UPDATE idempotency_key k SET answered = true, result = r.result
   FROM unnest($1::int[], $2::text[], $3::text[], $4::jsonb[]) AS r (company_id, client_id, key, result)
   WHERE k.company_id = r.company_id AND k.client_id = r.client_id AND k.key = r.key`,
);

/**
 * Claims the Idempotency-Keys of the given requests, in their transaction.
 * @returns per request: undefined when it may go on (claimed, or it has no key), else its refusal
 */
export async function claimKeys(tx: Tx, requests: readonly Context[]): Promise<(AppError | undefined)[]> {
  const keyed = requests.filter((ctx) => ctx.idempotency?.state === 'unclaimed');
  if (!keyed.length) return requests.map(() => undefined);
  const rows = await tx.query<{ company_id: number; client_id: string; key: string }>(CLAIM, [
    ...addresses(keyed),
    keyed.map((ctx) => ctx.idempotency?.fingerprint),
  ]);
  const claimed = new Set(rows.map((row) => `${row.company_id} ${row.client_id} ${row.key}`));
  return requests.map((ctx) => {
    if (ctx.idempotency?.state !== 'unclaimed') return undefined;
    // delete: of two requests with one key in one batch, the first has it
    return claimed.delete(`${ctx.company_id} ${ctx.client_id} ${ctx.idempotency.key}`) ? undefined : keyInProgress();
  });
}

/** Stores what the service gave, for a repetition to be answered with. Requests without a key are passed over. */
export async function answerKeys(tx: Tx, answers: readonly { ctx: Context; result: unknown }[]): Promise<void> {
  const keyed = answers.filter(({ ctx }) => ctx.idempotency);
  if (!keyed.length) return;
  await tx.execute(ANSWER, [
    ...addresses(keyed.map(({ ctx }) => ctx)),
    keyed.map(({ result }) => JSON.stringify(result ?? null)),
  ]);
}

const addresses = (requests: readonly Context[]) => [
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
