import { z } from 'zod';
import { at, id, idParam, instant, listParam, positive, text, uuid, uuidParam } from './common.ts';
import { qrCode, ScannedTicket, TICKET_STATUSES } from './tickets.ts';

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

export const force = z
  .union([z.boolean(), z.strictObject({ reason: text(300) })])
  .optional()
  .describe(
    'Lets in against already_used, wrong_gate, not_yet_valid, expired, unpaid, and not_inside at an inner gate; why is kept.',
  );
const scanned_at = instant
  .optional()
  .describe('When the code was scanned, by the clock of the gate: at most 5 minutes ahead. Default now.');
export const direction = z.enum(DIRECTIONS).optional().describe('Default entry.');

/** Exactly one of these must be there. Said with all other faults, not after them. */
export const oneOf = (...names: readonly [string, ...string[]]) =>
  [
    (body: object) => {
      const fields = body as Record<string, unknown>;
      return names.filter((name) => fields?.[name] !== undefined).length === 1;
    },
    {
      path: [names[0]] as PropertyKey[],
      error: `Name one of ${names.join(', ')}, and no more.`,
      when: () => true,
    },
  ] as [(body: object) => boolean, { path: PropertyKey[]; error: string; when: () => boolean }];

export const named = {
  qr_code: qrCode.optional().describe('The code, as scanned or typed.'),
  ticket_id: uuid
    .optional()
    .describe('In place of the code: a ticket found by name (GET /events/:event_id/attendees).'),
};

export const Scan = z
  .strictObject({
    ...named,
    event_id: id,
    gate_id: id.optional(),
    direction,
    scanned_at,
    nonce: text(100).optional().describe('Names the scan: sent twice by a client, it is one scan.'),
    force,
  })
  .refine(...oneOf('qr_code', 'ticket_id'));
export type Scan = z.output<typeof Scan>;

export const GroupScan = z
  .strictObject({
    qr_codes: z.array(qrCode).min(1).max(100).optional().describe('Several codes, each judged by itself.'),
    qr_code: qrCode
      .optional()
      .describe('The code of one of a group: stands for all tickets for the event that were bought with it.'),
    cart_id: uuid.optional().describe('All tickets of a cart for the event.'),
    event_id: id,
    gate_id: id.optional(),
    direction,
    scanned_at,
    people: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('How many pass on each ticket, where its type lets in several. Default 1.'),
    nonce: text(60).optional().describe('Names the scan: sent twice by a client, it is one.'),
    force,
  })
  .refine(...oneOf('qr_codes', 'qr_code', 'cart_id'));
export type GroupScan = z.output<typeof GroupScan>;

export const validationsQuery = {
  event_id: idParam.optional(),
  gate_id: idParam.optional(),
  ticket_id: uuidParam.optional(),
  result: z.enum(SCAN_RESULTS).optional(),
  from: instant.optional().describe('Scans of this instant or later.'),
  to: instant.optional().describe('Scans before this instant.'),
};
export type ValidationFilters = z.output<z.ZodObject<typeof validationsQuery>>;

export const attendeesQuery = {
  q: text(200)
    .optional()
    .describe(
      'Words to find in the name, e-mail and document, with or without accents: every word must be found.',
    ),
  status: listParam(TICKET_STATUSES).optional().describe('Statuses, separated by commas.'),
};
export type AttendeeFilters = z.output<z.ZodObject<typeof attendeesQuery>>;

export const summaryQuery = {
  from: instant.optional().describe('First minute told one by one. Default: an hour before `to`.'),
  to: instant
    .optional()
    .describe('End of the minutes told one by one: at most 24 hours after `from`. Default now.'),
};

export const doorStreamQuery = {
  seconds: positive
    .refine((seconds) => seconds <= 300, 'must be at most 300')
    .optional()
    .describe('How long the stream lasts: 1 to 300 seconds, 300 by default.'),
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
    manual: z.boolean().describe('Checked in by name, without the code.'),
    offline: z.boolean().describe('Decided by a device without a connection.'),
    device_id: z.string().nullable(),
    device_time: at.nullable().describe('What the clock of the device said, where scanned_at is corrected.'),
    conflict: z
      .enum(REJECTIONS)
      .nullable()
      .describe(
        "Somebody went through against this rule, by nobody's will: already_used is a double entry. Null when all is well.",
      ),
    conflict_id: z.string().nullable().describe('The scan whose entry counts in place of a double one.'),
    scanned_at: at,
    undone_at: at.nullable(),
    created_at: at,
    ticket: ScannedTicket.nullable().describe(
      'As it is now. Null for a ticket of another interface and event.',
    ),
  })
  .meta({ id: 'Validation' });

const counts = {
  entries: z.int().describe('Accepted, less the undone; double entries included.'),
  exits: z.int().describe('Accepted, less the undone, of those who were known to be inside.'),
  rejected: z.int(),
};

export const ValidationSummary = z
  .object({
    event_id: z.int(),
    inside: z.int().describe('People inside now.'),
    conflicts: z.int().describe("Scans that went against a rule by nobody's will."),
    ...counts,
    tickets: z.object({
      live: z.int().describe('Tickets that admit or have admitted.'),
      admitted: z.int().describe('Those that have let somebody in.'),
    }),
    reasons: z
      .array(z.object({ reason: z.enum(REJECTIONS), count: z.int() }))
      .describe('Of the rejected ones.'),
    gates: z.array(
      z.object({
        gate_id: z.int().nullable(),
        name: z.string().nullable(),
        zone: z.string().nullable(),
        inner: z.boolean().describe('Of a zone inside: its scans are in no total.'),
        ...counts,
      }),
    ),
    zones: z
      .array(z.object({ zone: z.string(), inside: z.int() }))
      .describe(
        'People in each zone behind inner gates now, by their last scan there. Who has left the event has left its zones.',
      ),
    minutes: z
      .array(z.object({ at, gate_id: z.int().nullable(), ...counts }))
      .describe('By minute of the scan and gate; minutes without scans are left out.'),
  })
  .meta({ id: 'ValidationSummary' });
