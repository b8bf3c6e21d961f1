import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import {
  EmailVerification,
  PasswordChange,
  PasswordReset,
  PasswordResetAsked,
  PasswordResetRequest,
  ResetParams,
  User,
  UserCreate,
  UserParams,
  UserPatch,
  UserQuery,
  VerificationParams,
} from '../schemas/users.ts';
import { changePassword } from '../services/users/change-password.ts';
import { createUser } from '../services/users/create.ts';
import { confirmEmail, requestVerification } from '../services/users/email-verification.ts';
import { requestPasswordReset, resetPassword } from '../services/users/password-reset.ts';
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

  route(
    app,
    'POST',
    '/users/password_resets',
    {
      operation: 'requestPasswordReset',
      summary: 'Have a code for a new password sent',
      description: 'Answered alike, and as fast, whether or not there is such an account.',
      tag,
      scopes: ['buy'],
      body: PasswordResetRequest,
      answer: one('password_reset', PasswordResetAsked, { status: 202 }),
    },
    ({ ctx, body }) => requestPasswordReset(ctx, body.email),
  );

  route(
    app,
    'PUT',
    '/users/password_resets/:code',
    {
      operation: 'resetPassword',
      summary: 'Set a new password by the code from the mail',
      description: 'Good once and for 30 minutes. Ends all sessions of the account.',
      tag,
      scopes: ['buy'],
      params: ResetParams,
      body: PasswordReset,
      answer: empty(),
      problems: ['not_found'],
    },
    ({ ctx, params, body }) => resetPassword(ctx, params.code, body.new_password),
  );

  route(
    app,
    'POST',
    '/users/:user_id/email_verifications',
    {
      operation: 'requestEmailVerification',
      summary: 'Have a code sent to prove the own address with',
      description:
        'To the address of the account, or to the new one that waits. Only the latest code counts.',
      tag,
      scopes: ['buy'],
      params: UserParams,
      answer: one('email_verification', EmailVerification, { status: 202 }),
      problems: ['not_found', 'user_required', 'rate_limited'],
    },
    ({ ctx, params }) => requestVerification(ctx, params.user_id),
  );

  route(
    app,
    'PUT',
    '/users/:user_id/email_verifications/:code',
    {
      operation: 'verifyEmail',
      summary: 'Prove the own address by the code from the mail',
      description:
        "What was bought under the address without an account is the user's from then on. Five wrong codes spend " +
        'the right one.',
      tag,
      scopes: ['buy'],
      params: VerificationParams,
      answer: one('user', User),
      problems: ['not_found', 'user_required', 'email_taken'],
    },
    ({ ctx, params }) => confirmEmail(ctx, params.user_id, params.code),
  );
}
