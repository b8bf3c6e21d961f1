import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { z } from 'zod';
import type { Context, Scope } from '../context.ts';
import type { ProblemCode } from '../errors.ts';
import { DryRunQuery, IdempotencyKeyHeader, IfMatchHeader, PageQuery } from '../schemas/common.ts';
import type { System } from '../system.ts';
import type { Answer, Download, PageRequest } from './answers.ts';

type Shape = z.ZodRawShape;
/** No parameters at all. */
type None = Record<never, never>;
type Parsed<S extends Shape> = z.output<z.ZodObject<S>>;

/** What a route says of itself. The server refuses to boot when something is missing or contradicts itself. */
interface Declaration<P extends Shape, Q extends Shape, B extends z.ZodType, R> {
  /** operationId in OpenAPI, name of the request in Postman: camelCase verb and noun. */
  operation: string;
  summary: string;
  description?: string;
  tag: string;
  params?: P;
  query?: Q;
  body?: B;
  /** Headers that the handler reads. */
  headers?: Shape;
  answer: Answer<R>;
  /** Problems a caller of this route must reckon with, beyond those every route can give. */
  problems?: readonly ProblemCode[];
  /** If-Match is honoured: the service checks it under its lock with `assertFresh`. */
  ifMatch?: boolean;
  /** `?dry_run=true` tells what would happen and keeps nothing of it: the use case runs in transactions of its context. */
  dryRun?: boolean;
  /** The answer is the same for all readers without `sell` and `admin`: kept as bytes for a second. */
  published?: boolean;
  bodyLimit?: number;
  /** Takes text/csv in place of JSON, too, with the rest in the query (hooks/csv-body.ts). */
  csv?: boolean;
}

interface Input<P extends Shape, Q extends Shape, B extends z.ZodType> {
  params: Parsed<P>;
  query: Parsed<Q>;
  body: z.output<B>;
  page: PageRequest;
  headers: Readonly<Record<string, string | undefined>>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Route facts that hooks read: `request.declared`. */
export interface RouteConfig {
  operation: string;
  scopes: readonly Scope[] | 'none';
  answer: Answer<unknown>;
  problems: readonly ProblemCode[];
  ifMatch: boolean;
  dryRun: boolean;
  published: boolean;
  csv: boolean;
  validate: { params?: z.ZodType; query: z.ZodType; body?: z.ZodType };
}

declare module 'fastify' {
  interface FastifyContextConfig extends Partial<RouteConfig> {}
}

/**
 * Declares a route behind the access token. `scopes`: any one of them lets the caller in.
 * The handler is one line: what the service takes of the request.
 */
export function route<
  R,
  P extends Shape = None,
  Q extends Shape = None,
  B extends z.ZodType = z.ZodUndefined,
>(
  app: FastifyInstance,
  method: Method,
  url: string,
  declaration: Declaration<P, Q, B, R> & { scopes: readonly Scope[] },
  handler: (input: Input<P, Q, B> & { ctx: Context }) => Promise<R> | R,
): void {
  declare(app, method, url, declaration, declaration.scopes, (request) =>
    handler({ ...(inputOf(request) as Input<P, Q, B>), ctx: request.ctx }),
  );
}

/** Declares a route that needs no token: its handler has the system and the raw request instead of a context. */
export function openRoute<
  R,
  P extends Shape = None,
  Q extends Shape = None,
  B extends z.ZodType = z.ZodUndefined,
>(
  app: FastifyInstance,
  method: Method,
  url: string,
  declaration: Declaration<P, Q, B, R>,
  handler: (
    input: Input<P, Q, B> & { system: System; request: FastifyRequest; reply: FastifyReply },
  ) => Promise<R> | R,
): void {
  declare(app, method, url, declaration, 'none', (request, reply) =>
    handler({ ...(inputOf(request) as Input<P, Q, B>), system: app.system, request, reply }),
  );
}

function inputOf(request: FastifyRequest): unknown {
  const { params, query, body, page, headers } = request;
  return { params, query, body, page, headers };
}

function declare<P extends Shape, Q extends Shape, B extends z.ZodType, R>(
  app: FastifyInstance,
  method: Method,
  url: string,
  d: Declaration<P, Q, B, R>,
  scopes: readonly Scope[] | 'none',
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<R> | R,
): void {
  const paged = d.answer.kind === 'page' || d.answer.kind === 'whole';
  const query = z.strictObject({ ...d.query, ...(paged && PageQuery), ...(d.dryRun && DryRunQuery) });
  const [schema] = Object.values(d.answer.schemas);
  const answer = d.dryRun ? { ...d.answer, schemas: { 200: schema, ...d.answer.schemas } } : d.answer;
  const params = d.params && z.strictObject(d.params);
  const config: RouteConfig = {
    operation: d.operation,
    scopes,
    answer: answer as unknown as Answer<unknown>,
    problems: d.problems ?? [],
    ifMatch: d.ifMatch ?? false,
    dryRun: d.dryRun ?? false,
    published: d.published ?? false,
    csv: d.csv ?? false,
    validate: { query, ...(params && { params }), ...(d.body && { body: d.body }) },
  };
  const headers = z.object({
    ...d.headers,
    ...(method !== 'GET' && scopes !== 'none' && IdempotencyKeyHeader),
    ...(d.ifMatch && IfMatchHeader),
  });
  app.route({
    method: method as HTTPMethods,
    url,
    config,
    ...(d.bodyLimit && { bodyLimit: d.bodyLimit }),
    schema: {
      operationId: d.operation,
      summary: d.summary,
      ...(d.description && { description: d.description }),
      tags: [d.tag],
      ...(params && { params }),
      ...(Object.keys(query.shape).length && { querystring: query }),
      ...(Object.keys(headers.shape).length && { headers }),
      ...(d.body && { body: d.body }),
      response: answer.schemas,
    },
    handler: (answer.download ? downloaded(handler) : handler) as never,
  });
}

/** Gives a file its type and its name, then sends it. */
const downloaded =
  (handler: (request: FastifyRequest, reply: FastifyReply) => unknown) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<Readable> => {
    const { media, filename, body } = (await handler(request, reply)) as Download;
    reply.type(media).header('content-disposition', `attachment; filename="${filename}"`);
    return body;
  };
