import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import {
  piecesByProduct,
  placesBySection,
  placesByTicketType,
  type Quantities,
  type StockLine,
} from './stock.ts';

// Every statement moves quantities between the columns of counter rows; signs say which way. The check constraints of
// the tables (within_capacity) stand behind them: no move can oversell, whatever asked for it.

const SECTIONS = statement(
  'inventory_move_sections',
  `UPDATE event_section s SET held = s.held + m.held, sold = s.sold + m.sold,
     version = pg_current_xact_id()::text::bigint
   FROM unnest($2::int[], $3::int[], $4::int[], $5::int[]) AS m (event_id, id, held, sold)
   WHERE s.company_id = $1 AND s.event_id = m.event_id AND s.section_id = m.id`,
);
// A type without a capacity of its own keeps no counter: its row would only be a queue for everybody.
const TICKET_TYPES = statement(
  'inventory_move_ticket_types',
  `UPDATE ticket_type t SET held = t.held + m.held, sold = t.sold + m.sold
   FROM unnest($2::int[], $3::int[], $4::int[], $5::int[]) AS m (event_id, id, held, sold)
   WHERE t.company_id = $1 AND t.event_id = m.event_id AND t.id = m.id AND t.capacity IS NOT NULL`,
);
const PRODUCTS = statement(
  'inventory_move_products',
  `UPDATE product p SET held = p.held + m.held, sold = p.sold + m.sold
   FROM unnest($2::int[], $3::int[], $4::int[], $5::int[]) AS m (event_id, id, held, sold)
   WHERE p.company_id = $1 AND p.event_id = m.event_id AND p.id = m.id AND p.capacity IS NOT NULL`,
);
const LOCK_SECTIONS = statement(
  'inventory_lock_sections',
  `SELECT s.section_id FROM event_section s
   JOIN unnest($2::int[], $3::int[]) AS m (event_id, id) ON s.event_id = m.event_id AND s.section_id = m.id
   WHERE s.company_id = $1 ORDER BY s.event_id, s.section_id FOR UPDATE OF s`,
);
const LOCK_TICKET_TYPES = statement(
  'inventory_lock_ticket_types',
  `SELECT t.id FROM ticket_type t
   JOIN unnest($2::int[], $3::int[]) AS m (event_id, id) ON t.event_id = m.event_id AND t.id = m.id
   WHERE t.company_id = $1 AND t.capacity IS NOT NULL ORDER BY t.event_id, t.id FOR UPDATE OF t`,
);
const LOCK_PRODUCTS = statement(
  'inventory_lock_products',
  `SELECT p.id FROM product p
   JOIN unnest($2::int[], $3::int[]) AS m (event_id, id) ON p.event_id = m.event_id AND p.id = m.id
   WHERE p.company_id = $1 AND p.capacity IS NOT NULL ORDER BY p.event_id, p.id FOR UPDATE OF p`,
);

/** Per unit of a line: what is added to `held` and to `sold`. */
export interface Move {
  held: -1 | 0 | 1;
  sold: -1 | 0 | 1;
}

/**
 * Moves the quantities of lines between the counters of their sections, ticket types and products.
 * Rows are locked in order (section, type, product, each by id), so that two moves never wait for each other in a ring.
 */
export async function moveCounters(
  tx: Tx,
  company_id: number,
  lines: readonly StockLine[],
  move: Move,
): Promise<void> {
  const statements: Promise<unknown>[] = [];
  for (const [lock, update, rows] of [
    [LOCK_SECTIONS, SECTIONS, placesBySection(lines)],
    [LOCK_TICKET_TYPES, TICKET_TYPES, placesByTicketType(lines)],
    [LOCK_PRODUCTS, PRODUCTS, piecesByProduct(lines)],
  ] as const) {
    if (!rows.ids.length) continue;
    if (rows.ids.length > 1) statements.push(tx.query(lock, [company_id, rows.event_ids, rows.ids]));
    statements.push(tx.execute(update, [company_id, rows.event_ids, rows.ids, ...signed(rows, move)]));
  }
  await Promise.all(statements);
}

const signed = ({ quantities }: Quantities, { held, sold }: Move) => [
  quantities.map((n) => n * held),
  quantities.map((n) => n * sold),
];
