import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import {
  CashMovement,
  CashSession,
  CloseCashSession,
  NewCashMovement,
  OpenCashSession,
} from '../schemas/cash.ts';
import { uuidParam } from '../schemas/common.ts';
import {
  addCashMovement,
  closeCashSession,
  getCashSession,
  listCashMovements,
  listCashSessions,
  openCashSession,
} from '../services/cash/sessions.ts';

const tag = 'Payments';
const scopes = ['sell'] as const;
const params = { cash_session_id: uuidParam };

/** The cash drawers of box offices. */
export async function cashRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/cash_sessions',
    {
      operation: 'openCashSession',
      summary: 'Open the cash drawer of a box office',
      description:
        'One a client, interface and currency. Cash payments and refunds in it that the client makes until it is closed ' +
        'are in the drawer.',
      tag,
      scopes,
      body: OpenCashSession,
      answer: one('cash_session', CashSession, { status: 201, location: ({ id }) => `/cash_sessions/${id}` }),
      problems: ['conflict'],
    },
    ({ ctx, body }) => openCashSession(ctx, body),
  );

  route(
    app,
    'GET',
    '/cash_sessions',
    {
      operation: 'listCashSessions',
      summary: 'List the cash sessions of the interface',
      tag,
      scopes,
      query: { status: z.enum(['open', 'closed']).optional(), client_id: z.string().max(255).optional() },
      answer: page('cash_sessions', CashSession),
    },
    ({ ctx, query, page }) => listCashSessions(ctx, query, page),
  );

  route(
    app,
    'GET',
    '/cash_sessions/:cash_session_id',
    {
      operation: 'getCashSession',
      summary: 'Read a cash session: its sums, and what should be in the drawer',
      tag,
      scopes,
      params,
      answer: one('cash_session', CashSession),
    },
    ({ ctx, params }) => getCashSession(ctx, params.cash_session_id),
  );

  route(
    app,
    'POST',
    '/cash_sessions/:cash_session_id/movements',
    {
      operation: 'addCashMovement',
      summary: 'Put money into the drawer, or take some out',
      tag,
      scopes,
      params,
      body: NewCashMovement,
      answer: one('movement', CashMovement, { status: 201 }),
      problems: ['conflict'],
    },
    ({ ctx, params, body }) => addCashMovement(ctx, params.cash_session_id, body),
  );

  route(
    app,
    'GET',
    '/cash_sessions/:cash_session_id/movements',
    {
      operation: 'listCashMovements',
      summary: 'List what went through the drawer',
      tag,
      scopes,
      params,
      answer: page('movements', CashMovement),
    },
    ({ ctx, params, page }) => listCashMovements(ctx, params.cash_session_id, page),
  );

  route(
    app,
    'POST',
    '/cash_sessions/:cash_session_id/close',
    {
      operation: 'closeCashSession',
      summary: 'Close the drawer with what was counted in it',
      tag,
      scopes,
      params,
      body: CloseCashSession,
      answer: one('cash_session', CashSession),
      problems: ['conflict'],
    },
    ({ ctx, params, body }) => closeCashSession(ctx, params.cash_session_id, body),
  );
}
