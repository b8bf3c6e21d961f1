import { createHash } from 'node:crypto';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { inTransaction, type Tx, transaction } from '../../db/transaction.ts';
import { type Language, notFound } from '../../errors.ts';
import type { PasswordResetAsked } from '../../schemas/users.ts';
import type { System } from '../../system.ts';
import { enqueue } from '../jobs/queue.ts';
import { enqueueMail } from '../mail/enqueue.ts';
import { authChanged } from '../oauth/revision.ts';
import { revokeSessionsOfUser } from '../oauth/sessions.ts';
import { CODE_MINUTES, hashOfCode, longCode } from './codes.ts';
import { mergePurchases } from './merge-purchases.ts';
import { hashPassword } from './password-hash.ts';
import { emailKey } from './row.ts';

export const PASSWORD_RESET_TASK = 'password_reset';

/** What the worker is told of a forgotten password. */
export interface ForgottenPassword {
  company_id: number;
  email_key: string;
  language: Language;
}

/** The worker's name for it: a later request takes the place of one that has not been looked at yet. */
export const resetTaskKey = (company_id: number, email_key: string): string =>
  `password_reset:${company_id}:${createHash('sha256').update(email_key).digest('base64url')}`;

/**
 * Takes note that somebody has forgotten a password. Whether there is such an account is looked up later, by the
 * worker: neither the answer nor its time tells.
 */
export const requestPasswordReset = (ctx: Context, email: string): Promise<PasswordResetAsked> =>
  transaction(ctx, async (tx) => {
    const { company_id, language } = ctx;
    const payload: ForgottenPassword = { company_id, email_key: emailKey(email), language };
    const key = resetTaskKey(company_id, payload.email_key);
    await enqueue(tx, [{ name: PASSWORD_RESET_TASK, payload: { ...payload }, key }]);
    return { minutes: CODE_MINUTES };
  });

/** Codes an hour to one account, lest its mailbox be flooded. Codes sent before stay good. */
const MAX_PER_HOUR = 5;

const FIND_USER = statement(
  'password_reset_user',
  `SELECT u.id, u.email, u.first_name, u.locale FROM user_account u
   WHERE u.company_id = $1 AND u.email_key = $2 AND u.active AND u.erased_at IS NULL
     AND (SELECT count(*) FROM password_reset r WHERE r.company_id = u.company_id AND r.user_id = u.id
       AND r.created_at > now() - interval '1 hour') < $3
   FOR UPDATE`,
);
const WRITE = statement(
  'password_reset_write',
  `INSERT INTO password_reset (hash, company_id, user_id, expires_at)
   VALUES ($1, $2, $3, now() + make_interval(mins => $4))`,
);

/** Sends a code to the owner of an account, if there is one: the worker's part. */
export const sendPasswordReset = (
  system: System,
  { company_id, email_key }: ForgottenPassword,
): Promise<void> =>
  inTransaction(system.db, async (tx) => {
    const [user] = await tx.query<{ id: number; email: string; first_name: string; locale: string }>(
      FIND_USER,
      [company_id, email_key, MAX_PER_HOUR],
    );
    if (!user) return;
    const code = longCode();
    await tx.execute(WRITE, [hashOfCode(code), company_id, user.id, CODE_MINUTES]);
    await enqueueMail(tx, {
      ...{ company_id, user_id: user.id, to: user.email, template: 'password_reset', language: user.locale },
      ...{ data: { first_name: user.first_name, code, minutes: CODE_MINUTES }, minutes: CODE_MINUTES },
    });
  });

const FIND = statement(
  'password_reset_find',
  `SELECT 1 FROM password_reset WHERE company_id = $1 AND hash = $2 AND used_at IS NULL AND expires_at > now()`,
);
const SPEND = statement(
  'password_reset_spend',
  `UPDATE password_reset SET used_at = now()
   WHERE company_id = $1 AND hash = $2 AND used_at IS NULL AND expires_at > now() RETURNING user_id`,
);
const SPEND_OTHERS = statement(
  'password_reset_spend_others',
  'UPDATE password_reset SET used_at = now() WHERE company_id = $1 AND user_id = $2 AND used_at IS NULL',
);
// Who got the code has the address.
const UPDATE = statement(
  'user_reset_password',
  `UPDATE user_account SET password_hash = $3, email_verified_at = coalesce(email_verified_at, now()),
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND active AND erased_at IS NULL
   RETURNING id, email, email_key, first_name, locale`,
);
const FORGET_ORIGINS = statement(
  'login_origin_forget',
  'DELETE FROM login_origin WHERE company_id = $1 AND user_id = $2',
);

/**
 * Sets a new password by a code from the mailbox, once, and ends all sessions of the account.
 * @throws AppError not_found for a wrong, spent or old code; service_unavailable
 */
export async function resetPassword(ctx: Context, code: string, new_password: string): Promise<void> {
  const { system, company_id } = ctx;
  const hash = hashOfCode(code);
  if (!(await system.db.query(FIND, [company_id, hash])).length) throw notFound('Code');
  const password_hash = await hashPassword(new_password, system.config);
  await transaction(ctx, async (tx) => {
    const [spent] = await tx.query<{ user_id: number }>(SPEND, [company_id, hash]);
    if (!spent) throw notFound('Code');
    await renewPassword(tx, company_id, spent.user_id, password_hash);
  });
  await authChanged(system);
}

interface Renewed {
  id: number;
  email: string;
  email_key: string;
  first_name: string;
  locale: string;
}

async function renewPassword(tx: Tx, company_id: number, user_id: number, hash: string): Promise<void> {
  const [user] = await tx.query<Renewed>(UPDATE, [company_id, user_id, hash]);
  if (!user) throw notFound('Code');
  await tx.execute(SPEND_OTHERS, [company_id, user_id]);
  await tx.execute(FORGET_ORIGINS, [company_id, user_id]);
  await mergePurchases(tx, company_id, { user_id, email_key: user.email_key });
  await tellPasswordChanged(tx, company_id, user);
  await revokeSessionsOfUser(tx, { company_id, user_id }, 'password_changed');
}

/** Warns the owner of an account by mail. */
export const tellPasswordChanged = (
  tx: Tx,
  company_id: number,
  user: { id: number; email: string; first_name: string; locale: string },
): Promise<void> =>
  enqueueMail(tx, {
    ...{ company_id, user_id: user.id, to: user.email, template: 'password_changed', language: user.locale },
    data: { first_name: user.first_name },
  });
