/** Changes one row of a table. */
export function oneOf(table: string, where: string, set: string, more = 'true'): string {
  return `UPDATE ${table} SET ${set} WHERE ctid = (SELECT ctid FROM ${table} WHERE ${where} AND ${more} LIMIT 1)`;
}

/** Changes the ledger in spite of its trigger. */
export const inTheLedger = (sql: string): readonly string[] => [
  'ALTER TABLE ledger_entry DISABLE TRIGGER ALL',
  sql,
];

/** The seat of a ticket that lives: not one whose place was kept. */
export const OF_LIVE_TICKET = "ticket_id IN (SELECT id FROM ticket WHERE status = 'valid')";

/** A line of a product that has no counter. */
export const UNCOUNTED = '(SELECT capacity FROM product p WHERE p.id = sale_detail.product_id) IS NULL';

/** The only payment of a paid cart of which nothing was given back. */
export const soldPayment = (column: 'id' | 'cart_id'): string =>
  `(SELECT min(p.${column}::text)::uuid FROM (SELECT cart_id, min(id::text)::uuid AS id FROM payment
    WHERE status = 'captured' GROUP BY cart_id HAVING count(*) = 1) AS p
    JOIN cart c ON c.id = p.cart_id AND c.status = 'paid' AND c.total > 0)`;

/** Ways to break checks: sets of statements, the last of which must change a row. */
export type Breaches = Record<string, readonly (readonly string[])[]>;
