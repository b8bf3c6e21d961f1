import { z } from 'zod';
import { at, idParam } from './common.ts';
import { wait } from './jobs.ts';

/** Every type of change that the feed and the webhooks tell, by family. */
const CHANGES = {
  cart: ['paid', 'expired', 'cancelled', 'refunded', 'exchanged'],
  ticket: [
    ...([
      'issued',
      'updated',
      'voided',
      'reissued',
      'validated',
      'validation_undone',
      'entry_conflict',
    ] as const),
    ...(['transfer_offered', 'transfer_cancelled', 'transfer_declined', 'transferred'] as const),
  ],
  event: ['updated', 'sold_out', 'available'],
  courtesy: ['requested', 'issued', 'rejected', 'expired', 'revoked'],
  plan: ['updated'],
  subscription: [
    ...(['created', 'activated', 'renewed', 'updated', 'pending', 'active', 'past_due', 'paused'] as const),
    ...(['resumed', 'cancelled', 'expired', 'date_added', 'date_given_back'] as const),
  ],
  waitlist: ['joined', 'offered', 'fulfilled', 'expired', 'declined', 'left', 'removed', 'closed'],
  user: ['erased'],
  webhook: ['disabled'],
} as const;
type Changes = typeof CHANGES;
export type ChangeType = { [Family in keyof Changes]: `${Family}.${Changes[Family][number]}` }[keyof Changes];
export type SubscriptionChange = Changes['subscription'][number];
export type WaitlistChange = Changes['waitlist'][number];

const PATTERNS: ReadonlySet<string> = new Set(
  Object.entries(CHANGES).flatMap(([family, names]) => [
    `${family}.*`,
    ...names.map((name) => `${family}.${name}`),
  ]),
);

/** A type, or all of a family: `cart.paid`, `subscription.*`. One that there is not would wait for ever. */
export const typePattern = z
  .string()
  .max(100)
  .refine((type) => PATTERNS.has(type), 'must be a type of change like cart.paid, or a family like cart.*')
  .meta({ examples: ['cart.paid', 'ticket.*'] })
  .describe(`One of ${[...PATTERNS].join(', ')}.`);

// ── requests ──

const sequence = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a sequence of the feed')
  .transform(Number);

const filters = {
  since: sequence
    .optional()
    .describe(
      'The sequence of the last change you have: what comes after it. 0 or nothing: the oldest kept.',
    ),
  types: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(typePattern).min(1).max(50))
    .optional()
    .describe('Types of change, separated by commas; `cart.*` for a family.'),
  interface_id: idParam.optional().describe('Only changes of this interface (`admin`; `sell` sees its own).'),
};

export const changesQuery = {
  ...filters,
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a whole number from 1 to 1000')
    .transform(Number)
    .pipe(z.int().max(1_000))
    .optional()
    .describe('Changes at most: 100 by default, 1000 at most.'),
  wait: wait.describe('Seconds to wait for a change when there is none yet: 0 to 30.'),
};
export type ChangesQuery = z.output<z.ZodObject<typeof changesQuery>>;

export const changeStreamQuery = {
  ...filters,
  seconds: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 300')
    .transform(Number)
    .pipe(z.int().max(300))
    .optional()
    .describe('How long the stream lasts: 1 to 300 seconds, 300 by default.'),
};

// ── answers ──

export const Change = z
  .object({
    id: z.string().describe('The same for ever, in the feed and as `webhook-id`.'),
    sequence: z.int().describe('Its place in the feed of the company: 1, 2, 3, … without gaps.'),
    type: z.string(),
    timestamp: at,
    interface_id: z.int().nullable(),
    event_id: z.int().nullable(),
    subject_id: z.string().describe('The id of what has changed: a cart, a ticket, an event, …'),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Change' });
