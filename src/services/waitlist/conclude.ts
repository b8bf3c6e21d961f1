import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { type Look, type Passed, renewLease } from './look.ts';
import { type EntryRow, type PartyRow, recordHappenings, writeLog } from './row.ts';
import { offerChanges, settingsOf } from './settings.ts';

// What happens again in the same way is counted in the last entry of the log.
const AGAIN = statement(
  'waitlist_log_again',
  `UPDATE waitlist_log g SET times = g.times + 1, last_at = now()
   FROM (SELECT r.entry_id, l.id FROM unnest($2::uuid[], $3::text[], $4::jsonb[]) AS r (entry_id, reason, data),
       LATERAL (SELECT x.* FROM waitlist_log x WHERE x.company_id = $1 AND x.entry_id = r.entry_id
         ORDER BY x.id DESC LIMIT 1) AS l
     WHERE l.what = 'passed_over' AND l.reason = r.reason AND l.data = r.data) AS m
   WHERE g.company_id = $1 AND g.id = m.id RETURNING g.entry_id`,
);
const TRIED = statement(
  'waitlist_tried',
  `UPDATE waitlist_entry SET tried_at = now()
   WHERE company_id = $1 AND id = ANY($2::uuid[]) AND status = 'waiting' AND tried_at IS NULL`,
);
const CLOSE = statement(
  'waitlist_close',
  `UPDATE waitlist_entry SET status = 'closed', closed_at = now(),
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND event_id = $2 AND status = 'waiting' RETURNING *`,
);
const WAITING = statement(
  'waitlist_anybody',
  `SELECT id FROM waitlist_entry WHERE company_id = $1 AND event_id = $2 AND status = 'waiting' LIMIT 1`,
);
const MOVED = statement(
  'waitlist_moved',
  `SELECT 1 FROM event_section WHERE company_id = $1 AND event_id = $2 AND version >= $3
   UNION ALL SELECT 1 FROM event_map m JOIN event_seat s ON s.company_id = m.company_id AND s.event_id = m.event_id
     AND s.map_id = m.map_id WHERE m.company_id = $1 AND m.event_id = $2 AND s.version >= $3 LIMIT 1`,
);
const LOOKED = statement(
  'waitlist_looked',
  `UPDATE waitlist SET lease = NULL, lease_until = NULL, looked_at = now(), looked_xid = $4, looked_version = $5,
     reserved = $6
   WHERE company_id = $1 AND event_id = $2 AND lease = $3`,
);

interface Found {
  /** Who waited when it began. */
  parties: readonly PartyRow[];
  passed: readonly Passed[];
  offered: number;
  /** Places of what was free when it began that anybody might have now. */
  left: number;
}

/**
 * Ends a look: why parties were passed over, where the next look begins, and whether what comes free from now on is the
 * list's first. It is, once nothing is left, and until nobody waits or what has come free is of no use to anybody who does.
 */
export async function conclude(system: System, look: Look, found: Found): Promise<void> {
  const { parties, passed } = found;
  const { company_id, event_id, lease, stamp } = look;
  const changed = await inTransaction(system.db, async (tx) => {
    await renewLease(tx, look);
    if (stamp.over) {
      const closed = await tx.query<EntryRow>(CLOSE, [company_id, event_id]);
      await recordHappenings(
        tx,
        closed.map((entry) => ({ entry, what: 'closed', reason: 'event_over' })),
      );
    } else await explainPassed(tx, company_id, passed);
    await tx.execute(TRIED, [company_id, parties.map(({ id }) => id)]);
    const waits = (await tx.query(WAITING, [company_id, event_id])).length > 0;
    const state = await settingsOf(tx, company_id, event_id);
    const reserved =
      state.enabled && state.head_start && waits && (await staysReserved(tx, look, found, state.reserved));
    if (state.reserved !== reserved) await offerChanges(tx, company_id, event_id);
    const values = [company_id, event_id, lease, stamp.xid, stamp.version, reserved];
    await tx.execute(LOOKED, values);
    return state.reserved !== reserved;
  });
  if (changed) system.offers.drop(company_id, event_id);
}

/** Not before the list was asked about all that is free: neither with offers just made nor with stock that has moved since. */
async function staysReserved(
  tx: Tx,
  { company_id, event_id, stamp }: Look,
  { offered, left }: Found,
  before: boolean,
): Promise<boolean> {
  if (left <= 0) return true;
  if (!before) return false;
  return offered > 0 || (await tx.query(MOVED, [company_id, event_id, stamp.xid])).length > 0;
}

async function explainPassed(tx: Tx, company_id: number, passed: readonly Passed[]): Promise<void> {
  if (!passed.length) return;
  const again = await tx.query<{ entry_id: string }>(AGAIN, [
    company_id,
    passed.map(({ party }) => party.id),
    passed.map(({ reason }) => reason),
    passed.map(({ data }) => JSON.stringify(data)),
  ]);
  const counted = new Set(again.map(({ entry_id }) => entry_id));
  const news = passed.filter(({ party }) => !counted.has(party.id));
  if (!news.length) return;
  await writeLog(
    tx,
    news.map(({ party, reason, data }) => ({ entry: party, what: 'passed_over', reason, data })),
  );
}
