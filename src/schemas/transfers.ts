import { z } from 'zod';
import { at, email, text } from './common.ts';

// ── requests ──

export const NewTransfer = z.strictObject({
  email: email.describe('Of the recipient, who gets the code that accepts.'),
  message: text(500).optional().describe('Goes into the e-mail.'),
});
export type NewTransfer = z.output<typeof NewTransfer>;

/** A code out of a mail; anything else is simply not found. */
export const transferCode = z
  .string()
  .regex(/^[A-Za-z2-7]{24}$/)
  .transform((code) => code.toUpperCase());

// ── answers ──

/** Why an offer ended that nobody answered: its owner took it back, or something became of the ticket. */
export const CANCELLED_BECAUSE = [
  'taken_back',
  'reissued',
  'voided',
  'refunded',
  'exchanged',
  'courtesy_expired',
  'courtesy_revoked',
  'event_cancelled',
] as const;
export type CancelledBecause = (typeof CANCELLED_BECAUSE)[number];

export const Transfer = z
  .object({
    id: z.string(),
    ticket_id: z.string(),
    email: z.string().describe('Of the recipient.'),
    status: z.enum(['pending', 'accepted', 'declined', 'expired', 'cancelled']),
    from_user_id: z.int().nullable(),
    to_user_id: z.int().nullable(),
    expires_at: at,
    created_at: at,
    closed_at: at.nullable(),
    reason: z
      .enum(CANCELLED_BECAUSE)
      .nullable()
      .describe('Why a cancelled one ended: it was taken back, or something became of its ticket.'),
  })
  .meta({ id: 'Transfer' });
