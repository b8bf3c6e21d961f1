import { z } from 'zod';
import { at, listParam } from './common.ts';

/** The catalogues that GET /resources can give in one call (seed: the variable `resources`). */
export const RESOURCE_NAMES = [
  'interfaces',
  'currencies',
  'countries',
  'states',
  'categories',
  'venues',
  'payment_methods',
  'document_types',
  'languages',
  'time_zones',
] as const;
export type ResourceName = (typeof RESOURCE_NAMES)[number];

export const resourcesQuery = {
  resources: listParam(RESOURCE_NAMES)
    .optional()
    .describe(`Catalogues, separated by commas: ${RESOURCE_NAMES.join(', ')}. None: the list of names.`),
};

// ── answers ──

export const Interface = z
  .object({
    id: z.int(),
    name: z.string(),
    kind: z.string().describe('web, box_office or partner.'),
    currency: z.string(),
    time_zone: z.string(),
    language: z.string(),
    hold_seconds: z.int().describe('How long a new cart is held.'),
    payment_methods: z.array(z.string()),
    default: z.boolean().describe('Serves requests of this client that name no X-Interface.'),
    active: z
      .boolean()
      .optional()
      .describe('Scope admin. Nothing is reached through one that is not active.'),
    allowed_origins: z.array(z.string()).optional().describe('Scope admin.'),
    max_hold_seconds: z
      .int()
      .optional()
      .describe('Scope admin. The most that buyers may keep a cart, extensions included.'),
    payment_seconds: z
      .int()
      .optional()
      .describe('Scope admin. Added to the time of a cart while a payment is under way.'),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Interface' });

export const Currency = z
  .object({
    code: z.string().describe('ISO 4217, letters.'),
    numeric: z.string().describe('ISO 4217, digits.'),
    name: z.string(),
    digits: z.int().describe('Decimal places: an amount of 1234 with 2 digits is 12.34.'),
  })
  .meta({ id: 'Currency' });

export const Country = z
  .object({
    id: z.int(),
    code: z.string().describe('ISO 3166-1, two letters.'),
    code3: z.string().describe('ISO 3166-1, three letters.'),
    numeric: z.string().describe('ISO 3166-1, digits.'),
    name: z.string().describe('In the language of the request.'),
  })
  .meta({ id: 'Country' });

export const State = z
  .object({ id: z.int(), country_id: z.int(), code: z.string().describe('ISO 3166-2.'), name: z.string() })
  .meta({ id: 'State' });

export const Category = z
  .object({
    id: z.int(),
    code: z.string(),
    name: z.string().describe('In the language of the request.'),
    names: z.object({ en: z.string(), es: z.string().optional(), pt: z.string().optional() }),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Category' });

export const Venue = z
  .object({
    id: z.int(),
    name: z.string(),
    line1: z.string().nullable(),
    city: z.string().nullable(),
    postal_code: z.string().nullable(),
    country_id: z.int().nullable(),
    state_id: z.int().nullable(),
    time_zone: z.string(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Venue' });

/** An entry of a short list: its code and its name in the language of the request. */
const Named = z.object({ code: z.string(), name: z.string() });

export const PaymentMethod = Named.meta({ id: 'PaymentMethod' });
export const DocumentType = z.object(Named.shape).meta({ id: 'DocumentType' });

export const LanguageName = z
  .object({ code: z.string().describe('ISO 639-1.'), name: z.string(), native_name: z.string() })
  .meta({ id: 'Language' });

export const TimeZone = z.object({ name: z.string().describe('IANA.') }).meta({ id: 'TimeZone' });

export const Catalogues = z
  .object({
    interfaces: z.array(Interface).optional(),
    currencies: z.array(Currency).optional(),
    countries: z.array(Country).optional(),
    states: z.array(State).optional(),
    categories: z.array(Category).optional(),
    venues: z.array(Venue).optional(),
    payment_methods: z.array(PaymentMethod).optional(),
    document_types: z.array(DocumentType).optional(),
    languages: z.array(LanguageName).optional(),
    time_zones: z.array(TimeZone).optional(),
  })
  .meta({ id: 'Catalogues' });

/** The catalogues asked for, or the names of all when none was. */
export const Resources = z.union([z.array(z.string()), Catalogues]);
