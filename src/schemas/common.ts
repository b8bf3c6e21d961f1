import { domainToASCII } from 'node:url';
import { z } from 'zod';

/** Largest value of a PostgreSQL integer: ids and quantities beyond it cannot exist, and must not reach SQL. */
export const MAX_INT = 2_147_483_647;

/** An integer id in the address or the query. */
export const idParam = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, 'must be a positive whole number')
  .transform(Number)
  .pipe(z.int().max(MAX_INT));

/** A UUID in the address: a malformed one is simply not found, as an unknown one is. */
export const uuidParam = z.guid().transform((id) => id.toLowerCase());

/** A positive integer in the query. */
export const positive = idParam;

/** A list of ids in the query: `?ids=1,2,3`. */
export const idList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(idParam).min(1).max(100));

/** An instant in the query or a body: ISO 8601 with an offset; given to services as a Date. */
export const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** `?flag=true` */
export const booleanParam = z.enum(['true', 'false']).transform((value) => value === 'true');

/** `?expand=venue,maps`: inlines named relations; an unknown name is refused. */
export const expandParam = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(names)))
    .optional()
    .describe(`Relations to inline, separated by commas: ${names.join(', ')}.`);

/** A list of words in the query, each out of a closed set. */
export const listParam = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(names)).min(1));

/** Text that a person wrote, trimmed. */
export const text = (max: number) => z.string().trim().min(1).max(max);

/** A domain of other letters than ours (bücher.example) is kept as the DNS and mail servers know it (xn--…). */
const asciiDomain = (address: string): string => {
  const at = address.lastIndexOf('@') + 1;
  return /[^\x20-\x7e]/.test(address.slice(at))
    ? address.slice(0, at) + domainToASCII(address.slice(at))
    : address;
};

export const email = z.string().trim().max(254).transform(asciiDomain).pipe(z.email().max(254));

/** Integer id in a body. */
export const id = z.int().positive().max(MAX_INT);

/** UUID in a body. */
export const uuid = z.guid().transform((value) => value.toLowerCase());

const pageNumber = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'must be a positive whole number')
  .transform(Number);

export const PageQuery = {
  page: pageNumber.optional().describe('Page, from 1.'),
  per_page: pageNumber.optional().describe('Objects a page: 10 by default, 100 at most.'),
};

export const DryRunQuery = {
  dry_run: booleanParam
    .optional()
    .describe(
      'true: the same checks, prices and refusals, and no effect. Answered by 200 with X-Dry-Run: true.',
    ),
};

export const IdempotencyKeyHeader = {
  'idempotency-key': z.string().min(1).max(255).optional().describe('Makes a repetition safe for 24 hours.'),
};

export const IfMatchHeader = {
  'if-match': z
    .string()
    .optional()
    .describe('ETag of the state the change starts from; 412 when it is stale.'),
};

// Response side: types only. Checks cost time on every list and could only turn a good answer into a 500.

/** Instant in an answer: ISO 8601 UTC with milliseconds. */
export const at = z.date().meta({ examples: ['2026-11-23T18:00:00.000Z'] });

/** Money in an answer: integer minor units. */
export const money = z.int().describe('Integer minor units of the currency.');

export const Problem = z
  .object({
    type: z.string().describe('Address of a page that explains the problem.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z
      .array(z.object({ pointer: z.string(), code: z.string(), message: z.string() }))
      .optional()
      .describe('Every faulty field.'),
  })
  .meta({ id: 'Problem' });
