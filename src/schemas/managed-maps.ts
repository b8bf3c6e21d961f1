import { z } from 'zod';
import { at, id, idParam, text } from './common.ts';

// Maps as organisers import, export and edit them. Where a map is shown for sale, see maps.ts.

/** A stadium and some: 50,000 seats in one body are about 5 MB. */
export const MAP_BODY_LIMIT = 33_554_432;

export const managedMapParams = { map_id: idParam };
export const managedMapsQuery = { venue_id: idParam.optional() };

const length = z.number().min(0).max(1_000_000);
const size = z.number().gt(0).max(1_000_000);
const label = text(50);
const point = z.tuple([length, length]);

const focalPoint = z
  .strictObject({ x: length, y: length })
  .describe('Stage or pitch: where everybody looks. The nearer a seat, the better.');

const ownId = id.optional().describe('PUT: which one it is, whatever it is called now. POST: not looked at.');

const SeatBody = z.strictObject({
  id: ownId,
  number: text(20),
  x: length,
  y: length,
  position: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe(
      'Place in the row: neighbours differ by one, an aisle is a number left out. Counted from 1 without it.',
    ),
  accessible: z.boolean().optional(),
  companion_of: text(20)
    .nullable()
    .optional()
    .describe('Number of the accessible seat of the same row beside which this one is sold.'),
});

const MAX_ROWS = 10_000;
const MAX_SECTIONS = 2_000;

const RowBody = z.strictObject({ id: ownId, label, seats: z.array(SeatBody).max(10_000) });

const SectionBody = z.strictObject({
  id: ownId,
  name: text(100),
  kind: z.enum(['seated', 'general']),
  capacity: z
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('Of a general section; of a seated one its number of seats.'),
  shape: z.array(point).min(3).max(1_000).nullable().optional().describe('Polygon: [[x, y], …].'),
  rows: z.array(RowBody).max(MAX_ROWS).describe('From front to back; none in a general section.'),
});

/** What an export holds besides: it can be sent back as it is. */
const ignored = z.unknown().optional().describe('Not looked at.');

export const MapBody = z
  .strictObject({
    name: text(200),
    venue_id: id.nullable().optional(),
    width: size,
    height: size,
    focal_point: focalPoint,
    sections: z.array(SectionBody).min(1).max(MAX_SECTIONS),
    ...{ id: ignored, seat_count: ignored, event_ids: ignored, created_at: ignored, updated_at: ignored },
  })
  .meta({ id: 'MapBody', description: 'A whole map. Lengths are in units of its own; y grows downwards.' });

/** A map in parts, as it is read: sections and rows, each checked by itself. */
export const MAP_PARTS = [
  {
    whole: MapBody,
    alone: MapBody.extend({ sections: z.array(z.unknown()).min(1).max(MAX_SECTIONS) }),
    list: 'sections',
  },
  {
    whole: SectionBody,
    alone: SectionBody.extend({ rows: z.array(z.unknown()).max(MAX_ROWS) }),
    list: 'rows',
  },
  { whole: RowBody, alone: RowBody },
];

export const csvQuery = {
  name: text(200).optional().describe('With a body of text/csv: the name of the map.'),
  venue_id: idParam.optional().describe('With a body of text/csv.'),
};

export const MapCsv = z
  .strictObject({
    name: text(200),
    venue_id: id.nullable().optional(),
    width: size.optional().describe('As the seats need it, if it is left out.'),
    height: size.optional(),
    focal_point: focalPoint.optional().describe('The middle of the upper edge, if it is left out.'),
    csv: z
      .string()
      .min(1)
      .max(MAP_BODY_LIMIT)
      .describe(
        'A line of names (section,row,number,x,y,accessible; in any order, accessible may be missing), then a line a seat.',
      ),
  })
  .meta({ id: 'MapCsv' });

// ── answers ──

const head = {
  id: z.int(),
  name: z.string(),
  venue_id: z.int().nullable(),
  width: z.number(),
  height: z.number(),
  focal_point: z.object({ x: z.number(), y: z.number() }),
  seat_count: z.int(),
  event_ids: z.array(z.int()).describe('The events that use it.'),
};
const dated = { created_at: at, updated_at: at };
const section = { id: z.int(), name: z.string(), kind: z.string(), capacity: z.int() };

export const ManagedMap = z
  .object({
    ...head,
    sections: z.array(z.object(section)),
    changes: z
      .object({ added: z.int(), changed: z.int(), removed: z.int() })
      .optional()
      .describe('Of an edit: how many seats came, were moved or called otherwise, and left.'),
    ...dated,
  })
  .meta({ id: 'ManagedMap', description: 'A map without its rows and seats.' });

export const MapExport = z
  .object({
    ...head,
    sections: z.array(
      z.object({
        ...section,
        shape: z.array(z.array(z.number())).nullable(),
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
                position: z.int(),
                accessible: z.boolean(),
                companion_of: z
                  .string()
                  .nullable()
                  .describe('Number of the accessible seat of the same row.'),
              }),
            ),
          }),
        ),
      }),
    ),
    ...dated,
  })
  .meta({ id: 'MapExport', description: 'A whole map, as it was imported and as PUT takes it.' });
