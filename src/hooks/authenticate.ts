import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { AppError } from '../errors.ts';
import { type Access, recall, verify } from '../services/oauth/access-token.ts';
import { challenge, invalidToken } from '../services/oauth/challenge.ts';
import { countStranger } from './rate-limit.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The access token and its client; null on routes that need none, and until the token is verified. */
    access: Access | null;
    /** The first argument of every service. Throws on routes that need no token. */
    readonly ctx: Context;
  }
}

const CONTEXT = Symbol('context');

type WithContext = FastifyRequest & { [CONTEXT]: Context | null };

/**
 * Lets requests with a good access token into routes that need one (RFC 6750), and makes their context. The token is
 * verified once; from then on memory answers, without as much as a promise.
 */
export function authenticate(app: FastifyInstance): void {
  const { system } = app;
  app.decorateRequest('access', null);
  app.decorateRequest(CONTEXT, null);
  app.decorateRequest('ctx', {
    getter() {
      const request = this as WithContext;
      request[CONTEXT] ??= contextOf(request); // published reads are answered without one
      return request[CONTEXT];
    },
  });

  app.addHook('onRequest', (request, _reply, done) => {
    const refuse = (refusal: AppError) => {
      countStranger(request).then((flood) => done(flood ?? refusal), done);
    };
    const { scopes } = request.declared;
    if (!scopes || scopes === 'none') return done();
    const { authorization } = request.headers;
    if (authorization === undefined) return refuse(unauthorized());
    const access = recall(system, authorization);
    if (access) {
      request.access = access;
      return done();
    }
    const token = /^Bearer +(.+)$/i.exec(authorization)?.[1];
    if (token === undefined) return refuse(unauthorized());
    verify(system, authorization, token).then((verified) => {
      if (!verified) return refuse(invalidToken());
      request.access = verified;
      done();
    }, done);
  });
}

/** To be asked for after hooks/interface.ts, which chooses the channel or refuses the request. */
function contextOf(request: FastifyRequest): Context {
  const { access, channel } = request;
  if (!access || !channel) throw new Error('a route without a token has no context');
  const { token, client, scopes } = access;
  return {
    system: request.server.system,
    company_id: client.company_id,
    client_id: client.id,
    user_id: token.user_id,
    session_id: token.session_id,
    token,
    scopes,
    interface: channel,
    language: request.language,
    request_id: request.id,
    // When it came: a body that crept in over a bad line must not make its sender's clock look slow.
    now: new Date(Date.now() - (performance.now() - request.startedAt)),
  };
}

/** Without a token, or with another scheme, no error code is told (RFC 6750 section 3.1). */
const unauthorized = () =>
  new AppError('unauthorized', 'Send an access token: Authorization: Bearer <token>.', {}, challenge());
