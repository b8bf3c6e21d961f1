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
  app.setValidatorCompiler(() => (value) => ({ value }));
  app.addHook('preHandler', async (request) => check(request));
}

function check(request: FastifyRequest): void {
  const { validate } = request.routeOptions.config;
  if (!validate) return;
  const faults: FieldFault[] = [];
  if (validate.params) {
    const result = validate.params.safeParse(request.params);
    // An id that cannot be is as absent as one that is not: no difference to learn from.
    if (!result.success || hasNul(result.data))
      throw new AppError('not_found', 'Nothing is at this address.');
    request.params = result.data;
  }
  parse('/query', request.query, validate.query, faults, (value) => {
    request.query = value;
  });
  if (validate.body) {
    parse('', request.body ?? undefined, validate.body, faults, (value) => {
      request.body = value;
    });
  } else if (request.body !== undefined && request.body !== null && !isEmptyObject(request.body)) {
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
  nulFaults(value, prefix, faults);
  const result = schema.safeParse(value);
  if (result.success) keep(result.data);
  else for (const issue of result.error.issues) faults.push(...faultsOf(issue, prefix));
}

/** PostgreSQL text cannot hold U+0000; nobody means to send one. */
function nulFaults(value: unknown, pointer: string, faults: FieldFault[]): void {
  if (typeof value === 'string') {
    if (value.includes('\0'))
      faults.push({ pointer, code: 'invalid_string', message: 'must not contain NUL' });
  } else if (value && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value))
      nulFaults(inner, `${pointer}/${escapePointer(key)}`, faults);
  }
}

const hasNul = (value: unknown): boolean => {
  const faults: FieldFault[] = [];
  nulFaults(value, '', faults);
  return faults.length > 0;
};

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && Object.keys(value as object).length === 0;

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
    const nearest = issue.errors.toSorted((a, b) => a.length - b.length)[0];
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

const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}`.replace(/\.?$/, '.');

function refusal(faults: FieldFault[]): AppError {
  const unknown = faults.every((fault) => fault.code === 'unknown_field');
  const where = faults.map((fault) => fault.pointer || 'the body').join(', ');
  return new AppError(
    unknown ? 'unknown_field' : 'validation_failed',
    `${unknown ? 'Not known here' : 'Not valid'}: ${where}.`,
    { errors: faults },
  );
}
