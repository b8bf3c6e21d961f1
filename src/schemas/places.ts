import { z } from 'zod';
import { timeZones } from '../../prisma/seed/reference.ts';
import { id, idParam, text } from './common.ts';

// Venues and categories: what an organiser files events under.

const KNOWN_ZONES = new Set<string>(timeZones());

/** A time zone in a body. */
export const timeZone = z
  .string()
  .max(64)
  .refine((name) => KNOWN_ZONES.has(name), 'must be a time zone of the IANA database')
  .describe('IANA time zone.');

export const venueParams = { venue_id: idParam };
export const categoryParams = { category_id: idParam };

const optionalVenue = {
  line1: text(200).nullable(),
  city: text(100).nullable(),
  postal_code: text(20).nullable(),
  country_id: id.nullable(),
  state_id: id.nullable().describe('A state of that country.'),
  latitude: z.number().min(-90).max(90).nullable(),
  longitude: z.number().min(-180).max(180).nullable(),
};

export const VenueCreate = z
  .strictObject({ name: text(200), time_zone: timeZone, ...z.object(optionalVenue).partial().shape })
  .meta({ id: 'VenueCreate' });

export const VenuePatch = z
  .strictObject({ name: text(200), time_zone: timeZone, ...optionalVenue })
  .partial()
  .meta({ id: 'VenuePatch' });

const names = z
  .strictObject({ en: text(100), es: text(100).optional(), pt: text(100).optional() })
  .describe('By language; English stands in for a missing one.');

const code = z
  .string()
  .regex(/^[a-z0-9]+(?:[-_][a-z0-9]+)*$/, 'must be lower-case words joined by - or _')
  .max(50);

export const CategoryCreate = z.strictObject({ code, names }).meta({ id: 'CategoryCreate' });

export const CategoryPatch = z.strictObject({ code, names }).partial().meta({ id: 'CategoryPatch' });
