import { type Check, PAYMENTS_UNDER_WAY, SOLD_CARTS, UNSOLD_CARTS } from './check.ts';

/** Carts, their lines and their prices fit together. */
export const cartChecks: readonly Check[] = [
  {
    name: 'line_fits_its_cart',
    proves:
      'Only unpaid carts hold lines, only paid ones have paid or exchanged lines, and no cart keeps paid lines when refunded.',
    sql: `
      SELECT l.company_id, l.cart_id, l.id AS sale_detail_id, l.status AS line_status, c.status AS cart_status
      FROM sale_detail l LEFT JOIN cart c ON c.company_id = l.company_id AND c.id = l.cart_id
      WHERE c.id IS NULL OR NOT CASE l.status
        WHEN 'held' THEN c.status IN ${UNSOLD_CARTS}
        WHEN 'paid' THEN c.status IN ('paid', 'partially_refunded')
        WHEN 'refunded' THEN c.status IN ('partially_refunded', 'refunded')
        WHEN 'exchanged' THEN c.status IN ${SOLD_CARTS}
        WHEN 'released' THEN true END`,
  },
  {
    name: 'cart_totals_match_lines',
    // A cart that ended unpaid keeps its totals for the history, and has let its lines go.
    proves: 'The totals of a cart are the sums of its lines.',
    sql: `
      SELECT c.company_id, c.id AS cart_id, c.status, c.subtotal, c.discount, c.fee, c.tax, c.total, c.line_count,
        to_json(n) AS lines
      FROM cart c
      LEFT JOIN (SELECT company_id, cart_id AS id, sum(unit_price::bigint * quantity) AS subtotal,
          sum(discount) AS discount, sum(fee) AS fee, sum(tax) AS tax, sum(total) AS total, count(*) AS line_count
        FROM sale_detail WHERE status <> 'released' GROUP BY company_id, cart_id) AS n USING (company_id, id)
      WHERE c.status NOT IN ('expired', 'cancelled')
        AND (c.subtotal, c.discount, c.fee, c.tax, c.total, c.line_count)
          <> (coalesce(n.subtotal, 0), coalesce(n.discount, 0), coalesce(n.fee, 0), coalesce(n.tax, 0),
              coalesce(n.total, 0), coalesce(n.line_count, 0))`,
  },
  {
    name: 'line_price_matches_its_trace',
    proves: 'The price of a line, and each part of it, is the sum of the rules that made it.',
    sql: `
      SELECT l.company_id, l.cart_id, l.id AS sale_detail_id, l.unit_price, l.quantity, l.discount, l.fee, l.tax,
        l.total, l.price_trace
      FROM sale_detail l
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount), 0) AS total,
          coalesce(sum(amount) FILTER (WHERE rule IN ('base', 'override')), 0) AS price,
          -coalesce(sum(amount) FILTER (WHERE rule IN ('quantity', 'benefit', 'code')), 0) AS discount,
          coalesce(sum(amount) FILTER (WHERE rule = 'fee'), 0) AS fee,
          coalesce(sum(amount + included) FILTER (WHERE rule = 'tax'), 0) AS tax
        FROM jsonb_to_recordset(l.price_trace) AS t (rule text, amount bigint, included bigint)) AS n
      WHERE (l.unit_price::bigint * l.quantity, l.discount, l.fee, l.tax, l.total)
        <> (n.price, n.discount, n.fee, n.tax, n.total)`,
  },
  {
    name: 'sold_cart_is_paid_in_full',
    proves: 'A cart with tickets was paid exactly its total.',
    sql: `
      SELECT company_id, id AS cart_id, status, total, paid FROM cart
      WHERE status IN ${SOLD_CARTS} AND paid <> total`,
  },
  {
    name: 'ended_cart_keeps_no_money',
    proves: 'Nothing is kept of what was paid towards a cart that ended without tickets.',
    sql: `
      SELECT company_id, id AS cart_id, status, paid, refunded FROM cart
      WHERE status IN ('expired', 'cancelled') AND paid <> refunded`,
  },
  {
    name: 'waiting_cart_has_its_payment',
    proves: 'A cart in pending_payment waits for one payment that is under way.',
    sql: `
      SELECT c.company_id, c.id AS cart_id, coalesce(n.payments, 0) AS payments_under_way
      FROM cart c
      LEFT JOIN (SELECT company_id, cart_id AS id, count(*) AS payments
        FROM payment WHERE status IN ${PAYMENTS_UNDER_WAY} GROUP BY company_id, cart_id) AS n USING (company_id, id)
      WHERE c.status = 'pending_payment' AND coalesce(n.payments, 0) <> 1`,
  },
];
