import { statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { recordAudit } from '../audit.ts';
import { haveEventAlone } from './lock.ts';
import { forgetEvents, tellOfEvent } from './manage/touch.ts';

// An event is over at its ends_at, by the clock alone: nothing more is sold of it, whatever its status says. A day later,
// when the last who were late have been let in and its organiser has had time to put a wrong date right, it is closed.

const CLOSED_AFTER = `interval '24 hours'`;
const DUE = `e.status IN ('published', 'paused') AND e.ends_at <= now() - ${CLOSED_AFTER}`;
const FIND_DUE = statement(
  'event_end_due',
  `SELECT e.company_id, e.id FROM event e WHERE ${DUE} ORDER BY e.ends_at, e.company_id, e.id LIMIT $1`,
);
const END = statement(
  'event_end',
  `UPDATE event e SET status = 'ended', version = e.version + 1,
     updated_at = greatest(now(), e.updated_at + interval '1 millisecond')
   FROM (SELECT e.company_id, e.id, e.status FROM event e WHERE e.company_id = $1 AND e.id = $2 AND ${DUE} FOR UPDATE)
     AS before
   WHERE e.company_id = before.company_id AND e.id = before.id RETURNING before.status`,
);

const AT_ONCE = 100;

/**
 * Closes events that have been over for a day: from then on nothing about them changes. May run any number of times, and
 * several at once: each event ends once. One without an end never ends by itself.
 * @returns how many it ended
 */
export async function endEvents(system: System): Promise<number> {
  let ended = 0;
  for (;;) {
    const due = await system.db.query<{ company_id: number; id: number }>(FIND_DUE, [AT_ONCE]);
    for (const { company_id, id } of due) if (await endEvent(system, company_id, id)) ended++;
    if (due.length < AT_ONCE) return ended;
  }
}

/** @returns false when somebody was faster: it has ended, or its end was put off */
async function endEvent(system: System, company_id: number, event_id: number): Promise<boolean> {
  const ended = await inTransaction(system.db, async (tx) => {
    await haveEventAlone(tx, company_id, event_id);
    const [before] = await tx.query<{ status: string }>(END, [company_id, event_id]);
    if (!before) return false;
    await tellOfEvent(tx, { company_id }, event_id, { status: 'ended' });
    await recordAudit(
      tx,
      {
        company_id,
        client_id: 'system',
        user_id: undefined,
        interface: { id: null },
        request_id: 'end_events',
      },
      {
        ...{ action: 'event.end', subject_type: 'event', subject_id: String(event_id) },
        ...{ before, after: { status: 'ended' } },
      },
    );
    return true;
  });
  if (ended) forgetEvents({ system, company_id }, [event_id]);
  return ended;
}
