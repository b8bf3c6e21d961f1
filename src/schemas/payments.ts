import { z } from 'zod';
import { SeatRulesOverride } from './carts.ts';
import { at, MAX_INT, money, text, uuid } from './common.ts';

// ── requests ──

const amount = z.int().min(1).max(MAX_INT).describe('Minor units. Absent: all that is left to pay.');

export const PaymentRequest = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('free').describe('Nothing is left to pay.') }),
  z.strictObject({
    method: z.literal('card'),
    card: z.strictObject({
      token: text(255).describe(
        "What the provider's form made of the card. The sandbox knows sandbox_approved, sandbox_declined, " +
          'sandbox_requires_action, sandbox_pending and sandbox_timeout; and of cards that are kept for renewals, ' +
          'sandbox_declines_later and sandbox_declines_once.',
      ),
      save: z
        .boolean()
        .optional()
        .describe('Let the provider keep the card, for the renewals of the subscriptions in this cart.'),
    }),
    amount: amount.optional(),
    return_url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional()
      .describe('Where the buyer goes after an action.'),
  }),
  z.strictObject({
    method: z.literal('credit').describe('What the organiser owes the user of the cart, as far as it goes.'),
    amount: amount.optional(),
  }),
  z.strictObject({ method: z.literal('cash'), amount: amount.optional() }),
  z.strictObject({
    method: z.literal('external'),
    reference: text(255).describe('What names the payment in the system that took it.'),
    amount: amount.optional(),
  }),
]);
export type PaymentRequest = z.output<typeof PaymentRequest>;

export const RefundRequest = z
  .strictObject({
    sale_detail_ids: z
      .array(uuid)
      .min(1)
      .max(100)
      .optional()
      .describe('These lines whole. Absent: see amount.'),
    amount: z.int().min(1).max(MAX_INT).optional().describe('Part of the money; the tickets stay valid.'),
    reason: text(500),
    keep_inventory: z.boolean().optional().describe('Do not put the places back on sale.'),
    force: z.boolean().optional().describe('Refund tickets that were used at the door, too.'),
    override_seat_rules: SeatRulesOverride.optional().describe(
      "The accessible seat goes back although its companion's stays. Kept in the audit log.",
    ),
  })
  .superRefine(({ sale_detail_ids, amount }, check) => {
    if (sale_detail_ids && amount !== undefined)
      check.addIssue({ code: 'custom', path: ['amount'], message: 'goes without sale_detail_ids' });
    if (sale_detail_ids && new Set(sale_detail_ids).size !== sale_detail_ids.length)
      check.addIssue({ code: 'custom', path: ['sale_detail_ids'], message: 'names a line twice' });
  });
export type RefundRequest = z.output<typeof RefundRequest>;

const byHand = text(255).optional().describe('What names the transfer where it was made.');

export const RefundRetry = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('card').describe('Ask the provider of the payment anew.') }),
  z.strictObject({
    method: z.literal('cash').describe('The buyer was given cash, out of your open drawer.'),
  }),
  z.strictObject({
    method: z.literal('external').describe('It was paid in another way.'),
    reference: byHand,
  }),
]);
export type RefundRetry = z.output<typeof RefundRetry>;

export const SandboxDecision = z.strictObject({ decision: z.enum(['approve', 'decline']) });

/** The provider's event as it was signed: byte for byte, so it is not parsed before its signature is checked. */
export const WebhookBody = z.string().describe("The provider's event, exactly as signed (JSON).");

export const providerName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);

// ── answers ──

export const Payment = z
  .object({
    id: z.string(),
    cart_id: z.string(),
    method: z.enum(['free', 'card', 'credit', 'cash', 'external']),
    provider: z.string(),
    amount: money,
    refunded: money,
    currency: z.string(),
    status: z.enum([
      'requires_action',
      'pending',
      'captured',
      'declined',
      'failed',
      'refunded',
      'partially_refunded',
    ]),
    action_url: z.string().nullable().describe('Where the buyer must go now; only while it requires action.'),
    failure_reason: z.string().nullable(),
    reference: z.string().nullable(),
    job_id: z.string().nullable().describe('The job that tells how the payment ends.'),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Payment' });
export type Payment = z.output<typeof Payment>;

export const Refund = z
  .object({
    id: z.string(),
    cart_id: z.string(),
    payment_id: z
      .string()
      .nullable()
      .describe('The payment it was taken off; null when it is several: see parts.'),
    amount: money,
    currency: z.string(),
    sale_detail_ids: z.array(z.string()).describe('The lines that were refunded whole.'),
    reason: z.string().nullable(),
    status: z.enum(['pending', 'succeeded', 'failed']),
    parts: z
      .array(
        z.object({
          payment_id: z.string(),
          amount: money,
          status: z.enum(['pending', 'succeeded', 'failed']),
          failure_reason: z.string().nullable().describe('Why the provider refuses to give it back.'),
          paid_by: z
            .enum(['cash', 'external'])
            .nullable()
            .describe('How it was given by hand after the provider had refused; null: the way it came.'),
        }),
      )
      .describe('What was taken off each payment. What has failed is tried again by POST …/retry.'),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Refund' });
export type Refund = z.output<typeof Refund>;
