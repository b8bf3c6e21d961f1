import { z } from 'zod';
import { at, id, idParam, instant, text, uuidParam } from './common.ts';
import { qrCode, ScannedTicket } from './tickets.ts';

export const SCAN_RESULTS = ['accepted', 'rejected'] as const;
export const DIRECTIONS = ['entry', 'exit'] as const;
export const REJECTIONS = [
  'already_used',
  'unknown',
  'revoked',
  'wrong_event',
  'wrong_gate',
  'not_yet_valid',
  'expired',
  'unpaid',
  'not_inside',
] as const;
export type Rejection = (typeof REJECTIONS)[number];

// ── requests ──

export const Scan = z.strictObject({
  qr_code: qrCode,
  event_id: id,
  gate_id: id.optional(),
  direction: z.enum(DIRECTIONS).optional().describe('Default entry.'),
  scanned_at: instant
    .optional()
    .describe('When the code was scanned, by the clock of the gate: at most 5 minutes ahead. Default now.'),
  nonce: text(100).optional().describe('Names the scan: sent twice by a client, it is one scan.'),
  force: z
    .union([z.boolean(), z.strictObject({ reason: text(300) })])
    .optional()
    .describe(
      'Lets in against already_used, wrong_gate, not_yet_valid, expired and unpaid; why is kept with the scan.',
    ),
});
export type Scan = z.output<typeof Scan>;

export const validationsQuery = {
  event_id: idParam.optional(),
  gate_id: idParam.optional(),
  ticket_id: uuidParam.optional(),
  result: z.enum(SCAN_RESULTS).optional(),
  from: instant.optional().describe('Scans of this instant or later.'),
  to: instant.optional().describe('Scans before this instant.'),
};
export type ValidationFilters = z.output<z.ZodObject<typeof validationsQuery>>;

export const summaryQuery = {
  from: instant.optional().describe('First minute told one by one. Default: an hour before `to`.'),
  to: instant
    .optional()
    .describe('End of the minutes told one by one: at most 24 hours after `from`. Default now.'),
};

// ── answers ──

export const Validation = z
  .object({
    id: z.string(),
    event_id: z.int(),
    ticket_id: z.string().nullable().describe('Null when the code is none of ours.'),
    gate_id: z.int().nullable(),
    result: z.enum(SCAN_RESULTS),
    reason: z
      .enum(REJECTIONS)
      .nullable()
      .describe('Why it was rejected; of a forced scan, the rule it went against.'),
    direction: z.enum(DIRECTIONS),
    forced: z.boolean(),
    force_reason: z.string().nullable(),
    scanned_at: at,
    undone_at: at.nullable(),
    created_at: at,
    ticket: ScannedTicket.nullable().describe(
      'As it is now. Null for a ticket of another interface and event.',
    ),
  })
  .meta({ id: 'Validation' });

const counts = {
  entries: z.int().describe('Accepted, less the undone.'),
  exits: z.int().describe('Accepted, less the undone.'),
  rejected: z.int(),
};

export const ValidationSummary = z
  .object({
    event_id: z.int(),
    inside: z.int().describe('People inside now.'),
    ...counts,
    tickets: z.object({
      live: z.int().describe('Tickets that admit or have admitted.'),
      admitted: z.int().describe('Those that have let somebody in.'),
    }),
    reasons: z
      .array(z.object({ reason: z.enum(REJECTIONS), count: z.int() }))
      .describe('Of the rejected ones.'),
    gates: z.array(z.object({ gate_id: z.int().nullable(), name: z.string().nullable(), ...counts })),
    minutes: z
      .array(z.object({ at, gate_id: z.int().nullable(), ...counts }))
      .describe('By minute of the scan and gate; minutes without scans are left out.'),
  })
  .meta({ id: 'ValidationSummary' });
