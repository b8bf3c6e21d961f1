import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { stateTag } from '../services/fresh.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** When the object answered with was last changed; null for anything else. */
    updatedAt: Date | null;
  }
}

const TAGGED = new Set(['one', 'whole', 'file']);

/**
 * Entity tags and preconditions (RFC 9110 sections 8.8.3 and 13): ETag on reads, If-None-Match → 304, If-Match handed to
 * the service, which checks it under its lock (services/fresh.ts).
 */
export function conditional(app: FastifyInstance): void {
  app.decorateRequest('updatedAt', null);

  app.addHook('preHandler', (request, _reply, done) => {
    const header = request.headers['if-match'];
    if (header !== undefined && request.declared.ifMatch) request.ctx.if_match = strongTags(header);
    done();
  });

  app.addHook('preSerialization', (request, _reply, payload, done) => {
    const { answer } = request.declared;
    if (request.method === 'GET' && answer?.kind === 'one') {
      const { updated_at } = ((payload as Record<string, unknown> | null)?.[answer.root ?? ''] ??
        {}) as Dated;
      if (updated_at) request.updatedAt = new Date(updated_at);
    }
    done(null, payload);
  });

  app.addHook('onSend', (request, reply, payload: unknown, done) => {
    if (request.method !== 'GET' || reply.statusCode !== 200) return done(null, payload);
    if (reply.getHeader('etag') === undefined) {
      const { answer } = request.declared;
      if (!answer || !TAGGED.has(answer.kind)) return done(null, payload);
      if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return done(null, payload);
      reply.header('etag', entityTag(request, payload));
    }
    done(null, notModified(request, reply) ? null : payload);
  });
}

interface Dated {
  updated_at?: Date | string | null;
}

/** Strong tag: the state of the object if it has one, and a hash of the very bytes. */
export function entityTag(request: FastifyRequest, body: string | Buffer): string {
  const digest = hash('sha1', body, 'base64url').replaceAll('-', '.'); // '-' parts state from digest from coding
  return request.updatedAt ? `"${stateTag(request.updatedAt)}-${digest}"` : `"${digest}"`;
}

/** Makes the reply a 304 if the caller has what its ETag names. */
function notModified(request: FastifyRequest, reply: FastifyReply): boolean {
  const header = request.headers['if-none-match'];
  if (header === undefined || !matches(header, reply.getHeader('etag') as string)) return false;
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return true;
}

/** A tag of one of our compressed variants: the coding is its last part (hooks/compress.ts). */
const CODED = /-(?:br|gzip)"$/;

/** Weak comparison, as If-None-Match asks for: codings of one representation are as good as each other. */
export function matches(header: string, etag: string): boolean {
  if (header === etag || header.trim() === '*') return true;
  const plain = etag.replace(CODED, '"');
  return (header.match(/"[^"]*"/g) ?? []).some((tag) => tag.replace(CODED, '"') === plain);
}

/** The tags of If-Match without their quotes; weak ones never match (RFC 9110 section 13.1.1). */
function strongTags(header: string): string[] {
  if (header.trim() === '*') return ['*'];
  const tags = [...header.matchAll(/(W\/)?"([^"]*)"/g)];
  if (!tags.length) {
    throw new AppError('invalid_request', 'If-Match takes "*" or entity tags in double quotes.');
  }
  return tags.flatMap(([, weak, tag]) => (weak ? [] : [tag as string]));
}
