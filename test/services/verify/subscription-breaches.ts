import { type Breaches, oneOf } from './sql.ts';

const UUID = "'00000000-0000-7000-8000-00000000000f'";
const credit = (columns: string, values: string) =>
  `INSERT INTO credit_entry (company_id, id, user_id, currency, kind, ${columns})
   SELECT id, gen_random_uuid(), 1, 'EUR', ${values} FROM company ORDER BY id LIMIT 1`;
const balance = `INSERT INTO credit_balance (company_id, user_id, currency, balance)
  SELECT id, 1, 'EUR', 5 FROM company ORDER BY id LIMIT 1`;

/** Plans, subscriptions and credit. */
export const SUBSCRIPTION_BREACHES: Breaches = {
  plan_setting_within_capacity: [
    [
      'ALTER TABLE plan_setting DROP CONSTRAINT plan_setting_within_capacity',
      oneOf('plan_setting', 'sold > 0 AND held + sold > 0', 'capacity = held + sold - 1'),
    ],
  ],
  plan_setting_counters_match_rows: [
    [oneOf('plan_setting', 'capacity IS NULL', 'sold = sold + 1')],
    [oneOf('plan_setting', 'capacity IS NULL', 'held = held + 1')],
  ],
  live_subscription_has_its_period: [
    [
      oneOf(
        'subscription',
        "status = 'active'",
        "current_period_end = current_period_end + interval '1 day'",
      ),
    ],
  ],
  pending_subscription_has_its_cart: [
    [oneOf('sale_detail', "kind = 'plan' AND status = 'held'", 'subscription_id = gen_random_uuid()')],
  ],
  paid_period_has_its_line: [
    [oneOf('sale_detail', "kind = 'plan' AND status = 'paid'", 'subscription_id = gen_random_uuid()')],
  ],
  season_date_has_one_ticket: [
    [
      `INSERT INTO ticket (company_id, id, event_id, interface_id, subscription_id)
       SELECT company_id, ${UUID}, event_id, interface_id, subscription_id FROM ticket
       WHERE subscription_id IS NOT NULL AND status = 'valid' LIMIT 1`,
    ],
  ],
  credit_matches_its_books: [[credit('amount', "'proration', 5")], [balance]],
  credit_payment_has_its_entry: [
    [credit('amount, payment_id', `'payment', -5, ${UUID}`)].concat(balance, [
      credit('amount', "'proration', 10"),
    ]),
  ],
  give_back_is_credited_once: [
    [
      `INSERT INTO give_back (company_id, id, subscription_id, user_id, event_id, seat_id, ticket_id, value, currency,
         status, credited)
       SELECT company_id, ${UUID}, id, user_id, 1, 1, id, 5, 'EUR', 'sold', 5 FROM subscription LIMIT 1`,
    ],
  ],
};
