import type { Context } from '../context.ts';
import { AppError } from '../errors.ts';

/** The part of an entity tag that names the state of a row: its last change, in milliseconds, base 36. */
export const stateTag = (updated_at: Date): string => updated_at.getTime().toString(36);

/**
 * Refuses a change that starts from a state the caller did not see (If-Match, RFC 9110 section 13.1.1). Call it under
 * the lock of the row; without If-Match it lets everything pass.
 * @throws AppError precondition_failed
 */
export function assertFresh(ctx: Context, updated_at: Date): void {
  const { if_match } = ctx;
  if (!if_match || if_match.includes('*')) return;
  const state = stateTag(updated_at);
  // The rest of a tag tells representations of one state apart (language, relations): a change is not concerned by it.
  if (if_match.some((tag) => tag.split('-', 1)[0] === state)) return;
  throw new AppError(
    'precondition_failed',
    'It was changed since you read it: read it again, then change it.',
  );
}
