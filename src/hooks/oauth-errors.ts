import type { FastifyInstance } from 'fastify';
import type { AppError } from '../errors.ts';
import { OAuthError } from '../services/oauth/errors.ts';
import { refusalOf } from './problem.ts';

/** For the OAuth endpoints alone: refusals as RFC 6749 section 5.2 wants them, and nothing of theirs kept by caches. */
export function oauthErrors(app: FastifyInstance): void {
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
    done(null, payload);
  });

  app.setErrorHandler((error: unknown, request, reply) => {
    if (error instanceof OAuthError) {
      if (error.code === 'invalid_client')
        reply.header('www-authenticate', 'Basic realm="ticketing", charset="UTF-8"');
      return send(error.status, error.code, error.message);
    }
    const refusal = refusalOf(error, request);
    reply.headers(refusal.headers);
    const status = refusal.status === 422 ? 400 : refusal.status; // section 5.2 has 400 for a faulty parameter
    return send(status, codeOf(refusal), descriptionOf(refusal));

    function send(statusCode: number, code: string, description: string) {
      return reply
        .code(statusCode)
        .type('application/json; charset=utf-8')
        .serializer((text: string) => text)
        .send(JSON.stringify({ error: code, error_description: printable(description) }));
    }
  });
}

/** The RFC has no codes for limits and outages in section 5.2: theirs of section 4.1.2.1, and our own for limits. */
function codeOf({ code, status }: AppError): string {
  if (code === 'rate_limited') return code;
  if (status === 503) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}

function descriptionOf({ message, facts }: AppError): string {
  const faults = facts.errors?.map((fault) => `${fault.pointer.slice(1) || 'body'}: ${fault.message}`);
  return faults?.join(' ') ?? message;
}

/** Only these characters are allowed in error_description. */
const printable = (text: string): string => text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'").slice(0, 500);
