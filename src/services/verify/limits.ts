import { type Check, SOLD_CARTS, UNSOLD_CARTS } from './check.ts';

/** Nobody has more than a limit allows: codes and users. */
export const limitChecks: readonly Check[] = [
  {
    name: 'code_within_limit',
    proves: 'Uses of a code, held ones included, are never more than its limit.',
    sql: `
      SELECT company_id, event_id, id AS code_id, code, max_uses, held, used FROM code
      WHERE held < 0 OR used < 0 OR held + used > max_uses`,
  },
  {
    name: 'code_counters_match_rows',
    proves: 'Held and used of a code are the carts that hold and used it.',
    sql: `
      SELECT d.company_id, d.event_id, d.id AS code_id, d.code, d.held, d.used,
        coalesce(n.held, 0) AS held_rows, coalesce(n.used, 0) AS used_rows
      FROM code d
      LEFT JOIN (SELECT company_id, code_id AS id, count(*) FILTER (WHERE status = 'held') AS held,
          count(*) FILTER (WHERE status = 'paid') AS used
        FROM cart_code GROUP BY company_id, code_id) AS n USING (company_id, id)
      WHERE (d.held, d.used) <> (coalesce(n.held, 0), coalesce(n.used, 0))`,
  },
  {
    name: 'code_fits_its_cart',
    proves: 'A code is held by carts that are not paid yet, used by those that were, and free of all others.',
    sql: `
      SELECT k.company_id, k.cart_id, k.code_id, k.status AS code_status, c.status AS cart_status
      FROM cart_code k LEFT JOIN cart c ON c.company_id = k.company_id AND c.id = k.cart_id
      WHERE c.id IS NULL OR NOT CASE k.status
        WHEN 'held' THEN c.status IN ${UNSOLD_CARTS}
        WHEN 'paid' THEN c.status IN ${SOLD_CARTS}
        ELSE k.status = 'released' END`,
  },
  {
    name: 'code_within_user_limit',
    proves: 'No user has used a code more often than it allows a user.',
    sql: `
      SELECT d.company_id, d.event_id, d.id AS code_id, d.code, c.user_id, d.max_uses_per_user, count(*) AS uses
      FROM code d
      JOIN cart_code k ON k.company_id = d.company_id AND k.code_id = d.id
      JOIN cart c ON c.company_id = k.company_id AND c.id = k.cart_id
      CROSS JOIN clock
      WHERE d.max_uses_per_user IS NOT NULL AND c.user_id IS NOT NULL
        AND (k.status = 'paid' OR (k.status = 'held' AND c.expires_at > clock.at))
      GROUP BY d.company_id, d.id, c.user_id HAVING count(*) > d.max_uses_per_user`,
  },
  {
    name: 'user_within_ticket_limit',
    proves: 'No user has more tickets of a type, held ones included, than it allows a user.',
    sql: `
      SELECT t.company_id, t.event_id, t.id AS ticket_type_id, c.user_id, t.max_per_user, sum(l.quantity) AS tickets
      FROM ticket_type t
      JOIN sale_detail l ON l.company_id = t.company_id AND l.ticket_type_id = t.id AND l.kind = 'ticket'
      JOIN cart c ON c.company_id = l.company_id AND c.id = l.cart_id
      CROSS JOIN clock
      WHERE t.max_per_user IS NOT NULL AND c.user_id IS NOT NULL
        AND (l.status = 'paid' OR (l.status = 'held' AND c.expires_at > clock.at))
      GROUP BY t.company_id, t.id, c.user_id HAVING sum(l.quantity) > t.max_per_user`,
  },
];
