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
  })
  .meta({ id: 'Transfer' });
