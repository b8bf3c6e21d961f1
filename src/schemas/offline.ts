import { z } from 'zod';
import { at, id, idParam, instant, text } from './common.ts';
import { direction, force, named, oneOf, REJECTIONS, SCAN_RESULTS, Validation } from './validations.ts';

// ── requests ──

export const OfflineScan = z
  .strictObject({
    ...named,
    event_id: id,
    gate_id: id.optional(),
    direction,
    scanned_at: instant.describe('By the clock of the device.'),
    nonce: text(100).describe('Names the scan: sent again, also online, it is one scan.'),
    result: z
      .enum(SCAN_RESULTS)
      .optional()
      .describe('What the device decided: whether somebody went through. Default accepted.'),
    reason: z.enum(REJECTIONS).optional().describe('Why the device rejected it.'),
    force,
  })
  .refine(...oneOf('qr_code', 'ticket_id'));
export type OfflineScan = z.output<typeof OfflineScan>;

export const OfflineBatch = z.strictObject({
  device_id: text(100).describe('Names the device: the report of conflicts tells by it who did what.'),
  sent_at: instant.describe(
    'What the clock of the device says while it sends this. What it differs from ours by is taken off every scanned_at.',
  ),
  scans: z.array(OfflineScan).min(1).max(1_000),
});
export type OfflineBatch = z.output<typeof OfflineBatch>;

export const manifestQuery = {
  since: z
    .string()
    .regex(/^v[0-9a-z]{1,11}$/, 'must be a version that an earlier manifest gave')
    .optional()
    .describe('The `version` of an earlier manifest: only tickets that have changed after it.'),
};

export const conflictsQuery = {
  gate_id: idParam.optional(),
  device_id: text(100).optional(),
  kind: z.enum(REJECTIONS).optional(),
};
export type ConflictFilters = z.output<z.ZodObject<typeof conflictsQuery>>;

// ── answers ──

export const BatchItem = z
  .object({
    index: z.int().describe('Place in the batch, from 0.'),
    nonce: z.string(),
    repeated: z.boolean().describe('It was kept before, and is answered as it stands now.'),
    validation: Validation.nullable(),
    problem: z
      .object({
        code: z.string(),
        detail: z.string(),
        errors: z.array(z.object({ pointer: z.string(), code: z.string(), message: z.string() })).optional(),
      })
      .nullable()
      .describe('Why this one was not kept; send it again once that is put right.'),
  })
  .meta({ id: 'BatchItem' });

export const Conflict = z
  .object({
    kind: z
      .enum(REJECTIONS)
      .describe('already_used: a double entry. Others: what the device could not know.'),
    validation: Validation.describe('The scan that went against the rule.'),
    counted: Validation.nullable().describe(
      'Of a double entry, the scan whose entry counts: the earlier one.',
    ),
    seconds_apart: z.number().nullable().describe('Between the two, clocks corrected.'),
  })
  .meta({ id: 'Conflict' });

const admission = {
  re_entry: z.boolean().describe('An exit gives its entry back.'),
  max_entries: z.int(),
  gate_ids: z.array(z.int()).describe('Empty: any gate.'),
  valid_from: at,
  valid_until: at,
};

export const Manifest = z
  .object({
    version: z.string().describe('To be sent as `since` next time.'),
    since: z.string().nullable(),
    complete: z
      .boolean()
      .describe('All tickets are in it: forget what an earlier manifest said. False: only what has changed.'),
    event: z.object({
      id: z.int(),
      name: z.string(),
      cancelled: z.boolean().describe('Nobody is let in.'),
      rotating_codes: z.boolean(),
      time_zone: z.string(),
      starts_at: at,
    }),
    keys: z
      .array(
        z.object({
          kty: z.literal('OKP'),
          crv: z.literal('Ed25519'),
          alg: z.literal('EdDSA'),
          use: z.literal('sig'),
          kid: z.string(),
          x: z.string(),
        }),
      )
      .describe('Public keys that the codes of tickets, and this manifest, are signed by (JWK).'),
    rotation: z
      .object({
        algorithm: z.literal('SHA1'),
        digits: z.int(),
        period: z.int().describe('Seconds of a step.'),
        window: z.int().describe('Steps before and after the one of a moment that are good, too.'),
        keys: z
          .array(z.object({ kid: z.string(), secret: z.string().describe('32 bytes in base64url.') }))
          .describe(
            'By the key that signed the code. Keep them secret. HMAC-SHA256 by one of them, over the ticket id (16 bytes) ' +
              'and the serial (2, big-endian), begins with the 20 bytes that are the TOTP secret of the ticket (RFC 6238).',
          ),
      })
      .nullable()
      .describe('Of an event with rotating codes: how to tell the digits behind the dot.'),
    gates: z
      .array(
        z.object({
          ...{ id: z.int(), name: z.string(), zone: z.string().nullable() },
          ...{ inner: z.boolean(), multi_entry: z.boolean() },
        }),
      )
      .describe(
        'At an inner gate passes who is inside by an outer one, and not in its zone already unless it is of multi_entry: ' +
          'let in offline, no entry is used.',
      ),
    rules: z
      .array(z.object({ ticket_type_id: z.int().nullable(), name: z.string().nullable(), ...admission }))
      .describe('How tickets of each type let in; the one of no type is for tickets without.'),
    columns: z.array(z.string()).describe('What stands in each place of a ticket.'),
    tickets: z
      .array(z.array(z.union([z.string(), z.int(), z.array(z.string()), z.null()])))
      .describe(
        'Of each: id, serial that its code must have, ticket type, status (unpaid, void and transferred let nobody in), ' +
          'entries used, people inside, name of the holder, seat, and of a courtesy that nobody has come in on the time ' +
          'from which it lets nobody in, and the zones behind inner gates (their own names, or those of their gates) that ' +
          'somebody is in on it, or null.',
      ),
    signature: z.object({ kid: z.string(), value: z.string().describe('64 bytes in base64url.') }),
  })
  .meta({ id: 'Manifest' });
