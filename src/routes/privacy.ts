import type { FastifyInstance } from 'fastify';
import { empty, file, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { Cart } from '../schemas/carts.ts';
import { Consent, ConsentCreate } from '../schemas/consents.ts';
import { Job } from '../schemas/jobs.ts';
import { Ticket } from '../schemas/tickets.ts';
import { UserParams } from '../schemas/users.ts';
import { listConsents, recordConsent } from '../services/users/consents.ts';
import { eraseUser } from '../services/users/erase.ts';
import { getUserExport, startUserExport } from '../services/users/export.ts';
import { listCartsOf, listTicketsOfUser } from '../services/users/history.ts';

const common = { tag: 'Users', scopes: ['buy', 'sell', 'admin'] as const, params: UserParams };
const problems = ['not_found', 'user_required'] as const;

/** What is held about a person: to see it, to have it, to have it gone. */
export async function privacyRoutes(app: FastifyInstance) {
  route(
    app,
    'GET',
    '/users/:user_id/carts',
    {
      ...common,
      operation: 'listUserCarts',
      summary: 'The carts of a user',
      answer: page('carts', Cart),
      problems,
    },
    ({ ctx, params, page }) => listCartsOf(ctx, params.user_id, page),
  );

  route(
    app,
    'GET',
    '/users/:user_id/tickets',
    {
      ...common,
      operation: 'listUserTickets',
      summary: 'The tickets of a user',
      answer: page('tickets', Ticket),
      problems,
    },
    ({ ctx, params, page }) => listTicketsOfUser(ctx, params.user_id, page),
  );

  route(
    app,
    'POST',
    '/users/:user_id/consents',
    {
      ...common,
      operation: 'recordConsent',
      summary: 'Write down what a user agreed to, or took back',
      body: ConsentCreate,
      answer: one('consent', Consent, { status: 201 }),
      problems,
    },
    ({ ctx, params, body }) => recordConsent(ctx, params.user_id, body),
  );

  route(
    app,
    'GET',
    '/users/:user_id/consents',
    {
      ...common,
      operation: 'listConsents',
      summary: 'What a user agreed to, the latest first',
      answer: page('consents', Consent),
      problems,
    },
    ({ ctx, params, page }) => listConsents(ctx, params.user_id, page),
  );

  route(
    app,
    'POST',
    '/users/:user_id/export',
    {
      ...common,
      operation: 'exportUser',
      summary: 'Have everything written down that is held about a user',
      answer: one('job', Job, { status: 202 }),
      problems,
    },
    ({ ctx, params }) => startUserExport(ctx, params.user_id),
  );

  route(
    app,
    'GET',
    '/users/:user_id/export',
    {
      ...common,
      operation: 'getUserExport',
      summary: 'What the job wrote: a ZIP of JSON files, kept for a week',
      answer: file('application/zip'),
      problems,
    },
    ({ ctx, params }) => getUserExport(ctx, params.user_id),
  );

  route(
    app,
    'DELETE',
    '/users/:user_id',
    {
      ...common,
      operation: 'eraseUser',
      summary: 'Erase a person',
      description:
        'Users themselves, and admin. Everything that names the person is deleted at once and for good; purchases and ' +
        'tickets stay in the books and stay valid, without a name.',
      scopes: ['buy', 'admin'],
      ifMatch: true,
      answer: empty(),
      problems,
    },
    ({ ctx, params }) => eraseUser(ctx, params.user_id),
  );
}
