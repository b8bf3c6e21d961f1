import { timingSafeEqual } from 'node:crypto';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { type AppError, notFound } from '../../errors.ts';
import type { EmailVerification } from '../../schemas/users.ts';
import { enqueueMail } from '../mail/enqueue.ts';
import { limitCodes } from '../oauth/limits.ts';
import { CODE_MINUTES, hashOfCode, shortCode } from './codes.ts';
import { mergePurchases } from './merge-purchases.ts';
import { emailKey, ownUserId, USER_COLUMNS, type UserRow } from './row.ts';

/** Wrong codes after which a new one must be asked for. */
const MAX_TRIES = 5;

const WRITE = statement(
  'email_verification_write',
  `INSERT INTO email_verification (company_id, user_id, email, email_key, hash, expires_at)
   VALUES ($1, $2, $3, $4, $5, now() + make_interval(mins => $6))
   ON CONFLICT (company_id, user_id) DO UPDATE SET email = excluded.email, email_key = excluded.email_key,
     hash = excluded.hash, tries = 0, expires_at = excluded.expires_at, created_at = now()
   RETURNING email, expires_at`,
);

/** Sends a code to an address that is to be proved a user's: that of the account, or the one to come. */
export async function sendVerification(
  tx: Tx,
  company_id: number,
  user: Pick<UserRow, 'id' | 'first_name' | 'locale'>,
  email: string,
): Promise<EmailVerification> {
  const code = shortCode();
  const values = [company_id, user.id, email, emailKey(email), hashOfCode(code), CODE_MINUTES];
  const [written] = await tx.query<EmailVerification>(WRITE, values);
  await enqueueMail(tx, {
    ...{ company_id, user_id: user.id, to: email, template: 'verify_email', language: user.locale },
    ...{ data: { first_name: user.first_name, code, minutes: CODE_MINUTES }, minutes: CODE_MINUTES },
  });
  return written as EmailVerification;
}

const LOCK = statement(
  'user_lock_own',
  `SELECT ${USER_COLUMNS} FROM user_account
   WHERE company_id = $1 AND id = $2 AND id = $3 AND erased_at IS NULL FOR UPDATE`,
);

async function lockOwn(tx: Tx, ctx: Context, user_id: number): Promise<UserRow> {
  const [user] = await tx.query<UserRow>(LOCK, [ctx.company_id, user_id, ownUserId(ctx)]);
  if (!user) throw notFound('User');
  return user;
}

/**
 * Sends the caller's own user a new code; older ones are worth nothing from then on.
 * @throws AppError not_found, user_required, rate_limited
 */
export async function requestVerification(ctx: Context, user_id: number): Promise<EmailVerification> {
  if (user_id !== ownUserId(ctx)) throw notFound('User');
  await limitCodes(ctx.system, ctx.company_id, user_id);
  return transaction(ctx, async (tx) => {
    const user = await lockOwn(tx, ctx, user_id);
    return sendVerification(tx, ctx.company_id, user, user.pending_email ?? user.email);
  });
}

interface Waiting {
  email: string;
  email_key: string;
  hash: Buffer;
}

const FIND = statement(
  'email_verification_find',
  `SELECT email, email_key, hash FROM email_verification
   WHERE company_id = $1 AND user_id = $2 AND expires_at > now() AND tries < $3 FOR UPDATE`,
);
const MISS = statement(
  'email_verification_miss',
  'UPDATE email_verification SET tries = tries + 1 WHERE company_id = $1 AND user_id = $2',
);
const SPEND = statement(
  'email_verification_spend',
  'DELETE FROM email_verification WHERE company_id = $1 AND user_id = $2',
);
const VERIFIED = statement(
  'user_email_verified',
  `UPDATE user_account SET email = $3, email_key = $4, email_verified_at = now(),
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2
   RETURNING ${USER_COLUMNS}`,
);

/**
 * Proves by its code that an address is the caller's own. From then on it is the account's address, and what was bought
 * under it without an account is the user's. Five wrong codes spend the right one.
 * @throws AppError not_found for a wrong, spent or old code; email_taken when another account has the address meanwhile
 */
export const confirmEmail = (ctx: Context, user_id: number, code: string): Promise<UserRow> =>
  transaction(ctx, async (tx): Promise<UserRow | AppError> => {
    const { company_id } = ctx;
    const user = await lockOwn(tx, ctx, user_id);
    const [waiting] = await tx.query<Waiting>(FIND, [company_id, user_id, MAX_TRIES]);
    if (!waiting) throw notFound('Code');
    if (!timingSafeEqual(waiting.hash, hashOfCode(code))) {
      await tx.execute(MISS, [company_id, user_id]);
      return notFound('Code'); // returned, so that the try is counted
    }
    await tx.execute(SPEND, [company_id, user_id]);
    const values = [company_id, user_id, waiting.email, waiting.email_key];
    const [verified] = await tx.query<UserRow>(VERIFIED, values);
    if (emailKey(user.email) !== waiting.email_key) await leaveAddress(tx, company_id, user);
    await mergePurchases(tx, company_id, { user_id, email_key: waiting.email_key });
    return verified as UserRow;
  });

const END_RESETS = statement(
  'password_reset_end',
  'UPDATE password_reset SET used_at = now() WHERE company_id = $1 AND user_id = $2 AND used_at IS NULL',
);

/** Tells the address until now, and ends what codes sent to it could still do. */
export async function leaveAddress(tx: Tx, company_id: number, user: UserRow): Promise<void> {
  await tx.execute(END_RESETS, [company_id, user.id]);
  await enqueueMail(tx, {
    ...{ company_id, user_id: user.id, to: user.email, template: 'email_changed', language: user.locale },
    data: { first_name: user.first_name },
  });
}
