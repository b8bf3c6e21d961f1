import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError, type FieldFault } from '../errors.ts';
import { escapePointer, faultsOf, invalid } from '../schemas/faults.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a body that was checked while it arrived (hooks/json-pieces.ts): its faults, and a digest if there is a key. */
    arrived: { faults: FieldFault[]; digest: Buffer | null } | null;
  }
}

/**
 * Checks address, query and body of a request against the route's schemas, all three before it answers, so that a
 * client sees every fault at once. What the schemas made of them replaces the raw values.
 * @throws AppError not_found for an id that cannot exist, unknown_field, validation_failed
 */
export function validation(app: FastifyInstance): void {
  app.decorateRequest('arrived', null);
  // Fastify's own validation stops at the first part that fails; its schemas serve the documentation only.
  app.setValidatorCompiler(() => () => true);
  app.addHook('preHandler', (request, _reply, done) => {
    done(faultOf(request));
  });
}

/** Gives the refusal, if there is one, and puts what the schemas made in place of the raw values. */
function faultOf(request: FastifyRequest): AppError | undefined {
  const { validate } = request.declared;
  if (!validate) return undefined;
  const faults: FieldFault[] = [];
  if (validate.params) {
    const result = validate.params.safeParse(request.params);
    // An id that cannot be is as absent as one that is not: no difference to learn from.
    if (!result.success || !isClean(result.data))
      return new AppError('not_found', 'Nothing is at this address.');
    request.params = result.data;
  }
  check('/query', request.query, validate.query, faults, (value) => {
    request.query = value;
  });
  if (request.arrived) {
    for (const fault of request.arrived.faults) faults.push(fault);
  } else if (validate.body) {
    check('', request.body, validate.body, faults, (value) => {
      request.body = value;
    });
  } else if (request.body !== undefined && !isEmptyObject(request.body)) {
    faults.push({ pointer: '', code: 'unknown_field', message: 'This route takes no body.' });
  }
  return faults.length ? invalid(faults) : undefined;
}

/** Checks a value, and either keeps what the schema made of it or adds its faults. */
export function check(
  prefix: string,
  value: unknown,
  schema: z.ZodType,
  faults: FieldFault[],
  keep: (value: unknown) => void,
): void {
  if (!isClean(value)) textFaults(value, prefix, faults);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) keep(result.data);
  else for (const issue of result.error.issues) faults.push(...faultsOf(issue, prefix));
}

/** Deeper than anything the schemas know: such a body would only wear out what walks it. */
const MAX_DEPTH = 32;

/** PostgreSQL text cannot hold U+0000 or half of a surrogate pair; nobody means to send one. */
const BAD_TEXT = /[\0\p{Surrogate}]/u;

/** Is there nothing of it in a value, at any depth? Nearly always so: places are looked for only when it is not. */
function isClean(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return !BAD_TEXT.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((inner) => isClean(inner, depth + 1));
  return Object.values(value).every((inner) => isClean(inner, depth + 1));
}

function textFaults(value: unknown, pointer: string, faults: FieldFault[], depth = 0): void {
  if (typeof value === 'string') {
    if (BAD_TEXT.test(value)) {
      const message = value.includes('\0') ? 'Must not contain NUL.' : 'Must be well-formed Unicode.';
      faults.push({ pointer, code: 'invalid_string', message });
    }
  } else if (value && typeof value === 'object') {
    if (depth === MAX_DEPTH) faults.push({ pointer, code: 'too_deep', message: 'Is nested too deeply.' });
    else
      for (const [key, inner] of Object.entries(value))
        textFaults(inner, `${pointer}/${escapePointer(key)}`, faults, depth + 1);
  }
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
