import { isUtf8 } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError, type FieldFault } from '../errors.ts';
import { MAX_FAULTS } from '../schemas/faults.ts';
import { JsonCutter, type JsonPiece, UncuttableJson } from '../text/json-cutter.ts';
import { Turns } from '../turns.ts';
import { check } from './validate.ts';

/** Bytes of one piece: parsed and checked at once. */
const MOST = 4_194_304;

/** A part of a body that holds a list of parts: outermost first, the last one holds none. */
export interface Part {
  /** The part with all that is in it. */
  whole: z.ZodType;
  /** The part alone: what is in its list is not looked at. */
  alone: z.ZodType;
  /** The field that holds the list. */
  list?: string;
}

/**
 * Lets the routes of a plugin take large JSON bodies: they are parsed and checked a piece at a time while they arrive, and
 * other requests are answered in between. Faults are told as those of any body, once all of it is there.
 */
export function jsonInPieces(app: FastifyInstance, parts: readonly Part[]): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: Readable) => {
    const keyed = request.headers['idempotency-key'] !== undefined;
    const body = new ArrivingBody(parts, (text) => parsed(parse, request, text), keyed);
    const turns = new Turns();
    const cutter = new JsonCutter(
      parts.flatMap(({ list }) => list ?? []),
      MOST,
    );
    try {
      for await (const chunk of arriving(request, payload)) {
        for (const piece of cutter.push(chunk)) {
          body.take(piece);
          if (turns.over) await turns.next();
        }
      }
      const value = body.take(cutter.end());
      request.arrived = { faults: body.faults, digest: body.digest };
      return value;
    } catch (error) {
      throw error instanceof UncuttableJson ? UNCUTTABLE[error.reason] : error;
    }
  });
}

const UNCUTTABLE = {
  piece_too_large: new AppError(
    'payload_too_large',
    `One part of the body alone is larger than ${MOST / 1_048_576} MB.`,
  ),
  repeated_name: new AppError('invalid_request', 'The body names a list twice.'),
};

/** The bytes of a body as they come. A client that breaks off, or sends more than it may, is refused. */
async function* arriving(request: FastifyRequest, payload: Readable): AsyncGenerator<Buffer> {
  const limit = request.routeOptions.bodyLimit;
  const announced = Number(request.headers['content-length']);
  let size = 0;
  const tooLarge = () => {
    if (Math.max(size, announced || 0) > limit)
      throw new AppError('payload_too_large', 'The body is larger than this route accepts.');
  };
  tooLarge();
  const chunks = payload.iterator({ destroyOnReturn: false })[Symbol.asyncIterator](); // it still has to be answered
  for (;;) {
    const { done, value } = await chunks.next().catch(() => {
      throw new AppError('invalid_request', 'The request cannot be read.');
    });
    if (done) break;
    size += value.length;
    tooLarge();
    yield value;
  }
  if (!Number.isNaN(announced) && size !== announced)
    throw new AppError('invalid_request', 'Content-Length does not match the body.');
}

type Parse = ReturnType<FastifyInstance['getDefaultJsonParser']>;

/** @throws what Fastify throws of a body that is no JSON */
function parsed(parse: Parse, request: FastifyRequest, json: Buffer): unknown {
  if (!isUtf8(json)) throw new AppError('invalid_request', 'The body is not UTF-8.');
  let outcome: { error: Error | null; value?: unknown } | undefined;
  parse(request, json.toString(), (error, value) => {
    outcome = { error, value };
  });
  if (!outcome || outcome.error) throw outcome?.error ?? new Error('the JSON parser gave nothing');
  return outcome.value;
}

/** A body of which parts have arrived and been checked. */
class ArrivingBody {
  readonly #parts: readonly Part[];
  readonly #parse: (json: Buffer) => unknown;
  readonly #hash: Hash | null;
  /** By depth: elements of the list of the part that is arriving. */
  readonly #elements: Map<number, unknown>[];
  readonly #faults: FieldFault[][];

  constructor(parts: readonly Part[], parse: (json: Buffer) => unknown, keyed: boolean) {
    this.#parts = parts;
    this.#parse = parse;
    this.#hash = keyed ? createHash('sha256') : null;
    this.#elements = parts.map(() => new Map());
    this.#faults = parts.map(() => []);
  }

  /** What is wrong with it: of the outermost part first, a hundred of each depth at most. */
  get faults(): FieldFault[] {
    return this.#faults.flat();
  }

  /** Over the body as understood, where it was asked for. */
  get digest(): Buffer | null {
    return this.#hash?.copy().digest() ?? null;
  }

  /** Takes the next piece: whatever is in it comes before it. */
  take({ at, json }: JsonPiece): unknown {
    const depth = at.length;
    const { list, alone } = this.#parts[depth] as Part;
    const pointer = at.map((index, d) => `/${this.#parts[d]?.list}/${index}`).join('');
    const sent = this.#parse(json);
    const value = this.#check(depth, pointer, sent, alone);
    this.#hash?.update(`${pointer} ${JSON.stringify(value)}\n`);
    if (list !== undefined) this.#fill(depth, `${pointer}/${list}`, list, sent, value);
    if (depth) this.#elements[depth - 1]?.set(at.at(-1) as number, value);
    return value;
  }

  /** Puts the elements that came before into their list; what else is in it was too odd to be cut out. */
  #fill(depth: number, pointer: string, list: string, sent: unknown, value: unknown): void {
    const elements = this.#elements[depth] as Map<number, unknown>;
    this.#elements[depth] = new Map();
    const given = (sent as Record<string, unknown> | null)?.[list];
    if (!Array.isArray(given)) return;
    const { whole } = this.#parts[depth + 1] as Part;
    const filled = given.map((element, k) =>
      element === null && elements.has(k)
        ? elements.get(k)
        : this.#check(depth + 1, `${pointer}/${k}`, element, whole),
    );
    if (value) (value as Record<string, unknown>)[list] = filled;
  }

  #check(depth: number, pointer: string, value: unknown, schema: z.ZodType): unknown {
    const faults = this.#faults[depth] as FieldFault[];
    if (faults.length >= MAX_FAULTS) return undefined; // there are enough
    let kept: unknown;
    check(pointer, value, schema, faults, (checked) => {
      kept = checked;
    });
    return kept;
  }
}
