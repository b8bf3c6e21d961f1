import type { FastifyInstance } from 'fastify';
import { file, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { idParam, uuidParam } from '../schemas/common.ts';
import {
  eventTicketsQuery,
  PatchTicket,
  pngQuery,
  qrCode,
  RevokeTicket,
  Ticket,
  TicketCode,
  ticketsQuery,
} from '../schemas/tickets.ts';
import { changeHolder } from '../services/tickets/holder.ts';
import { drawQrPng, drawQrSvg, getCode } from '../services/tickets/qr.ts';
import {
  getTicket,
  getTicketByCode,
  listCartTickets,
  listEventTickets,
  listTickets,
} from '../services/tickets/read.ts';
import { reissueTicket, voidTicket } from '../services/tickets/revoke.ts';

const OWN = { tag: 'Tickets', scopes: ['buy', 'sell', 'admin'] } as const;
const BUYERS = { tag: 'Tickets', scopes: ['buy', 'sell'] } as const;
const STAFF = { tag: 'Tickets', scopes: ['sell', 'admin'] } as const;

const ROTATING =
  'The code of this moment. Where codes rotate, ask again when it changes (`qr_code_changes_at` of the ticket): every 15 ' +
  'seconds. It lets in during its 15 seconds and the 15 after them.';

const TICKET = { params: { ticket_id: uuidParam } };

/** What was bought, and the code that opens the door. */
export async function ticketRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/tickets',
    {
      ...OWN,
      operation: 'listTickets',
      summary: 'Own tickets, newest first; all of the interface for sell and admin',
      query: ticketsQuery,
      answer: page('tickets', Ticket),
      problems: ['user_required'],
    },
    ({ ctx, query, page }) => listTickets(ctx, query, page),
  );
  route(
    app,
    'GET',
    '/tickets/:ticket_id',
    {
      ...OWN,
      ...TICKET,
      operation: 'getTicket',
      summary: 'One ticket',
      answer: one('ticket', Ticket),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getTicket(ctx, params.ticket_id),
  );
  route(
    app,
    'GET',
    '/tickets/qr/:qr_code',
    {
      ...STAFF,
      operation: 'getTicketByCode',
      summary: 'The ticket behind a code, without using it',
      params: { qr_code: qrCode },
      answer: one('ticket', Ticket),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => getTicketByCode(ctx, params.qr_code),
  );
  route(
    app,
    'GET',
    '/tickets/:ticket_id/code',
    {
      ...STAFF,
      scopes: ['sell'],
      ...TICKET,
      operation: 'getTicketCode',
      summary: 'The code of a ticket, and what an app makes rotating ones of without a connection',
      description:
        'For the seller’s own app, which keeps the secret where its user cannot copy it. Whoever has it can show live codes ' +
        'until the ticket is reissued or passed on.',
      answer: { ...one('code', TicketCode), cache: 'private, no-store' },
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => getCode(ctx, params.ticket_id),
  );
  route(
    app,
    'GET',
    '/tickets/:ticket_id/qr.svg',
    {
      ...BUYERS,
      ...TICKET,
      operation: 'getTicketQrSvg',
      summary: 'QR code of a ticket as SVG',
      description: ROTATING,
      answer: file('image/svg+xml', 'private, no-store'),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => drawQrSvg(ctx, params.ticket_id),
  );
  route(
    app,
    'GET',
    '/tickets/:ticket_id/qr.png',
    {
      ...BUYERS,
      ...TICKET,
      operation: 'getTicketQrPng',
      summary: 'QR code of a ticket as PNG',
      description: ROTATING,
      query: pngQuery,
      answer: file('image/png', 'private, no-store'),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, query }) => drawQrPng(ctx, params.ticket_id, query.scale),
  );
  route(
    app,
    'PATCH',
    '/tickets/:ticket_id',
    {
      ...BUYERS,
      ...TICKET,
      operation: 'updateTicket',
      summary: 'Change the holder',
      description:
        'While the ticket is valid, until the time that the event names for it, or else until the event starts.',
      body: PatchTicket,
      answer: one('ticket', Ticket),
      ifMatch: true,
      problems: ['not_found', 'holder_locked', 'precondition_failed'],
    },
    ({ ctx, params, body }) => changeHolder(ctx, params.ticket_id, body),
  );
  route(
    app,
    'POST',
    '/tickets/:ticket_id/reissue',
    {
      ...STAFF,
      ...TICKET,
      operation: 'reissueTicket',
      summary: 'Give a ticket a new code and revoke the old one',
      body: RevokeTicket,
      answer: one('ticket', Ticket),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => reissueTicket(ctx, params.ticket_id, body),
  );
  route(
    app,
    'POST',
    '/tickets/:ticket_id/void',
    {
      ...STAFF,
      ...TICKET,
      operation: 'voidTicket',
      summary: 'Make a ticket worthless at the door',
      description:
        'No money moves and the place stays sold: refunding the sale detail gives both back, before or after.',
      body: RevokeTicket,
      answer: one('ticket', Ticket),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params, body }) => voidTicket(ctx, params.ticket_id, body),
  );
  route(
    app,
    'GET',
    '/carts/:cart_id/tickets',
    {
      ...BUYERS,
      operation: 'listCartTickets',
      summary: 'Tickets of a cart',
      params: { cart_id: uuidParam },
      answer: page('tickets', Ticket),
      problems: ['not_found'],
    },
    ({ ctx, params, page }) => listCartTickets(ctx, params.cart_id, page),
  );
  route(
    app,
    'GET',
    '/events/:event_id/tickets',
    {
      ...STAFF,
      operation: 'listEventTickets',
      summary: 'Attendees: tickets of an event sold on this interface',
      params: { event_id: idParam },
      query: eventTicketsQuery,
      answer: page('tickets', Ticket),
      problems: ['not_found'],
    },
    ({ ctx, params, query, page }) => listEventTickets(ctx, params.event_id, query, page),
  );
}
