import type { z } from 'zod';
import { AppError, type FieldFault } from '../errors.ts';

/** RFC 6901 section 3. */
export const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** What zod found wrong, as a client is told: every fault of an issue. */
export function faultsOf(issue: z.core.$ZodIssue, prefix: string): FieldFault[] {
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
export const MAX_FAULTS = 100;

/** The refusal that names every fault of a request, a hundred at most. */
export function invalid(all: FieldFault[]): AppError {
  const faults = all.slice(0, MAX_FAULTS);
  const unknown = faults.every((fault) => fault.code === 'unknown_field');
  const where = faults.map((fault) => fault.pointer || 'the body').join(', ');
  return new AppError(
    unknown ? 'unknown_field' : 'validation_failed',
    `${unknown ? 'Not known here' : 'Not valid'}: ${where}.`,
    { errors: faults },
  );
}
