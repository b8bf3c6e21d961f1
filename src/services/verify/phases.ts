import type { Check } from './check.ts';

/** SQL: whether line `l` counts for the phases of its type. */
const COUNTING = `l.kind = 'ticket' AND (l.status IN ('held', 'paid') OR l.stock_kept)`;

/** A price that holds until a number is sold holds no longer. */
export const phaseChecks: readonly Check[] = [
  {
    name: 'price_phase_within_limit',
    proves: 'No more tickets have the price of a phase than its number.',
    sql: `
      SELECT t.company_id, t.event_id, p.ticket_type_id, p.id AS price_phase_id, p.until_sold, sum(l.quantity) AS tickets
      FROM price_phase p
      JOIN ticket_type t ON t.company_id = p.company_id AND t.id = p.ticket_type_id
      JOIN sale_detail l ON l.company_id = p.company_id AND l.ticket_type_id = p.ticket_type_id
        AND l.price_phase_id = p.id AND ${COUNTING}
      WHERE p.until_sold IS NOT NULL
      GROUP BY t.company_id, t.event_id, p.ticket_type_id, p.id, p.until_sold HAVING sum(l.quantity) > p.until_sold`,
  },
  {
    name: 'phases_count_every_ticket',
    proves: 'Every ticket of a type whose price depends on how many are sold counts for it.',
    sql: `
      SELECT l.company_id, l.event_id, l.ticket_type_id, l.id AS sale_detail_id
      FROM sale_detail l
      WHERE l.price_phase_id IS NULL AND ${COUNTING}
        AND EXISTS (SELECT FROM price_phase p WHERE p.company_id = l.company_id AND p.ticket_type_id = l.ticket_type_id
          AND p.until_sold IS NOT NULL)`,
  },
];
