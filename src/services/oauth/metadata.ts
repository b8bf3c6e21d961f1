import { SCOPES } from '../../context.ts';
import type { System } from '../../system.ts';
import type { PublicKey } from './signing-keys.ts';
import { GRANTS } from './token.ts';

/** Where and how tokens are had (RFC 8414). */
export function serverMetadata({ publicUrl }: System) {
  const clientAuthentication = ['client_secret_basic', 'client_secret_post'];
  return {
    issuer: publicUrl,
    token_endpoint: `${publicUrl}/auth/token`,
    revocation_endpoint: `${publicUrl}/auth/revoke`,
    introspection_endpoint: `${publicUrl}/auth/introspect`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    service_documentation: `${publicUrl}/docs`,
    scopes_supported: [...SCOPES],
    grant_types_supported: [...GRANTS.keys()],
    response_types_supported: [], // required by the RFC; there is no authorization endpoint
    token_endpoint_auth_methods_supported: clientAuthentication,
    revocation_endpoint_auth_methods_supported: clientAuthentication,
    introspection_endpoint_auth_methods_supported: clientAuthentication,
  };
}

/** The public keys that access tokens verify with (RFC 7517). */
export async function publicKeys({ auth }: System): Promise<{ keys: PublicKey[] }> {
  const { keys } = auth.fresh() ?? (await auth.refresh());
  return { keys: [...(keys?.jwks ?? [])] };
}
