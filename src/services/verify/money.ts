import { type Check, TAKEN_PAYMENTS } from './check.ts';

/** What carts, payments, refunds and the ledger say of money is the same. */
export const moneyChecks: readonly Check[] = [
  {
    name: 'cart_balance_matches_payments',
    proves:
      'What a cart was paid less what was refunded is what its payments brought less what was given back.',
    sql: `
      SELECT company_id, id AS cart_id, c.status, c.paid, c.refunded, n.kept AS payments_kept
      FROM cart c
      FULL JOIN (SELECT company_id, cart_id AS id, sum(amount - refunded) AS kept
        FROM payment WHERE status IN ${TAKEN_PAYMENTS} GROUP BY company_id, cart_id) AS n USING (company_id, id)
      WHERE c.paid - c.refunded IS DISTINCT FROM coalesce(n.kept, 0)`,
  },
  {
    name: 'payment_matches_its_refunds',
    proves: 'What a payment says was given back of it is the sum of its refunds.',
    sql: `
      SELECT company_id, id AS payment_id, p.status, p.amount, p.refunded, n.refunds
      FROM payment p
      FULL JOIN (SELECT company_id, payment_id AS id, sum(amount) AS refunds
        FROM refund GROUP BY company_id, payment_id) AS n USING (company_id, id)
      WHERE p.refunded IS DISTINCT FROM coalesce(n.refunds, 0)`,
  },
  {
    name: 'payment_status_matches_its_amounts',
    proves: 'A payment is refunded, in part or whole, if and only if its amounts say so.',
    sql: `
      SELECT company_id, id AS payment_id, cart_id, status, amount, refunded FROM payment
      WHERE CASE WHEN refunded = 0 THEN status IN ('partially_refunded', 'refunded')
        WHEN refunded < amount THEN status <> 'partially_refunded'
        ELSE status <> 'refunded' END`,
  },
  {
    name: 'money_is_in_one_currency',
    // A cart may have been in another currency before: payments of which nothing is kept may be, too.
    proves:
      'What is kept for a cart is in its currency, and refunds and books are in that of what they are about.',
    sql: `
      SELECT p.company_id, p.cart_id, 'payment' AS kind, p.id, p.currency, c.currency AS expected
      FROM payment p JOIN cart c ON c.company_id = p.company_id AND c.id = p.cart_id
      WHERE p.status IN ${TAKEN_PAYMENTS} AND p.amount > p.refunded AND p.currency <> c.currency
      UNION ALL
      SELECT r.company_id, r.cart_id, 'refund', r.id, r.currency, p.currency
      FROM refund r JOIN payment p ON p.company_id = r.company_id AND p.id = r.payment_id
      WHERE r.currency <> p.currency
      UNION ALL
      SELECT e.company_id, e.cart_id, 'ledger_entry', e.id, e.currency, coalesce(p.currency, c.currency)
      FROM ledger_entry e
      LEFT JOIN payment p ON p.company_id = e.company_id AND p.id = e.payment_id
      JOIN cart c ON c.company_id = e.company_id AND c.id = e.cart_id
      WHERE e.currency <> coalesce(p.currency, c.currency)`,
  },
  {
    name: 'ledger_tells_every_payment',
    proves:
      'The ledger has one entry for each payment whose money came, with its amount, and none for another.',
    sql: `
      SELECT company_id, id AS payment_id, p.status, p.amount, n.entries, n.amount AS booked
      FROM (SELECT * FROM payment WHERE status IN ${TAKEN_PAYMENTS}) AS p
      FULL JOIN (SELECT company_id, payment_id AS id, count(*) AS entries, sum(amount) AS amount
        FROM ledger_entry WHERE kind = 'payment' GROUP BY company_id, payment_id) AS n USING (company_id, id)
      WHERE (n.entries, n.amount) IS DISTINCT FROM (1, p.amount)`,
  },
  {
    name: 'ledger_tells_every_refund',
    proves: 'The ledger has one entry for each refund, with its amount, and none for another.',
    sql: `
      SELECT company_id, id AS refund_id, r.payment_id, r.amount, n.entries, n.amount AS booked
      FROM refund r
      FULL JOIN (SELECT company_id, refund_id AS id, count(*) AS entries, sum(amount) AS amount
        FROM ledger_entry WHERE kind = 'refund' GROUP BY company_id, refund_id) AS n USING (company_id, id)
      WHERE (n.entries, n.amount) IS DISTINCT FROM (1, -r.amount)`,
  },
  {
    name: 'ledger_tells_every_sale',
    // A refund of an amount takes a share of every part of a price; only its sum is known without repeating it.
    proves:
      'The ledger says of each line what it was sold for less what was refunded, and nothing of unsold ones.',
    sql: `
      SELECT company_id, id AS sale_detail_id, l.status, l.quantity, l.total, l.refunded, to_json(n) AS booked
      FROM (SELECT * FROM sale_detail WHERE status IN ('paid', 'refunded', 'exchanged')) AS l
      FULL JOIN (SELECT company_id, sale_detail_id AS id, count(*) FILTER (WHERE kind = 'sale') AS sales,
          sum(quantity) AS quantity, sum(amount) AS amount, sum(discount) AS discount, sum(fee) AS fee, sum(tax) AS tax
        FROM ledger_entry WHERE kind IN ('sale', 'reversal') GROUP BY company_id, sale_detail_id) AS n
        USING (company_id, id)
      WHERE (n.sales, n.amount, n.quantity)
          IS DISTINCT FROM (1, l.total - l.refunded, CASE l.status WHEN 'paid' THEN l.quantity ELSE 0 END)
        OR (l.status IN ('refunded', 'exchanged') AND (n.discount, n.fee, n.tax) <> (0, 0, 0))
        OR (l.refunded = 0 AND l.status = 'paid' AND (n.discount, n.fee, n.tax) <> (l.discount, l.fee, l.tax))`,
  },
  {
    name: 'exchange_is_whole',
    proves:
      'A completed exchange gave its old lines for its new ones in one cart, at the worth and price of its quote.',
    sql: `
      SELECT x.company_id, x.id AS exchange_id, x.cart_id, x.credit, x.price, to_json(n) AS booked
      FROM exchange x
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE l.status = 'exchanged' AND l.id = ANY(x.sale_detail_ids)) AS given,
          count(*) FILTER (WHERE l.status IN ('paid', 'refunded', 'exchanged') AND l.id = ANY(x.new_sale_detail_ids)) AS taken,
          (SELECT coalesce(-sum(e.amount), 0) FROM ledger_entry e WHERE e.company_id = x.company_id
            AND e.cart_id = x.cart_id AND e.exchange_id = x.id AND e.kind = 'reversal') AS credit,
          (SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e WHERE e.company_id = x.company_id
            AND e.cart_id = x.cart_id AND e.exchange_id = x.id AND e.kind = 'sale') AS price
        FROM sale_detail l WHERE l.company_id = x.company_id AND l.cart_id = x.cart_id) AS n
      WHERE CASE x.status WHEN 'completed'
        THEN (n.given, n.taken, n.credit, n.price)
          <> (cardinality(x.sale_detail_ids), cardinality(x.new_sale_detail_ids), x.credit, x.price)
        ELSE (n.taken, n.credit, n.price) <> (0, 0, 0) END`,
  },
  {
    name: 'exchanged_worth_matches_exchanges',
    proves: 'What a cart paid with the worth of exchanged lines is what its exchanges say.',
    sql: `
      SELECT company_id, id AS cart_id, c.exchanged, n.worth
      FROM cart c
      FULL JOIN (SELECT company_id, cart_id AS id, sum(least(credit, price)) AS worth
        FROM exchange WHERE status = 'completed' GROUP BY company_id, cart_id) AS n USING (company_id, id)
      WHERE c.exchanged IS DISTINCT FROM coalesce(n.worth, 0)`,
  },
  {
    name: 'ledger_names_the_right_cart',
    proves: 'An entry of the ledger is booked on the cart of its line, its payment and its refund.',
    sql: `
      SELECT e.company_id, e.id AS ledger_entry_id, e.kind, e.cart_id, l.cart_id AS line_cart_id,
        p.cart_id AS payment_cart_id, r.cart_id AS refund_cart_id
      FROM ledger_entry e
      LEFT JOIN sale_detail l ON l.company_id = e.company_id AND l.id = e.sale_detail_id
      LEFT JOIN payment p ON p.company_id = e.company_id AND p.id = e.payment_id
      LEFT JOIN refund r ON r.company_id = e.company_id AND r.id = e.refund_id
      WHERE e.cart_id <> l.cart_id OR e.cart_id <> p.cart_id OR e.cart_id <> r.cart_id`,
  },
];
