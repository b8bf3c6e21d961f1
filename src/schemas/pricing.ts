import { z } from 'zod';
import { at, id, instant, money, text } from './common.ts';

const price = z.int().min(0).max(2_000_000_000);
const types = z.array(id).max(100).describe('Empty: every type of the event.');
const many = z.int().min(2).max(100);
const known = id.optional().describe('Of one that is there already: it is changed, not made anew.');

const NewPhase = z
  .strictObject({
    id: known,
    ticket_type_id: id,
    name: text(100),
    price,
    starts_at: instant.nullable().optional(),
    ends_at: instant.nullable().optional(),
    until_sold: z
      .int()
      .min(1)
      .max(2_000_000_000)
      .nullable()
      .optional()
      .describe('Over once so many tickets of the type are held or sold, at whatever price.'),
  })
  .refine(({ starts_at, ends_at }) => !(starts_at && ends_at && starts_at >= ends_at), {
    path: ['ends_at'],
    message: 'must be after starts_at',
  });

const Definition = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z
        .literal('multi_buy')
        .describe('Of each `take` tickets the `pay` dearest are paid for: 3 for 2.'),
      ticket_type_ids: types,
      take: many,
      pay: z.int().min(0).max(99),
    })
    .refine(({ take, pay }) => pay < take, { path: ['pay'], message: 'must be less than take' }),
  z.strictObject({
    kind: z.literal('bundle').describe('So many of each type together for one price: a family ticket.'),
    parts: z
      .array(z.strictObject({ ticket_type_id: id, quantity: z.int().min(1).max(50) }))
      .min(1)
      .max(10)
      .refine((parts) => new Set(parts.map((part) => part.ticket_type_id)).size === parts.length, {
        message: 'names a type twice',
      }),
    price,
  }),
  z.strictObject({
    kind: z.literal('volume').describe('From so many tickets on, a rate off each.'),
    ticket_type_ids: types,
    from: many,
    rate: z.int().min(1).max(10_000).describe('Hundredths of a percent.'),
  }),
]);

const NewRule = z.strictObject({ id: known, name: text(100), definition: Definition });

export const PutPricing = z.strictObject({
  price_phases: z.array(NewPhase).max(200).describe('Of each type in order: the first one that runs counts.'),
  quantity_rules: z
    .array(NewRule)
    .max(50)
    .describe('In order: a ticket counts for the first rule that takes it. Codes reduce what rules leave.'),
});
export type PutPricing = z.output<typeof PutPricing>;

export const Pricing = z
  .object({
    event_id: z.int(),
    currency: z.string(),
    price_phases: z.array(
      z.object({
        id: z.int(),
        ticket_type_id: z.int(),
        name: z.string(),
        price: money,
        starts_at: at.nullable(),
        ends_at: at.nullable(),
        until_sold: z.int().nullable(),
        sold: z
          .int()
          .nullable()
          .describe('Tickets of the type that count for it; null where none are counted.'),
      }),
    ),
    quantity_rules: z.array(
      z.object({
        id: z.int(),
        name: z.string(),
        definition: z.object({
          kind: z.enum(['multi_buy', 'bundle', 'volume']),
          ticket_type_ids: z.array(z.int()).optional(),
          take: z.int().optional(),
          pay: z.int().optional(),
          parts: z.array(z.object({ ticket_type_id: z.int(), quantity: z.int() })).optional(),
          price: z.int().optional(),
          from: z.int().optional(),
          rate: z.int().optional(),
        }),
      }),
    ),
    updated_at: at,
  })
  .meta({ id: 'Pricing' });
