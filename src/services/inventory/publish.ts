import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import { recordChanges } from '../changes.ts';

// Before the event: a change of a map locks them in this order too (map-stock.ts).
const LOCK_MAPS = statement(
  'event_publish_lock_maps',
  `SELECT m.id FROM event_map e JOIN map m ON m.company_id = e.company_id AND m.id = e.map_id
   WHERE e.company_id = $1 AND e.event_id = $2 ORDER BY m.id FOR SHARE OF m`,
);
const PUBLISH = statement(
  'event_publish',
  `UPDATE event SET status = 'published', version = version + 1,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'draft'`,
);
const STATUS = statement('event_status', 'SELECT status FROM event WHERE company_id = $1 AND id = $2');
const SECTIONS = statement(
  'event_section_materialise',
  `INSERT INTO event_section (company_id, event_id, section_id, map_id, capacity, version)
   SELECT m.company_id, m.event_id, s.id, s.map_id, s.capacity, pg_current_xact_id()::text::bigint
   FROM event_map m JOIN section s ON s.company_id = m.company_id AND s.map_id = m.map_id
   WHERE m.company_id = $1 AND m.event_id = $2`,
);
const SEATS = statement(
  'event_seat_materialise',
  `INSERT INTO event_seat (company_id, event_id, seat_id, map_id, section_id, version)
   SELECT m.company_id, m.event_id, s.id, s.map_id, s.section_id, pg_current_xact_id()::text::bigint
   FROM event_map m JOIN seat s ON s.company_id = m.company_id AND s.map_id = m.map_id
   WHERE m.company_id = $1 AND m.event_id = $2 ORDER BY s.id`,
);

/**
 * Opens a draft: from now on it is visible, and every seat and every section of its maps is stock of its own.
 * @returns the stock that this made
 * @throws AppError not_found; conflict when the event is not a draft
 */
export async function publishEvent(
  tx: Tx,
  company_id: number,
  event_id: number,
): Promise<{ sections: number; seats: number }> {
  const ids = [company_id, event_id];
  await tx.query(LOCK_MAPS, ids);
  if ((await tx.execute(PUBLISH, ids)) !== 1) {
    const [event] = await tx.query<{ status: string }>(STATUS, ids);
    if (!event) throw notFound('Event');
    throw new AppError('conflict', `Only a draft can be published; this event is ${event.status}.`, {
      event_status: event.status,
    });
  }
  const sections = await tx.execute(SECTIONS, ids);
  const seats = await tx.execute(SEATS, ids);
  await recordChanges(tx, [
    {
      company_id,
      type: 'event.updated',
      interface_id: null,
      event_id,
      subject_id: String(event_id),
      data: { status: 'published' },
    },
  ]);
  return { sections, seats };
}
