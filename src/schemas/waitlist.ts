import { z } from 'zod';
import { at, booleanParam, email, id, idParam, listParam, money, uuidParam } from './common.ts';
import { eventParams } from './events.ts';

/** `accepted`: the payment of the offered cart is under way. */
export const ENTRY_STATUSES = [
  'waiting',
  'offered',
  'accepted',
  'fulfilled',
  'expired',
  'declined',
  'left',
  'removed',
  'closed',
] as const;

// ── requests ──

export const entryParams = { ...eventParams, waitlist_entry_id: uuidParam };

export const entriesQuery = {
  status: listParam(ENTRY_STATUSES).optional().describe('One or several, separated by commas.'),
  user_id: idParam.optional().describe('sell, admin: entries of this user.'),
  live: booleanParam
    .optional()
    .describe('true: those that wait or have an offer; false: those that are over.'),
};
export type EntriesQuery = z.output<z.ZodObject<typeof entriesQuery>>;

const price = z.int().min(0).max(1_000_000_000);

export const JoinWaitlist = z
  .strictObject({
    party_size: z
      .int()
      .min(1)
      .max(1_000)
      .describe('Tickets wanted; at most what the event sells in one cart.'),
    ticket_type_ids: z
      .array(id)
      .min(1)
      .max(50)
      .optional()
      .describe('The first that fits is offered. Absent: any type, in the order of the event.'),
    max_price: price
      .nullable()
      .optional()
      .describe(
        'The most that one ticket may cost, with its fee and tax, in minor units of the event’s currency.',
      ),
    together: z
      .boolean()
      .optional()
      .describe(
        'true: only seats side by side, or places of one section. Otherwise side by side if possible.',
      ),
    email: email.optional().describe('Where the offer goes. Absent: the address of the user.'),
    user_id: id.optional().describe('sell only: whom the entry is for.'),
  })
  .superRefine(({ ticket_type_ids }, check) => {
    if (ticket_type_ids && new Set(ticket_type_ids).size !== ticket_type_ids.length)
      check.addIssue({ code: 'custom', path: ['ticket_type_ids'], message: 'names a type twice' });
  });
export type JoinWaitlist = z.output<typeof JoinWaitlist>;

export const PatchEntry = z.strictObject({
  priority: z.int().min(-1_000).max(1_000).describe('Higher ones come first. Everybody joins with 0.'),
});
export type PatchEntry = z.output<typeof PatchEntry>;

export const PatchWaitlist = z.strictObject({
  enabled: z.boolean().optional().describe('false: nobody joins, and nothing is offered.'),
  offer_minutes: z.int().min(1).max(10_080).optional().describe('How long an offer is held: 30 by default.'),
  head_start: z
    .boolean()
    .optional()
    .describe('true: what comes free of a sold-out event is offered to the list before buyers may have it.'),
});
export type PatchWaitlist = z.output<typeof PatchWaitlist>;

// ── answers ──

export const WaitlistEntry = z
  .object({
    id: z.string(),
    event_id: z.int(),
    interface_id: z.int(),
    user_id: z.int().nullable(),
    email: z.string().nullable(),
    language: z.string(),
    status: z.enum(ENTRY_STATUSES),
    place: z.int().nullable().describe('In the line, from 1; null unless it waits.'),
    party_size: z.int(),
    ticket_type_ids: z.array(z.int()).describe('Empty: any.'),
    max_price: money.nullable(),
    currency: z.string(),
    together: z.boolean(),
    priority: z.int().optional().describe('sell, admin.'),
    cart_id: z.string().nullable().describe('The cart that was offered: it is paid as any other.'),
    offered_at: at.nullable(),
    offer_expires_at: at.nullable(),
    created_at: at,
    updated_at: at,
    closed_at: at.nullable(),
  })
  .meta({ id: 'WaitlistEntry' });

export const WaitlistLogEntry = z
  .object({
    what: z.string().describe('joined, passed_over, offered, or how it ended.'),
    reason: z
      .string()
      .nullable()
      .describe(
        'Of passed_over: too_few_places, not_together, above_ceiling, type_not_available, or the code of the refusal.',
      ),
    data: z.record(z.string(), z.unknown()).describe('The facts behind it: what was left, what it cost.'),
    times: z.int().describe('How often in a row.'),
    created_at: at,
    last_at: at,
  })
  .meta({ id: 'WaitlistLogEntry' });

export const WaitlistSettings = z
  .object({
    event_id: z.int(),
    enabled: z.boolean(),
    offer_minutes: z.int(),
    head_start: z.boolean(),
    updated_at: at,
  })
  .meta({ id: 'WaitlistSettings' });

const counted = z.object({ parties: z.int(), places: z.int() });

export const WaitlistSummary = z
  .object({
    event_id: z.int(),
    reserved: z.boolean().describe('What comes free goes to the list first at this moment.'),
    waiting_since: at.nullable().describe('When the party joined that has waited longest.'),
    statuses: z.record(z.string(), counted),
    passed_over: z
      .array(z.object({ reason: z.string(), ...counted.shape }))
      .describe('Why those who wait were passed over last.'),
  })
  .meta({ id: 'WaitlistSummary' });
