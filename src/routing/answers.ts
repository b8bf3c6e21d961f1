import type { Readable } from 'node:stream';
import { z } from 'zod';
import { Job } from '../schemas/jobs.ts';

/** One page of a collection, and how many there are in all. */
export interface Page<T> {
  items: T[];
  total: number;
}

/** A part of something that grows at its end, and where the next part begins. */
export interface FeedPage<T> {
  items: T[];
  next: number;
}

/** What `?page` and `?per_page` asked for (seed: Pagination). */
export interface PageRequest {
  page: number;
  per_page: number;
  limit: number;
  offset: number;
}

/**
 * How a route answers: the resource root that wraps the payload (seed: Responses), its schema, the status and the
 * headers that follow from the result. `Result` is what the service gives.
 */
export interface Answer<Result> {
  kind: 'one' | 'page' | 'whole' | 'feed' | 'empty' | 'bare' | 'file';
  root?: string;
  /** Schema of the body as sent, per status. */
  schemas: Record<number, z.ZodType>;
  status: (result: Result) => number;
  location?: (result: Result) => string;
  /** Seconds after which to ask again, as Retry-After; null: no need to. */
  retryAfter?: (result: Result) => number | null;
  /** Of a feed: the query parameter that says where to go on. */
  cursor?: string;
  /** Media type of a file. */
  media?: string;
  /** The service gives a Download: media type and name go with the file. */
  download?: boolean;
  /** Headers of a file, whatever it holds. */
  headers?: Readonly<Record<string, string>>;
  /** Cache-Control of a good answer. */
  cache?: string;
  /** The service gives the body as JSON text or bytes. */
  written?: boolean;
  /** Phantom: lets the compiler tie the handler's result to the answer. */
  result?: Result;
}

interface OneOptions<Result> {
  /** A number, or a function where the result decides (201 when final, 202 when a job goes on). */
  status?: number | { possible: number[]; of: (result: Result) => number };
  /** Address of what was created, without the host. */
  location?: (result: Result) => string;
  /** Seconds after which to ask again, as Retry-After; null: no need to. */
  retryAfter?: (result: Result) => number | null;
}

/** A single object under its singular key. */
export function one<S extends z.ZodType>(
  root: string,
  schema: S,
  options: OneOptions<z.output<S>> = {},
): Answer<z.output<S>> {
  const { status = 200, location, retryAfter } = options;
  const body = z.object({ [root]: schema });
  const possible = typeof status === 'number' ? [status] : status.possible;
  return {
    kind: 'one',
    root,
    schemas: Object.fromEntries(possible.map((code) => [code, body])),
    status: typeof status === 'number' ? () => status : status.of,
    ...(location && { location }),
    ...(retryAfter && { retryAfter }),
  };
}

/**
 * A single object under its singular key that the service gives as JSON text, root and all: for large ones that are
 * written once and sent often.
 * @param cache Cache-Control of a good answer
 */
export const written = (root: string, schema: z.ZodType, cache: string): Answer<string> => ({
  kind: 'one',
  root,
  schemas: { 200: z.object({ [root]: schema }) },
  status: () => 200,
  written: true,
  cache,
});

/** A collection under its plural key, always a page at a time. The service gives a Page. */
export function page<S extends z.ZodType>(root: string, schema: S): Answer<Page<z.output<S>>> {
  return { kind: 'page', root, schemas: { 200: z.object({ [root]: z.array(schema) }) }, status: () => 200 };
}

/** A short catalogue: whole, unless the caller forces pagination. The service gives all of it. */
export function whole<S extends z.ZodType>(root: string, schema: S): Answer<z.output<S>[]> {
  return { kind: 'whole', root, schemas: { 200: z.object({ [root]: z.array(schema) }) }, status: () => 200 };
}

/** The same of many things: the service gives all of them as JSON, root and all, or a list where a page is asked for. */
export const wholeWritten = <S extends z.ZodType>(
  root: string,
  schema: S,
): Answer<z.output<S>[] | Buffer> => ({
  kind: 'whole',
  root,
  schemas: { 200: z.object({ [root]: z.array(schema) }) },
  status: () => 200,
  written: true,
});

/** A collection that grows at its end, read on from `cursor`: `Link: rel="next"` says from where. */
export function feed<S extends z.ZodType>(
  root: string,
  schema: S,
  cursor: string,
): Answer<FeedPage<z.output<S>>> {
  return {
    kind: 'feed',
    root,
    cursor,
    schemas: { 200: z.object({ [root]: z.array(schema) }) },
    status: () => 200,
    cache: 'no-store',
  };
}

/** What was created together, under its plural key: never paged. */
export function created<S extends z.ZodType>(root: string, schema: S): Answer<z.output<S>[]> {
  return { kind: 'one', root, schemas: { 201: z.object({ [root]: z.array(schema) }) }, status: () => 201 };
}

/** What a route gives that works at once where it can and by a job where that would take long: either, under its key. */
export const createdOrJob = <S extends z.ZodType>(
  root: string,
  schema: S,
): Answer<Record<string, z.output<S>[]> | { job: Job }> => ({
  kind: 'bare',
  schemas: { 201: z.object({ [root]: z.array(schema) }), 202: z.object({ job: Job }) },
  status: (result) => ('job' in result ? 202 : 201),
});

/** 204, no body. */
export const empty = (): Answer<void> => ({
  kind: 'empty',
  schemas: { 204: z.undefined() },
  status: () => 204,
});

/** JSON without a resource root: /auth/*, /.well-known/*, health. */
export function bare<S extends z.ZodType>(schema: S, status = 200): Answer<z.output<S>> {
  return { kind: 'bare', schemas: { [status]: schema }, status: () => status };
}

/**
 * A file; the service gives its bytes or text.
 * @param cache Cache-Control of a good answer
 */
export const file = (media: string, cache?: string): Answer<Buffer | string> => ({
  kind: 'file',
  schemas: {},
  status: () => 200,
  media,
  ...(cache && { cache }),
});

/** A file to keep, as its service makes it. */
export interface Download {
  media: string;
  filename: string;
  body: Readable;
}

/** A file whose service says what it is and how it is called. */
export const download = (): Answer<Download> => ({
  kind: 'file',
  schemas: {},
  status: () => 200,
  media: 'application/octet-stream',
  download: true,
  cache: 'no-store',
});

/** A table as CSV to keep; the service gives its text or a stream of it. */
export const csv = (filename: string): Answer<Readable | string> => ({
  kind: 'file',
  schemas: {},
  status: () => 200,
  media: 'text/csv; charset=utf-8',
  headers: { 'content-disposition': `attachment; filename="${filename}.csv"`, 'cache-control': 'no-store' },
});

/** Server-Sent Events; the service gives a stream of them. */
export const events = (): Answer<Readable> => ({
  kind: 'file',
  schemas: {},
  status: () => 200,
  media: 'text/event-stream',
  headers: {
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // nginx would wait for more
    connection: 'close', // a stream that has ended must not keep the server from closing
  },
});
