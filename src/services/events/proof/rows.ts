import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';

// What the stock of an event is made of, counted anew: lines of carts, seats and blocks. Holds that have run out count
// for nothing here, swept or not.

/** Which event, and the moment by which holds are over. */
export interface ProofOf {
  company_id: number;
  event_id: number;
  at: Date;
}

/** Lines by what they take and who sold them. */
export interface LineRow {
  section_id: number | null;
  ticket_type_id: number | null;
  product_id: number | null;
  interface_id: number;
  held: number;
  /** Those included whose place was kept when they were refunded. */
  sold: number;
  kept: number;
}

// Lines that were ever sold are found by the books of the event, held ones by the few carts that are not paid yet.
const LINES = statement(
  'proof_lines',
  `WITH once_sold AS (
     SELECT DISTINCT e.sale_detail_id AS id FROM ledger_entry e
     WHERE e.company_id = $1 AND e.event_id = $2 AND e.kind = 'sale'),
   taken AS (
     SELECT d.section_id, d.ticket_type_id, d.product_id, c.interface_id, 0 AS held, d.quantity AS sold,
       CASE WHEN d.stock_kept THEN d.quantity ELSE 0 END AS kept
     FROM once_sold o JOIN sale_detail d ON d.company_id = $1 AND d.id = o.id
     JOIN cart c ON c.company_id = d.company_id AND c.id = d.cart_id
     WHERE d.kind IN ('ticket', 'product') AND (d.status = 'paid' OR d.stock_kept)
     UNION ALL
     SELECT d.section_id, d.ticket_type_id, d.product_id, c.interface_id, d.quantity, 0, 0
     FROM cart c JOIN sale_detail d ON d.company_id = c.company_id AND d.cart_id = c.id
     WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment') AND c.expires_at > $3
       AND d.event_id = $2 AND d.status = 'held' AND d.kind IN ('ticket', 'product'))
   SELECT section_id, ticket_type_id, product_id, interface_id, sum(held) AS held, sum(sold) AS sold, sum(kept) AS kept
   FROM taken GROUP BY 1, 2, 3, 4`,
);

/** Held and sold lines of the event, by all interfaces. */
export const linesTaken = (tx: Tx, { company_id, event_id, at }: ProofOf): Promise<LineRow[]> =>
  tx.query<LineRow>(LINES, [company_id, event_id, at]);

/** What the catalogue says a section has: its seats, or its capacity. */
export interface CapacityRow {
  section_id: number;
  capacity: number;
}

const CAPACITIES = statement(
  'proof_capacities',
  `SELECT s.id AS section_id, CASE s.kind WHEN 'general' THEN s.capacity
     ELSE (SELECT count(*) FROM seat x WHERE x.company_id = s.company_id AND x.section_id = s.id) END AS capacity
   FROM event_map m JOIN section s ON s.company_id = m.company_id AND s.map_id = m.map_id
   JOIN event e ON e.company_id = m.company_id AND e.id = m.event_id
   WHERE m.company_id = $1 AND m.event_id = $2 AND e.status IN ('published', 'paused')`,
);

/** What the maps say; nothing for a draft, nor for an event that is over: later changes of its maps are none of its. */
export const capacitiesOf = (tx: Tx, { company_id, event_id }: ProofOf): Promise<CapacityRow[]> =>
  tx.query<CapacityRow>(CAPACITIES, [company_id, event_id]);

/** A block that is not released, and what of it is left in one section. */
export interface BlockRow {
  id: number;
  section_id: number;
  kind: 'kill' | 'house' | 'hold' | 'allotment';
  interface_id: number | null;
  code_id: number | null;
  overflow: boolean;
  release_at: Date | null;
  left: number;
  /** Of general admission: what its counter says was taken from it, and what its lines say. */
  taken: number | null;
  lines: number | null;
}

const LIVE = `SELECT * FROM block WHERE company_id = $1 AND event_id = $2 AND released_at IS NULL`;
const COLUMNS = 'b.id, b.kind, b.interface_id, b.code_id, b.overflow, b.release_at';
const BLOCKS = statement(
  'proof_blocks',
  `WITH live AS (${LIVE})
   SELECT ${COLUMNS}, b.section_id, b.quantity - b.taken + n.ended AS left, b.taken, n.lines
   FROM live b, LATERAL (
     SELECT coalesce(sum(d.quantity), 0) AS lines,
       coalesce(sum(d.quantity) FILTER (WHERE d.status = 'held' AND c.expires_at <= $3), 0) AS ended
     FROM sale_detail d JOIN cart c ON c.company_id = d.company_id AND c.id = d.cart_id
     WHERE d.company_id = b.company_id AND d.block_id = b.id AND d.seat_id IS NULL
       AND (d.status IN ('held', 'paid') OR d.stock_kept)) AS n
   WHERE b.section_id IS NOT NULL
   UNION ALL
   SELECT ${COLUMNS}, s.section_id, count(*), NULL, NULL
   FROM live b JOIN event_seat s ON s.company_id = b.company_id AND s.event_id = b.event_id AND s.block_id = b.id
   WHERE s.status = 'blocked' OR (s.status = 'held' AND s.hold_expires_at <= $3)
   GROUP BY ${COLUMNS}, s.section_id
   ORDER BY 1, 7`,
);

/** Blocks of the event that are not released, by section. */
export const blocksOf = (tx: Tx, { company_id, event_id, at }: ProofOf): Promise<BlockRow[]> =>
  tx.query<BlockRow>(BLOCKS, [company_id, event_id, at]);

const INTERFACES = statement(
  'proof_interfaces',
  `SELECT i.id, i.name, EXISTS (SELECT FROM event_interface e
     WHERE e.company_id = i.company_id AND e.interface_id = i.id AND e.event_id = $2) AS sells
   FROM interface i WHERE i.company_id = $1 ORDER BY i.id`,
);

/** Every interface, and whether the event sells on it. */
export const interfacesOf = (
  tx: Tx,
  { company_id, event_id }: ProofOf,
): Promise<{ id: number; name: string; sells: boolean }[]> => tx.query(INTERFACES, [company_id, event_id]);

const PRODUCTS = statement(
  'proof_products',
  'SELECT id, name FROM product WHERE company_id = $1 AND event_id = $2 ORDER BY position, id',
);

export const productsOf = (
  tx: Tx,
  { company_id, event_id }: ProofOf,
): Promise<{ id: number; name: string }[]> => tx.query(PRODUCTS, [company_id, event_id]);
