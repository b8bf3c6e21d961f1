import { AppError } from '../errors.ts';
import { statement } from './client.ts';
import { translateDatabaseError } from './errors.ts';
import type { Tx } from './transaction.ts';

const SAVE = statement('attempt_save', 'SAVEPOINT attempt');
const KEEP = statement('attempt_keep', 'RELEASE SAVEPOINT attempt');
const UNDO = statement('attempt_undo', 'ROLLBACK TO SAVEPOINT attempt');

/**
 * Carries out a part of a transaction that may be refused without the rest: its writes are undone then.
 * @returns what the part made, or the refusal
 * @throws whatever is no refusal: service_unavailable, a mistake of ours
 */
export async function attempt<T>(tx: Tx, work: () => Promise<T>): Promise<{ made: T } | AppError> {
  await tx.execute(SAVE);
  try {
    const made = await work();
    await tx.execute(KEEP);
    return { made };
  } catch (thrown) {
    const error = translateDatabaseError(thrown);
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    await tx.execute(UNDO);
    return error;
  }
}
