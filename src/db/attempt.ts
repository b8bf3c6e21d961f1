import { AppError } from '../errors.ts';
import { statement } from './client.ts';
import { translateDatabaseError } from './errors.ts';
import type { Tx } from './transaction.ts';

const SAVE = statement('attempt_save', 'SAVEPOINT attempt');
const KEEP = statement('attempt_keep', 'RELEASE SAVEPOINT attempt');
const UNDO = statement('attempt_undo', 'ROLLBACK TO SAVEPOINT attempt');

/**
 * Carries out a part of a transaction that may be refused without the rest: its writes are undone then.
 * @param onMistake told of what is no refusal but a mistake of ours, which is undone as well and given as
 *   internal_error: for work of which one faulty piece must not stop all others. Absent: it is thrown.
 * @returns what the part made, or the refusal
 * @throws service_unavailable, and mistakes unless told
 */
export async function attempt<T>(
  tx: Tx,
  work: () => Promise<T>,
  onMistake?: (error: unknown) => void,
): Promise<{ made: T } | AppError> {
  await tx.execute(SAVE);
  try {
    const made = await work();
    await tx.execute(KEEP);
    return { made };
  } catch (thrown) {
    const error = translateDatabaseError(thrown);
    if (error instanceof AppError && error.status < 500) {
      await tx.execute(UNDO);
      return error;
    }
    if (!onMistake || (error instanceof AppError && error.code === 'service_unavailable')) throw error;
    await tx.execute(UNDO); // fails where the connection did
    onMistake(error);
    return new AppError('internal_error', 'Something here is not as it should be; the log says what.');
  }
}
