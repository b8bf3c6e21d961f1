import type { Context } from '../context.ts';
import { type Database, statement } from '../db/client.ts';
import type { StoredOutcome } from '../db/idempotency.ts';

// Older keys, and those whose use case died between two transactions, are free: the next claim replaces them.
const FIND = statement(
  'idempotency_find',
  `SELECT fingerprint, answered, result AS outcome FROM idempotency_key
   WHERE company_id = $1 AND client_id = $2 AND key = $3 AND created_at > now() - interval '24 hours'
     AND (answered OR created_at > now() - interval '60 seconds')`,
);

/** What is known of a key that was used before. */
export interface UsedKey {
  /** Of the request that used it: see hooks/idempotency.ts. */
  fingerprint: Buffer;
  /** False while that request is still being worked on. */
  answered: boolean;
  outcome: StoredOutcome | null;
}

/** Looks up the use of an Idempotency-Key by the caller's client in the last 24 hours. */
export async function findUsedKey(ctx: Context, key: string): Promise<UsedKey | undefined> {
  const [found] = await ctx.system.db.query<UsedKey>(FIND, [ctx.company_id, ctx.client_id, key]);
  return found;
}

const BATCH = 5_000;

const PURGE = statement(
  'idempotency_purge',
  `DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
     SELECT ctid FROM idempotency_key WHERE created_at <= now() - interval '24 hours' LIMIT $1 FOR UPDATE SKIP LOCKED))
   RETURNING 1`,
);

/**
 * Forgets keys older than 24 hours; housekeeping, since they count for nothing already.
 * @returns how many
 */
export async function purgeIdempotencyKeys(db: Database): Promise<number> {
  for (let purged = 0; ; ) {
    const rows = await db.query(PURGE, [BATCH]);
    purged += rows.length;
    if (rows.length < BATCH) return purged;
  }
}
