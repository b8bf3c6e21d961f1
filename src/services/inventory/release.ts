import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { recordChanges } from '../changes.ts';
import { type BlockRow, lockBlocks } from './blocks.ts';

// What a block has left goes back to the block around it while that lasts, else on sale. Places that are held or sold
// out of it go the same way when they come back: from now on they belong to where it fell back to.

const REPARENT = statement(
  'block_reparent',
  'UPDATE block SET parent_id = $3 WHERE company_id = $1 AND parent_id = $2 AND released_at IS NULL',
);
const LIVE_PARENT = statement(
  'block_live_parent',
  'SELECT id FROM block WHERE company_id = $1 AND id = $2 AND released_at IS NULL',
);
const LOCK_SECTION = statement(
  'release_lock_section',
  'SELECT 1 FROM event_section WHERE company_id = $1 AND event_id = $2 AND section_id = $3 FOR UPDATE',
);
const FREE_SEATS = statement(
  'release_seats',
  `UPDATE event_seat s SET block_id = $4, version = pg_current_xact_id()::text::bigint,
     status = CASE WHEN s.status = 'blocked' AND $4::int IS NULL THEN 'available' ELSE s.status END
   FROM (SELECT seat_id FROM event_seat WHERE company_id = $1 AND event_id = $2 AND block_id = $3
         ORDER BY seat_id FOR UPDATE) AS mine
   WHERE s.company_id = $1 AND s.event_id = $2 AND s.seat_id = mine.seat_id`,
);
const CLOSE = statement(
  'block_close',
  `UPDATE block SET released_at = now(), updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND released_at IS NULL RETURNING quantity, taken`,
);
const TO_PARENT = statement(
  'block_to_parent',
  'UPDATE block SET quantity = quantity + $3, taken = taken + $4 WHERE company_id = $1 AND id = $2',
);
const UNBLOCK = statement(
  'release_section',
  `UPDATE event_section SET blocked = blocked - $4, version = pg_current_xact_id()::text::bigint
   WHERE company_id = $1 AND event_id = $2 AND section_id = $3`,
);
const MOVE_LINES = statement(
  'release_lines',
  'UPDATE sale_detail SET block_id = $3 WHERE company_id = $1 AND block_id = $2',
);

/**
 * Releases a block; blocks inside it now belong to the one around it. The caller holds the lock of the event's blocks.
 * @returns false when it was released already
 */
export async function releaseBlock(tx: Tx, block: BlockRow): Promise<boolean> {
  const { company_id, event_id, id, section_id, parent_id, interface_id } = block;
  const [around] =
    parent_id === null ? [] : await tx.query<{ id: number }>(LIVE_PARENT, [company_id, parent_id]);
  const parent = around?.id ?? null;
  if (section_id === null) await tx.execute(FREE_SEATS, [company_id, event_id, id, parent]);
  else await tx.query(LOCK_SECTION, [company_id, event_id, section_id]);
  const [closed] = await tx.query<{ quantity: number | null; taken: number }>(CLOSE, [company_id, id]);
  if (!closed) return false;
  await tx.execute(REPARENT, [company_id, id, parent]);
  if (section_id !== null && closed.quantity !== null) {
    const { quantity, taken } = closed;
    if (parent === null) await tx.execute(UNBLOCK, [company_id, event_id, section_id, quantity - taken]);
    else await tx.execute(TO_PARENT, [company_id, parent, quantity, taken]);
  }
  await tx.execute(MOVE_LINES, [company_id, id, parent]);
  await recordChanges(tx, [
    {
      ...{ company_id, type: 'event.updated', interface_id, event_id, subject_id: String(event_id) },
      data: { event_id, released_block_id: id },
    },
  ]);
  return true;
}

const LOCK_EVENT = statement(
  'release_lock_event',
  'SELECT id FROM event WHERE company_id = $1 AND id = $2 FOR UPDATE',
);
const DUE_OF_EVENT = statement(
  'block_due_of_event',
  `SELECT * FROM block WHERE company_id = $1 AND event_id = $2 AND released_at IS NULL AND release_at <= now()
   ORDER BY id DESC`,
);
const DUE_EVENTS = statement(
  'block_due_events',
  `SELECT DISTINCT company_id, event_id FROM block WHERE released_at IS NULL AND release_at <= now()
   ORDER BY company_id, event_id LIMIT 100`,
);
const DUE_OF = statement(
  'block_due_of',
  `SELECT count(*) FILTER (WHERE released_at IS NULL)::int AS due, count(*)::int AS recent FROM block
   WHERE company_id = $1 AND event_id = ANY($2::int[]) AND release_at <= now()
     AND (released_at IS NULL OR released_at >= $3)`,
);

/** Inner blocks first: they were made after those around them. */
const releaseDueOf = (system: System, company_id: number, event_id: number): Promise<void> =>
  inTransaction(system.db, (tx) => releaseDueIn(tx, company_id, event_id));

/** The same, in a transaction that has locked nothing of the event yet. */
export async function releaseDueIn(tx: Tx, company_id: number, event_id: number): Promise<void> {
  await tx.query(LOCK_EVENT, [company_id, event_id]);
  // Many ask at once when a block's time has come: only the first finds any, and only then the offer is another.
  const due = await tx.query<BlockRow>(DUE_OF_EVENT, [company_id, event_id]);
  if (!due.length) return;
  await lockBlocks(tx, company_id, event_id);
  for (const block of due) await releaseBlock(tx, block);
}

/** Releases all blocks whose time has come, of any company: one round of housekeeping. */
export async function releaseDueBlocks(system: System): Promise<void> {
  const events = await system.db.query<{ company_id: number; event_id: number }>(DUE_EVENTS);
  for (const { company_id, event_id } of events) await releaseDueOf(system, company_id, event_id);
}

/**
 * Something of these events is not to be had: blocks of theirs whose time has come are in nobody's way, swept or not.
 * @param since when the caller began to ask
 * @returns whether any was released since then: it is worth asking again
 */
export async function releaseInTheWay(
  system: System,
  company_id: number,
  event_ids: readonly number[],
  since: Date,
): Promise<boolean> {
  const [seen] = await system.db.query<{ due: number; recent: number }>(DUE_OF, [
    company_id,
    event_ids,
    since,
  ]);
  if (seen?.due)
    for (const event_id of [...event_ids].sort((a, b) => a - b))
      await releaseDueOf(system, company_id, event_id);
  return (seen?.recent ?? 0) > 0;
}
