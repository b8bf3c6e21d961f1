import { uuidv7 } from '../uuid.ts';

const PRINTABLE_ASCII = /^[\x20-\x7e]{1,128}$/;

/**
 * The id by which a request is found in logs and problems.
 * @returns the caller's own X-Request-Id (1 to 128 printable ASCII characters), else a new UUIDv7
 */
export function requestIdOf(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && PRINTABLE_ASCII.test(given) ? given : uuidv7();
}
