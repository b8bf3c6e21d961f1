import { type Check, SOLD_CARTS, UNSOLD_CARTS } from './check.ts';

/** Who was let in at the gates of events, and by what right carts hold what is behind them. */
export const queueChecks: readonly Check[] = [
  {
    name: 'queue_within_inflow',
    proves: 'In no minute more were let in than the inflow of that moment.',
    sql: `
      SELECT r.company_id, r.event_id, r.interface_id, r.at, r.inflow, n.admitted
      FROM queue_round r
      CROSS JOIN LATERAL (SELECT sum(o.admitted) AS admitted FROM queue_round o
        WHERE o.company_id = r.company_id AND o.event_id = r.event_id AND o.interface_id = r.interface_id
          AND o.at <= r.at AND o.at > r.at - interval '1 minute') AS n
      WHERE n.admitted > r.inflow`,
  },
  {
    name: 'queue_pass_has_its_round',
    proves: 'Every pass was given by a round, and every round gave as many as it says.',
    sql: `
      SELECT company_id, event_id, interface_id, at, r.admitted, p.passes
      FROM (SELECT company_id, event_id, interface_id, at, sum(admitted) AS admitted FROM queue_round
        GROUP BY company_id, event_id, interface_id, at) AS r
      FULL JOIN (SELECT company_id, event_id, interface_id, admitted_at AS at, count(*) AS passes FROM queue_place
        WHERE admitted_at IS NOT NULL GROUP BY company_id, event_id, interface_id, admitted_at) AS p
        USING (company_id, event_id, interface_id, at)
      WHERE r.admitted IS DISTINCT FROM p.passes`,
  },
  {
    name: 'queue_in_order',
    proves:
      'Those who came before the start are ranked by their lot, and those who came later behind them; nobody waits before one who was let in.',
    sql: `
      SELECT p.company_id, p.event_id, p.interface_id, p.id AS place_id, p.rank
      FROM (SELECT p.*, q.seed,
          lag(p.draw) OVER lane AS lot_before,
          row_number() OVER lane > 1 AND lag(p.draw) OVER lane IS NULL AS late_before,
          max(p.rank) FILTER (WHERE p.admitted_at IS NOT NULL) OVER (PARTITION BY p.company_id, p.event_id, p.interface_id)
            AS last_admitted
        FROM queue_place p JOIN queue q ON q.company_id = p.company_id AND q.event_id = p.event_id
        WHERE p.rank IS NOT NULL
        WINDOW lane AS (PARTITION BY p.company_id, p.event_id, p.interface_id ORDER BY p.rank)) AS p
      WHERE p.draw IS NOT NULL AND (p.late_before OR p.lot_before > p.draw
          OR p.draw <> sha256(convert_to(p.seed || ':' || p.id, 'UTF8')))
        OR p.status = 'waiting' AND p.rank < p.last_admitted`,
  },
  {
    name: 'gated_line_has_its_entry',
    // What was held before the event had a gate goes without; what a plan includes is sold by the plan.
    proves:
      'No cart holds or has bought something behind a gate without a pass, unless the box office let it.',
    sql: `
      SELECT l.company_id, l.event_id, l.cart_id, min(l.id::text) AS sale_detail_id
      FROM sale_detail l
      JOIN queue q ON q.company_id = l.company_id AND q.event_id = l.event_id AND l.created_at >= q.created_at
      LEFT JOIN queue_entry e ON e.company_id = l.company_id AND e.cart_id = l.cart_id AND e.event_id = l.event_id
      WHERE l.status IN ('held', 'paid') AND l.subscription_id IS NULL AND e.cart_id IS NULL
      GROUP BY l.company_id, l.event_id, l.cart_id`,
  },
  {
    name: 'queue_pass_opens_one_cart',
    proves:
      'A pass has one cart at most that holds or has bought something, and every pass by which one came in was given.',
    sql: `
      SELECT e.company_id, e.event_id, e.place_id, count(c.id) AS carts, min(p.status::text) AS status
      FROM queue_entry e
      LEFT JOIN queue_place p ON p.company_id = e.company_id AND p.id = e.place_id AND p.event_id = e.event_id
        AND p.admitted_at IS NOT NULL
      LEFT JOIN cart c ON c.company_id = e.company_id AND c.id = e.cart_id
        AND (c.status IN ${SOLD_CARTS} OR c.status IN ${UNSOLD_CARTS} AND c.expires_at > (SELECT at FROM clock))
      WHERE e.place_id IS NOT NULL
      GROUP BY e.company_id, e.event_id, e.place_id
      HAVING count(c.id) > 1 OR count(p.id) = 0`,
  },
];
