import fastifyCompress from '@fastify/compress';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Below this many bytes compressing costs more than it saves. */
export const COMPRESSION_THRESHOLD = 1_024;

/** Compresses what clients accept compressed. What comes out of hooks/published.ts is compressed already. */
export async function compression(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    // Compressed, events would wait in the compressor until there are enough of them.
    if (route.config?.answer?.media?.startsWith('text/event-stream')) route.compress = false;
  });
  await app.register(fastifyCompress, {
    threshold: COMPRESSION_THRESHOLD,
    encodings: ['br', 'gzip'],
    requestEncodings: ['identity'], // an inflated body would escape the body limit
  });

  // The library's hook is the route's own, so that ours must be too, to come after it.
  app.addHook('onRoute', (route) => {
    route.onSend = [route.onSend ?? []].flat().concat(tagCoding);
  });
}

/** A strong ETag names exact bytes (RFC 9110 section 8.8.3.3): each coding has a tag of its own. */
function tagCoding(
  _request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  const coding = reply.getHeader('content-encoding');
  const etag = reply.getHeader('etag');
  if (coding && typeof etag === 'string' && !etag.endsWith(`-${coding}"`)) {
    reply.header('etag', codedTag(etag, String(coding)));
  }
  done(null, payload);
}

/** `"state-digest"` → `"state-digest-br"` */
export const codedTag = (etag: string, coding: string): string => `${etag.slice(0, -1)}-${coding}"`;
