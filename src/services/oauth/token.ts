import type { System } from '../../system.ts';
import { signAccessToken } from './access-token.ts';
import { authenticateClient, type ClientCredentials } from './client-auth.ts';
import { OAuthError } from './errors.ts';
import { clientCredentials } from './grants/client-credentials.ts';
import { type Grant, required, type TokenRequest } from './grants/grant.ts';
import { password } from './grants/password.ts';
import { refreshToken } from './grants/refresh-token.ts';
import { limitClient } from './limits.ts';
import { scopeText } from './scope.ts';

/** `grant_type` → what carries it out. */
export const GRANTS: ReadonlyMap<string, Grant> = new Map([
  ['client_credentials', clientCredentials],
  ['password', password],
  ['refresh_token', refreshToken],
]);

/** RFC 6749 section 5.1. */
export interface TokenAnswer {
  access_token: string;
  token_type: 'Bearer';
  /** Seconds. */
  expires_in: number;
  scope: string;
  refresh_token?: string;
}

/**
 * The token endpoint (RFC 6749 section 3.2). Requests are limited by address (hooks/rate-limit.ts), by client and, where
 * a password is tried, by user.
 * @throws OAuthError; AppError rate_limited, service_unavailable
 */
export async function issueToken(
  system: System,
  request: TokenRequest & ClientCredentials,
): Promise<TokenAnswer> {
  const client = await authenticateClient(system, request);
  await limitClient(system, client);
  const grant = GRANTS.get(required(request, 'grant_type'));
  if (!grant) throw new OAuthError('unsupported_grant_type', `Supported: ${[...GRANTS.keys()].join(', ')}.`);
  const { scopes, session, refresh_token } = await grant(system, client, request);
  return {
    access_token: await signAccessToken(system, { client, scopes, ...(session && { session }) }),
    token_type: 'Bearer',
    expires_in: system.config.ACCESS_TOKEN_SECONDS,
    scope: scopeText(scopes),
    ...(refresh_token !== undefined && { refresh_token }),
  };
}
