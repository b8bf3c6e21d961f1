import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import { reach } from './row.ts';

const FIND = statement(
  'owner_find',
  `SELECT id FROM user_account
   WHERE company_id = $1 AND id = $2 AND ($3::int IS NULL OR id = $3) AND erased_at IS NULL`,
);
const LOCK = statement(
  'owner_lock',
  `SELECT id FROM user_account
   WHERE company_id = $1 AND id = $2 AND ($3::int IS NULL OR id = $3) AND erased_at IS NULL FOR NO KEY UPDATE`,
);

const keyOf = (ctx: Context, user_id: number) => [ctx.company_id, user_id, reach(ctx, ['sell', 'admin'])];

/**
 * Users reach what is theirs; `sell` and `admin` what is anybody's of the company.
 * @throws AppError not_found, user_required
 */
export async function assertReached(ctx: Context, user_id: number): Promise<void> {
  if (!(await ctx.system.db.query(FIND, keyOf(ctx, user_id))).length) throw notFound('User');
}

/**
 * The same for a change of what is theirs. Changes of one user's things queue on the user's row.
 * @throws AppError not_found, user_required
 */
export async function lockOwner(tx: Tx, ctx: Context, user_id: number): Promise<void> {
  if (!(await tx.query(LOCK, keyOf(ctx, user_id))).length) throw notFound('User');
}

/** Things of one kind that a user may keep. */
const MAX_KEPT = 100;

/** @throws AppError limit_exceeded */
export function assertRoom(kept: number): void {
  if (kept >= MAX_KEPT)
    throw new AppError('limit_exceeded', `At most ${MAX_KEPT} are kept for a user.`, { max: MAX_KEPT });
}
