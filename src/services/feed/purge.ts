import { type Database, statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';

/** Changes can be read again for this long; deliveries are shown for as long. */
const KEPT = '90 days';

// A change that has no number yet is kept, however old: nobody has seen it.
const PURGE = statement(
  'feed_purge',
  `WITH gone AS MATERIALIZED (
     SELECT e.company_id, e.sequence, e.change_id FROM feed f
     CROSS JOIN LATERAL (
       SELECT e.company_id, e.sequence, e.change_id FROM feed_entry e
       WHERE e.company_id = f.company_id ORDER BY e.sequence LIMIT 10000) e
     JOIN change c ON c.company_id = e.company_id AND c.id = e.change_id
     WHERE c.created_at < now() - interval '${KEPT}'),
   deliveries AS (
     DELETE FROM webhook_delivery d USING gone g WHERE d.company_id = g.company_id AND d.change_id = g.change_id),
   changes AS (DELETE FROM change c USING gone g WHERE c.company_id = g.company_id AND c.id = g.change_id)
   DELETE FROM feed_entry e USING gone g WHERE e.company_id = g.company_id AND e.sequence = g.sequence`,
);

// Thousands of rows meet thousands: a hash is better here than going by key (db/client.ts).
const BY_HASH = statement('feed_purge_hash', 'SET LOCAL enable_hashjoin = on');

/** Forgets changes that are older than 90 days, and their deliveries. */
export async function purgeChanges(db: Database): Promise<void> {
  const once = () =>
    inTransaction(db, async (tx) => {
      await tx.execute(BY_HASH);
      return tx.execute(PURGE);
    });
  while (await once());
}
