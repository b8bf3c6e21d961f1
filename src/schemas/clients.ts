import { z } from 'zod';
import { currencies, paymentMethods } from '../../prisma/seed/reference.ts';
import { SCOPES } from '../context.ts';
import { at, id, idParam, MAX_INT, text } from './common.ts';
import { timeZone } from './places.ts';

// Who may ask, and through which sales channel: interfaces and clients, as administrators manage them.

const MAX_SECONDS = 7 * 86_400;

const origin = z
  .string()
  .max(200)
  .refine((value) => value === '*' || isOrigin(value), 'must be * or an origin such as https://shop.example')
  .describe('An origin, or * for any.');

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}

const distinct = <T>(values: readonly T[]): boolean => new Set(values).size === values.length;

const seconds = z.int().min(1).max(MAX_SECONDS);

const interfaceFields = {
  name: text(100),
  kind: z.enum(['web', 'box_office', 'partner']),
  time_zone: timeZone,
  language: z.enum(['en', 'es', 'pt']),
  allowed_origins: z.array(origin).max(100).refine(distinct, 'must name each origin once'),
  hold_seconds: seconds.describe('How long a new cart is held.'),
  max_hold_seconds: seconds.describe('The most that buyers may keep a cart, extensions included.'),
  payment_seconds: seconds.describe('Added to the time of a cart while a payment is under way.'),
  payment_methods: z
    .array(z.enum(paymentMethods.map(({ code }) => code) as [string, ...string[]]))
    .max(20)
    .refine(distinct, 'must name each method once'),
};

export const interfaceParams = { interface_id: idParam };

const { name, kind, time_zone, ...optionalInterface } = interfaceFields;

export const InterfaceCreate = z
  .strictObject({
    ...{ name, kind, time_zone },
    currency: z
      .enum(currencies().map((row) => row.code) as [string, ...string[]])
      .describe('ISO 4217. Stays for good.'),
    ...z.object(optionalInterface).partial().shape,
  })
  .meta({ id: 'InterfaceCreate' });

export const InterfacePatch = z
  .strictObject({
    ...interfaceFields,
    active: z.boolean().describe('Nothing is reached through one that is not active.'),
  })
  .partial()
  .meta({ id: 'InterfacePatch' });

export const clientParams = {
  client_id: z.string().regex(/^[\w.:-]{1,100}$/),
};

export const clientsQuery = {
  active: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
};

const clientFields = {
  name: text(100),
  scopes: z
    .array(z.enum(SCOPES))
    .max(SCOPES.length)
    .refine((scopes) => scopes.includes('public'), 'must hold public: it is in every token')
    .refine(distinct, 'must name each scope once')
    .describe('What its tokens may ask for. sell and admin never come by the password grant.'),
  interface_ids: z
    .array(id)
    .min(1)
    .max(100)
    .refine(distinct, 'must name each interface once')
    .describe('The interfaces that X-Interface may name.'),
  default_interface_id: id.describe('One of interface_ids: serves requests without X-Interface.'),
  rate_limit: z
    .int()
    .min(1)
    .max(MAX_INT)
    .nullable()
    .describe("Requests an hour for each of its tokens; null: the deployment's limit."),
};

const { rate_limit, ...requiredClient } = clientFields;

export const ClientCreate = z
  .strictObject({ ...requiredClient, rate_limit: rate_limit.optional() })
  .meta({ id: 'ClientCreate' });

export const ClientPatch = z
  .strictObject({
    ...clientFields,
    active: z.boolean().describe('The tokens of one that is not active are worth nothing.'),
  })
  .partial()
  .meta({ id: 'ClientPatch' });

export const RotateSecret = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(30 * 86_400)
      .optional()
      .describe('How long the secret until now stays good: a day by default, 0 for not at all.'),
  })
  .meta({ id: 'RotateSecret' });

// ── answers ──

export const Client = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    interface_ids: z.array(z.int()),
    default_interface_id: z.int(),
    rate_limit: z.int().nullable(),
    active: z.boolean(),
    secret: z.string().optional().describe('Only in the answer that made it: it is kept as a hash.'),
    old_secret_expires_at: at.nullable().describe('Until when the secret before the last rotation is good.'),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Client' });
