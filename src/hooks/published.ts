import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { seesEverything } from '../context.ts';
import type { Coding, PublishedEntry } from '../services/published-cache.ts';
import { COMPRESSION_THRESHOLD, codedTag } from './compress.ts';
import { entityTag, notModified } from './conditional.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Hands in the answer of this request for all who wait for the same; null for any other request. */
    publish: ((entry: PublishedEntry | null) => PublishedEntry | null) | null;
  }
}

const CODINGS: readonly Coding[] = ['br', 'gzip'];
/** Headers that belong to the content of an answer rather than to its request. */
const KEPT_HEADERS = ['content-type', 'x-page', 'x-per-page', 'x-total', 'link', 'cache-control'];

const brotli = promisify<zlib.InputType, zlib.BrotliOptions, Buffer>(zlib.brotliCompress);
const gzip = promisify<zlib.InputType, Buffer>(zlib.gzip);
const COMPRESS: Record<Coding, (body: Buffer) => Promise<Buffer>> = {
  br: (body) => brotli(body, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (body) => gzip(body),
};

/**
 * Answers published reads from memory, as bytes, before the request is even parsed (architecture: performance budget).
 * An answer is kept for a second per interface, language and address; of equal requests that miss, one does the work.
 * Callers with `sell` or `admin` see more, and never what is kept.
 */
export function published(app: FastifyInstance): void {
  const { published: cache } = app.system;
  app.decorateRequest('publish', null);

  app.addHook('onRequest', (request, reply, done) => {
    if (!request.routeOptions.config.published || seesEverything(request.ctx)) return done();
    const key = `${request.ctx.interface.id} ${request.language} ${request.url}`;
    const entry = cache.fresh(key);
    if (entry) return answer(entry, request, reply);
    const underWay = cache.underWay(key);
    if (!underWay) {
      request.publish = cache.begin(key);
      return done();
    }
    // Where the first of them met an error, each one meets its own.
    underWay.then((landed) => (landed ? answer(landed, request, reply) : done()), done);
  });

  app.addHook('onSend', (request, reply, payload, done) => {
    const { publish } = request;
    if (!publish) return done(null, payload);
    request.publish = null;
    const entry = publish(reply.statusCode === 200 ? entryOf(request, reply, payload) : null);
    if (entry) reply.header('etag', entry.etag);
    done(null, payload);
  });
}

function entryOf(request: FastifyRequest, reply: FastifyReply, payload: unknown): PublishedEntry | null {
  if (typeof payload !== 'string') return null;
  const body = Buffer.from(payload);
  const headers: Record<string, string | number> = {};
  for (const name of KEPT_HEADERS) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = value as string | number;
  }
  return { body, etag: entityTag(request, body), headers, variants: new Map() };
}

function answer(entry: PublishedEntry, request: FastifyRequest, reply: FastifyReply): void {
  const { 'if-none-match': known, 'accept-encoding': accepted } = request.headers;
  for (const name in entry.headers) reply.header(name, entry.headers[name]);
  reply.header('etag', entry.etag);
  if (known !== undefined && notModified(request, reply)) {
    reply.send();
    return;
  }
  const coding =
    accepted === undefined || entry.body.length < COMPRESSION_THRESHOLD ? undefined : codingOf(accepted);
  if (!coding) {
    reply.send(entry.body);
    return;
  }
  reply.header('content-encoding', coding).header('etag', codedTag(entry.etag, coding));
  const variant = variantOf(entry, coding);
  if (Buffer.isBuffer(variant)) reply.send(variant);
  else
    variant.then(
      (body) => reply.send(body),
      (error) => reply.send(error),
    );
}

function variantOf({ variants, body }: PublishedEntry, coding: Coding): Buffer | Promise<Buffer> {
  let variant = variants.get(coding);
  if (!variant) {
    variant = COMPRESS[coding](body).then((compressed) => {
      variants.set(coding, compressed);
      return compressed;
    });
    variants.set(coding, variant);
  }
  return variant;
}

const codings = new LRUCache<string, Coding | 'identity'>({ max: 500 }); // clients send few different headers

function codingOf(accepted: string): Coding | undefined {
  let coding = codings.get(accepted);
  if (!coding) {
    const negotiator = new Negotiator({ headers: { 'accept-encoding': accepted } });
    const acceptable = negotiator.encodings([...CODINGS, 'identity']);
    coding = CODINGS.find((candidate) => acceptable.includes(candidate)) ?? 'identity';
    if (accepted.length < 200) codings.set(accepted, coding);
  }
  return coding === 'identity' ? undefined : coding;
}
