import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What an answer depends on beside its address: one constant costs less than finding out for each. */
export const VARY = 'origin, accept-language, accept-encoding, x-interface';

/**
 * Gives every answer the headers that tell of its request: id, sales channel, what is left of its rate limit. The hooks
 * before only note what these say; here, on the way out, they are written once, refusals included.
 */
export function commonHeaders(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const { channel, verdict } = request;
    reply.header('x-request-id', request.id);
    reply.header('vary', VARY);
    if (channel) reply.header('x-interface', channel.id);
    if (verdict) {
      reply.header('ratelimit-limit', verdict.limit);
      reply.header('ratelimit-remaining', verdict.remaining);
      reply.header('ratelimit-reset', Math.ceil(verdict.resetAt / 1_000));
    }
    done(null, payload);
  });
}

/** The same as header lines, each ended by CRLF, for answers that are written past Fastify (hooks/send-whole.ts). */
export function commonLines({ id, channel, verdict }: FastifyRequest): string {
  let lines = `x-request-id: ${id}\r\nvary: ${VARY}\r\n`;
  if (channel) lines += `x-interface: ${channel.id}\r\n`;
  if (verdict) {
    const reset = Math.ceil(verdict.resetAt / 1_000);
    lines += `ratelimit-limit: ${verdict.limit}\r\nratelimit-remaining: ${verdict.remaining}\r\nratelimit-reset: ${reset}\r\n`;
  }
  return lines;
}
