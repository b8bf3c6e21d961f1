import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';

// What a change of a map does to the stock of the events that use it. All of it is under the lock of the map, which
// publishing takes too (publish.ts): an event has either the seats from before or those from after.

const LOCK_SECTIONS = statement(
  'map_stock_lock_sections',
  `SELECT event_id, section_id, held + sold + blocked AS taken, capacity FROM event_section
   WHERE company_id = $1 AND map_id = $2 AND section_id = ANY($3::int[]) ORDER BY event_id, section_id FOR UPDATE`,
);
const RESIZE = statement(
  'map_stock_resize',
  `UPDATE event_section s SET capacity = s.capacity + d.more, version = pg_current_xact_id()::text::bigint
   FROM unnest($3::int[], $4::int[]) AS d (section_id, more)
   WHERE s.company_id = $1 AND s.map_id = $2 AND s.section_id = d.section_id`,
);
const LOCK_SEATS = statement(
  'map_stock_lock_seats',
  `SELECT s.event_id, s.seat_id, s.status = 'available' OR (s.status = 'held' AND s.hold_expires_at <= now()) AS free
   FROM event_map m JOIN event_seat s ON s.company_id = m.company_id AND s.event_id = m.event_id
   WHERE m.company_id = $1 AND m.map_id = $2 AND s.seat_id = ANY($3::int[])
   ORDER BY s.event_id, s.seat_id FOR UPDATE OF s`,
);
// Of a void ticket, too, it must be possible to say where it was.
const TICKETS = statement(
  'map_stock_tickets',
  `SELECT DISTINCT t.event_id, t.seat_id, t.section_id FROM event_map m
   JOIN ticket t ON t.company_id = m.company_id AND t.event_id = m.event_id
   WHERE m.company_id = $1 AND m.map_id = $2 AND (t.seat_id = ANY($3::int[]) OR t.section_id = ANY($4::int[]))`,
);
const TYPES = statement(
  'map_stock_ticket_types',
  `SELECT t.id FROM event_map m JOIN ticket_type t ON t.company_id = m.company_id AND t.event_id = m.event_id
   WHERE m.company_id = $1 AND m.map_id = $2 AND t.section_ids && $3::int[] ORDER BY t.id`,
);
const DROP_SEATS = statement(
  'map_stock_drop_seats',
  `DELETE FROM event_seat s USING event_map m
   WHERE m.company_id = $1 AND m.map_id = $2 AND s.company_id = m.company_id AND s.event_id = m.event_id
     AND s.seat_id = ANY($3::int[])`,
);
const DROP_SECTIONS = statement(
  'map_stock_drop_sections',
  'DELETE FROM event_section WHERE company_id = $1 AND map_id = $2 AND section_id = ANY($3::int[])',
);
const ADD_SECTIONS = statement(
  'map_stock_add_sections',
  `INSERT INTO event_section (company_id, event_id, section_id, map_id, capacity, version)
   SELECT m.company_id, m.event_id, s.id, s.map_id, s.capacity, pg_current_xact_id()::text::bigint
   FROM event_map m JOIN event e ON e.company_id = m.company_id AND e.id = m.event_id
   JOIN section s ON s.company_id = m.company_id AND s.map_id = m.map_id
   WHERE m.company_id = $1 AND m.map_id = $2 AND e.status IN ('published', 'paused') AND s.id = ANY($3::int[])
   ORDER BY m.event_id, s.id`,
);
const ADD_SEATS = statement(
  'map_stock_add_seats',
  `INSERT INTO event_seat (company_id, event_id, seat_id, map_id, section_id, version)
   SELECT m.company_id, m.event_id, s.id, s.map_id, s.section_id, pg_current_xact_id()::text::bigint
   FROM event_map m JOIN event e ON e.company_id = m.company_id AND e.id = m.event_id
   JOIN seat s ON s.company_id = m.company_id AND s.map_id = m.map_id
   WHERE m.company_id = $1 AND m.map_id = $2 AND e.status IN ('published', 'paused') AND s.id = ANY($3::int[])
   ORDER BY m.event_id, s.id`,
);

interface MapChange {
  company_id: number;
  map_id: number;
  /** Sections whose capacity changes, and by how much. */
  resized: ReadonlyMap<number, number>;
  gone: { sections: readonly number[]; seats: readonly number[] };
}

interface Taken {
  event_id: number;
  seat_id: number;
}

/**
 * Takes sections and seats that leave a map out of the stock of its events, and changes capacities of general sections.
 * Locks in the program's order: sections, then seats by id; who waits for a seat finds it gone.
 * @throws AppError conflict naming the seats, sections or ticket types that keep the map as it is; nothing is written then
 */
export async function shrinkStock(tx: Tx, { company_id, map_id, resized, gone }: MapChange): Promise<void> {
  const map = [company_id, map_id];
  const touched = [...resized.keys(), ...gone.sections];
  if (touched.length) await requireRoom(tx, map, touched, resized);
  if (gone.sections.length) {
    const types = await tx.query<{ id: number }>(TYPES, [...map, gone.sections]);
    if (types.length)
      throw new AppError(
        'conflict',
        'Ticket types are sold in sections that would be gone: change them first.',
        {
          section_ids: gone.sections,
          ticket_type_ids: types.map(({ id }) => id),
        },
      );
  }
  if (gone.seats.length || gone.sections.length) await requireUnsold(tx, map, gone);
  if (resized.size) await tx.execute(RESIZE, [...map, [...resized.keys()], [...resized.values()]]);
  if (gone.seats.length) await tx.execute(DROP_SEATS, [...map, gone.seats]);
  if (gone.sections.length) await tx.execute(DROP_SECTIONS, [...map, gone.sections]);
}

async function requireRoom(
  tx: Tx,
  map: number[],
  section_ids: number[],
  resized: ReadonlyMap<number, number>,
): Promise<void> {
  const rows = await tx.query<{ event_id: number; section_id: number; taken: number; capacity: number }>(
    LOCK_SECTIONS,
    [...map, section_ids],
  );
  const full = rows.filter(({ section_id, taken, capacity }) => {
    const more = resized.get(section_id) ?? -capacity;
    return taken > 0 && more < 0 && taken > capacity + more;
  });
  if (full.length)
    throw new AppError('conflict', 'More is sold, held or blocked in these sections than they would hold.', {
      sections: full.map(({ event_id, section_id, taken }) => ({ event_id, section_id, taken })),
    });
}

async function requireUnsold(tx: Tx, map: number[], { seats, sections }: MapChange['gone']): Promise<void> {
  const locked = await tx.query<Taken & { free: boolean }>(LOCK_SEATS, [...map, seats]);
  const tickets = await tx.query<Taken & { section_id: number }>(TICKETS, [...map, seats, sections]);
  const taken = [...locked.filter(({ free }) => !free), ...tickets];
  if (!taken.length) return;
  const seat_ids = [...new Set(taken.flatMap(({ seat_id }) => seat_id ?? []))].sort((a, b) => a - b);
  const section_ids = [...new Set(tickets.map(({ section_id }) => section_id))].filter((s) =>
    sections.includes(s),
  );
  throw new AppError('conflict', 'Seats or sections with sales, holds or blocks cannot leave the map.', {
    seat_ids,
    ...(section_ids.length && { section_ids }),
    event_ids: [...new Set(taken.map(({ event_id }) => event_id))].sort((a, b) => a - b),
  });
}

/** Puts new sections and seats of a map on sale at the events that are published. */
export async function growStock(
  tx: Tx,
  company_id: number,
  map_id: number,
  added: { sections: readonly number[]; seats: readonly number[] },
): Promise<void> {
  if (added.sections.length) await tx.execute(ADD_SECTIONS, [company_id, map_id, added.sections]);
  if (added.seats.length) await tx.execute(ADD_SEATS, [company_id, map_id, added.seats]);
}
