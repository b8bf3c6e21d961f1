import { z } from 'zod';
import { at, instant } from './common.ts';

const now = z.int().nullable();
const unknownThen = now.describe('Null with `as_of`: no history is kept of it.');

const taken = {
  held: unknownThen.describe(
    'In carts that are not paid yet. A hold that has run out counts for nothing. Null with `as_of`.',
  ),
  sold: z.int().describe('Sold and not given back.'),
  kept: z.int().describe('Of these: refunded, and the place was kept.'),
};
const places = {
  capacity: z
    .int()
    .describe(
      'available + held + sold + blocked + courtesy. With `as_of`: that of today, for no history is kept of it.',
    ),
  available: unknownThen,
  ...taken,
  blocked: unknownThen,
  courtesy: z.int().describe('Given away: see /courtesies.'),
};
const counters = {
  held: z.int(),
  sold: z.int().describe('Courtesies included.'),
};

export const DRIFTS = [
  'section.capacity',
  'section.held',
  'section.sold',
  'section.blocked',
  'section.overfull',
  'ticket_type.held',
  'ticket_type.sold',
  'ticket_type.overfull',
  'product.held',
  'product.sold',
  'product.overfull',
  'block.taken',
] as const;

export const stockQuery = {
  as_of: instant
    .optional()
    .describe(
      'A time of the past: what was sold and given away then. What was available, held and blocked has no history, and is null.',
    ),
};

export const Stock = z
  .object({
    event_id: z.int(),
    interface_id: z
      .int()
      .nullable()
      .describe('sell sees what its own interface took, of `interfaces`; null: all of them are there.'),
    as_of: at,
    totals: z.object(places),
    sections: z.array(
      z.object({
        section_id: z.int(),
        name: z.string(),
        kind: z.enum(['seated', 'general']),
        ...places,
        counters: z
          .object({ capacity: z.int(), ...counters, blocked: z.int() })
          .nullable()
          .describe('What stock is sold by: the statuses of seats, the counters of general admission.'),
      }),
    ),
    ticket_types: z.array(
      z.object({
        ticket_type_id: z.int(),
        name: z.string(),
        limit: z.int().nullable().describe('Of its own; null: as many as there are places.'),
        ...places,
        blocked: unknownThen.describe(
          'Places of its sections that other types have taken or that blocks keep, as far as its limit would need them.',
        ),
        counters: z.object(counters).nullable().describe('Kept for types with a limit.'),
      }),
    ),
    interfaces: z
      .array(
        z.object({
          interface_id: z.int(),
          name: z.string(),
          ...places,
          capacity: now.describe('All places but those that other interfaces have taken. Null with `as_of`.'),
          blocked: unknownThen.describe('Places that it may not sell: blocks, and what is kept for others.'),
          allotted: unknownThen.describe('Of `available`: what is left in its own allotments.'),
        }),
      )
      .describe('Those that the event sells on, and those that have taken something of it.'),
    products: z.array(
      z.object({
        product_id: z.int(),
        name: z.string(),
        capacity: z.int().nullable().describe('available + held + sold. Null: as many as anybody wants.'),
        available: unknownThen,
        ...taken,
        counters: z.object(counters).nullable().describe('Kept for products with a limit.'),
      }),
    ),
    drift: z
      .array(
        z.object({
          what: z.enum(DRIFTS),
          id: z.int().describe('Of the section, ticket type, product or block.'),
          counter: z.int().describe('What it is sold by; `overfull`: what there is.'),
          rows: z.int().describe('What the rows add up to; `overfull`: what was taken of it.'),
        }),
      )
      .nullable()
      .describe(
        'Where counters and rows do not agree: nowhere, unless something is broken. Null with `as_of`.',
      ),
  })
  .meta({ id: 'EventStock' });
