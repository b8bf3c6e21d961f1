import type { System } from '../../src/system.ts';

/** Tables that selling writes. */
const SALES_TABLES = [
  'event_seat',
  'event_section',
  'ticket_type',
  'product',
  'code',
  'cart',
  'cart_code',
  'sale_detail',
  'change',
  'idempotency_key',
] as const;

/** Every row of every table that selling writes, to see that a refusal has written nothing. */
export async function salesRows({ db }: System): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {};
  for (const table of SALES_TABLES) {
    const found = await db.pool.query(`SELECT to_jsonb(t)::text AS row FROM ${table} t ORDER BY 1`);
    rows[table] = found.rows.map(({ row }) => row);
  }
  return rows;
}

// Each query gives the rows that break a rule; all of them together say that counters equal rows and money adds up.
const RULES = {
  'a section counts what its lines hold': `
    SELECT s.section_id, s.held, s.sold, n.held AS held_rows, n.sold AS sold_rows FROM event_section s
    CROSS JOIN LATERAL (SELECT coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) AS held,
        coalesce(sum(quantity) FILTER (WHERE status = 'paid' OR stock_kept), 0) AS sold
      FROM sale_detail l WHERE l.company_id = s.company_id AND l.event_id = s.event_id AND l.section_id = s.section_id
        AND l.seat_id IS NULL) n
    WHERE (s.held, s.sold) <> (n.held, n.sold) OR s.held + s.sold + s.blocked > s.capacity`,
  'a limited type counts what its lines hold': `
    SELECT t.name, t.held, t.sold, n.held AS held_rows, n.sold AS sold_rows FROM ticket_type t
    CROSS JOIN LATERAL (SELECT coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) AS held,
        coalesce(sum(quantity) FILTER (WHERE status = 'paid' OR stock_kept), 0) AS sold
      FROM sale_detail l WHERE l.company_id = t.company_id AND l.ticket_type_id = t.id) n
    WHERE t.capacity IS NOT NULL AND (t.held, t.sold) <> (n.held, n.sold)`,
  'a limited product counts what its lines hold': `
    SELECT p.name, p.held, p.sold, n.held AS held_rows, n.sold AS sold_rows FROM product p
    CROSS JOIN LATERAL (SELECT coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) AS held,
        coalesce(sum(quantity) FILTER (WHERE status = 'paid' OR stock_kept), 0) AS sold
      FROM sale_detail l WHERE l.company_id = p.company_id AND l.product_id = p.id) n
    WHERE p.capacity IS NOT NULL AND (p.held, p.sold) <> (n.held, n.sold)`,
  'a code counts the carts that have it': `
    SELECT d.code, d.held, d.used, n.held AS held_rows, n.used AS used_rows FROM code d
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE status = 'held') AS held,
        count(*) FILTER (WHERE status = 'paid') AS used
      FROM cart_code k WHERE k.company_id = d.company_id AND k.code_id = d.id) n
    WHERE (d.held, d.used) <> (n.held, n.used)`,
  'a seat is held for the cart of a held line': `
    SELECT s.* FROM event_seat s WHERE s.status = 'held' AND NOT EXISTS (
      SELECT FROM sale_detail l WHERE l.company_id = s.company_id AND l.event_id = s.event_id
        AND l.seat_id = s.seat_id AND l.cart_id = s.cart_id AND l.status = 'held')`,
  'the seat of a live held line is held for its cart, until then': `
    SELECT l.id, l.seat_id, s.status, s.hold_expires_at, c.expires_at FROM sale_detail l
    JOIN cart c ON c.company_id = l.company_id AND c.id = l.cart_id
    JOIN event_seat s ON s.company_id = l.company_id AND s.event_id = l.event_id AND s.seat_id = l.seat_id
    WHERE l.status = 'held' AND c.expires_at > now()
      AND (s.status, s.cart_id, s.hold_expires_at) IS DISTINCT FROM ('held', l.cart_id, c.expires_at)`,
  'only open carts hold': `
    SELECT c.id, c.status, l.status AS line FROM cart c
    JOIN sale_detail l ON l.company_id = c.company_id AND l.cart_id = c.id
    WHERE l.status = 'held' AND c.status NOT IN ('open', 'pending_payment')`,
  'a cart adds up its lines': `
    SELECT c.id, c.subtotal, c.discount, c.fee, c.tax, c.total, c.line_count FROM cart c
    CROSS JOIN LATERAL (SELECT coalesce(sum(unit_price * quantity), 0) AS subtotal,
        coalesce(sum(discount), 0) AS discount, coalesce(sum(fee), 0) AS fee, coalesce(sum(tax), 0) AS tax,
        coalesce(sum(total), 0) AS total, count(*) AS lines
      FROM sale_detail l WHERE l.company_id = c.company_id AND l.cart_id = c.id AND l.status = 'held') n
    WHERE c.status = 'open'
      AND (c.subtotal, c.discount, c.fee, c.tax, c.total, c.line_count)
        <> (n.subtotal, n.discount, n.fee, n.tax, n.total, n.lines)`,
  'a trace adds up to its line': `
    SELECT l.id, l.total, l.price_trace FROM sale_detail l WHERE l.total <> (
      SELECT coalesce(sum((t ->> 'amount')::int), 0) FROM jsonb_array_elements(l.price_trace) t)`,
} as const;

/** What of the stock and the money of carts does not add up, by rule; empty when all is well. */
export async function stockFaults({ db }: System): Promise<Record<string, unknown[]>> {
  const faults: Record<string, unknown[]> = {};
  const audits = Object.entries(RULES).map(async ([rule, text]) => {
    const { rows } = await db.pool.query(text);
    if (rows.length) faults[rule] = rows;
  });
  await Promise.all(audits);
  return faults;
}

/** Deadlocks that PostgreSQL has broken in this database. */
export async function deadlocks({ db }: System): Promise<number> {
  const { rows } = await db.pool.query(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  return Number(rows[0]?.deadlocks);
}
