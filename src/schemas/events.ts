import { z } from 'zod';
import { at, booleanParam, expandParam, idList, idParam, instant, listParam, money } from './common.ts';
import { MapOutline } from './maps.ts';
import { Venue } from './resources.ts';

// ── requests ──

export const EVENT_STATUSES = ['draft', 'published', 'paused', 'cancelled', 'ended'] as const;
export const EVENT_SORTS = ['starts_at', '-starts_at', 'name', '-popularity'] as const;
export type EventSort = (typeof EVENT_SORTS)[number];

const expandEvent = expandParam(['venue', 'ticket_types', 'products', 'maps']);

export const eventsQuery = {
  q: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Words to find in name, venue and city; accents and case do not matter, every word must be found.',
    ),
  category_id: idParam.optional(),
  venue_id: idParam.optional(),
  country_id: idParam.optional(),
  state_id: idParam.optional(),
  from: instant.optional().describe('Events that start at this instant or later.'),
  to: instant.optional().describe('Events that start at this instant or earlier.'),
  on_sale: booleanParam.optional().describe('true: something can be bought now. false: nothing can.'),
  status: listParam(EVENT_STATUSES)
    .optional()
    .describe('Statuses, separated by commas; all but draft by default. draft needs the scope admin.'),
  ids: idList.optional(),
  sort: z.enum(EVENT_SORTS).optional().describe('Default: starts_at.'),
  expand: expandEvent,
};
export type EventFilters = z.output<z.ZodObject<typeof eventsQuery>>;

/** Address of an event, and what can be asked of one. */
export const eventParams = { event_id: idParam };
export const eventQuery = { expand: expandEvent };

const code = z.string().trim().min(1).max(64);
export const codeParams = { ...eventParams, code };
export const codeQuery = {
  code: code.optional().describe('An access code: its ticket types are shown as well.'),
};

// ── answers ──

const SalesStatus = z.enum(['scheduled', 'on_sale', 'paused', 'sold_out', 'ended', 'cancelled']);
const Availability = z.enum(['none', 'low', 'high']).describe('low: under a tenth is left.');
const remaining = z.int().describe('Exact count; for sell and admin only.');

export const TicketType = z
  .object({
    id: z.int(),
    event_id: z.int(),
    name: z.string(),
    description: z.string().nullable(),
    price: money.describe('Price of one now, before fee and tax on top.'),
    fee: money.describe('What the buyer pays on top of the price; 0 when the organiser bears it.'),
    tax: money,
    tax_inclusive: z.boolean().describe('The tax is inside the price; otherwise it comes on top.'),
    total: money.describe('What one costs in all.'),
    currency: z.string(),
    section_ids: z.array(z.int()),
    seated: z.boolean().describe('Seats can be chosen in at least one of its sections.'),
    min_per_cart: z.int(),
    max_per_cart: z.int(),
    max_per_user: z.int().nullable(),
    sales_start: at.nullable(),
    sales_end: at.nullable(),
    sales_status: SalesStatus,
    access_code_required: z.boolean(),
    members_only: z.boolean(),
    availability: Availability,
    remaining: remaining.optional(),
  })
  .meta({ id: 'TicketType' });

export const Product = z
  .object({
    id: z.int(),
    event_id: z.int(),
    name: z.string(),
    description: z.string().nullable(),
    price: money,
    fee: money,
    tax: money,
    tax_inclusive: z.boolean(),
    total: money.describe('What one costs in all.'),
    currency: z.string(),
    max_per_cart: z.int(),
    sales_status: SalesStatus,
    availability: Availability,
    remaining: remaining
      .nullable()
      .describe('Exact count, null without a limit; for sell and admin only.')
      .optional(),
  })
  .meta({ id: 'Product' });

const EventSettings = z.object({
  translations: z.record(z.string(), z.record(z.string(), z.string())),
  orphan_rule: z.boolean(),
  exchange_until: at.nullable(),
  accessible_until: at.nullable(),
  rotating_codes: z.boolean(),
  holder_change_until: at.nullable(),
  map_ids: z.array(z.int()),
});

export const Event = z
  .object({
    id: z.int(),
    name: z.string(),
    slug: z.string(),
    description: z.string().nullable(),
    status: z.enum(EVENT_STATUSES),
    sales_status: SalesStatus,
    availability: Availability,
    remaining: remaining.optional(),
    starts_at: at,
    ends_at: at.nullable(),
    doors_at: at.nullable(),
    time_zone: z.string(),
    seating: z.enum(['general', 'seated', 'mixed']),
    currency: z.string(),
    price_range: z
      .object({ min: money, max: money })
      .nullable()
      .describe('What one ticket costs in all, over the types that need no code.'),
    sales_start: at.nullable().describe('On this interface.'),
    sales_end: at.nullable().describe('On this interface.'),
    max_per_cart: z.int(),
    category_id: z.int().nullable(),
    venue_id: z.int().nullable(),
    series_id: z.int().nullable(),
    image_url: z.string().nullable(),
    created_at: at,
    updated_at: at,
    settings: EventSettings.optional().describe('For admin only.'),
    venue: Venue.nullable().optional(),
    ticket_types: z.array(TicketType).optional(),
    products: z.array(Product).optional(),
    maps: z.array(MapOutline).optional(),
  })
  .meta({ id: 'Event' });

export const Code = z
  .object({
    id: z.int().optional().describe('For sell and admin only.'),
    updated_at: at.optional(),
    code: z.string(),
    event_id: z.int(),
    kind: z.enum(['percentage', 'fixed', 'price_override', 'access']),
    value: z
      .int()
      .describe(
        'percentage: hundredths of a percent; fixed, price_override: minor units of each ticket; access: 0.',
      ),
    currency: z.string(),
    stackable: z.boolean(),
    max_uses_per_user: z.int().nullable(),
    starts_at: at.nullable(),
    ends_at: at.nullable(),
    ticket_types: z
      .array(
        z.object({
          ticket_type_id: z.int(),
          name: z.string(),
          unlocked: z.boolean().describe('This type can be bought only with the code.'),
          price: money,
          discount: money,
          fee: money,
          tax: money,
          total: money.describe('What one costs with the code.'),
        }),
      )
      .describe('The types that the code is good for, priced with it.'),
    remaining: z
      .int()
      .nullable()
      .optional()
      .describe('Uses left, null without a limit; for sell and admin only.'),
  })
  .meta({ id: 'Code' });

export const Gate = z
  .object({
    id: z.int(),
    event_id: z.int(),
    name: z.string(),
    zone: z.string().nullable(),
    inner: z.boolean(),
    multi_entry: z.boolean(),
    created_at: at,
  })
  .meta({ id: 'Gate' });

const unknownThen = z.int().nullable().describe('Null with `as_of`: the ledger does not tell.');
const courtesy = z.int().describe('Given away: see /courtesies.');
const places = {
  capacity: z
    .int()
    .describe('sold + courtesy + held + blocked + free. With `as_of`: that of today, for it has no history.'),
  sold: z.int(),
  courtesy,
  held: unknownThen,
  blocked: unknownThen,
  free: unknownThen,
};
const books = {
  sold: z.int().describe('Sold and not given back.'),
  refunded: z.int().describe('Sold and given back.'),
  refunded_amount: money.describe('Given back in money: whole lines, and parts of their price.'),
  revenue: money.describe('Paid for them, with fees and taxes, less what was given back.'),
};

export const reportQuery = {
  as_of: instant
    .optional()
    .describe(
      'A time of the past: as the ledger had it then. Places on hold and blocked are not told of the past.',
    ),
};

export const Report = z
  .object({
    event_id: z.int(),
    interface_id: z
      .int()
      .nullable()
      .describe(
        'Whose sales `sold`, `refunded` and `revenue` of types and products count: sell sees its own; null: all.',
      ),
    currency: z.string(),
    as_of: at,
    totals: z.object({
      ...places,
      refunded: books.refunded,
      refunded_amount: books.refunded_amount,
      revenue: books.revenue,
      fee: money,
      tax: money,
      discount: money,
    }),
    ticket_types: z.array(
      z.object({
        ticket_type_id: z.int(),
        name: z.string(),
        capacity: z.int().describe('Of its own limit and of the places of its sections, whichever is less.'),
        courtesy,
        held: unknownThen,
        free: unknownThen,
        ...books,
      }),
    ),
    sections: z.array(
      z.object({
        section_id: z.int(),
        name: z.string(),
        kind: z.enum(['seated', 'general']),
        ...places,
        refunded: books.refunded,
        refunded_amount: books.refunded_amount,
        revenue: money,
      }),
    ),
    products: z.array(
      z.object({
        product_id: z.int(),
        name: z.string(),
        capacity: z.int().nullable(),
        held: unknownThen,
        free: z.int().nullable(),
        ...books,
      }),
    ),
    interfaces: z
      .array(z.object({ interface_id: z.int(), name: z.string(), ...books }))
      .describe('Those that have sold, tickets and products together.'),
    days: z
      .array(z.object({ day: z.string().meta({ examples: ['2026-11-26'] }), ...books }))
      .describe(
        'By day in the time zone of the event: what is given back counts on the day it is. Days without either are left out.',
      ),
    hours: z
      .array(z.object({ hour: at.describe('When it began.'), ...books }))
      .describe('By hour of the time zone of the event, in the same way.'),
  })
  .meta({ id: 'EventReport' });
