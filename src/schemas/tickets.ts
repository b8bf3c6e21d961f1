import { z } from 'zod';
import { at, email, idParam, listParam, text, uuidParam } from './common.ts';

// ── requests ──

export const TICKET_STATUSES = ['valid', 'used', 'void', 'transferred'] as const;

const filters = {
  ticket_type_id: idParam.optional(),
  seat_id: idParam.optional(),
  status: listParam(TICKET_STATUSES).optional().describe('Statuses, separated by commas.'),
  q: text(200)
    .optional()
    .describe('Id of a ticket, or words to find in name and e-mail of its holder: every word must be found.'),
};

export const eventTicketsQuery = filters;

export const ticketsQuery = {
  event_id: idParam.optional(),
  cart_id: uuidParam.optional(),
  sale_detail_id: uuidParam.optional(),
  ...filters,
};
export type TicketFilters = z.output<z.ZodObject<typeof ticketsQuery>>;

/** A code as scanned or typed; anything else is simply unknown. */
export const qrCode = z.string().min(1).max(400);

/** What the address of a live code ends with; anything that was not signed is simply not found. */
export const livePass = z.string().min(1).max(300);

export const pngQuery = {
  scale: z
    .string()
    .regex(/^\d{1,2}$/, 'must be a whole number from 1 to 40')
    .transform(Number)
    .pipe(z.int().min(1).max(40))
    .optional()
    .describe('Pixels a module; the picture is 49 modules wide. Default 8.'),
};

export const PatchTicket = z.strictObject({
  holder: z
    .strictObject({
      first_name: text(100).optional(),
      last_name: text(100).optional(),
      email: email.nullable().optional(),
      document_number: text(50).nullable().optional(),
    })
    .describe('What is not named stays as it is; null takes it away.'),
});
export type PatchTicket = z.output<typeof PatchTicket>;

export const RevokeTicket = z
  .strictObject({ reason: text(300).optional().describe('Kept in the audit log.') })
  .optional();
export type RevokeTicket = z.output<typeof RevokeTicket>;

// ── answers ──

const shape = {
  id: z.string(),
  event_id: z.int(),
  ticket_type_id: z.int().nullable(),
  interface_id: z.int(),
  cart_id: z.string().nullable(),
  sale_detail_id: z.string().nullable(),
  section_id: z.int().nullable(),
  seat: z.object({ id: z.int(), section: z.string(), row: z.string(), number: z.string() }).nullable(),
  holder: z
    .object({
      first_name: z.string().nullable(),
      last_name: z.string().nullable(),
      email: z.string().nullable(),
      document_number: z.string().nullable(),
    })
    .nullable(),
  status: z
    .enum(TICKET_STATUSES)
    .describe(
      'used: no entry is left. A ticket that was passed on is valid, and its new owner’s: transferred is found only in ' +
        'books that were brought here from elsewhere.',
    ),
  entries: z.int().describe('Entries used; an exit gives one back where the type allows re-entry.'),
  validated_at: at.nullable().describe('When it last let somebody in.'),
  voided_at: at.nullable(),
  expires_at: at
    .nullable()
    .describe(
      'Of a courtesy: it lets nobody in from then on, unless its guest has come before. Null: never.',
    ),
  created_at: at,
  updated_at: at,
};

export const Ticket = z
  .object({
    ...shape,
    qr_code: z
      .string()
      .nullable()
      .describe('What a scanner reads: signed, verifiable offline. Null when the ticket no longer admits.'),
    qr_code_changes_at: at
      .nullable()
      .describe(
        'Of an event with rotating codes: show this code until then, and ask for the next. Null: it stays.',
      ),
  })
  .meta({ id: 'Ticket' });

export const TicketCode = z
  .object({
    ticket_id: z.string(),
    qr_code: z.string().describe('The code of this moment.'),
    changes_at: at.nullable().describe('Null: it stays.'),
    live_url: z
      .string()
      .describe('Of a page that shows the code of the moment, for an owner without an account. Secret.'),
    rotation: z
      .object({
        token: z.string().describe('What is signed: a code is this, a dot, and the digits of its moment.'),
        secret: z
          .string()
          .describe('Of the digits (RFC 6238), in base32. Another after a reissue or transfer.'),
        algorithm: z.literal('SHA1'),
        digits: z.int(),
        period: z.int().describe('Seconds.'),
      })
      .nullable()
      .describe('Of an event with rotating codes: what an app makes codes of without a connection.'),
  })
  .meta({ id: 'TicketCode' });

/** A ticket as the door sees it: whoever scanned its code needs no second copy. */
export const ScannedTicket = z.object(shape).meta({ id: 'ScannedTicket' });
