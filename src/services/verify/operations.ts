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
    name: 'idempotency_key_is_answered',
    // A request that died between two transactions is answered by the worker within a minute.
    proves:
      'Every request that claimed an Idempotency-Key a quarter of an hour ago or earlier has its answer.',
    sql: `
      SELECT company_id, client_id, key, created_at FROM idempotency_key CROSS JOIN clock
      WHERE NOT answered AND created_at < clock.at - interval '15 minutes'`,
  },
];
