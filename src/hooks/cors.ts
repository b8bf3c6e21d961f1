import fastifyCors from '@fastify/cors';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { SalesChannel } from '../context.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const REQUEST_HEADERS = [
  'Accept',
  'Accept-Language',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'X-Interface',
  'X-Request-Id',
  'X-Test-Clock',
  'X-Test-Force',
];

/** Every header of an answer that a script may want and browsers would hide. */
const EXPOSED_HEADERS = [
  'Allow',
  'Content-Disposition',
  'ETag',
  'Idempotent-Replayed',
  'Link',
  'Location',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'WWW-Authenticate',
  'X-Dry-Run',
  'X-Interface',
  'X-Page',
  'X-Per-Page',
  'X-Request-Id',
  'X-Total',
];

const EXPOSED = EXPOSED_HEADERS.join(', ');

/** Chromium honours no more than two hours, Firefox a day. */
const MAX_AGE_SECONDS = 86_400;

/**
 * Lets browsers of other origins in (seed: Cross Origin Resource Sharing). A preflight says neither token nor
 * interface, so any active interface may allow its origin; the request itself is judged by its own interface.
 */
export async function cors(app: FastifyInstance): Promise<void> {
  await app.register(async (preflight) => {
    // In a scope of its own, where its one route is the preflight's `OPTIONS *`.
    await preflight.register(fastifyCors, {
      // An empty list allows nobody, yet answers 204; false would make it a 404.
      origin: (origin, decide) => decide(null, allowedSomewhere(preflight, origin) || []),
      methods: METHODS,
      allowedHeaders: REQUEST_HEADERS,
      exposedHeaders: EXPOSED_HEADERS,
      credentials: true,
      maxAge: MAX_AGE_SECONDS,
      strictPreflight: false, // a bare OPTIONS is told the methods, too
    });
  });

  // On the way out, so that refusals by any hook carry the headers: without them a script cannot see why.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.headers.origin !== undefined && request.method !== 'OPTIONS') {
      letIn(request.headers.origin, request.channel, reply);
    }
    done(null, payload);
  });
}

/** Lets a script of the origin read the answer, if the interface allows it. */
export function letIn(origin: string, channel: SalesChannel | null, reply: FastifyReply): void {
  if (!channel || !allows(channel, origin)) return;
  reply.header('access-control-allow-origin', origin);
  reply.header('access-control-allow-credentials', 'true');
  reply.header('access-control-expose-headers', EXPOSED);
}

const allows = ({ allowed_origins }: SalesChannel, origin: string): boolean =>
  allowed_origins.includes('*') || allowed_origins.includes(origin);

const allowedSomewhere = ({ system }: FastifyInstance, origin: string | undefined): boolean =>
  origin !== undefined &&
  [...system.auth.latest.interfaces.values()].some((channel) => allows(channel, origin));
