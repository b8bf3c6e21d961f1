import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

/** A counter row as it stands under our lock. */
export interface Counter {
  event_id: number;
  id: number;
  /** What is still free: capacity less held, sold and blocked. */
  free: number;
}

/** A seat as it stands under our lock; an overdue hold counts as available already. */
export interface LockedSeat {
  event_id: number;
  seat_id: number;
  section_id: number;
  /** Anybody may have it. */
  free: boolean;
  /** The block that it is kept by, if nobody holds it: whom that is for may have it. */
  block_id: number | null;
}

export interface StockRequest {
  /** General-admission sections, ticket types with a capacity, products with a capacity, seats: pairs event, id. */
  sections: Pair[];
  ticket_types: Pair[];
  products: Pair[];
  seats: Pair[];
}

export type Pair = readonly [event_id: number, id: number];

export interface LockedStock {
  sections: Map<string, Counter>;
  ticket_types: Map<string, Counter>;
  products: Map<string, Counter>;
  seats: Map<string, LockedSeat>;
}

export const pairKey = (event_id: number, id: number): string => `${event_id} ${id}`;

const SECTIONS = statement(
  'stock_lock_sections',
  `SELECT s.event_id, s.section_id AS id, s.capacity - s.held - s.sold - s.blocked AS free
   FROM event_section s JOIN unnest($2::int[], $3::int[]) AS m (event_id, id)
     ON s.event_id = m.event_id AND s.section_id = m.id
   WHERE s.company_id = $1 ORDER BY s.event_id, s.section_id FOR UPDATE OF s`,
);
const TICKET_TYPES = statement(
  'stock_lock_ticket_types',
  `SELECT t.event_id, t.id, t.capacity - t.held - t.sold AS free
   FROM ticket_type t JOIN unnest($2::int[], $3::int[]) AS m (event_id, id) ON t.event_id = m.event_id AND t.id = m.id
   WHERE t.company_id = $1 AND t.capacity IS NOT NULL ORDER BY t.event_id, t.id FOR UPDATE OF t`,
);
const PRODUCTS = statement(
  'stock_lock_products',
  `SELECT p.event_id, p.id, p.capacity - p.held - p.sold AS free
   FROM product p JOIN unnest($2::int[], $3::int[]) AS m (event_id, id) ON p.event_id = m.event_id AND p.id = m.id
   WHERE p.company_id = $1 AND p.capacity IS NOT NULL ORDER BY p.event_id, p.id FOR UPDATE OF p`,
);
const SEATS = statement(
  'stock_lock_seats',
  `SELECT s.event_id, s.seat_id, s.section_id,
     s.status = 'available' OR (s.status = 'held' AND s.hold_expires_at <= now() AND s.block_id IS NULL) AS free,
     CASE WHEN s.status = 'blocked' OR (s.status = 'held' AND s.hold_expires_at <= now()) THEN s.block_id END AS block_id
   FROM event_seat s JOIN unnest($2::int[], $3::int[]) AS m (event_id, id) ON s.event_id = m.event_id AND s.seat_id = m.id
   WHERE s.company_id = $1 ORDER BY s.event_id, s.seat_id FOR UPDATE OF s`,
);

/**
 * Locks stock in the one order of the program (section, ticket type, product, seat, each by id) and reads what is free
 * of it. A waiter sees what the one before it left: PostgreSQL reads a locked row anew once it has the lock.
 */
export async function lockStock(tx: Tx, company_id: number, wanted: StockRequest): Promise<LockedStock> {
  const lock = async <Row extends { event_id: number }>(
    statement: typeof SEATS,
    pairs: Pair[],
    idOf: (row: Row) => number,
  ): Promise<Map<string, Row>> => {
    if (!pairs.length) return new Map();
    const rows = await tx.query<Row>(statement, [company_id, pairs.map((p) => p[0]), pairs.map((p) => p[1])]);
    return new Map(rows.map((row) => [pairKey(row.event_id, idOf(row)), row]));
  };
  // Sent together, carried out one after the other: the order of the locks is that of these lines.
  const [sections, ticket_types, products, seats] = await Promise.all([
    lock<Counter>(SECTIONS, unique(wanted.sections), (r) => r.id),
    lock<Counter>(TICKET_TYPES, unique(wanted.ticket_types), (r) => r.id),
    lock<Counter>(PRODUCTS, unique(wanted.products), (r) => r.id),
    lock<LockedSeat>(SEATS, unique(wanted.seats), (r) => r.seat_id),
  ]);
  return { sections, ticket_types, products, seats };
}

const unique = (pairs: Pair[]): Pair[] => [...new Map(pairs.map((p) => [pairKey(...p), p])).values()];
