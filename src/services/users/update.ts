import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import { insufficientScope, notFound } from '../../errors.ts';
import type { UserPatch } from '../../schemas/users.ts';
import { assertFresh } from '../fresh.ts';
import { authChanged } from '../oauth/revision.ts';
import { revokeSessionsOfUser } from '../oauth/sessions.ts';
import { assertDocumentType, emailKey, reach, USER_COLUMNS, type UserRow } from './row.ts';

const LOCK = statement(
  'user_lock',
  `SELECT ${USER_COLUMNS} FROM user_account
   WHERE company_id = $1 AND id = $2 AND ($3::int IS NULL OR id = $3) FOR UPDATE`,
);
// An address that changes is yet to be verified.
const UPDATE = statement(
  'user_update',
  `UPDATE user_account SET email = $3, email_key = $4, first_name = $5, last_name = $6, phone = $7,
     document_type = $8, document_number = $9, birth_date = $10, locale = $11, active = $12,
     email_verified_at = CASE WHEN email_key = $4 THEN email_verified_at END,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2
   RETURNING ${USER_COLUMNS}`,
);

/**
 * Changes what is given and leaves the rest. Users may be changed by themselves and by `admin`.
 * @throws AppError not_found, user_required, email_taken, precondition_failed, validation_failed; insufficient_scope
 *   when `active` is given without `admin`
 */
export async function updateUser(
  ctx: Context,
  user_id: number,
  changes: z.output<typeof UserPatch>,
): Promise<UserRow> {
  const reached = reach(ctx, ['admin']);
  if (reached !== null && changes.active !== undefined) throw insufficientScope('admin');
  const user = await transaction(ctx, async (tx) => {
    const [before] = await tx.query<UserRow>(LOCK, [ctx.company_id, user_id, reached]);
    if (!before) throw notFound('User');
    assertFresh(ctx, before.updated_at);
    const after: UserRow = { ...before, ...(changes as Partial<UserRow>) };
    if (after.document_type !== before.document_type) await assertDocumentType(tx, after.document_type);
    const [updated] = await tx.query<UserRow>(UPDATE, [
      ctx.company_id,
      user_id,
      after.email,
      emailKey(after.email),
      after.first_name,
      after.last_name,
      after.phone,
      after.document_type,
      after.document_number,
      after.birth_date,
      after.locale,
      after.active,
    ]);
    if (before.active && !after.active)
      await revokeSessionsOfUser(tx, { company_id: ctx.company_id, user_id }, 'user_deactivated');
    return updated as UserRow;
  });
  if (!user.active) await authChanged(ctx.system);
  return user;
}
