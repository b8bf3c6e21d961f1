import { type Check, PAYMENTS_UNDER_WAY } from './check.ts';

/** Nothing that was begun is left lying. */
export const operationChecks: readonly Check[] = [
  {
    name: 'payment_job_ends_with_its_payment',
    proves: 'The job of a payment is open exactly as long as the payment is under way.',
    sql: `
      SELECT company_id, id AS job_id, j.status AS job_status, p.payment_id, p.status AS payment_status
      FROM (SELECT * FROM job WHERE kind = 'payment') AS j
      FULL JOIN (SELECT company_id, job_id AS id, id AS payment_id, status FROM payment WHERE job_id IS NOT NULL) AS p
        USING (company_id, id)
      WHERE coalesce(j.status IN ('queued', 'running'), false) <> coalesce(p.status IN ${PAYMENTS_UNDER_WAY}, false)`,
  },
  {
    name: 'cash_drawer_adds_up',
    proves: 'What a closed drawer should have held is its float and all that went through it.',
    sql: `
      SELECT s.company_id, s.id AS cash_session_id, s.opening, s.expected, n.moved
      FROM cash_session s
      LEFT JOIN (SELECT company_id, cash_session_id AS id, sum(amount) AS moved
        FROM cash_movement GROUP BY company_id, cash_session_id) AS n USING (company_id, id)
      WHERE s.closed_at IS NOT NULL AND s.expected <> s.opening + coalesce(n.moved, 0)`,
  },
  {
    name: 'cash_movement_matches_its_payment',
    proves: 'Cash in a drawer is what its payment brought or its refund gave back.',
    sql: `
      SELECT m.company_id, m.id AS cash_movement_id, m.kind, m.amount, coalesce(p.amount, -r.amount) AS booked
      FROM cash_movement m
      LEFT JOIN payment p ON p.company_id = m.company_id AND p.id = m.payment_id AND p.method = 'cash'
      LEFT JOIN refund r ON r.company_id = m.company_id AND r.id = m.refund_id
      WHERE m.kind IN ('payment', 'refund') AND m.amount IS DISTINCT FROM coalesce(p.amount, -r.amount)`,
  },
  {
    name: 'idempotency_key_is_answered',
    // A request that died between two transactions is answered by the worker within a minute.
    proves:
      'Every request that claimed an Idempotency-Key a quarter of an hour ago or earlier has its answer.',
    sql: `
      SELECT company_id, client_id, key, created_at FROM idempotency_key CROSS JOIN clock
      WHERE NOT answered AND created_at < clock.at - interval '15 minutes'`,
  },
];
