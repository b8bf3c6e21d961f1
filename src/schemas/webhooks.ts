import { z } from 'zod';
import { typePattern } from './changes.ts';
import { at, id, listParam, text, uuidParam } from './common.ts';

// ── requests ──

export const webhookParams = { webhook_id: uuidParam };
export const deliveryParams = { webhook_id: uuidParam, delivery_id: uuidParam };

const fields = {
  url: z
    .string()
    .trim()
    .max(2_000)
    .describe('Where changes are posted to: https, reachable from the internet, no redirects.'),
  description: text(200).nullable(),
  types: z
    .array(typePattern)
    .max(50)
    .describe('Types of change, or families like `cart.*`. Empty: every type.'),
  interface_id: id.nullable().describe('Only changes of this interface; null: of all.'),
  active: z
    .boolean()
    .describe('An inactive webhook is told nothing; made active, it goes on with what is pending.'),
};

export const NewWebhook = z.strictObject({
  url: fields.url,
  description: fields.description.optional(),
  types: fields.types.optional(),
  interface_id: fields.interface_id.optional(),
  active: fields.active.optional(),
});
export type NewWebhook = z.output<typeof NewWebhook>;

export const PatchWebhook = z.strictObject(fields).partial();
export type PatchWebhook = z.output<typeof PatchWebhook>;

export const RotateSecret = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(604_800)
      .optional()
      .describe(
        'Seconds for which deliveries carry signatures of both secrets: a day if not said, a week at most.',
      ),
  })
  .optional();
export type RotateSecret = z.output<typeof RotateSecret>;

export const RedeliverAll = z
  .strictObject({
    since: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('A sequence of the change feed: everything after it that the webhook has not received.'),
  })
  .optional();
export type RedeliverAll = z.output<typeof RedeliverAll>;

export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;

export const deliveriesQuery = {
  status: listParam(DELIVERY_STATUSES).optional().describe('Statuses, separated by commas.'),
  type: typePattern.optional().describe('A type of change, or a family like `cart.*`.'),
};
export type DeliveriesFilter = z.output<z.ZodObject<typeof deliveriesQuery>>;

// ── answers ──

const shape = {
  id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  types: z.array(z.string()),
  interface_id: z.int().nullable(),
  active: z.boolean(),
  failing_since: at.nullable().describe('Since when nothing has got through; null while all is well.'),
  disabled_at: at.nullable().describe('When it was given up, after three days without any success.'),
  disabled_reason: z.string().nullable(),
  old_secret_expires_at: at.nullable().describe('Until when the secret before a rotation still signs, too.'),
  created_at: at,
  updated_at: at,
};
const secret = z
  .string()
  .describe('Signs the deliveries (Standard Webhooks, `whsec_…`). Shown this once: keep it.');

export const Webhook = z.object(shape).meta({ id: 'Webhook' });
export const WebhookWithSecret = z.object({ ...shape, secret }).meta({ id: 'WebhookWithSecret' });

export const Delivery = z
  .object({
    id: z.string(),
    webhook_id: z.string(),
    change_id: z.string().describe('The id of the change in the feed, sent as `webhook-id`.'),
    sequence: z.int(),
    type: z.string(),
    status: z.enum(DELIVERY_STATUSES).describe('failed: given up after three days; it can be redelivered.'),
    attempts: z.int(),
    response_status: z.int().nullable().describe('Of the last attempt; null when there was no answer.'),
    error: z.string().nullable().describe('What was wrong with the last attempt.'),
    next_attempt_at: at.nullable(),
    attempted_at: at.nullable(),
    delivered_at: at.nullable(),
    created_at: at,
  })
  .meta({ id: 'WebhookDelivery' });

export const Redelivery = z
  .object({ webhook_id: z.string(), deliveries: z.int().describe('Deliveries that are sent (again) now.') })
  .meta({ id: 'Redelivery' });
