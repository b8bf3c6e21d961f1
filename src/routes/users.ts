import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { PasswordChange, User, UserCreate, UserParams, UserPatch, UserQuery } from '../schemas/users.ts';
import { changePassword } from '../services/users/change-password.ts';
import { createUser } from '../services/users/create.ts';
import { getMe, getUser, listUsers } from '../services/users/read.ts';
import { updateUser } from '../services/users/update.ts';

const tag = 'Users';

export async function userRoutes(app: FastifyInstance) {
  route(
    app,
    'POST',
    '/users',
    {
      operation: 'createUser',
      summary: 'Register a user',
      tag,
      scopes: ['buy', 'sell'],
      body: UserCreate,
      answer: one('user', User, { status: 201, location: (user) => `/users/${user.id}` }),
      problems: ['email_taken'],
    },
    ({ ctx, body }) => createUser(ctx, body),
  );

  route(
    app,
    'GET',
    '/users',
    {
      operation: 'listUsers',
      summary: 'Find users',
      tag,
      scopes: ['sell', 'admin'],
      query: UserQuery,
      answer: page('users', User),
    },
    ({ ctx, query, page }) => listUsers(ctx, query, page),
  );

  route(
    app,
    'GET',
    '/users/me',
    {
      operation: 'getMe',
      summary: 'The user whose token this is',
      tag,
      scopes: ['buy'],
      answer: one('user', User),
      problems: ['user_required'],
    },
    ({ ctx }) => getMe(ctx),
  );

  route(
    app,
    'GET',
    '/users/:user_id',
    {
      operation: 'getUser',
      summary: 'One user',
      description: 'Users themselves, sell and admin. Somebody else is not found.',
      tag,
      scopes: ['buy', 'sell', 'admin'],
      params: UserParams,
      answer: one('user', User),
      problems: ['not_found', 'user_required'],
    },
    ({ ctx, params }) => getUser(ctx, params.user_id),
  );

  route(
    app,
    'PATCH',
    '/users/:user_id',
    {
      operation: 'updateUser',
      summary: 'Change a user',
      description: 'Users themselves, and admin. What is not given stays as it is.',
      tag,
      scopes: ['buy', 'admin'],
      params: UserParams,
      body: UserPatch,
      ifMatch: true,
      answer: one('user', User),
      problems: ['not_found', 'user_required', 'email_taken'],
    },
    ({ ctx, params, body }) => updateUser(ctx, params.user_id, body),
  );

  route(
    app,
    'PUT',
    '/users/:user_id/password',
    {
      operation: 'changePassword',
      summary: 'Change the own password',
      description: 'Ends all other sessions of the user: their tokens stop working at once.',
      tag,
      scopes: ['buy'],
      params: UserParams,
      body: PasswordChange,
      answer: empty(),
      problems: ['not_found', 'user_required', 'wrong_password'],
    },
    ({ ctx, params, body }) => changePassword(ctx, params.user_id, body),
  );
}
