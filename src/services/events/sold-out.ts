import { statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { recordChanges } from '../changes.ts';
import { countStock, leftOfEvent } from './stock.ts';

// One who looks and tells later than another must have looked later, too.
const LOCK = statement(
  'sold_out_lock',
  `SELECT pg_advisory_xact_lock(hashtextextended('sold out ' || $2::int, $1::int))`,
);
const TYPES = statement(
  'sold_out_types',
  `SELECT t.id, t.section_ids FROM event e JOIN ticket_type t ON t.company_id = e.company_id AND t.event_id = e.id
   WHERE e.company_id = $1 AND e.id = $2 AND e.status IN ('published', 'paused')`,
);
const MARK = statement(
  'sold_out_mark',
  'INSERT INTO sold_out (company_id, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
);
const UNMARK = statement('sold_out_unmark', 'DELETE FROM sold_out WHERE company_id = $1 AND event_id = $2');

/**
 * Tells `event.sold_out` when nothing of an event is left and nobody holds any of it, and `event.available` when
 * something of a sold-out event is on sale again: each once, whoever looks and however often.
 */
export const tellSoldOut = (
  system: System,
  { company_id, event_id }: { company_id: number; event_id: number },
): Promise<void> =>
  inTransaction(system.db, async (tx) => {
    await tx.query(LOCK, [company_id, event_id]);
    const types = await tx.query<{ id: number; section_ids: number[] }>(TYPES, [company_id, event_id]);
    if (!types.length) return;
    const stock = (await countStock(tx, company_id, [event_id])).get(event_id);
    if (!stock) return;
    const { remaining } = leftOfEvent(stock, types);
    const sold_out = remaining <= 0;
    const counters = [...stock.sections.values(), ...stock.ticket_types.values()];
    if (sold_out && counters.some(({ held }) => held > 0)) return; // what is held may come back, or is sold soon
    if (!(await tx.execute(sold_out ? MARK : UNMARK, [company_id, event_id]))) return;
    await recordChanges(tx, [
      {
        company_id,
        type: sold_out ? 'event.sold_out' : 'event.available',
        interface_id: null,
        event_id,
        subject_id: String(event_id),
        data: { event_id },
      },
    ]);
  });
