import { statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { TELL_SOLD_OUT_TASK } from '../events/sold-out-task.ts';
import { enqueue } from '../jobs/queue.ts';
import { ofTypes } from './types.ts';

/** Changes that get their numbers in one transaction. */
const AT_ONCE = 2_000;
/** Seconds after a sale, a return or a change of its stock, after which an event is looked at: is it sold out now? */
const SOLD_OUT_DELAY = 1;

/** Three days: the longest that a delivery is tried for. */
export const GIVE_UP_AFTER = '3 days';

// Whoever has no transaction id yet when it takes this lock does not stand in its own way below.
const LOCK = statement('feed_lock', `SELECT pg_advisory_xact_lock(hashtextextended('feed', $1::int))`);
const BEGIN = statement('feed_begin', 'INSERT INTO feed (company_id) VALUES ($1) ON CONFLICT DO NOTHING');

// The order of the feed is that of transaction ids, and within a transaction that of writing. A change gets its number
// when every transaction that could still come before it has ended: later ones have greater ids. Deliveries are made in
// the same step, so that each change is handed to each webhook once.
const SEQUENCE = statement(
  'feed_sequence',
  `WITH fresh AS MATERIALIZED (
     SELECT c.id, c.xid, c.sequence AS ordinal, c.type, c.interface_id, c.event_id,
       f.sequence + row_number() OVER (ORDER BY c.xid, c.sequence) AS sequence
     FROM feed f JOIN change c ON c.company_id = f.company_id AND (c.xid, c.sequence) > (f.xid, f.ordinal)
       AND c.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
     WHERE f.company_id = $1 ORDER BY c.xid, c.sequence LIMIT $2),
   entered AS (
     INSERT INTO feed_entry (company_id, sequence, change_id) SELECT $1, sequence, id FROM fresh),
   handed AS (
     INSERT INTO webhook_delivery (company_id, id, webhook_id, change_id, sequence, type, next_attempt_at, give_up_at)
     SELECT $1, gen_random_uuid(), w.id, r.id, r.sequence, r.type, $3::timestamptz,
       $3::timestamptz + interval '${GIVE_UP_AFTER}'
     FROM fresh r JOIN webhook w ON w.company_id = $1 AND w.active
       AND (w.types = '{}' OR ${ofTypes('r.type', 'w.types')}) AND (w.interface_id IS NULL OR r.interface_id IS NULL
         OR w.interface_id = r.interface_id)),
   moved AS (
     UPDATE feed f SET sequence = l.sequence, xid = l.xid, ordinal = l.ordinal
     FROM (SELECT * FROM fresh ORDER BY sequence DESC LIMIT 1) l WHERE f.company_id = $1)
   SELECT count(*)::int AS count, array_agg(DISTINCT event_id) FILTER (
     WHERE event_id IS NOT NULL AND type IN ('ticket.issued', 'ticket.voided', 'event.updated')) AS events FROM fresh`,
);

const PENDING = statement(
  'feed_pending',
  `SELECT k.id FROM company k LEFT JOIN feed f ON f.company_id = k.id
   WHERE ($1::int[] IS NULL OR k.id = ANY($1)) AND EXISTS (
     SELECT FROM change c WHERE c.company_id = k.id AND (c.xid, c.sequence) > (coalesce(f.xid, 0), coalesce(f.ordinal, 0))
       AND c.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)`,
);

/**
 * Gives the changes that have happened since the last time their numbers in the feed, and hands them to the webhooks.
 * Any process may do so at any time: the worker a few times a second, a reader before it reads.
 * @param companies absent: all
 * @param now of new deliveries: when they are due
 * @returns how many changes got a number
 */
export async function sequenceChanges(
  system: System,
  companies: readonly number[] | null = null,
  now = new Date(),
): Promise<number> {
  const pending = await system.db.query<{ id: number }>(PENDING, [companies]);
  let done = 0;
  for (const { id } of pending) {
    let count: number;
    do {
      count = await sequenceSome(system, id, now);
      done += count;
    } while (count === AT_ONCE);
  }
  return done;
}

const sequenceSome = (system: System, company_id: number, now: Date): Promise<number> =>
  inTransaction(system.db, async (tx) => {
    await tx.query(LOCK, [company_id]);
    await tx.execute(BEGIN, [company_id]);
    const [step] = await tx.query<{ count: number; events: number[] | null }>(SEQUENCE, [
      company_id,
      AT_ONCE,
      now,
    ]);
    await enqueue(
      tx,
      (step?.events ?? []).map((event_id) => ({
        name: TELL_SOLD_OUT_TASK,
        payload: { company_id, event_id },
        key: `sold_out:${company_id}:${event_id}`,
        delay: SOLD_OUT_DELAY,
      })),
    );
    return step?.count ?? 0;
  });
