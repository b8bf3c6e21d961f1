import { z } from 'zod';
import { bulkBody } from './bulk.ts';
import { at, id, idParam, instant, MAX_INT, money, text } from './common.ts';
import { eventParams, Gate } from './events.ts';

// ── parts ──

const TIME_ZONES = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);

/** Knows aliases, too: what the runtime takes is a time zone. */
const isTimeZone = (name: string): boolean => {
  if (TIME_ZONES.has(name)) return true;
  if (!/^[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)+$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be an IANA time zone')
  .describe('IANA name: Europe/Madrid.');

const words = z.strictObject({ name: text(200).optional(), description: text(8_000).optional() });
const translations = z
  .strictObject({ en: words.optional(), es: words.optional(), pt: words.optional() })
  .describe('Name and description by language; what is missing is as it was written first.');

const count = z.int().positive().max(1_000_000);
const amount = z.int().min(0).max(1_000_000_000).describe('Minor units of the currency of the event.');
const rate = z.int().min(0).max(100_000).describe('Hundredths of a percent: 1000 is 10 %.');
const flag = z.boolean();
const time = instant;

const slug = z
  .string()
  .max(120)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case letters, digits and single hyphens');

const imageUrl = z.url({ protocol: /^https?$/ }).max(2_000);

// ── events ──

const times = {
  starts_at: time,
  ends_at: time
    .nullable()
    .optional()
    .describe(
      'Nothing is sold after it. Without it, and without an end of sales, buyers get tickets until the event starts, and ' +
        'the box office (`sell`) for a day after.',
    ),
  doors_at: time.nullable().optional(),
  sales_start: time.nullable().optional(),
  sales_end: time.nullable().optional(),
  holder_change_until: time.nullable().optional().describe('Until when holders may be changed.'),
  exchange_until: time
    .nullable()
    .optional()
    .describe('Until when buyers may exchange their tickets themselves. Null: only sellers do it for them.'),
  accessible_until: time
    .nullable()
    .optional()
    .describe('From then on accessible places and those of companions are sold like any other. Null: never.'),
};

const assignment = {
  sales_start: time.nullable().optional().describe('Narrows the window of the event.'),
  sales_end: time.nullable().optional(),
  extra_fee: amount.optional().describe('Added to the fee of every ticket sold there, minor units.'),
};

const settings = {
  description: text(8_000).nullable().optional(),
  translations: translations.optional(),
  category_id: id.nullable().optional(),
  venue_id: id.nullable().optional(),
  image_url: imageUrl.nullable().optional(),
  orphan_rule: flag
    .optional()
    .describe(
      'No single free seat may be left between taken ones, unless there is no other way. Default: false.',
    ),
  max_per_cart: count.optional(),
  rotating_codes: flag.optional(),
  map_ids: z.array(id).max(20).optional().describe('Where it takes place. Only a draft can change its maps.'),
  slug: slug.optional().describe('Default: of the name.'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')
    .optional(),
  time_zone: timeZone.optional(),
};

const create = {
  interfaces: z
    .array(z.strictObject({ ...assignment, interface_id: id }))
    .min(1)
    .max(100)
    .optional()
    .describe('Where it sells. Default: the interface of the request.'),
  ...settings,
  name: text(200),
};

export const EventCreate = z.strictObject({ ...times, ...create }).meta({ id: 'EventCreate' });
export type EventCreate = z.output<typeof EventCreate>;

export const SeriesCreate = z
  .strictObject({
    ...create,
    dates: z.array(z.strictObject(times)).min(1).max(100).describe('One event for each.'),
    series_name: text(200).optional().describe('Default: the name of the events.'),
  })
  .meta({ id: 'SeriesCreate' });
export type SeriesCreate = z.output<typeof SeriesCreate>;

export const EventPatch = z
  .strictObject({
    ...settings,
    ...times,
    name: text(200),
    end_printed_codes: flag.describe(
      'With `rotating_codes` switched on after tickets were given out: they know that what was printed or saved lets ' +
        'nobody in any more. Its owners are mailed where their live codes are.',
    ),
  })
  .partial()
  .meta({ id: 'EventPatch' });
export type EventPatch = z.output<typeof EventPatch>;

export const EventCancel = z
  .strictObject({ reason: text(500).describe('Told in the refunds.') })
  .meta({ id: 'EventCancel' });
export type EventCancel = z.output<typeof EventCancel>;

export const EventDuplicate = z
  .strictObject({
    starts_at: time.describe(
      'Of the copy: all its other times move by the same, on the clock of its time zone.',
    ),
    slug: slug.optional(),
    name: text(200).optional().describe('Default: the name of the original.'),
  })
  .meta({ id: 'EventDuplicate' });
export type EventDuplicate = z.output<typeof EventDuplicate>;

// ── interfaces of an event ──

export const channelParams = { ...eventParams, interface_id: idParam };
export const EventInterfacePut = z.strictObject(assignment).meta({ id: 'EventInterfacePut' });
export type EventInterfacePut = z.output<typeof EventInterfacePut>;

export const EventInterface = z
  .object({
    event_id: z.int(),
    interface_id: z.int(),
    sales_start: at.nullable(),
    sales_end: at.nullable(),
    extra_fee: money,
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'EventInterface' });

// ── what hangs on an event ──

const priced = {
  description: text(8_000).nullable().optional(),
  translations: translations.optional(),
  position: z.int().min(0).max(MAX_INT).optional().describe('Order in which it is shown.'),
  fee_fixed: amount.optional().describe('Fee of one, minor units.'),
  fee_rate: rate
    .optional()
    .describe('Fee as a part of the price, in hundredths of a percent; added to fee_fixed.'),
  fee_payer: z
    .enum(['buyer', 'organiser'])
    .optional()
    .describe('buyer: the fee comes on top. organiser: it is taken out of the price.'),
  tax_rate: rate.optional(),
  tax_inclusive: flag.optional().describe('The tax is inside the price; otherwise it comes on top.'),
  max_per_cart: count.optional(),
  capacity: z.int().min(0).max(MAX_INT).nullable().optional().describe('Null: no limit of its own.'),
};

export const typeParams = { ...eventParams, ticket_type_id: idParam };
export const TicketTypeCreate = z.strictObject({
  ...priced,
  section_ids: z.array(id).max(1_000).optional().describe('Sections of the maps of the event.'),
  min_per_cart: count.optional(),
  max_per_user: count.nullable().optional(),
  sales_start: time.nullable().optional(),
  sales_end: time.nullable().optional(),
  access_code_required: flag.optional().describe('Hidden until a code unlocks it.'),
  members_only: flag.optional(),
  re_entry: flag.optional(),
  max_entries: count.optional(),
  gate_ids: z.array(id).max(100).optional().describe('Empty: every gate.'),
  valid_from: time.nullable().optional(),
  valid_until: time.nullable().optional(),
  name: text(200),
  price: amount,
});
export type TicketTypeCreate = z.output<typeof TicketTypeCreate>;
export const TicketTypePatch = TicketTypeCreate.partial().meta({ id: 'TicketTypePatch' });

export const productParams = { ...eventParams, product_id: idParam };
export const ProductCreate = z.strictObject({ ...priced, name: text(200), price: amount });
export const ProductPatch = ProductCreate.partial().meta({ id: 'ProductPatch' });

export const gateParams = { ...eventParams, gate_id: idParam };
export const GateCreate = z.strictObject({
  zone: text(100)
    .nullable()
    .optional()
    .describe(
      'What the gate leads to. It is told with the gate; who may pass is said by `gate_ids` of the types.',
    ),
  inner: flag
    .optional()
    .describe(
      'Behind the outer gates, before a zone: it lets in who came in by an outer gate, uses up no entry and is counted by ' +
        'zone. Default false.',
    ),
  multi_entry: flag
    .optional()
    .describe(
      'Of an inner gate that scans nobody out: it lets in again who is in its zone by the scans. Otherwise that is ' +
        'refused (`already_used`) until as many have been scanned out, there or of the event. Default false.',
    ),
  name: text(100),
});
export const GatePatch = GateCreate.partial().meta({ id: 'GatePatch' });

export const TicketTypesBulk = bulkBody('ticket_types', TicketTypeCreate);
export const ProductsBulk = bulkBody('products', ProductCreate);
export const GatesBulk = bulkBody('gates', GateCreate);

// ── answers ──

const rules = {
  id: z.int(),
  event_id: z.int(),
  name: z.string(),
  description: z.string().nullable(),
  translations: z.record(z.string(), z.record(z.string(), z.string())),
  position: z.int(),
  price: money,
  fee_fixed: money,
  fee_rate: z.int(),
  fee_payer: z.enum(['buyer', 'organiser']),
  tax_rate: z.int(),
  tax_inclusive: z.boolean(),
  max_per_cart: z.int(),
  capacity: z.int().nullable(),
};

export const ManagedTicketType = z
  .object({
    ...rules,
    section_ids: z.array(z.int()),
    min_per_cart: z.int(),
    max_per_user: z.int().nullable(),
    sales_start: at.nullable(),
    sales_end: at.nullable(),
    access_code_required: z.boolean(),
    members_only: z.boolean(),
    re_entry: z.boolean(),
    max_entries: z.int(),
    gate_ids: z.array(z.int()),
    valid_from: at.nullable(),
    valid_until: at.nullable(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'ManagedTicketType', description: 'A ticket type with the rules that make its price.' });

export const ManagedProduct = z
  .object({ ...rules, created_at: at, updated_at: at })
  .meta({ id: 'ManagedProduct', description: 'A product with the rules that make its price.' });

export const ManagedGate = Gate.extend({ updated_at: at }).meta({ id: 'ManagedGate' });
