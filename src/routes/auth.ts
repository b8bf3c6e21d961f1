import formbody from '@fastify/formbody';
import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { oauthErrors } from '../hooks/oauth-errors.ts';
import { bare } from '../routing/answers.ts';
import { openRoute } from '../routing/route.ts';
import {
  Introspection,
  PublicKeys,
  Revocation,
  ServerMetadata,
  TokenAnswer,
  TokenReference,
  TokenRequest,
} from '../schemas/auth.ts';
import { introspectToken } from '../services/oauth/introspect.ts';
import { publicKeys, serverMetadata } from '../services/oauth/metadata.ts';
import { revokeToken } from '../services/oauth/revoke.ts';
import { issueToken } from '../services/oauth/token.ts';

const tag = 'OAuth';
const bodyLimit = 16_384;

export async function authRoutes(app: FastifyInstance) {
  await app.register(tokenRoutes);

  openRoute(
    app,
    'GET',
    '/.well-known/oauth-authorization-server',
    {
      operation: 'getServerMetadata',
      summary: 'Where and how tokens are had (RFC 8414)',
      tag,
      answer: bare(ServerMetadata),
    },
    ({ system }) => serverMetadata(system),
  );

  openRoute(
    app,
    'GET',
    '/.well-known/jwks.json',
    {
      operation: 'getPublicKeys',
      summary: 'Public keys of access tokens (RFC 7517)',
      tag,
      answer: bare(PublicKeys),
    },
    ({ system }) => publicKeys(system),
  );
}

/** Their bodies are JSON or form-encoded, and their refusals are those of RFC 6749. */
async function tokenRoutes(app: FastifyInstance) {
  oauthErrors(app);
  await app.register(formbody);

  openRoute(
    app,
    'POST',
    '/auth/token',
    {
      operation: 'issueToken',
      summary: 'Get an access token',
      description:
        'OAuth 2.0 token endpoint (RFC 6749): grants client_credentials, password and refresh_token. The client ' +
        'authenticates by HTTP Basic or in the body. sell and admin are had by client_credentials only. A refresh ' +
        'token is good for one use; a used one that comes again ends the whole session.',
      tag,
      body: TokenRequest,
      bodyLimit,
      answer: bare(TokenAnswer),
    },
    ({ system, request, body }) =>
      issueToken(system, {
        ...body,
        authorization: request.headers.authorization,
        address: normalizeIP(request.ip),
      }),
  );

  openRoute(
    app,
    'POST',
    '/auth/revoke',
    {
      operation: 'revokeToken',
      summary: 'Revoke a token',
      description:
        'RFC 7009. An access token stops working at once; a refresh token ends its session with all its tokens.',
      tag,
      body: TokenReference,
      bodyLimit,
      answer: bare(Revocation),
    },
    ({ system, request, body }) =>
      revokeToken(system, { ...body, authorization: request.headers.authorization }),
  );

  openRoute(
    app,
    'POST',
    '/auth/introspect',
    {
      operation: 'introspectToken',
      summary: 'Ask what a token is good for',
      description:
        'RFC 7662. A client learns of its own tokens; one with the scope admin of all of its company.',
      tag,
      body: TokenReference,
      bodyLimit,
      answer: bare(Introspection),
    },
    ({ system, request, body }) =>
      introspectToken(system, { ...body, authorization: request.headers.authorization }),
  );
}
