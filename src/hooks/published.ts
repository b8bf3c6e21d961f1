import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { seesEverything } from '../context.ts';
import type { Coding, PublishedEntry } from '../services/published-cache.ts';
import { COMPRESSION_THRESHOLD, codedTag } from './compress.ts';
import { entityTag, matches } from './conditional.ts';
import { letIn } from './cors.ts';
import { observe } from './metrics.ts';
import { sendWhole } from './send-whole.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a request that fetches for all who wait for the same: hands the answer in. Null for any other. */
    publishing: ((entry: PublishedEntry | null) => PublishedEntry | null) | null;
  }
}

const CODINGS: readonly Coding[] = ['br', 'gzip'];
/** Bytes up to which head and body together are one small write. */
const SHORT = 2_048;

/** Headers that follow from what is answered, not from who asks. */
const KEPT = ['cache-control', 'link', 'x-page', 'x-per-page', 'x-total'];

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
  app.decorateRequest('publishing', null);

  app.addHook('onRequest', (request, reply, done) => {
    const { access, channel } = request;
    if (!request.declared.published || !access || !channel || seesEverything(access)) return done();
    const key = `${channel.id} ${request.language} ${request.url}`;
    const entry = cache.fresh(key, request.startedAt);
    if (entry) return answer(entry, request, reply);
    const underWay = cache.underWay(key);
    if (!underWay) {
      request.publishing = cache.begin(key);
      return done();
    }
    // Where the first of them met an error, each one meets its own.
    underWay.then((landed) => (landed ? answer(landed, request, reply) : done())).catch(done);
  });

  app.addHook('onSend', (request, reply, payload, done) => {
    const { publishing } = request;
    if (!publishing) return done(null, payload);
    request.publishing = null;
    const made = reply.statusCode === 200 && (typeof payload === 'string' || Buffer.isBuffer(payload));
    const entry = publishing(made ? entryOf(request, reply, payload) : null);
    if (entry) reply.header('etag', entry.etag);
    done(null, payload);
  });
}

function entryOf(request: FastifyRequest, reply: FastifyReply, payload: string | Buffer): PublishedEntry {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const kept = KEPT.filter((name) => reply.hasHeader(name));
  return {
    body,
    text: body.length <= SHORT ? payload.toString() : undefined,
    etag: entityTag(request, body),
    type: String(reply.getHeader('content-type')),
    lines: kept.map((name) => `${name}: ${reply.getHeader(name)}\r\n`).join(''),
    variants: new Map(),
  };
}

function answer(entry: PublishedEntry, request: FastifyRequest, reply: FastifyReply): void {
  const { 'if-none-match': known, 'accept-encoding': accepted } = request.headers;
  const coding =
    accepted === undefined || entry.body.length < COMPRESSION_THRESHOLD ? undefined : codingOf(accepted);
  if (known !== undefined && matches(known, entry.etag)) {
    send(request, reply, entry, { status: 304, etag: entry.etag });
  } else if (!coding) {
    send(request, reply, entry, { status: 200, etag: entry.etag, body: entry.body });
  } else {
    const variant = variantOf(entry, coding);
    reply.header('content-encoding', coding);
    const pack = (body: Buffer) =>
      send(request, reply, entry, { status: 200, etag: codedTag(entry.etag, coding), body });
    if (Buffer.isBuffer(variant)) pack(variant);
    else variant.then(pack, (error) => reply.send(error));
  }
}

/** What hooks do on the way out is done here: CORS, metrics. */
function send(
  request: FastifyRequest,
  reply: FastifyReply,
  entry: PublishedEntry,
  { status, etag, body }: { status: 200 | 304; etag: string; body?: Buffer },
): void {
  const { origin } = request.headers;
  if (origin !== undefined) letIn(origin, request.channel, reply);
  observe(request, status);
  const tag = `etag: ${etag}\r\n${entry.lines}`;
  const fixed = body ? `${tag}content-type: ${entry.type}\r\ncontent-length: ${body.length}\r\n` : tag;
  sendWhole(reply, { status, fixed, body: body === entry.body ? (entry.text ?? body) : body });
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
