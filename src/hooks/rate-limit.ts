import rateLimitPlugin, { type FastifyRateLimitStore, normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import type { Verdict } from '../services/rate-limit/window.ts';
import { isMonitoring } from './monitoring.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the sliding window says of the request: hooks/common-headers.ts tells it. */
    verdict: Verdict | null;
  }
}

/**
 * Requests an hour for each token, or for each address where there is no token (seed: Rate Limits). The library owns the
 * hook and its refusals; the window is ours (services/rate-limit), since the library's own is a fixed one.
 */
export async function rateLimit(app: FastifyInstance): Promise<void> {
  const { rateWindow, config } = app.system;
  app.decorateRequest('verdict', null);
  await app.register(rateLimitPlugin, {
    global: false, // its own hooks would run after all of ours: ours calls it in its place
    addHeaders: SILENT,
    addHeadersOnExceeding: SILENT,
    store: Verdicts,
    keyGenerator: (request) => request as never, // handed through to Verdicts, which wants the request
    max: (request) => (request.verdict as Verdict).limit,
    errorResponseBuilder: ({ verdict }) => refusal(verdict as Verdict),
  });
  const refuse = app.rateLimit();

  app.addHook('onRequest', (request, reply, done) => {
    if (isMonitoring(request) || isConfirmation(request)) return done();
    const { access } = request;
    const verdict = access
      ? rateWindow.hit(access.token.jti, access.client.rate_limit ?? config.RATE_LIMIT)
      : rateWindow.hit(`ip:${normalizeIP(request.ip)}`, config.RATE_LIMIT_IP);
    // Most verdicts are known at once and let the request pass: those skip the library's promises (1 µs).
    if (!(verdict instanceof Promise) && verdict.allowed) {
      request.verdict = verdict;
      return done();
    }
    Promise.resolve(verdict)
      .then((known) => {
        request.verdict = known;
        return refuse.call(app, request, reply);
      })
      .then(() => done(), done);
  });
}

/**
 * Payment providers confirm from a few addresses, and a confirmation turned away is money without tickets until they try
 * again. Their signature is checked instead, which costs less than to count them.
 */
const isConfirmation = ({ declared }: FastifyRequest): boolean =>
  declared.operation === 'receivePaymentWebhook';

/**
 * Counts a request that is about to be refused for its access token, missing or bad, by its address: in a window of their
 * own, so that they use up nobody's sign-ins.
 * @returns the refusal when there were too many
 */
export async function countStranger({ server, ip }: FastifyRequest): Promise<AppError | undefined> {
  const { rateWindow, config } = server.system;
  const verdict = await rateWindow.hit(`stranger:${normalizeIP(ip)}`, config.RATE_LIMIT_IP);
  return verdict.allowed ? undefined : refusal(verdict);
}

/** Headers of answers are written in one place for all of them. */
const SILENT = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
  'retry-after': false,
};

/** The library's store: the verdict is made before it asks. */
class Verdicts implements FastifyRateLimitStore {
  incr(request: unknown, callback: (error: null, result: { current: number; ttl: number }) => void): void {
    const { allowed, limit, remaining, resetAt } = (request as FastifyRequest).verdict as Verdict;
    callback(null, { current: allowed ? limit - remaining : limit + 1, ttl: resetAt });
  }

  child(): this {
    return this;
  }
}

function refusal({ limit, retryAfterMs }: Verdict): AppError {
  const retry_after = Math.ceil(retryAfterMs / 1000);
  return new AppError(
    'rate_limited',
    `More than ${limit} requests in an hour; try again in ${retry_after} seconds.`,
    { retry_after },
    { 'retry-after': String(retry_after) },
  );
}
