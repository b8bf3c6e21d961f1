import type { System } from '../../system.ts';
import { type Access, verify } from './access-token.ts';
import { authenticateClient, type ClientCredentials } from './client-auth.ts';
import { ofBoth, scopeSet, scopeText } from './scope.ts';
import { findSession, type SessionOfToken } from './sessions.ts';
import type { KnownClient } from './snapshot.ts';

/** RFC 7662 section 2.2: of a token that is not active nothing else is told. */
export interface Introspection {
  active: boolean;
  scope?: string;
  client_id?: string;
  token_type?: 'Bearer' | 'refresh_token';
  /** Seconds since 1970. */
  exp?: number;
  iat?: number;
  sub?: string;
  aud?: string;
  iss?: string;
  jti?: string;
}

/**
 * Introspection (RFC 7662) of access and refresh tokens. A client learns of its own tokens; one with the scope
 * `admin` of all those of its company.
 * @throws OAuthError invalid_client
 */
export async function introspectToken(
  system: System,
  request: ClientCredentials & { token: string },
): Promise<Introspection> {
  const reader = await authenticateClient(system, request);
  const { token } = request;
  const access = await verify(system, `Bearer ${token}`, token);
  const session = access ? undefined : await findSession(system, token);
  const owner = access?.client ?? system.auth.latest.clients.get(session?.client_id ?? '');
  if (!owner || !mayRead(reader, owner)) return { active: false };
  if (access) return { ...ofAccess(access), aud: system.publicUrl, iss: system.publicUrl };
  return session && !session.revoked && !session.consumed && !session.expired
    ? { ...ofRefresh(session, owner), iss: system.publicUrl }
    : { active: false };
}

const mayRead = (reader: KnownClient, owner: KnownClient): boolean =>
  reader.id === owner.id || (reader.company_id === owner.company_id && reader.scopes.has('admin'));

const ofAccess = ({ token, client, scopes }: Access): Introspection => ({
  active: true,
  scope: scopeText(scopes),
  client_id: client.id,
  token_type: 'Bearer',
  exp: token.expires_at / 1000,
  iat: token.issued_at / 1000,
  sub: String(token.user_id ?? client.id),
  jti: token.jti,
});

const ofRefresh = (session: SessionOfToken, client: KnownClient): Introspection => ({
  active: true,
  scope: scopeText(ofBoth(scopeSet(session.scope), client.scopes)),
  client_id: client.id,
  token_type: 'refresh_token',
  exp: Math.floor(session.expires_at.getTime() / 1000),
  iat: Math.floor(session.issued_at.getTime() / 1000),
  sub: String(session.user_id),
});
