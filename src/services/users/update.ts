import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, insufficientScope, notFound } from '../../errors.ts';
import type { UserPatch } from '../../schemas/users.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { authChanged } from '../oauth/revision.ts';
import { revokeSessionsOfUser } from '../oauth/sessions.ts';
import { leaveAddress, sendVerification } from './email-verification.ts';
import { assertDocumentType, emailKey, reach, USER_COLUMNS, type UserRow } from './row.ts';

const LOCK = statement(
  'user_lock',
  `SELECT ${USER_COLUMNS} FROM user_account
   WHERE company_id = $1 AND id = $2 AND ($3::int IS NULL OR id = $3) AND erased_at IS NULL
   FOR UPDATE`,
);
// An address that somebody else has changed is yet to be verified.
const UPDATE = statement(
  'user_update',
  `UPDATE user_account SET email = $3, email_key = $4, first_name = $5, last_name = $6, phone = $7,
     document_type = $8, document_number = $9, birth_date = $10, locale = $11, preferences = $12, active = $13,
     email_verified_at = CASE WHEN email_key = $4 THEN email_verified_at END,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2
   RETURNING ${USER_COLUMNS}`,
);

const TAKEN = statement(
  'user_email_is_taken',
  'SELECT 1 FROM user_account WHERE company_id = $1 AND email_key = $2',
);
// Back to the old address: the new one is no longer wanted.
const FORGET_PENDING = statement(
  'email_verification_forget',
  `DELETE FROM email_verification v USING user_account u WHERE v.company_id = $1 AND v.user_id = $2
     AND u.company_id = v.company_id AND u.id = v.user_id AND v.email_key <> u.email_key`,
);
const AGAIN = statement(
  'user_after_update',
  `SELECT ${USER_COLUMNS} FROM user_account WHERE company_id = $1 AND id = $2`,
);

async function assertFree(tx: Tx, company_id: number, email: string): Promise<void> {
  if ((await tx.query(TAKEN, [company_id, emailKey(email)])).length) throw emailTaken();
}

const readUser = async (tx: Tx, company_id: number, user_id: number): Promise<UserRow> =>
  (await tx.query<UserRow>(AGAIN, [company_id, user_id]))[0] as UserRow;

/**
 * Changes what is given and leaves the rest. Users may be changed by themselves and by `admin`. Their own new address
 * counts once a code sent to it comes back; one that `admin` sets counts at once, unproved.
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
    const moves = emailKey(after.email) !== emailKey(before.email);
    const wanted = after.email;
    if (changes.email !== undefined && !moves) await tx.execute(FORGET_PENDING, [ctx.company_id, user_id]);
    if (moves && reached !== null) {
      await assertFree(tx, ctx.company_id, wanted);
      after.email = before.email; // until the new one is proved to be theirs
    }
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
      { ...before.preferences, ...changes.preferences },
      after.active,
    ]);
    if (before.active && !after.active)
      await revokeSessionsOfUser(tx, { company_id: ctx.company_id, user_id }, 'user_deactivated');
    if (moves) {
      if (reached === null) await leaveAddress(tx, ctx.company_id, before);
      await sendVerification(tx, ctx.company_id, after, wanted);
    }
    if (reached === null)
      await recordAudit(tx, ctx, {
        ...{ action: 'user.update', subject_type: 'user', subject_id: String(user_id), before: null },
        after: { changed: Object.keys(changes) }, // which, not what: the log is for ever, persons are not
      });
    return moves ? readUser(tx, ctx.company_id, user_id) : (updated as UserRow);
  });
  if (!user.active) await authChanged(ctx.system);
  return user;
}

const emailTaken = () => new AppError('email_taken', 'A user with this e-mail address exists already.');
