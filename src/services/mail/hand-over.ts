import { statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Rounds, startRounds } from '../../rounds.ts';
import type { System } from '../../system.ts';
import { enqueue } from '../jobs/queue.ts';
import { mailTask } from './enqueue.ts';

const EVERY_MS = 1_000;
/** Mails of one round. */
const AT_ONCE = 1_000;

const TAKE = statement(
  'mail_hand_over',
  `UPDATE mail m SET status = 'pending', tried_at = now()
   FROM (SELECT company_id, id FROM mail WHERE status = 'left' ORDER BY tried_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS r
   WHERE m.company_id = r.company_id AND m.id = r.id RETURNING m.company_id, m.id`,
);

/** Hands the worker every mail that a hot path left. Any number of processes may do so at once. */
export async function handOverMails(system: System): Promise<void> {
  let taken: number;
  do {
    taken = await inTransaction(system.db, async (tx) => {
      const rows = await tx.query<{ company_id: number; id: string }>(TAKE, [AT_ONCE]);
      await enqueue(tx, rows.map(mailTask));
      return rows.length;
    });
  } while (taken === AT_ONCE);
}

/** Does so once a second. */
export const startHandingOver = (system: System): Rounds =>
  startRounds(EVERY_MS, () =>
    handOverMails(system).catch((err: unknown) =>
      system.log.warn({ err }, 'mails are not handed over; the next round tries again'),
    ),
  );
