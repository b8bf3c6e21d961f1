import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { fieldError, notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { NewWebhook, PatchWebhook, RotateSecret } from '../../schemas/webhooks.ts';
import { uuidv7 } from '../../uuid.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { checkUrl } from './address.ts';
import {
  auditOf,
  lockWebhook,
  newSecret,
  WEBHOOK_COLUMNS,
  type WebhookRow,
  type WebhookView,
} from './row.ts';

/** Seconds that an old secret signs beside the new one, if nothing else is said. */
const OVERLAP_SECONDS = 86_400;

const LIST = statement(
  'webhook_list',
  `SELECT ${WEBHOOK_COLUMNS} FROM webhook WHERE company_id = $1 ORDER BY id LIMIT $2 OFFSET $3`,
);
const COUNT = statement('webhook_count', 'SELECT count(*) AS total FROM webhook WHERE company_id = $1');
const FIND = statement(
  'webhook_find',
  `SELECT ${WEBHOOK_COLUMNS} FROM webhook WHERE company_id = $1 AND id = $2`,
);
const CREATE = statement(
  'webhook_create',
  `INSERT INTO webhook (company_id, id, url, description, secret, types, interface_id, active)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${WEBHOOK_COLUMNS}`,
);
// Made active again, it goes on at once with what is pending, with three more days for it.
const CHANGE = statement(
  'webhook_change',
  `UPDATE webhook SET url = $3, description = $4, types = $5, interface_id = $6, active = $7,
     failing_since = CASE WHEN $8 THEN NULL ELSE failing_since END,
     disabled_at = CASE WHEN $8 THEN NULL ELSE disabled_at END,
     disabled_reason = CASE WHEN $8 THEN NULL ELSE disabled_reason END,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 RETURNING ${WEBHOOK_COLUMNS}`,
);
const RESUME = statement(
  'webhook_resume',
  `UPDATE webhook_delivery SET next_attempt_at = now(), give_up_at = now() + interval '3 days'
   WHERE company_id = $1 AND webhook_id = $2 AND status = 'pending'`,
);
const ROTATE = statement(
  'webhook_rotate',
  `UPDATE webhook SET secret = $3, old_secret = CASE WHEN $4 > 0 THEN secret END,
     old_secret_expires_at = CASE WHEN $4 > 0 THEN now() + make_interval(secs => $4) END,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 RETURNING ${WEBHOOK_COLUMNS}`,
);
const REMOVE_DELIVERIES = statement(
  'webhook_remove_deliveries',
  'DELETE FROM webhook_delivery WHERE company_id = $1 AND webhook_id = $2',
);
const REMOVE = statement('webhook_remove', 'DELETE FROM webhook WHERE company_id = $1 AND id = $2');
const INTERFACE = statement('webhook_interface', 'SELECT FROM interface WHERE company_id = $1 AND id = $2');

/** The webhooks of the company, oldest first. */
export async function listWebhooks(ctx: Context, page: PageRequest): Promise<Page<WebhookView>> {
  const { db } = ctx.system;
  const [items, [count]] = await Promise.all([
    db.query<WebhookRow>(LIST, [ctx.company_id, page.limit, page.offset]),
    db.query<{ total: number }>(COUNT, [ctx.company_id]),
  ]);
  return { items, total: count?.total ?? 0 };
}

/** @throws AppError not_found */
export async function getWebhook(ctx: Context, id: string): Promise<WebhookView> {
  const [row] = await ctx.system.db.query<WebhookRow>(FIND, [ctx.company_id, id]);
  if (!row) throw notFound('Webhook');
  return row;
}

/**
 * A new receiver: it is told of what happens from now on.
 * @returns the webhook, with the secret that signs its deliveries: told this once
 * @throws AppError validation_failed
 */
export function createWebhook(ctx: Context, body: NewWebhook): Promise<WebhookView & { secret: string }> {
  const url = checkUrl(body.url, ctx.system.config.WEBHOOK_PRIVATE_ADDRESSES);
  return transaction(ctx, async (tx) => {
    await checkInterface(tx, ctx, body.interface_id);
    const secret = newSecret();
    const { description = null, types = [], interface_id = null, active = true } = body;
    const values = [ctx.company_id, uuidv7(), url, description, secret, types, interface_id, active];
    const [row] = await tx.query<WebhookRow>(CREATE, values);
    const webhook = row as WebhookRow;
    await audit(tx, ctx, 'create', webhook.id, null, auditOf(webhook));
    return { ...webhook, secret };
  });
}

/** @throws AppError not_found, precondition_failed, validation_failed */
export function updateWebhook(ctx: Context, id: string, body: PatchWebhook): Promise<WebhookView> {
  const url =
    body.url === undefined ? undefined : checkUrl(body.url, ctx.system.config.WEBHOOK_PRIVATE_ADDRESSES);
  return transaction(ctx, async (tx) => {
    const before = await lockWebhook(tx, ctx, id);
    assertFresh(ctx, before.updated_at);
    await checkInterface(tx, ctx, body.interface_id);
    const next = { ...before, ...body, ...(url && { url }) };
    const resumed = next.active && !before.active;
    const { description, types, interface_id, active } = next;
    const values = [ctx.company_id, id, next.url, description, types, interface_id, active, resumed];
    const [row] = await tx.query<WebhookRow>(CHANGE, values);
    const after = row as WebhookRow;
    if (resumed) await tx.execute(RESUME, [ctx.company_id, id]);
    await audit(tx, ctx, 'update', id, auditOf(before), auditOf(after));
    return after;
  });
}

/**
 * Removes a webhook with its deliveries. The changes themselves stay in the feed.
 * @throws AppError not_found, precondition_failed
 */
export function deleteWebhook(ctx: Context, id: string): Promise<void> {
  return transaction(ctx, async (tx) => {
    const before = await lockWebhook(tx, ctx, id);
    assertFresh(ctx, before.updated_at);
    await tx.execute(REMOVE_DELIVERIES, [ctx.company_id, id]);
    await tx.execute(REMOVE, [ctx.company_id, id]);
    await audit(tx, ctx, 'delete', id, auditOf(before), null);
  });
}

/**
 * A new secret. For the time of the overlap deliveries carry signatures of both, so that receivers change over without
 * refusing any.
 * @throws AppError not_found
 */
export function rotateWebhookSecret(
  ctx: Context,
  id: string,
  body: RotateSecret,
): Promise<WebhookView & { secret: string }> {
  return transaction(ctx, async (tx) => {
    await lockWebhook(tx, ctx, id);
    const secret = newSecret();
    const overlap = body?.overlap_seconds ?? OVERLAP_SECONDS;
    const [row] = await tx.query<WebhookRow>(ROTATE, [ctx.company_id, id, secret, overlap]);
    const { old_secret_expires_at } = row as WebhookRow;
    await audit(tx, ctx, 'rotate_secret', id, null, { old_secret_expires_at });
    return { ...(row as WebhookRow), secret };
  });
}

async function checkInterface(tx: Tx, ctx: Context, interface_id: number | null | undefined): Promise<void> {
  if (interface_id == null) return;
  if (!(await tx.query(INTERFACE, [ctx.company_id, interface_id])).length)
    throw fieldError('/interface_id', 'There is no such interface.', 'unknown');
}

const audit = (
  tx: Tx,
  ctx: Context,
  act: string,
  id: string,
  before: Record<string, unknown> | null,
  after: Record<string, unknown> | null,
) =>
  recordAudit(tx, ctx, { action: `webhook.${act}`, subject_type: 'webhook', subject_id: id, before, after });
