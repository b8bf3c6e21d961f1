import type { FastifyInstance } from 'fastify';
import { file } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { uuidParam } from '../schemas/common.ts';
import { drawCartPdf, drawPdf, writeCalendar } from '../services/tickets/carry.ts';
import { drawPass } from '../services/tickets/wallet.ts';

const BUYERS = { tag: 'Tickets', scopes: ['buy', 'sell'] } as const;

/** Tickets as people carry them: on paper, in a calendar. */
export async function ticketFileRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/tickets/:ticket_id.pdf',
    {
      ...BUYERS,
      operation: 'getTicketPdf',
      summary: 'A ticket on a page to print or to keep',
      description: 'Refused (409, `rotating_codes`) for an event whose codes rotate.',
      params: { ticket_id: uuidParam },
      answer: file('application/pdf'),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => drawPdf(ctx, params.ticket_id),
  );
  route(
    app,
    'GET',
    '/tickets/:ticket_id.pkpass',
    {
      ...BUYERS,
      operation: 'getTicketPass',
      summary: 'A ticket as a pass for Apple Wallet',
      description:
        'Where the operator has set a certificate to sign passes by; else 501, which says what to set. Refused (409, ' +
        '`rotating_codes`) for an event whose codes rotate.',
      params: { ticket_id: uuidParam },
      answer: file('application/vnd.apple.pkpass', 'private, no-store'),
      problems: ['not_found', 'conflict', 'not_implemented'],
    },
    ({ ctx, params }) => drawPass(ctx, params.ticket_id),
  );
  route(
    app,
    'GET',
    '/tickets/:ticket_id.ics',
    {
      ...BUYERS,
      operation: 'getTicketCalendar',
      summary: 'The date of a ticket for a calendar (RFC 5545)',
      params: { ticket_id: uuidParam },
      answer: file('text/calendar; charset=utf-8'),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => writeCalendar(ctx, params.ticket_id),
  );
  route(
    app,
    'GET',
    '/carts/:cart_id/tickets.pdf',
    {
      ...BUYERS,
      operation: 'getCartTicketsPdf',
      summary: 'All tickets of a cart that still admit, a page each',
      params: { cart_id: uuidParam },
      description: 'Without those whose codes rotate: no paper can show them.',
      answer: file('application/pdf'),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => drawCartPdf(ctx, params.cart_id),
  );
}
