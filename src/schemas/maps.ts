import { z } from 'zod';
import { booleanParam, idParam, listParam, money, positive, text } from './common.ts';

// ── requests ──

export const SEAT_STATUSES = ['available', 'held', 'sold', 'blocked'] as const;
export type SeatStatus = (typeof SEAT_STATUSES)[number];

export const mapParams = { event_id: idParam, map_id: idParam };
export const seatParams = { event_id: idParam, seat_id: idParam };

/** As of GET /events/:event_id/ticket_types. */
export const unlockingCode = {
  code: text(100)
    .optional()
    .describe(
      'What is kept for this code is shown as available, too. One that is not valid shows nothing more.',
    ),
};

export const seatsQuery = {
  ...unlockingCode,
  status: listParam(SEAT_STATUSES).optional().describe('Statuses, separated by commas.'),
  section_id: idParam.optional(),
  accessible: booleanParam.optional(),
};

/** How a version is written. */
export const VERSION_PATTERN = /^[0-9a-z]{1,13}(-[0-9a-z]{1,13}){2,64}$/;

export const sinceQuery = {
  ...unlockingCode,
  since: z
    .string()
    .regex(VERSION_PATTERN, 'must be a version that an earlier answer gave')
    .optional()
    .describe('The `version` of an earlier answer: only what has changed after it.'),
};

export const streamQuery = {
  ...sinceQuery,
  seconds: positive
    .refine((seconds) => seconds <= 300, 'must be at most 300')
    .optional()
    .describe('How long the stream lasts: 1 to 300 seconds, 300 by default.'),
};

export const resumeHeaders = {
  'last-event-id': z.string().optional().describe('The id of the last event received: goes on after it.'),
};

// ── answers ──

const sectionBase = {
  id: z.int(),
  name: z.string(),
  kind: z.enum(['seated', 'general']),
  capacity: z.int(),
  shape: z.array(z.array(z.number())).nullable().describe('Polygon of the section: [[x, y], …].'),
};
const mapBase = {
  id: z.int(),
  name: z.string(),
  width: z.number(),
  height: z.number(),
  focal_point: z.object({ x: z.number(), y: z.number() }).describe('Stage or pitch: where everybody looks.'),
};

export const MapOutline = z
  .object({ ...mapBase, sections: z.array(z.object(sectionBase)) })
  .meta({ id: 'MapOutline', description: 'A map without its rows and seats.' });

export const SeatMap = z
  .object({
    ...mapBase,
    sections: z.array(
      z.object({
        ...sectionBase,
        rows: z.array(
          z.object({
            id: z.int(),
            label: z.string(),
            seats: z.array(
              z.object({
                id: z.int(),
                number: z.string(),
                x: z.number(),
                y: z.number(),
                accessible: z.boolean(),
                companion_of: z.int().nullable().describe('Sold only together with this accessible seat.'),
              }),
            ),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Map' });

export const Seat = z
  .object({
    id: z.int(),
    section_id: z.int(),
    section: z.string(),
    row: z.string(),
    number: z.string(),
    status: z.enum(SEAT_STATUSES),
    accessible: z.boolean(),
    companion_of: z.int().nullable(),
    prices: z.array(
      z.object({ ticket_type_id: z.int(), total: money.describe('What the seat costs in all.') }),
    ),
  })
  .meta({ id: 'Seat' });

const idGaps = z.array(z.int());

export const Availability = z
  .object({
    version: z.string().describe('Opaque. Stays the same while nothing changes; goes into `since`.'),
    seats: z
      .object({
        held: idGaps,
        sold: idGaps,
        blocked: idGaps,
        available: idGaps.optional().describe('Only with `since`: seats that have become available again.'),
      })
      .describe(
        'Seat ids by status, ascending, each number the difference to the one before it: [7, 1, 3] stands for the ' +
          'seats 7, 8 and 11. Without `since` a seat in no list is available; with `since` it has not changed.',
      ),
    sections: z
      .array(z.object({ id: z.int(), available: z.int() }))
      .describe('Places left in each section of the map, always all sections.'),
  })
  .meta({ id: 'Availability' });
