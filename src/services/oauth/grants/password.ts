import { statement } from '../../../db/client.ts';
import { verifyPassword } from '../../users/password-hash.ts';
import { emailKey } from '../../users/row.ts';
import { OAuthError } from '../errors.ts';
import { limitSignIn } from '../limits.ts';
import { hashOfOrigin, rememberOrigin } from '../login-origin.ts';
import { grantScopes } from '../scope.ts';
import { openSession } from '../sessions.ts';
import { type Grant, required, USER_SCOPES } from './grant.ts';

const FIND_LOGIN = statement(
  'user_find_login',
  `SELECT u.id, u.password_hash, EXISTS (SELECT FROM login_origin o
     WHERE o.company_id = u.company_id AND o.user_id = u.id AND o.hash = $3) AS known
   FROM user_account u WHERE u.company_id = $1 AND u.email_key = $2 AND u.active`,
);

/**
 * RFC 6749 section 4.3: a user of the client's company signs in with e-mail address and password.
 * A wrong password, an unknown and a deactivated user are told and timed alike.
 */
export const password: Grant = async (system, client, request) => {
  const scopes = grantScopes(request.scope, USER_SCOPES, client.scopes);
  const email_key = emailKey(required(request, 'username'));
  const secret = required(request, 'password');
  const { company_id } = client;
  const origin = hashOfOrigin(company_id, email_key, request);
  const [user] = await system.db.query<{ id: number; password_hash: string; known: boolean }>(FIND_LOGIN, [
    company_id,
    email_key,
    origin,
  ]);
  const { known = false, password_hash } = user ?? {};
  await limitSignIn(system, { company_id, email_key, origin, known, password_hash });
  const right = await verifyPassword(secret, user?.password_hash, system.config);
  const session = user && right ? await openSession(system, client, user, scopes) : undefined;
  if (!user || !session) throw new OAuthError('invalid_grant', 'Wrong username or password.');
  await rememberOrigin(system.db, company_id, user.id, origin);
  return { scopes, session: { id: session.id, user_id: user.id }, refresh_token: session.refresh_token };
};
