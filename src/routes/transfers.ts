import type { FastifyInstance } from 'fastify';
import { empty, one, whole } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { uuidParam } from '../schemas/common.ts';
import { Ticket } from '../schemas/tickets.ts';
import { NewTransfer, Transfer, transferCode } from '../schemas/transfers.ts';
import { acceptTransfer, declineTransfer } from '../services/transfers/answer.ts';
import { listTransfers, offerTransfer, takeBackTransfer } from '../services/transfers/offer.ts';

const OWNER = { tag: 'Tickets', scopes: ['buy', 'sell'], params: { ticket_id: uuidParam } } as const;
const RECIPIENT = { tag: 'Tickets', scopes: ['buy'], params: { code: transferCode } } as const;

/** Tickets that pass from hand to hand. */
export async function transferRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/tickets/:ticket_id/transfer',
    {
      ...OWNER,
      operation: 'transferTicket',
      summary: 'Offer a ticket to somebody by e-mail',
      description:
        'The recipient gets a code and has a week, but no longer than holders may change. Until it is accepted the ' +
        'ticket stays where it is, and its code is good.',
      body: NewTransfer,
      answer: one('transfer', Transfer, {
        status: 201,
        location: ({ ticket_id }) => `/tickets/${ticket_id}/transfers`,
      }),
      problems: ['not_found', 'holder_locked', 'conflict'],
    },
    ({ ctx, params, body }) => offerTransfer(ctx, params.ticket_id, body),
  );
  route(
    app,
    'DELETE',
    '/tickets/:ticket_id/transfer',
    {
      ...OWNER,
      operation: 'takeBackTransfer',
      summary: 'Take an offer back',
      answer: empty(),
      problems: ['not_found'],
    },
    ({ ctx, params }) => takeBackTransfer(ctx, params.ticket_id),
  );
  route(
    app,
    'GET',
    '/tickets/:ticket_id/transfers',
    {
      ...OWNER,
      scopes: ['buy', 'sell', 'admin'],
      operation: 'listTransfers',
      summary: 'Through whose hands a ticket went, latest first',
      answer: whole('transfers', Transfer),
      problems: ['not_found'],
    },
    ({ ctx, params }) => listTransfers(ctx, params.ticket_id),
  );
  route(
    app,
    'POST',
    '/transfers/:code/accept',
    {
      ...RECIPIENT,
      operation: 'acceptTransfer',
      summary: 'Accept a ticket: it is the own user’s from now on, under a new code',
      description:
        'An offer that has ended answers 409 with `transfer_status`, and when it was cancelled with the `reason`: its ' +
        'owner took it back, or the ticket was voided, refunded, exchanged or reissued meanwhile.',
      answer: one('ticket', Ticket),
      problems: ['user_required', 'not_found', 'conflict', 'holder_locked'],
    },
    ({ ctx, params }) => acceptTransfer(ctx, params.code),
  );
  route(
    app,
    'POST',
    '/transfers/:code/decline',
    {
      ...RECIPIENT,
      operation: 'declineTransfer',
      summary: 'Decline a ticket',
      answer: one('transfer', Transfer),
      problems: ['not_found', 'conflict'],
    },
    ({ ctx, params }) => declineTransfer(ctx, params.code),
  );
}
