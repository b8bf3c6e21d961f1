import type { Check } from './check.ts';

const LIVE = `('active', 'past_due', 'paused')`;

/** Plans, subscriptions, their periods and what is owed to their holders. */
export const subscriptionChecks: readonly Check[] = [
  {
    name: 'plan_setting_within_capacity',
    proves: 'Held and sold places of a plan setting are never more than there are.',
    sql: `
      SELECT company_id, id AS plan_setting_id, capacity, held, sold FROM plan_setting
      WHERE held < 0 OR sold < 0 OR held + sold > capacity`,
  },
  {
    name: 'plan_setting_counters_match_rows',
    proves:
      'Held places of a plan setting are periods that wait to be paid, sold ones subscriptions that live, or will.',
    sql: `
      SELECT s.company_id, s.id AS plan_setting_id, s.held, s.sold,
        coalesce(h.n, 0) AS held_rows, coalesce(l.n, 0) AS sold_rows
      FROM plan_setting s
      LEFT JOIN (SELECT company_id, plan_setting_id AS id, count(*) AS n FROM subscription_period
        WHERE status = 'due' AND counts GROUP BY company_id, plan_setting_id) AS h USING (company_id, id)
      LEFT JOIN (SELECT company_id, id, count(*) AS n FROM (
          SELECT u.company_id, u.plan_setting_id AS id FROM subscription u WHERE u.status IN ${LIVE}
          UNION ALL SELECT u.company_id, p.plan_setting_id FROM subscription u
            JOIN subscription_period p ON p.company_id = u.company_id AND p.subscription_id = u.id
              AND p.number = u.period + 1 AND p.status = 'paid' AND p.counts
            WHERE u.status IN ${LIVE}) AS taken GROUP BY 1, 2) AS l USING (company_id, id)
      WHERE (s.held, s.sold) <> (coalesce(h.n, 0), coalesce(l.n, 0))`,
  },
  {
    name: 'live_subscription_has_its_period',
    proves: 'A subscription that lives is in a period that was paid for, with the same times and setting.',
    sql: `
      SELECT s.company_id, s.id AS subscription_id, s.status, s.period, p.status AS period_status
      FROM subscription s
      LEFT JOIN subscription_period p ON p.company_id = s.company_id AND p.subscription_id = s.id
        AND p.number = s.period
      WHERE s.status IN ${LIVE} AND (p.status IS DISTINCT FROM 'paid'
        OR (p.starts_at, p.ends_at, p.plan_setting_id)
          <> (s.current_period_start, s.current_period_end, s.plan_setting_id))`,
  },
  {
    name: 'pending_subscription_has_its_cart',
    proves:
      'A subscription waits for its first payment as long as its cart may still be paid, and no longer.',
    sql: `
      SELECT s.company_id, s.id AS subscription_id, s.status, p.status AS period_status, c.status AS cart_status
      FROM subscription s
      JOIN subscription_period p ON p.company_id = s.company_id AND p.subscription_id = s.id AND p.number = 1
      LEFT JOIN cart c ON c.company_id = p.company_id AND c.id = p.cart_id
      WHERE (s.status = 'pending') <> (p.status = 'due')
        OR (p.status = 'due') <> coalesce(c.status IN ('open', 'pending_payment') AND EXISTS (
          SELECT FROM sale_detail l WHERE l.company_id = c.company_id AND l.cart_id = c.id
            AND l.subscription_id = s.id AND l.kind = 'plan' AND l.status = 'held'), false)`,
  },
  {
    name: 'paid_period_has_its_line',
    proves: 'Each period that was paid for is one paid line of a cart, each such line one period.',
    sql: `
      SELECT company_id, subscription_id, cart_id, p.number, p.status AS period_status, l.id AS sale_detail_id,
        l.status AS line_status
      FROM (SELECT * FROM subscription_period WHERE status IN ('paid', 'refunded')) AS p
      FULL JOIN (SELECT * FROM sale_detail WHERE kind = 'plan' AND status IN ('paid', 'refunded')) AS l
        USING (company_id, subscription_id, cart_id)
      WHERE (p.status = 'paid') IS DISTINCT FROM (l.status = 'paid')`,
  },
  {
    name: 'season_date_has_one_ticket',
    proves: 'A subscription without places for several has one live ticket for a date at most.',
    sql: `
      SELECT t.company_id, t.subscription_id, t.event_id, count(*) AS tickets, s.holders
      FROM ticket t
      JOIN subscription u ON u.company_id = t.company_id AND u.id = t.subscription_id
      JOIN plan_setting s ON s.company_id = u.company_id AND s.id = u.plan_setting_id
      WHERE t.status IN ('valid', 'used')
      GROUP BY t.company_id, t.subscription_id, t.event_id, s.holders HAVING count(*) > s.holders`,
  },
  {
    name: 'credit_matches_its_books',
    proves: 'The credit of a user is the sum of its entries, and never below nothing.',
    sql: `
      SELECT company_id, user_id, currency, b.balance, n.amount
      FROM credit_balance b
      FULL JOIN (SELECT company_id, user_id, currency, sum(amount) AS amount
        FROM credit_entry GROUP BY company_id, user_id, currency) AS n USING (company_id, user_id, currency)
      WHERE b.balance IS DISTINCT FROM n.amount OR b.balance < 0`,
  },
  {
    name: 'credit_payment_has_its_entry',
    proves: 'What was paid by credit was taken off it, and what was given back of that was put back.',
    sql: `
      SELECT company_id, id AS payment_id, p.amount, p.refunded, n.taken
      FROM (SELECT * FROM payment WHERE method = 'credit') AS p
      FULL JOIN (SELECT company_id, payment_id AS id, -sum(amount) AS taken FROM credit_entry
        WHERE payment_id IS NOT NULL GROUP BY company_id, payment_id) AS n USING (company_id, id)
      WHERE p.amount - p.refunded IS DISTINCT FROM n.taken`,
  },
  {
    name: 'give_back_is_credited_once',
    proves: 'A date that was given back and sold again was credited once, and one that was not, not at all.',
    sql: `
      SELECT g.company_id, g.id AS give_back_id, g.status, g.credited, coalesce(n.entries, 0) AS entries, n.amount
      FROM give_back g
      LEFT JOIN (SELECT company_id, give_back_id AS id, count(*) AS entries, sum(amount) AS amount
        FROM credit_entry WHERE kind = 'give_back' GROUP BY company_id, give_back_id) AS n USING (company_id, id)
      WHERE coalesce(n.amount, 0) <> g.credited OR coalesce(n.entries, 0) <> (g.credited > 0)::int
        OR (g.status = 'offered' AND g.credited > 0)`,
  },
];
