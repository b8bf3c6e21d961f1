import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { translateDatabaseError } from '../db/errors.ts';
import { AppError, PROBLEMS, type ProblemCode } from '../errors.ts';

/** What Fastify itself refuses, in our words. */
const FASTIFY: Record<string, [ProblemCode, string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send the body as application/json.'],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported_media_type', 'Name the Content-Type of the body.'],
  FST_CP_ERR_INVALID_CONTENT_ENCODING: ['unsupported_media_type', 'Send the body without Content-Encoding.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is larger than this route accepts.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_request', 'The body is empty but Content-Type says JSON.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_request', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'Content-Length does not match the body.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The address cannot be decoded.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'Nothing is at this address.'],
};

/**
 * Renders every failure as application/problem+json (RFC 9457) in the language of the request. Anything that is not an
 * AppError is logged whole and told as a bare internal_error: no stack, SQL or library text leaves the server.
 */
export function problems(app: FastifyInstance): void {
  app.setErrorHandler((error: unknown, request, reply) =>
    sendProblem(request, reply, refusalOf(error, request)),
  );
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, unknownAddress(request)));
}

/** Sends a refusal; also used by hooks that answer before the error handler could. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, refusal: AppError): FastifyReply {
  const { code, status, facts, headers } = refusal;
  const title = PROBLEMS[code].title[request.language ?? 'en'];
  const body = {
    type: `${request.server.system.publicUrl}/problems/${code}`,
    title,
    status,
    detail: refusal.message,
    code,
    request_id: request.id,
    ...facts,
  };
  // As text: no response schema can then drop a fact or fail on one.
  return reply
    .code(status)
    .removeHeader('cache-control') // what the route says of its good answers
    .headers({ ...headers, 'content-type': 'application/problem+json; charset=utf-8' })
    .serializer((text: string) => text)
    .send(JSON.stringify(body));
}

export function refusalOf(raw: unknown, request: FastifyRequest): AppError {
  const error = translateDatabaseError(raw);
  if (error instanceof AppError) {
    // 501 is an answer that the operator chose.
    if (error.status >= 500 && error.status !== 501)
      request.log.error({ err: error.cause ?? error }, error.message);
    return error;
  }
  const { code = '', statusCode } = error as Partial<FastifyError>;
  const known = FASTIFY[code];
  if (known) return new AppError(...known);
  if (code === 'FST_UNDER_PRESSURE' || statusCode === 503)
    return new AppError('service_unavailable', 'The server is busy; try again.', {}, { 'retry-after': '1' });
  if (statusCode === 400 || error instanceof SyntaxError)
    return new AppError('invalid_request', 'The request cannot be read.');
  if (statusCode === 413)
    return new AppError('payload_too_large', 'The body is larger than this route accepts.');
  request.log.error({ err: error }, 'unexpected error');
  return new AppError(
    'internal_error',
    'Something went wrong on our side; the request id finds it in our log.',
  );
}

/** 405 with Allow where the address exists for other methods, else 404. */
function unknownAddress(request: FastifyRequest): AppError {
  const allowed = request.server.allowedMethods(request.url);
  if (!allowed.length) return new AppError('not_found', 'Nothing is at this address.');
  const allow = allowed.join(', ');
  return new AppError('method_not_allowed', `This address answers ${allow}.`, {}, { allow });
}
