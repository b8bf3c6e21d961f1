import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { recordAudit } from '../audit.ts';
import { recordChanges } from '../changes.ts';
import { CHANGE_COLUMNS, type ChangeView } from '../feed/read.ts';
import { type Outcome, send } from './send.ts';

/** Deliveries of one webhook at a time; one that fails is knocked at by one alone. */
const AT_ONCE = 4;
/** Seconds after which an attempt is taken to have died with its process. Longer than any takes. */
const LEASE_SECONDS = 60;
/** Seconds to wait after the first, second, … failure; the last again and again, until three days are over. */
const BACKOFF = [5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800];
const MAX_RETRY_AFTER = 3_600;
const DAY_MS = 86_400_000;
const DEAD_AFTER_MS = 3 * DAY_MS;
/** A receiver that was away for longer than this gets all that waits for it as soon as it is back. */
const AWAY_MS = 60_000;

/** A delivery that is ours to attempt now, with all that the attempt needs. */
export interface Claimed extends ChangeView {
  company_id: number;
  delivery_id: string;
  webhook_id: string;
  attempts: number;
  give_up_at: Date;
  url: string;
  secret: string;
  old_secret: string | null;
}

const CLAIM = statement(
  'delivery_claim',
  `WITH due AS MATERIALIZED (
     SELECT w.company_id, w.id AS webhook_id, p.id, w.url, w.secret,
       CASE WHEN w.old_secret_expires_at > now() THEN w.old_secret END AS old_secret
     FROM webhook w CROSS JOIN LATERAL (
       SELECT d.id FROM webhook_delivery d
       WHERE d.company_id = w.company_id AND d.webhook_id = w.id AND d.status = 'pending' AND d.next_attempt_at <= $1
       ORDER BY d.next_attempt_at, d.sequence LIMIT CASE WHEN w.failing_since IS NULL THEN ${AT_ONCE} ELSE 1 END
       FOR UPDATE SKIP LOCKED) p
     WHERE w.active AND w.id <> ALL($2::uuid[]) LIMIT $3),
   taken AS (
     UPDATE webhook_delivery d SET attempts = d.attempts + 1, attempted_at = $1, response_status = NULL, error = NULL,
       next_attempt_at = $1::timestamptz + interval '${LEASE_SECONDS} seconds'
     FROM due WHERE d.company_id = due.company_id AND d.id = due.id
     RETURNING d.company_id, d.id AS delivery_id, d.webhook_id, d.change_id, d.sequence AS place, d.attempts, d.give_up_at,
       due.url, due.secret, due.old_secret)
   SELECT t.*, ${CHANGE_COLUMNS}
   FROM taken t JOIN feed_entry e ON e.company_id = t.company_id AND e.sequence = t.place
   JOIN change c ON c.company_id = t.company_id AND c.id = t.change_id ORDER BY t.place`,
);
// Only while it is pending: sent again by hand meanwhile, or taken over after its lease, it is another's.
const DELIVERED = statement(
  'delivery_delivered',
  `UPDATE webhook_delivery SET status = 'delivered', delivered_at = $3, response_status = $4, error = NULL,
     next_attempt_at = NULL
   WHERE company_id = $1 AND id = $2 AND status = 'pending'`,
);
const FAILED = statement(
  'delivery_attempt_failed',
  `UPDATE webhook_delivery SET status = CASE WHEN $6 THEN 'failed' ELSE 'pending' END, response_status = $3, error = $4,
     next_attempt_at = CASE WHEN $6 THEN NULL ELSE $5::timestamptz END
   WHERE company_id = $1 AND id = $2 AND status = 'pending' AND attempts = $7`,
);
const WELL = statement(
  'webhook_well',
  `WITH was AS (SELECT failing_since FROM webhook WHERE company_id = $1 AND id = $2 FOR UPDATE)
   UPDATE webhook w SET failing_since = NULL FROM was
   WHERE w.company_id = $1 AND w.id = $2 AND was.failing_since IS NOT NULL RETURNING was.failing_since`,
);
// Those under way have no error yet.
const HURRY = statement(
  'webhook_hurry',
  `UPDATE webhook_delivery SET next_attempt_at = $3
   WHERE company_id = $1 AND webhook_id = $2 AND status = 'pending' AND error IS NOT NULL AND next_attempt_at > $3`,
);
const ILL = statement(
  'webhook_ill',
  `UPDATE webhook SET failing_since = coalesce(failing_since, $3)
   WHERE company_id = $1 AND id = $2 RETURNING failing_since`,
);
const DISABLE = statement(
  'webhook_disable',
  `UPDATE webhook SET active = false, disabled_at = $3, disabled_reason = $4,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND active RETURNING url, failing_since`,
);

/**
 * Takes deliveries that are due, a few of each webhook, so that a slow one keeps none of the others waiting.
 * @param busy webhooks that are left out
 * @param most of all together
 */
export const claimDue = (
  system: System,
  now: Date,
  busy: readonly string[],
  most: number,
): Promise<Claimed[]> => inTransaction(system.db, (tx) => tx.query<Claimed>(CLAIM, [now, busy, most]));

/** Makes one attempt and writes down what came of it. */
export async function attempt(system: System, claimed: Claimed, now: () => Date): Promise<void> {
  const { id, sequence, type, timestamp, interface_id, event_id, subject_id, data, url } = claimed;
  const body = JSON.stringify({ id, sequence, type, timestamp, interface_id, event_id, subject_id, data });
  const secrets = [claimed.secret, claimed.old_secret].filter((secret) => secret !== null);
  const outcome = await send({ url, secrets, id, body }, system.config.WEBHOOK_PRIVATE_ADDRESSES);
  const write = outcome.error === null ? succeeded : failed;
  await inTransaction(system.db, (tx) => write(tx, system, claimed, outcome, now()));
}

async function succeeded(tx: Tx, _: System, claimed: Claimed, outcome: Outcome, at: Date): Promise<void> {
  const { company_id, webhook_id, delivery_id } = claimed;
  const [was] = await tx.query<{ failing_since: Date }>(WELL, [company_id, webhook_id]);
  await tx.execute(DELIVERED, [company_id, delivery_id, at, outcome.response_status]);
  if (was && at.getTime() - was.failing_since.getTime() > AWAY_MS)
    await tx.execute(HURRY, [company_id, webhook_id, at]);
}

async function failed(tx: Tx, system: System, claimed: Claimed, outcome: Outcome, at: Date): Promise<void> {
  const { company_id, webhook_id, delivery_id, attempts, give_up_at } = claimed;
  const { response_status, error } = outcome;
  const [webhook] = await tx.query<{ failing_since: Date }>(ILL, [company_id, webhook_id, at]);
  if (!webhook) return; // removed meanwhile, and its deliveries with it
  const next = new Date(Math.min(at.getTime() + delay(attempts, outcome) * 1_000, give_up_at.getTime()));
  const over = at >= give_up_at;
  await tx.execute(FAILED, [company_id, delivery_id, response_status, error, next, over, attempts]);
  if (response_status === 410) return disable(tx, system, claimed, at, 'It answered 410 Gone.');
  if (at.getTime() - webhook.failing_since.getTime() >= DEAD_AFTER_MS)
    await disable(tx, system, claimed, at, `Nothing got through for three days; last: ${error}.`);
}

/** Seconds until the next attempt, spread a little, so that what failed together does not come back together. */
function delay(attempts: number, { retry_after = 0 }: Outcome): number {
  const step = BACKOFF[Math.min(attempts, BACKOFF.length) - 1] as number;
  return Math.max(step * (0.9 + Math.random() * 0.2), Math.min(retry_after, MAX_RETRY_AFTER));
}

/** Gives a dead receiver up, and tells it: in the feed, in the audit log and to the operator. */
async function disable(
  tx: Tx,
  { log }: System,
  { company_id, webhook_id }: Claimed,
  at: Date,
  reason: string,
): Promise<void> {
  const [webhook] = await tx.query<{ url: string; failing_since: Date | null }>(DISABLE, [
    company_id,
    webhook_id,
    at,
    reason,
  ]);
  if (!webhook) return;
  const facts = { reason, failing_since: webhook.failing_since };
  await recordAudit(
    tx,
    { company_id, client_id: 'system', user_id: undefined, interface: { id: null }, request_id: 'courier' },
    {
      ...{ action: 'webhook.disable', subject_type: 'webhook', subject_id: webhook_id },
      ...{ before: { active: true }, after: { active: false, ...facts } },
    },
  );
  await recordChanges(tx, [
    {
      ...{ company_id, type: 'webhook.disabled', interface_id: null, event_id: null },
      ...{ subject_id: webhook_id, data: { webhook_id, ...facts } },
    },
  ]);
  log.warn({ company_id, webhook_id, ...facts }, 'a webhook is given up: its receiver is dead');
}
