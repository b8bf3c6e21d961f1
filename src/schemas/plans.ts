import { z } from 'zod';
import { at, id, instant, MAX_INT, money, text } from './common.ts';

// ── requests ──

const Benefit = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('percentage'),
    value: z.int().min(1).max(10_000).describe('Hundredths of a percent off each ticket.'),
  }),
  z.strictObject({
    kind: z.literal('presale'),
    hours: z.int().min(1).max(8_760).describe('Hours before sales start for everybody.'),
  }),
  z.strictObject({
    kind: z.literal('ticket_types'),
    ids: z.array(id).min(1).max(100).describe('Ticket types for members only.'),
  }),
]);
export type Benefit = z.output<typeof Benefit>;

const words = z.strictObject({ name: text(200).optional(), description: text(5_000).optional() });

const plan = {
  name: text(200),
  description: text(5_000).nullable().optional(),
  translations: z
    .strictObject({ en: words.optional(), es: words.optional(), pt: words.optional() })
    .optional(),
  event_ids: z
    .array(id)
    .max(500)
    .optional()
    .describe('Season: the dates it includes. Membership: where its benefits are good; none: everywhere.'),
  benefits: z.array(Benefit).max(20).optional(),
  active: z.boolean().optional(),
  ends_at: instant.nullable().optional().describe('When a season is over; by default with its last event.'),
};

export const PlanCreate = z.strictObject({ ...plan, kind: z.enum(['membership', 'season']) });
export type PlanCreate = z.output<typeof PlanCreate>;

export const PlanPatch = z.strictObject(plan).partial();
export type PlanPatch = z.output<typeof PlanPatch>;

const setting = {
  name: text(200),
  price: z.int().min(0).max(2_000_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency of ISO 4217'),
  interval: z.enum(['month', 'year', 'season']),
  section_ids: z.array(id).max(200).optional().describe('Season: where its places are.'),
  seat_choice: z.boolean().optional().describe('Season: the subscriber chooses one seat for all dates.'),
  minimum_terms: z.int().min(1).max(120).optional().describe('Periods that a subscriber binds to.'),
  holders: z.int().min(1).max(20).optional().describe('Persons it is for.'),
  tax_rate: z.int().min(0).max(10_000).optional().describe('Hundredths of a percent.'),
  tax_inclusive: z.boolean().optional(),
  grace_days: z.int().min(0).max(365).optional().describe('Days after an unpaid period that still count.'),
  sales_start: instant.nullable().optional(),
  sales_end: instant.nullable().optional(),
  capacity: z.int().min(0).max(MAX_INT).nullable().optional(),
  active: z.boolean().optional(),
  renews_setting_id: id
    .nullable()
    .optional()
    .describe('The setting of the season before, whose subscribers keep their seats for this one.'),
  renewal_deadline: instant.nullable().optional().describe('Until when they keep them.'),
};

export const PlanSettingCreate = z.strictObject(setting);
export type PlanSettingCreate = z.output<typeof PlanSettingCreate>;

export const PlanSettingPatch = z.strictObject(setting).partial();
export type PlanSettingPatch = z.output<typeof PlanSettingPatch>;

// ── answers ──

export const Plan = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string().nullable(),
    kind: z.enum(['membership', 'season']),
    event_ids: z.array(z.int()),
    benefits: z.array(
      z.object({
        kind: z.string(),
        value: z.int().optional(),
        hours: z.int().optional(),
        ids: z.array(z.int()).optional(),
      }),
    ),
    active: z.boolean(),
    ends_at: at.nullable(),
    created_at: at,
    updated_at: at,
    job_id: z.string().optional().describe('After a change: the job that issues tickets of new dates.'),
  })
  .meta({ id: 'Plan' });

export const PlanSetting = z
  .object({
    id: z.int(),
    plan_id: z.int(),
    name: z.string(),
    price: money,
    tax: money,
    tax_rate: z.int(),
    tax_inclusive: z.boolean(),
    total: money,
    currency: z.string(),
    interval: z.enum(['month', 'year', 'season']),
    section_ids: z.array(z.int()),
    seat_choice: z.boolean(),
    minimum_terms: z.int(),
    holders: z.int(),
    grace_days: z.int(),
    sales_start: at.nullable(),
    sales_end: at.nullable(),
    sales_status: z.enum(['scheduled', 'on_sale', 'paused', 'sold_out', 'ended']),
    capacity: z.int().nullable().optional().describe('sell and admin only.'),
    remaining: z.int().nullable().optional().describe('sell and admin only.'),
    active: z.boolean(),
    renews_setting_id: z.int().nullable(),
    renewal_deadline: at.nullable(),
    created_at: at,
    updated_at: at,
    job_id: z.string().optional().describe('After a change: the job that keeps seats for renewal.'),
  })
  .meta({ id: 'PlanSetting' });
