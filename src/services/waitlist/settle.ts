import { statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { WaitlistChange } from '../../schemas/changes.ts';
import type { System } from '../../system.ts';
import { END_OF_OFFER, type EntryRow, recordHappenings } from './row.ts';

const AT_ONCE = 500;
// A payment may be confirmed after its cart had expired, and be given the same places all the same.
const LATE = '1 day';

// Offers end with their carts, which know nothing of the list: what has become of them is written down here, once,
// whoever looks. One that is being changed right now is left to the next round.
const SETTLE = statement(
  'waitlist_settle',
  `UPDATE waitlist_entry w SET status = d.ended, closed_at = now(),
     updated_at = greatest(now(), w.updated_at + interval '1 millisecond')
   FROM (SELECT w.company_id, w.id, ${END_OF_OFFER} AS ended
     FROM waitlist_entry w JOIN cart c ON c.company_id = w.company_id AND c.id = w.cart_id
     WHERE (w.status = 'offered' AND ${END_OF_OFFER} IS NOT NULL)
       OR (w.status = 'expired' AND w.closed_at > now() - interval '${LATE}'
         AND c.status IN ('paid', 'partially_refunded', 'refunded'))
     ORDER BY w.company_id, w.id LIMIT $1 FOR UPDATE OF w SKIP LOCKED) AS d
   WHERE w.company_id = d.company_id AND w.id = d.id RETURNING w.*`,
);

/** Writes down how offers have ended: fulfilled, declined, expired. */
export async function settleOffers(system: System): Promise<void> {
  let settled: number;
  do {
    settled = await inTransaction(system.db, async (tx) => {
      const rows = await tx.query<EntryRow>(SETTLE, [AT_ONCE]);
      await recordHappenings(
        tx,
        rows.map((entry) => ({ entry, what: entry.status as WaitlistChange })),
      );
      return rows.length;
    });
  } while (settled === AT_ONCE);
}
