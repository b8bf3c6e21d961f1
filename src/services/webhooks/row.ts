import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Webhook } from '../../schemas/webhooks.ts';

export type WebhookView = z.output<typeof Webhook>;

/** A webhook as its table has it, without its secrets. */
export interface WebhookRow extends WebhookView {
  company_id: number;
}

/** All but the secrets. */
export const WEBHOOK_COLUMNS = `company_id, id, url, description, types, interface_id, active, failing_since,
  disabled_at, disabled_reason, old_secret_expires_at, created_at, updated_at`;

const LOCK = statement(
  'webhook_lock',
  `SELECT ${WEBHOOK_COLUMNS} FROM webhook WHERE company_id = $1 AND id = $2 FOR UPDATE`,
);

/**
 * Locks a webhook of the caller's company.
 * @throws AppError not_found
 */
export async function lockWebhook(tx: Tx, ctx: Context, id: string): Promise<WebhookRow> {
  const [row] = await tx.query<WebhookRow>(LOCK, [ctx.company_id, id]);
  if (!row) throw notFound('Webhook');
  return row;
}

/** A new signing secret: 256 random bits, as Standard Webhooks writes them. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** What the audit log keeps of a webhook: everything but secrets. */
export const auditOf = ({ url, description, types, interface_id, active }: WebhookView) => ({
  url,
  description,
  types,
  interface_id,
  active,
});
