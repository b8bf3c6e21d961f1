import { z } from 'zod';
import { at, email, id, money, text, uuid } from './common.ts';

// ── requests ──

const Holder = z.strictObject({
  first_name: text(100),
  last_name: text(100),
  email: email.optional(),
});

const Holders = z.array(Holder).max(20).describe('Whom it is for, as far as the plan setting allows.');

export const SubscriptionCreate = z
  .strictObject({
    plan_setting_id: id,
    user_id: id.optional().describe('sell only: whom it is for.'),
    seat_id: id.optional().describe('A season with chosen seats: the seat at all its dates.'),
    section_id: id.optional().describe('A season without: the section, where there are several.'),
    cart_id: uuid.optional().describe('An open cart that it is added to; a new one without it.'),
    auto_renew: z.boolean().optional(),
    holders: Holders.optional(),
  })
  .refine(({ seat_id, section_id }) => !seat_id || !section_id, {
    path: ['section_id'],
    message: 'goes without a seat_id',
  });
export type SubscriptionCreate = z.output<typeof SubscriptionCreate>;

export const SubscriptionPatch = z
  .strictObject({
    plan_setting_id: id.nullable().describe('What it goes on with after this period; null: as before.'),
    auto_renew: z.boolean(),
    holders: Holders,
    card: z.strictObject({ token: text(255) }).describe('The card that renewals are taken from.'),
  })
  .partial();
export type SubscriptionPatch = z.output<typeof SubscriptionPatch>;

export const SubscriptionChange = z.strictObject({ plan_setting_id: id });
export type SubscriptionChange = z.output<typeof SubscriptionChange>;

export const GiveBackRequest = z.strictObject({ event_id: id });

// ── answers ──

export const GiveBack = z
  .object({
    id: z.string(),
    subscription_id: z.string(),
    event_id: z.int(),
    seat_id: z.int().nullable().describe('Null: a place of general admission.'),
    section_id: z.int().nullable(),
    status: z.enum(['offered', 'sold', 'withdrawn']),
    value: money.describe('What is credited at most: the share of this date in the season.'),
    credited: money.describe('What was credited when the seat was sold again.'),
    currency: z.string(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'GiveBack' });

export const Credit = z
  .object({ currency: z.string(), balance: money, updated_at: at })
  .meta({ id: 'Credit' });

export const Subscription = z
  .object({
    id: z.string(),
    user_id: z.int(),
    plan_id: z.int(),
    plan_setting_id: z.int(),
    next_plan_setting_id: z.int().nullable(),
    cart_id: z.string().nullable().describe('The cart of its purchase, or the one that waits to be paid.'),
    interface_id: z.int(),
    status: z.enum(['pending', 'active', 'past_due', 'paused', 'cancelled', 'expired']),
    seat: z.object({ id: z.int(), section: z.string(), row: z.string(), number: z.string() }).nullable(),
    section_id: z.int().nullable(),
    holders: z.array(
      z.object({ first_name: z.string(), last_name: z.string(), email: z.string().optional() }),
    ),
    period: z.int().describe('Number of the current period, from 1; 0 until it is paid.'),
    current_period_start: at.nullable(),
    current_period_end: at.nullable(),
    auto_renew: z.boolean(),
    cancel_at_period_end: z.boolean(),
    has_payment_method: z.boolean(),
    attempts: z.int().describe('Charges of this renewal that failed.'),
    next_attempt_at: at.nullable(),
    paused_at: at.nullable(),
    cancelled_at: at.nullable(),
    ended_at: at.nullable(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Subscription' });

export const Quote = z
  .object({
    plan_setting_id: z.int(),
    price: money.describe('A period of the other setting.'),
    unused: money.describe('What is left of the period that is paid for, by time.'),
    amount_due: money.describe('To pay for a change now: the price less what is unused.'),
    credit: money.describe('What is unused beyond the price.'),
    currency: z.string(),
    effective_at: at.describe('When the change comes without paying now: at the end of the period.'),
  })
  .meta({ id: 'SubscriptionQuote' });
