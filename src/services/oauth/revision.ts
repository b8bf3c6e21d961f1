import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';

const BUMP = statement('auth_revision_bump', 'UPDATE auth_revision SET revision = revision + 1 WHERE id = 1');

/**
 * Tells every process, once the transaction commits, that what it remembers of clients, interfaces, keys or
 * revocations is out of date; each sees it within a second. To be the last write of a transaction: all
 * revocations pass through this one row. The process itself calls `authChanged` after the commit.
 */
export async function bumpAuthRevision(tx: Tx): Promise<void> {
  await tx.execute(BUMP);
}

/** Makes a committed change take effect in this process before its answer is sent. */
export async function authChanged(system: System): Promise<void> {
  await system.auth.reload();
}
