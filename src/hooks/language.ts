import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import type { Language } from '../errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What Accept-Language asks for, of those we speak. */
    language: Language;
  }
}

const LANGUAGES: readonly Language[] = ['en', 'es', 'pt'];
const DEFAULT: Language = 'en';

/** Picks the language of a request (RFC 9110 section 12.5.4): `pt-BR` is served as `pt`, an unknown one as `en`. */
export function language(app: FastifyInstance): void {
  const known = new LRUCache<string, Language>({ max: 500 }); // browsers send few different headers
  app.decorateRequest('language', DEFAULT);
  app.addHook('onRequest', (request, _reply, done) => {
    const header = request.headers['accept-language'];
    if (header) {
      let chosen = known.get(header);
      if (!chosen) {
        chosen = negotiate(header);
        if (header.length < 200) known.set(header, chosen);
      }
      request.language = chosen;
    }
    done();
  });
}

const negotiate = (header: string): Language =>
  (new Negotiator({ headers: { 'accept-language': header } }).language([...LANGUAGES]) as
    | Language
    | undefined) ?? DEFAULT;
