import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { DeliveriesFilter, Delivery, RedeliverAll, Redelivery } from '../../schemas/webhooks.ts';
import { recordAudit } from '../audit.ts';
import { ofTypes } from '../feed/types.ts';
import { getWebhook } from './manage.ts';
import { lockWebhook } from './row.ts';

export type DeliveryView = z.output<typeof Delivery>;

const COLUMNS = `d.id, d.webhook_id, d.change_id, d.sequence, d.type, d.status, d.attempts, d.response_status, d.error,
  CASE WHEN d.status = 'pending' THEN d.next_attempt_at END AS next_attempt_at, d.attempted_at, d.delivered_at, d.created_at`;
const MATCHES = `d.company_id = $1 AND d.webhook_id = $2 AND ($3::text[] IS NULL OR d.status = ANY($3))
  AND ($4::text[] IS NULL OR ${ofTypes('d.type', '$4::text[]')})`;

const LIST = statement(
  'delivery_list',
  `SELECT ${COLUMNS} FROM webhook_delivery d WHERE ${MATCHES} ORDER BY d.sequence DESC LIMIT $5 OFFSET $6`,
);
const COUNT = statement(
  'delivery_count',
  `SELECT count(*) AS total FROM webhook_delivery d WHERE ${MATCHES}`,
);
const AGAIN = statement(
  'delivery_again',
  `UPDATE webhook_delivery d SET status = 'pending', next_attempt_at = now(), give_up_at = now() + interval '3 days'
   WHERE d.company_id = $1 AND d.webhook_id = $2 AND d.id = $3 RETURNING ${COLUMNS}`,
);
const FAILED_AGAIN = statement(
  'delivery_failed_again',
  `UPDATE webhook_delivery SET status = 'pending', next_attempt_at = now(), give_up_at = now() + interval '3 days'
   WHERE company_id = $1 AND webhook_id = $2 AND status <> 'delivered' AND sequence > $3`,
);
const MISSED = statement(
  'delivery_missed',
  `INSERT INTO webhook_delivery (company_id, id, webhook_id, change_id, sequence, type, next_attempt_at, give_up_at)
   SELECT e.company_id, gen_random_uuid(), w.id, c.id, e.sequence, c.type, now(), now() + interval '3 days'
   FROM webhook w JOIN feed_entry e ON e.company_id = w.company_id AND e.sequence > $3
   JOIN change c ON c.company_id = e.company_id AND c.id = e.change_id
   WHERE w.company_id = $1 AND w.id = $2 AND (w.types = '{}' OR ${ofTypes('c.type', 'w.types')})
     AND (w.interface_id IS NULL OR c.interface_id IS NULL OR c.interface_id = w.interface_id)
   ON CONFLICT (company_id, webhook_id, sequence) DO NOTHING`,
);

/**
 * What was sent to a webhook, and what is yet to be, newest first.
 * @throws AppError not_found
 */
export async function listDeliveries(
  ctx: Context,
  webhook_id: string,
  { status, type }: DeliveriesFilter,
  page: PageRequest,
): Promise<Page<DeliveryView>> {
  await getWebhook(ctx, webhook_id);
  const { db } = ctx.system;
  const values = [ctx.company_id, webhook_id, status ?? null, type ? [type] : null];
  const [items, [count]] = await Promise.all([
    db.query<DeliveryView>(LIST, [...values, page.limit, page.offset]),
    db.query<{ total: number }>(COUNT, values),
  ]);
  return { items, total: count?.total ?? 0 };
}

/**
 * Sends one delivery again, whatever became of it, under the id it has.
 * @throws AppError not_found; conflict while the webhook is not active
 */
export function redeliver(ctx: Context, webhook_id: string, delivery_id: string): Promise<DeliveryView> {
  return transaction(ctx, async (tx) => {
    const { active } = await lockWebhook(tx, ctx, webhook_id);
    const [delivery] = await tx.query<DeliveryView>(AGAIN, [ctx.company_id, webhook_id, delivery_id]);
    if (!delivery) throw notFound('Delivery');
    if (!active) throw inactive();
    await recordAudit(tx, ctx, {
      ...{ action: 'webhook.redeliver', subject_type: 'webhook', subject_id: webhook_id },
      ...{ before: null, after: { delivery_id } },
    });
    return delivery;
  });
}

/**
 * Sends what a webhook has not received: what failed, and with `since` also what happened while it was not active or
 * did not exist. What it has received is not sent again.
 * @throws AppError not_found; conflict while the webhook is not active
 */
export function redeliverMissed(
  ctx: Context,
  webhook_id: string,
  body: RedeliverAll,
): Promise<z.output<typeof Redelivery>> {
  return transaction(ctx, async (tx) => {
    const { active } = await lockWebhook(tx, ctx, webhook_id);
    if (!active) throw inactive();
    const since = body?.since;
    const failed = await tx.execute(FAILED_AGAIN, [ctx.company_id, webhook_id, since ?? 0]);
    const missed = since === undefined ? 0 : await tx.execute(MISSED, [ctx.company_id, webhook_id, since]);
    await recordAudit(tx, ctx, {
      ...{ action: 'webhook.redeliver', subject_type: 'webhook', subject_id: webhook_id },
      ...{ before: null, after: { since: since ?? null, deliveries: failed + missed } },
    });
    return { webhook_id, deliveries: failed + missed };
  });
}

const inactive = () => new AppError('conflict', 'This webhook is not active: make it active first.');
