import type { Check } from './check.ts';

// Counters are kept for general admission, and for types and products with a limit of their own. A place that was
// refunded without being given back still counts as sold. Held lines count until their cart has ended, overdue or not:
// the counter is turned back together with the line.

const HELD = `coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0)`;
const SOLD = `coalesce(sum(quantity) FILTER (WHERE status = 'paid' OR stock_kept), 0)`;
const COUNTING = `(status IN ('held', 'paid') OR stock_kept)`;

const withinCapacity = (table: string, id: string): string => `
  SELECT company_id, event_id, ${id}, capacity, held, sold FROM ${table}
  WHERE held < 0 OR sold < 0 OR held + sold > capacity`;

/** Places that courtesies take, which have no sale line, by what is selected: SQL of a relation `courtesies`. */
const COURTESIES = (columns: string, where = 'true'): string =>
  `SELECT company_id, ${columns}, count(*) AS courtesies FROM courtesy WHERE status = 'issued' AND ${where}`;

const countersMatch = (table: string, kind: string, column: string): string => `
  SELECT k.company_id, k.event_id, k.id AS ${column}, k.held, k.sold,
    coalesce(n.held, 0) AS held_rows, coalesce(n.sold, 0) AS sold_rows
  FROM ${table} k
  LEFT JOIN (SELECT company_id, ${column} AS id, ${HELD} AS held, ${SOLD} AS sold
    FROM sale_detail WHERE kind = '${kind}' AND ${COUNTING} GROUP BY company_id, ${column}) AS n USING (company_id, id)
  WHERE k.capacity IS NOT NULL AND (k.held, k.sold) <> (coalesce(n.held, 0), coalesce(n.sold, 0))`;

/** No stock is oversold, and every counter says what the rows add up to. */
export const counterChecks: readonly Check[] = [
  {
    name: 'section_within_capacity',
    proves: 'Held, sold and blocked places of a section are never more than it has.',
    sql: `
      SELECT company_id, event_id, section_id, capacity, held, sold, blocked FROM event_section
      WHERE held < 0 OR sold < 0 OR blocked < 0 OR held + sold + blocked > capacity`,
  },
  {
    name: 'section_counters_match_rows',
    proves:
      'Held, sold and blocked of a section are what its lines, courtesies and blocks without seats add up to.',
    sql: `
      SELECT company_id, event_id, section_id, s.held, s.sold, s.blocked,
        coalesce(n.held, 0) AS held_rows, coalesce(n.sold, 0) AS sold_rows, coalesce(b.blocked, 0) AS blocked_rows,
        coalesce(c.courtesies, 0) AS courtesies
      FROM event_section s
      FULL JOIN (SELECT company_id, event_id, section_id, ${HELD} AS held, ${SOLD} AS sold
        FROM sale_detail WHERE kind = 'ticket' AND seat_id IS NULL AND section_id IS NOT NULL AND ${COUNTING}
        GROUP BY company_id, event_id, section_id) AS n USING (company_id, event_id, section_id)
      FULL JOIN (SELECT company_id, event_id, section_id, sum(quantity - taken) AS blocked
        FROM block WHERE released_at IS NULL AND section_id IS NOT NULL AND quantity IS NOT NULL
        GROUP BY company_id, event_id, section_id) AS b USING (company_id, event_id, section_id)
      FULL JOIN (${COURTESIES('event_id, section_id', 'seat_id IS NULL AND section_id IS NOT NULL')} GROUP BY company_id, event_id, section_id) AS c
        USING (company_id, event_id, section_id)
      WHERE (s.held, s.sold, s.blocked) IS DISTINCT FROM
        (coalesce(n.held, 0), coalesce(n.sold, 0) + coalesce(c.courtesies, 0), coalesce(b.blocked, 0))`,
  },
  {
    name: 'ticket_type_within_capacity',
    proves: 'Held and sold tickets of a type are never more than its own limit.',
    sql: withinCapacity('ticket_type', 'id AS ticket_type_id'),
  },
  {
    name: 'ticket_type_counters_match_rows',
    proves: 'Held and sold of a limited ticket type are what its lines and courtesies add up to.',
    sql: `
      SELECT k.company_id, k.event_id, k.id AS ticket_type_id, k.held, k.sold,
        coalesce(n.held, 0) AS held_rows, coalesce(n.sold, 0) AS sold_rows, coalesce(c.courtesies, 0) AS courtesies
      FROM ticket_type k
      LEFT JOIN (SELECT company_id, ticket_type_id AS id, ${HELD} AS held, ${SOLD} AS sold
        FROM sale_detail WHERE kind = 'ticket' AND ${COUNTING} GROUP BY company_id, ticket_type_id) AS n
        USING (company_id, id)
      LEFT JOIN (${COURTESIES('ticket_type_id AS id')} GROUP BY company_id, ticket_type_id) AS c USING (company_id, id)
      WHERE k.capacity IS NOT NULL
        AND (k.held, k.sold) <> (coalesce(n.held, 0), coalesce(n.sold, 0) + coalesce(c.courtesies, 0))`,
  },
  {
    name: 'product_within_capacity',
    proves: 'Held and sold pieces of a product are never more than there are.',
    sql: withinCapacity('product', 'id AS product_id'),
  },
  {
    name: 'product_counters_match_rows',
    proves: 'Held and sold of a limited product are what its lines add up to.',
    sql: countersMatch('product', 'product', 'product_id'),
  },
];
