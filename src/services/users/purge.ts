import { type Database, statement } from '../../db/client.ts';

const PURGES = [
  statement(
    'email_verification_purge',
    "DELETE FROM email_verification WHERE expires_at < now() - interval '1 day'",
  ),
  statement('password_reset_purge', "DELETE FROM password_reset WHERE expires_at < now() - interval '1 day'"),
  statement('login_origin_purge', "DELETE FROM login_origin WHERE seen_at < now() - interval '180 days'"),
  statement('user_export_purge', "DELETE FROM user_export WHERE created_at < now() - interval '7 days'"),
];

/** Forgets codes that have run out, devices not seen for half a year, and exports that nobody needs any more. */
export async function purgeAccounts(db: Database): Promise<void> {
  for (const purge of PURGES) await db.query(purge);
}
