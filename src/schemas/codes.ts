import { z } from 'zod';
import { bulkBody } from './bulk.ts';
import { at, booleanParam, id, idParam, instant, text } from './common.ts';
import { eventParams } from './events.ts';

export const CODE_KINDS = ['percentage', 'fixed', 'price_override', 'access'] as const;

export const codeIdParams = { ...eventParams, code: idParam.describe('The id of the code, not its text.') };
export const codesQuery = {
  q: z.string().min(1).max(64).optional().describe('Codes that begin with this, in any case of letters.'),
  label: z.string().min(1).max(100).optional(),
  kind: z.enum(CODE_KINDS).optional(),
  active: booleanParam.optional(),
  used: booleanParam.optional().describe('true: used at least once; false: never.'),
};

const MOST = 2_000_000_000;
const uses = z.int().min(1).max(MOST).nullable();

/** What codes made alone or together have in common. */
const terms = {
  label: text(100).nullable().optional().describe('What it is made for; lists and exports filter by it.'),
  value: z
    .int()
    .min(0)
    .max(MOST)
    .optional()
    .describe(
      'percentage: hundredths of a percent, 1 to 10000; fixed: minor units off each ticket; price_override: minor units of each ticket; access: none.',
    ),
  ticket_type_ids: z.array(id).max(100).optional().describe('Empty or absent: every type of the event.'),
  max_uses: uses.optional().describe('One cart is one use. Null: no limit.'),
  max_uses_per_user: uses.optional(),
  stackable: z
    .boolean()
    .optional()
    .describe('Goes together with other stackable codes. Access codes go with every code.'),
  starts_at: instant.nullable().optional(),
  ends_at: instant.nullable().optional(),
  active: z.boolean().optional(),
};

interface Window {
  starts_at?: Date | null | undefined;
  ends_at?: Date | null | undefined;
}

/** Faults of a value for its kind, and of a window that never opens. */
export function valueFault(kind: (typeof CODE_KINDS)[number], value: number | undefined): string | undefined {
  if (kind === 'access') return value ? 'an access code has no value' : undefined;
  if (value === undefined) return 'is required for this kind';
  if (kind === 'percentage' && (value < 1 || value > 10_000))
    return 'must be 1 to 10000 hundredths of a percent';
  return kind === 'fixed' && value < 1 ? 'must be at least 1' : undefined;
}

const opens = ({ starts_at, ends_at }: Window) => !(starts_at && ends_at && starts_at >= ends_at);

function checked<
  S extends z.ZodType<Window & { kind: (typeof CODE_KINDS)[number]; value?: number | undefined }>,
>(schema: S) {
  return schema.superRefine((code, check) => {
    const fault = (path: string, message: string) =>
      check.addIssue({ code: 'custom', path: [path], message });
    const wrong = valueFault(code.kind, code.value);
    if (wrong) fault('value', wrong);
    if (!opens(code)) fault('ends_at', 'must be after starts_at');
  });
}

export const NewCode = checked(
  z.strictObject({
    code: z
      .string()
      .trim()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u, 'letters, digits, . _ - only; at most 64'),
    kind: z.enum(CODE_KINDS),
    ...terms,
  }),
);
export type NewCode = z.output<typeof NewCode>;
export const CodesBulk = bulkBody('codes', NewCode, 500);

export const NewCodes = checked(
  z.strictObject({
    count: z.int().min(1).max(100_000),
    kind: z.enum(CODE_KINDS),
    pattern: z
      .string()
      .regex(
        /^[A-Z0-9._-]{0,40}#[A-Z0-9._#-]{0,62}$/,
        'capitals, digits, . _ - and # for what is drawn at random',
      )
      .max(64)
      .optional()
      .describe(
        'Each # becomes a letter or digit that nobody mistakes for another. Absent: ten of them. So many must be drawn that nobody finds a code by trying.',
      ),
    ...terms,
  }),
);
export type NewCodes = z.output<typeof NewCodes>;

export const PatchCode = z.strictObject(terms);
export type PatchCode = z.output<typeof PatchCode>;

export const CodeRecord = z
  .object({
    id: z.int(),
    event_id: z.int(),
    code: z.string(),
    label: z.string().nullable(),
    kind: z.enum(CODE_KINDS),
    value: z.int(),
    ticket_type_ids: z.array(z.int()),
    max_uses: z.int().nullable(),
    max_uses_per_user: z.int().nullable(),
    held: z.int().describe('Carts that are not paid yet.'),
    used: z.int(),
    stackable: z.boolean(),
    starts_at: at.nullable(),
    ends_at: at.nullable(),
    active: z.boolean(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'CodeRecord' });
