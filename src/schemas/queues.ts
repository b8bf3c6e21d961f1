import { z } from 'zod';
import { at, id, instant, uuidParam } from './common.ts';
import { eventParams } from './events.ts';

const PER_MINUTE = 100_000;
const inflow = z.int().min(0).max(PER_MINUTE);
const maxInside = z.int().min(1).max(10_000_000).nullable();

export const placeParams = { ...eventParams, place_id: uuidParam };

export const JoinQueue = z
  .strictObject({
    visitor: z
      .string()
      .trim()
      .min(1)
      .max(128)
      .optional()
      .describe(
        'For a token without a user: your own name for the person you speak for (a session, a device). One place a visitor.',
      ),
  })
  .optional();
export type JoinQueue = z.output<typeof JoinQueue>;

export const QueuePlace = z
  .object({
    id: z.string(),
    event_id: z.int(),
    status: z
      .enum(['waiting', 'admitted', 'used', 'expired', 'left'])
      .describe(
        'admitted: its pass opens one cart. used: that cart was paid. expired: the pass was not used in time.',
      ),
    position: z
      .int()
      .nullable()
      .describe(
        'While it waits, once the order is known: 1 is let in next. At most so many: some may leave.',
      ),
    ahead: z.int().nullable().describe('How many are let in before it, at most.'),
    estimated_wait: z.int().nullable().describe('Seconds until it is let in, by the inflow of now.'),
    retry_after: z
      .int()
      .nullable()
      .describe('While it waits: seconds after which to ask again; also Retry-After.'),
    paused: z.boolean(),
    visitor: z.string().nullable(),
    cart_id: z.string().nullable().describe('The cart that is open under its pass.'),
    draw: z
      .string()
      .nullable()
      .describe(
        'Of those who came before the start, once drawn: SHA-256 of `<seed>:<id>`, by which they are ranked.',
      ),
    starts_at: at,
    joined_at: at,
    admitted_at: at.nullable(),
    pass_expires_at: at.nullable(),
  })
  .meta({ id: 'QueuePlace' });
export type QueuePlace = z.output<typeof QueuePlace>;

export const Queue = z
  .object({
    event_id: z.int(),
    status: z.enum(['scheduled', 'pre_queue', 'running', 'paused']),
    opens_at: at.describe('From then on there are places.'),
    starts_at: at.describe(
      'From then on people are let in: first those who came before, in an order drawn by lot.',
    ),
    drawn_at: at.nullable(),
    seed_hash: z.string().describe('SHA-256 of the seed of the draw: known from the beginning.'),
    seed: z.string().nullable().describe('The seed itself, once drawn.'),
  })
  .meta({ id: 'Queue' });
export type Queue = z.output<typeof Queue>;

export const QueueSettingsPut = z.strictObject({
  opens_at: instant
    .optional()
    .describe('From when there are places. Not given: as it was; of a new gate, now.'),
  starts_at: instant
    .optional()
    .describe('The start of the sale: the draw among those who came before. Not given: as it was.'),
  inflow: inflow.describe('Passes a minute on each interface.'),
  max_inside: maxInside
    .optional()
    .describe('How many may be inside at once on each interface; null: any number.'),
  pass_seconds: z
    .int()
    .min(30)
    .max(86_400)
    .optional()
    .describe('How long a pass opens a cart; 600 by default.'),
  paused: z.boolean().optional().describe('Nobody is let in; who is inside goes on.'),
  interfaces: z
    .array(z.strictObject({ interface_id: id, inflow: inflow.optional(), max_inside: maxInside.optional() }))
    .max(100)
    .optional()
    .describe('Interfaces with numbers of their own.'),
});
export type QueueSettingsPut = z.output<typeof QueueSettingsPut>;

const lane = {
  interface_id: z.int(),
  inflow: z.int(),
  max_inside: z.int().nullable(),
};

export const QueueSettings = z
  .object({
    ...Queue.shape,
    inflow: z.int(),
    max_inside: z.int().nullable(),
    pass_seconds: z.int(),
    paused: z.boolean(),
    interfaces: z
      .array(z.object(lane))
      .describe('Every interface that the event sells on, with what holds there.'),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'QueueSettings' });
export type QueueSettings = z.output<typeof QueueSettings>;

export const QueueSummary = z
  .object({
    event_id: z.int(),
    status: Queue.shape.status,
    waiting: z.int(),
    inside: z.int().describe('With a pass that is good, or a cart that is open under one.'),
    admitted: z.int().describe('Passes given in all.'),
    used: z.int().describe('Passes whose cart was paid.'),
    expired: z.int().describe('Passes that nobody used in time.'),
    left: z.int().describe('Who gave the place up.'),
    interfaces: z.array(
      z.object({
        ...lane,
        ...{
          waiting: z.int(),
          inside: z.int(),
          admitted: z.int(),
          used: z.int(),
          expired: z.int(),
          left: z.int(),
        },
        last_minute: z.int().describe('Passes given in the last minute.'),
        estimated_wait: z.int().nullable().describe('Seconds that one who comes now waits.'),
      }),
    ),
  })
  .meta({ id: 'QueueSummary' });
export type QueueSummary = z.output<typeof QueueSummary>;

export const placeIds = z
  .array(z.guid().transform((value) => value.toLowerCase()))
  .min(1)
  .max(10)
  .optional()
  .describe(
    'Places in the queues of events with a gate whose passes this goes by. A user needs to name none of their own.',
  );
