import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';

/**
 * Bodies are JSON in UTF-8 (RFC 8259 section 8.1), unless a route takes another kind: bytes that are no UTF-8 are refused
 * rather than replaced, and so is any other media type.
 */
export function jsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (!isUtf8(body)) return done(new AppError('invalid_request', 'The body is not UTF-8.'));
    parse(request, body.toString(), done);
  });
}
