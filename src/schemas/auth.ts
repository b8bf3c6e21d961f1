import { z } from 'zod';

// A parameter without a value counts as absent, and unknown ones are ignored (RFC 6749 section 3.2): these bodies are
// the only ones that are not strict.
const parameter = (max: number) =>
  z
    .string('must be one string, given once')
    .max(max)
    .optional()
    .transform((value) => value || undefined);

const client = {
  client_id: parameter(255).describe('With client_secret: client authentication, in place of HTTP Basic.'),
  client_secret: parameter(255),
};

export const TokenRequest = z
  .object({
    grant_type: parameter(100).describe('client_credentials, password or refresh_token.'),
    scope: parameter(255).describe(
      'Scopes separated by spaces; public, which must be among them, without it.',
    ),
    username: parameter(254).describe('Grant password: the e-mail address of the user.'),
    password: parameter(1_000).describe('Grant password.'),
    device_id: parameter(200).describe(
      'Grant password: a secret that the client keeps in the browser or app and sends with each sign-in. Guesses ' +
        'from elsewhere never shut out a device that has signed in before.',
    ),
    refresh_token: parameter(1_000).describe('Grant refresh_token: good for one use.'),
    ...client,
  })
  .meta({ id: 'TokenRequest' });

/** Revocation (RFC 7009) and introspection (RFC 7662). The hint is not needed: both kinds are looked for. */
export const TokenReference = z
  .object({
    token: z.string('must be one string, given once').min(1).max(4_096),
    token_type_hint: parameter(100),
    ...client,
  })
  .meta({ id: 'TokenReference' });

export const TokenAnswer = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int().describe('Seconds.'),
    scope: z.string(),
    refresh_token: z.string().optional().describe('Grants password and refresh_token only.'),
  })
  .meta({ id: 'TokenAnswer' });

/** An empty object: the status says it all (RFC 7009 section 2.2). */
export const Revocation = z.object({}).meta({ id: 'Revocation' });

export const Introspection = z
  .object({
    active: z.boolean(),
    scope: z.string().optional(),
    client_id: z.string().optional(),
    token_type: z.enum(['Bearer', 'refresh_token']).optional(),
    exp: z.int().optional(),
    iat: z.int().optional(),
    sub: z.string().optional(),
    aud: z.string().optional(),
    iss: z.string().optional(),
    jti: z.string().optional(),
  })
  .meta({ id: 'Introspection' });

export const ServerMetadata = z
  .object({
    issuer: z.string(),
    token_endpoint: z.string(),
    revocation_endpoint: z.string(),
    introspection_endpoint: z.string(),
    jwks_uri: z.string(),
    service_documentation: z.string(),
    scopes_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
    response_types_supported: z.array(z.string()),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    revocation_endpoint_auth_methods_supported: z.array(z.string()),
    introspection_endpoint_auth_methods_supported: z.array(z.string()),
  })
  .meta({ id: 'AuthorizationServer' });

export const PublicKeys = z
  .object({
    keys: z.array(
      z.object({
        kty: z.string(),
        crv: z.string(),
        x: z.string(),
        kid: z.string(),
        use: z.string(),
        alg: z.string(),
      }),
    ),
  })
  .meta({ id: 'PublicKeys' });
