import { statement } from '../../db/client.ts';
import { type Rounds, startRounds } from '../../rounds.ts';
import type { System } from '../../system.ts';
import { lookAt } from './look.ts';
import { settleOffers } from './settle.ts';

const EVERY_MS = 1_000;

// Lists on which somebody waits and something has moved since they were looked at: the event or what it sells, the stock
// (rows carry the transaction that wrote them), the line; once a minute in any case, for what only the clock moves.
const DUE = statement(
  'waitlist_due',
  `SELECT w.company_id, w.event_id FROM waitlist w
   JOIN event e ON e.company_id = w.company_id AND e.id = w.event_id
   WHERE (w.lease IS NULL OR w.lease_until <= now())
     AND (w.reserved OR (w.enabled AND EXISTS (SELECT FROM waitlist_entry x
       WHERE x.company_id = w.company_id AND x.event_id = w.event_id AND x.status = 'waiting')))
     AND (w.looked_at IS NULL OR w.looked_at <= now() - interval '1 minute' OR e.version <> w.looked_version
       OR (w.reserved AND NOT EXISTS (SELECT FROM waitlist_entry x
         WHERE x.company_id = w.company_id AND x.event_id = w.event_id AND x.status = 'waiting'))
       OR EXISTS (SELECT FROM waitlist_entry x WHERE x.company_id = w.company_id AND x.event_id = w.event_id
         AND x.status = 'waiting' AND x.tried_at IS NULL)
       OR EXISTS (SELECT FROM event_section s WHERE s.company_id = w.company_id AND s.event_id = w.event_id
         AND s.version >= w.looked_xid)
       OR EXISTS (SELECT FROM event_map m JOIN event_seat s ON s.company_id = m.company_id AND s.event_id = m.event_id
         AND s.map_id = m.map_id WHERE m.company_id = w.company_id AND m.event_id = w.event_id
         AND s.version >= w.looked_xid))
   ORDER BY w.looked_at NULLS FIRST, w.company_id, w.event_id`,
);

/**
 * One round of all waiting lists: writes down how offers ended, and looks at the lists where something has moved. Any
 * number of processes may do so at once.
 * @returns how many offers were made
 */
export async function waitlistRound(system: System, stopped = () => false): Promise<number> {
  await settleOffers(system);
  let offered = 0;
  for (const { company_id, event_id } of await system.db.query<{ company_id: number; event_id: number }>(
    DUE,
  )) {
    if (stopped()) break;
    try {
      offered += (await lookAt(system, company_id, event_id)) ?? 0;
    } catch (err) {
      system.log.warn({ err, event_id }, 'a waiting list was not worked through; the next round tries again');
    }
  }
  return offered;
}

/** Does so once a second. */
export const startWaitlists = (system: System): Rounds =>
  startRounds(EVERY_MS, async (stopped) => {
    try {
      await waitlistRound(system, stopped);
    } catch (err) {
      system.log.warn({ err }, 'the waiting lists were not looked at; the next round tries again');
    }
  });
