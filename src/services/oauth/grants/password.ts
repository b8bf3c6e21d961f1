import { statement } from '../../../db/client.ts';
import { verifyPassword } from '../../users/password-hash.ts';
import { OAuthError } from '../errors.ts';
import { limitUsername } from '../limits.ts';
import { grantScopes } from '../scope.ts';
import { openSession } from '../sessions.ts';
import { type Grant, required, USER_SCOPES } from './grant.ts';

const FIND_LOGIN = statement(
  'user_find_login',
  'SELECT id, password_hash FROM user_account WHERE company_id = $1 AND email_key = $2 AND active',
);

/**
 * RFC 6749 section 4.3: a user of the client's company signs in with e-mail address and password.
 * A wrong password, an unknown and a deactivated user are told and timed alike.
 */
export const password: Grant = async (system, client, request) => {
  const scopes = grantScopes(request.scope, USER_SCOPES, client.scopes);
  const username = required(request, 'username');
  const secret = required(request, 'password');
  await limitUsername(system, client.company_id, username);
  const [user] = await system.db.query<{ id: number; password_hash: string }>(FIND_LOGIN, [
    client.company_id,
    username.trim().toLowerCase(),
  ]);
  const right = await verifyPassword(secret, user?.password_hash, system.config);
  const session = user && right ? await openSession(system, client, user, scopes) : undefined;
  if (!user || !session) throw new OAuthError('invalid_grant', 'Wrong username or password.');
  return { scopes, session: { id: session.id, user_id: user.id }, refresh_token: session.refresh_token };
};
