import { inTransaction } from '../../../db/transaction.ts';
import type { System } from '../../../system.ts';
import { OAuthError } from '../errors.ts';
import { authChanged } from '../revision.ts';
import { grantScopes, ofBoth, scopeSet, scopeText } from '../scope.ts';
import { findSession, revokeSession, rotateRefreshToken, type SessionOfToken } from '../sessions.ts';
import { type Grant, required, USER_SCOPES } from './grant.ts';

/**
 * RFC 6749 section 6: a new access token for a session, of its scopes or fewer, and a new refresh token in the
 * place of the one used.
 *
 * A spent refresh token that comes again ends its session (RFC 9700 section 4.14.2): one of the two who sent it may
 * be a thief, and nothing tells which. That holds for two requests that race as well: one is served, the other ends
 * the session of both. Leaving the loser of a race unpunished for some seconds, as some servers do, would let a thief
 * pass unnoticed in just that time; so a client whose tabs share a session lets one of them refresh for all, and if
 * it does not, the price is a new sign-in.
 */
export const refreshToken: Grant = async (system, client, request) => {
  const token = required(request, 'refresh_token');
  const session = await findSession(system, token);
  if (!session || session.client_id !== client.id || session.revoked) throw invalidGrant();
  if (session.consumed) throw await reuse(system, session);
  if (session.expired) throw invalidGrant();
  const held = ofBoth(scopeSet(session.scope), client.scopes);
  const scopes = grantScopes(request.scope ?? scopeText(held), USER_SCOPES, held);
  const next = await rotateRefreshToken(system, token);
  if (next === undefined) throw await reuse(system, session);
  return { scopes, session: { id: session.session_id, user_id: session.user_id }, refresh_token: next };
};

async function reuse(system: System, session: SessionOfToken): Promise<OAuthError> {
  await inTransaction(system.db, (tx) => revokeSession(tx, session, 'refresh_token_reused'));
  await authChanged(system);
  const { company_id, client_id, user_id, session_id } = session;
  system.log.warn({ company_id, client_id, user_id, session_id }, 'a spent refresh token was used again');
  return invalidGrant();
}

const invalidGrant = () =>
  new OAuthError('invalid_grant', 'The refresh token is expired, used, revoked or unknown.');
