import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { PasswordChange } from '../../schemas/users.ts';
import { limitPasswordChange } from '../oauth/limits.ts';
import { authChanged } from '../oauth/revision.ts';
import { revokeSessionsOfUser } from '../oauth/sessions.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';
import { tellPasswordChanged } from './password-reset.ts';
import { ownUserId } from './row.ts';

const FIND_HASH = statement(
  'user_find_hash',
  'SELECT id, email, first_name, locale, password_hash FROM user_account WHERE company_id = $1 AND id = $2 AND id = $3',
);
// The hash that the old password was compared with: of two changes at once the second finds another one.
const UPDATE_HASH = statement(
  'user_update_hash',
  `UPDATE user_account SET password_hash = $4, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND password_hash = $3`,
);

interface Owner {
  id: number;
  email: string;
  first_name: string;
  locale: string;
  password_hash: string;
}

/**
 * Gives the caller's own user a new password and ends all its other sessions. Guesses at the old one are
 * limited.
 * @throws AppError user_required, not_found, wrong_password, rate_limited, service_unavailable
 */
export async function changePassword(
  ctx: Context,
  user_id: number,
  { password, new_password }: z.output<typeof PasswordChange>,
): Promise<void> {
  const { system, company_id } = ctx;
  const [user] = await system.db.query<Owner>(FIND_HASH, [company_id, user_id, ownUserId(ctx)]);
  if (!user) throw notFound('User');
  await limitPasswordChange(system, company_id, user_id);
  if (!(await verifyPassword(password, user.password_hash, system.config))) throw wrongPassword();
  const hash = await hashPassword(new_password, system.config);
  await transaction(ctx, async (tx) => {
    const changed = await tx.execute(UPDATE_HASH, [company_id, user_id, user.password_hash, hash]);
    if (!changed) throw wrongPassword();
    await tellPasswordChanged(tx, company_id, user);
    await revokeSessionsOfUser(tx, { company_id, user_id, except: ctx.session_id }, 'password_changed');
  });
  await authChanged(system);
}

const wrongPassword = () => new AppError('wrong_password', 'The password given is not the one until now.');
