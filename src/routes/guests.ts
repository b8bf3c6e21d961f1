import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { Guest, GuestCreate, GuestParams, GuestPatch } from '../schemas/guests.ts';
import { UserParams } from '../schemas/users.ts';
import { createGuest, deleteGuest, getGuest, listGuests, updateGuest } from '../services/users/guests.ts';

const common = { tag: 'Users', scopes: ['buy', 'sell', 'admin'] as const };
const problems = ['not_found', 'user_required'] as const;

/** Companions whom users keep for next time: holders of lines by guest_id. */
export async function guestRoutes(app: FastifyInstance) {
  route(
    app,
    'POST',
    '/users/:user_id/guests',
    {
      ...common,
      operation: 'createGuest',
      summary: 'Keep a guest for next time',
      params: UserParams,
      body: GuestCreate,
      answer: one('guest', Guest, {
        status: 201,
        location: ({ user_id, id }) => `/users/${user_id}/guests/${id}`,
      }),
      problems: [...problems, 'limit_exceeded'],
    },
    ({ ctx, params, body }) => createGuest(ctx, params.user_id, body),
  );

  route(
    app,
    'GET',
    '/users/:user_id/guests',
    {
      ...common,
      operation: 'listGuests',
      summary: 'The guests that a user keeps',
      params: UserParams,
      answer: page('guests', Guest),
      problems,
    },
    ({ ctx, params, page }) => listGuests(ctx, params.user_id, page),
  );

  route(
    app,
    'GET',
    '/users/:user_id/guests/:guest_id',
    {
      ...common,
      operation: 'getGuest',
      summary: 'One guest',
      params: GuestParams,
      answer: one('guest', Guest),
      problems,
    },
    ({ ctx, params }) => getGuest(ctx, params.user_id, params.guest_id),
  );

  route(
    app,
    'PATCH',
    '/users/:user_id/guests/:guest_id',
    {
      ...common,
      operation: 'updateGuest',
      summary: 'Change a guest',
      description: 'What is not given stays as it is.',
      params: GuestParams,
      body: GuestPatch,
      ifMatch: true,
      answer: one('guest', Guest),
      problems,
    },
    ({ ctx, params, body }) => updateGuest(ctx, params.user_id, params.guest_id, body),
  );

  route(
    app,
    'DELETE',
    '/users/:user_id/guests/:guest_id',
    {
      ...common,
      operation: 'deleteGuest',
      summary: 'Delete a guest',
      params: GuestParams,
      ifMatch: true,
      answer: empty(),
      problems,
    },
    ({ ctx, params }) => deleteGuest(ctx, params.user_id, params.guest_id),
  );
}
