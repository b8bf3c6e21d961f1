import { statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { verify } from './access-token.ts';
import { authenticateClient, type ClientCredentials } from './client-auth.ts';
import { OAuthError } from './errors.ts';
import { authChanged, bumpAuthRevision } from './revision.ts';
import { findSession, revokeSession } from './sessions.ts';

const REVOKE = statement(
  'access_token_revoke',
  'INSERT INTO revoked_token (jti, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING',
);
const FORGET = statement(
  'access_token_forget',
  `DELETE FROM revoked_token WHERE jti IN
     (SELECT jti FROM revoked_token WHERE expires_at <= now() LIMIT 100 FOR UPDATE SKIP LOCKED)`,
);

/**
 * Revocation (RFC 7009): an access token alone, or by its refresh token a whole session. What is unknown or over
 * already is as revoked as can be.
 * @returns the empty answer
 * @throws OAuthError invalid_client; invalid_request for a token of another client
 */
export async function revokeToken(
  system: System,
  request: ClientCredentials & { token: string },
): Promise<Record<string, never>> {
  const client = await authenticateClient(system, request);
  const { token } = request;
  const access = await verify(system, `Bearer ${token}`, token);
  const session = access ? undefined : await findSession(system, token);
  const owner = access?.client.id ?? session?.client_id;
  if (owner === undefined || session?.revoked) return {};
  if (owner !== client.id)
    throw new OAuthError('invalid_request', 'This token was issued to another client.');
  await inTransaction(system.db, async (tx) => {
    if (session) return revokeSession(tx, session, 'signed_out');
    if (!access) return;
    await tx.execute(REVOKE, [access.token.jti, new Date(access.token.expires_at)]);
    await tx.execute(FORGET);
    await bumpAuthRevision(tx);
  });
  await authChanged(system);
  return {};
}
