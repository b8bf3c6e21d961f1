import { z } from 'zod';
import { at, MAX_INT, money, text } from './common.ts';

// ── requests ──

const amount = z.int().min(1).max(MAX_INT).describe('Minor units.');
const float = z.int().min(0).max(MAX_INT).describe('Minor units.');

export const OpenCashSession = z.strictObject({
  opening: float.describe('What is in the drawer to begin with, in minor units.'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')
    .optional()
    .describe(
      'Default: that of the interface. A drawer has one currency; a client may have one open for each.',
    ),
  note: text(500).optional(),
});
export type OpenCashSession = z.output<typeof OpenCashSession>;

export const NewCashMovement = z.strictObject({
  kind: z.enum(['pay_in', 'pay_out']),
  amount,
  reason: text(300),
});
export type NewCashMovement = z.output<typeof NewCashMovement>;

export const CloseCashSession = z.strictObject({
  counted: float.describe('What was counted in the drawer, in minor units.'),
  note: text(500).optional(),
});
export type CloseCashSession = z.output<typeof CloseCashSession>;

// ── answers ──

export const CashSession = z
  .object({
    id: z.string(),
    interface_id: z.int(),
    client_id: z.string(),
    status: z.enum(['open', 'closed']),
    currency: z.string(),
    opening: money,
    payments: money.describe('Taken for sales.'),
    refunds: money.describe('Given back.'),
    paid_in: money,
    paid_out: money,
    expected: money.describe('What should be in the drawer; of a closed one, when it was counted.'),
    counted: money.nullable(),
    difference: money.nullable().describe('Counted less expected: negative when money is missing.'),
    note: z.string().nullable(),
    opened_at: at,
    closed_at: at.nullable(),
  })
  .meta({ id: 'CashSession' });
export type CashSession = z.output<typeof CashSession>;

export const CashMovement = z
  .object({
    id: z.string(),
    cash_session_id: z.string(),
    kind: z.enum(['payment', 'refund', 'pay_in', 'pay_out']),
    amount: money.describe('Into the drawer; what goes out is negative.'),
    payment_id: z.string().nullable(),
    refund_id: z.string().nullable(),
    reason: z.string().nullable(),
    created_at: at,
  })
  .meta({ id: 'CashMovement' });
export type CashMovement = z.output<typeof CashMovement>;
