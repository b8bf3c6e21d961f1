import { statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { runRound } from './admit.ts';
import { STATUS_NOW, USE_OF_PLACE } from './row.ts';

const AT_ONCE = 1_000;

// What a pass came to is what its carts say; here it is only written down, once its time is over.
const END_OVER = statement(
  'queue_place_end_over',
  `WITH over AS (SELECT p.company_id, p.id, ${STATUS_NOW} AS status FROM queue_place p LEFT JOIN ${USE_OF_PLACE}
     WHERE p.status = 'admitted' AND p.pass_expires_at <= now() AND coalesce(u.status, 'expired') <> 'admitted'
     LIMIT $1 FOR UPDATE OF p SKIP LOCKED)
   UPDATE queue_place t SET status = over.status::queue_place_status, ended_at = now()
   FROM over WHERE t.company_id = ANY(ARRAY(SELECT company_id FROM over)) AND t.id = ANY(ARRAY(SELECT id FROM over))
     AND t.company_id = over.company_id AND t.id = over.id AND t.status = 'admitted'`,
);
const RUNNING = statement(
  'queue_running',
  `SELECT q.company_id, q.event_id FROM queue q JOIN event e ON e.company_id = q.company_id AND e.id = q.event_id
   WHERE q.starts_at <= now() AND e.status = 'published'
     AND (q.drawn_at IS NULL OR NOT q.paused AND EXISTS (SELECT FROM queue_place p
       WHERE p.company_id = q.company_id AND p.event_id = q.event_id AND p.status = 'waiting'))
   ORDER BY q.company_id, q.event_id`,
);

/**
 * One round of every gate. Housekeeping: those who join and those who ask for their place do the rounds of theirs as
 * well, and a pass is worth nothing from the second it expires, swept or not.
 */
export async function sweepQueues(system: System, stopped: () => boolean = () => false): Promise<void> {
  await inTransaction(system.db, (tx) => tx.execute(END_OVER, [AT_ONCE]));
  for (const { company_id, event_id } of await system.db.query<{ company_id: number; event_id: number }>(
    RUNNING,
  ))
    while (!stopped() && (await runRound(system, company_id, event_id)));
}
