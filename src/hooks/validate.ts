import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError, type FieldFault } from '../errors.ts';

/**
 * Checks address, query and body of a request against the route's schemas, all three before it answers, so that a
 * client sees every fault at once. What the schemas made of them replaces the raw values.
 * @throws AppError not_found for an id that cannot exist, unknown_field, validation_failed
 */
export function validation(app: FastifyInstance): void {
  // Fastify's own validation stops at the first part that fails; its schemas serve the documentation only.
  app.setValidatorCompiler(() => () => true);
  app.addHook('preHandler', (request, _reply, done) => {
    try {
      check(request);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function check(request: FastifyRequest): void {
  const { validate } = request.routeOptions.config;
  if (!validate) return;
  const faults: FieldFault[] = [];
  if (validate.params) {
    const result = validate.params.safeParse(request.params);
    // An id that cannot be is as absent as one that is not: no difference to learn from.
    if (!result.success || !isClean(result.data))
      throw new AppError('not_found', 'Nothing is at this address.');
    request.params = result.data;
  }
  parse('/query', request.query, validate.query, faults, (value) => {
    request.query = value;
  });
  if (validate.body) {
    parse('', request.body, validate.body, faults, (value) => {
      request.body = value;
    });
  } else if (request.body !== undefined && !isEmptyObject(request.body)) {
    faults.push({ pointer: '', code: 'unknown_field', message: 'This route takes no body.' });
  }
  if (faults.length) throw refusal(faults);
}

function parse(
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

/** RFC 6901 section 3. */
const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function faultsOf(issue: z.core.$ZodIssue, prefix: string): FieldFault[] {
  const pointer = prefix + issue.path.map((key) => `/${escapePointer(String(key))}`).join('');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: `${pointer}/${escapePointer(key)}`,
      code: 'unknown_field',
      message: 'Unknown field.',
    }));
  if (issue.code === 'invalid_union') {
    // Of a union's branches, the one that came furthest says best what is wrong.
    const nearest = issue.errors.toSorted(
      (a, b) => Number(isOtherKind(a)) - Number(isOtherKind(b)) || a.length - b.length,
    )[0];
    if (nearest?.length) return nearest.flatMap((inner) => faultsOf(inner as z.core.$ZodIssue, pointer));
  }
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return [
    {
      pointer,
      code: missing ? 'required' : issue.code,
      message: missing ? 'Required.' : sentence(issue.message),
    },
  ];
}

/** An object where a branch wants a word, say: it is not the branch that was meant. */
const isOtherKind = (issues: readonly { code: string; path: readonly PropertyKey[] }[]): boolean =>
  issues.some(({ code, path }) => code === 'invalid_type' && !path.length);

const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}`.replace(/\.?$/, '.');

/** More than anybody reads; a long list of rubbish must not make an answer many times its size. */
const MAX_FAULTS = 100;

function refusal(all: FieldFault[]): AppError {
  const faults = all.slice(0, MAX_FAULTS);
  const unknown = faults.every((fault) => fault.code === 'unknown_field');
  const where = faults.map((fault) => fault.pointer || 'the body').join(', ');
  return new AppError(
    unknown ? 'unknown_field' : 'validation_failed',
    `${unknown ? 'Not known here' : 'Not valid'}: ${where}.`,
    { errors: faults },
  );
}
