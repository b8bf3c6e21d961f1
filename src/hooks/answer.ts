import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Answer, FeedPage, Page, PageRequest } from '../routing/answers.ts';
import { isDryRun } from './dry-run.ts';

declare module 'fastify' {
  interface FastifyRequest {
    page: PageRequest;
  }
}

const DEFAULT_PER_PAGE = 10;
const MAX_PER_PAGE = 100;

/**
 * Makes the HTTP answer of what the service gave: resource root, status, Location, pagination headers.
 * A replay of an idempotent request passes through here as well, and so comes out the same.
 */
export function answers(app: FastifyInstance): void {
  app.decorateRequest('page', null as never);

  app.addHook('preHandler', (request, reply, done) => {
    const { answer } = request.declared;
    if (answer) {
      request.page = pageRequest(request.query as PageQuery);
      if (answer.kind === 'empty') reply.code(204); // Fastify wants it before a handler gives nothing
      if (answer.media) reply.type(answer.media); // text and bytes pass no preSerialization
      if (answer.written) reply.type('application/json; charset=utf-8');
      if (answer.headers) reply.headers(answer.headers);
      if (answer.cache) reply.header('cache-control', answer.cache);
    }
    done();
  });

  app.addHook('preSerialization', (request, reply, payload, done) => {
    const { answer } = request.declared;
    if (!answer || reply.statusCode >= 400) return done(null, payload);
    done(null, shape(answer, request, reply, payload));
  });
}

interface PageQuery {
  page?: number;
  per_page?: number;
}

function pageRequest({ page = 1, per_page = DEFAULT_PER_PAGE }: PageQuery): PageRequest {
  const limit = Math.min(per_page, MAX_PER_PAGE);
  return { page, per_page: limit, limit, offset: (page - 1) * limit };
}

function shape(
  answer: Answer<unknown>,
  request: FastifyRequest,
  reply: FastifyReply,
  result: unknown,
): unknown {
  const dry = isDryRun(request);
  reply.code(dry ? 200 : answer.status(result));
  if (answer.location && !dry) reply.header('location', answer.location(result));
  const wait = answer.retryAfter?.(result);
  if (wait) reply.header('retry-after', wait);
  switch (answer.kind) {
    case 'one':
      return { [answer.root as string]: result };
    case 'page': {
      const { items, total } = result as Page<unknown>;
      paginationHeaders(request, reply, total);
      return { [answer.root as string]: items };
    }
    case 'feed': {
      const { items, next } = result as FeedPage<unknown>;
      const url = new URL(request.url, request.server.system.publicUrl);
      url.searchParams.set(answer.cursor as string, String(next));
      reply.header('link', `<${url.href}>; rel="next"`);
      return { [answer.root as string]: items };
    }
    case 'whole':
      return { [answer.root as string]: wholeOrPage(request, reply, result as unknown[]) };
    default:
      return result;
  }
}

/** Short catalogues come whole unless the caller forces pagination (seed: Pagination). */
function wholeOrPage(request: FastifyRequest, reply: FastifyReply, items: unknown[]): unknown[] {
  const query = request.query as PageQuery;
  if (query.page === undefined && query.per_page === undefined) return items;
  paginationHeaders(request, reply, items.length);
  const { offset, limit } = request.page;
  return items.slice(offset, offset + limit);
}

/** X-Page, X-Per-Page, X-Total (seed: Pagination) and Link (RFC 8288). */
function paginationHeaders(request: FastifyRequest, reply: FastifyReply, total: number): void {
  const { page, per_page } = request.page;
  const last = Math.max(1, Math.ceil(total / per_page));
  const url = new URL(request.url, request.server.system.publicUrl);
  const link = (rel: string, number: number) => {
    url.searchParams.set('page', String(number));
    url.searchParams.set('per_page', String(per_page));
    return `<${url.href}>; rel="${rel}"`;
  };
  const links = [link('first', 1)];
  if (page > 1) links.push(link('prev', Math.min(page - 1, last)));
  if (page < last) links.push(link('next', page + 1));
  links.push(link('last', last));
  reply.headers({ 'x-page': page, 'x-per-page': per_page, 'x-total': total, link: links.join(', ') });
}
