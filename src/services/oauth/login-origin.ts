import { createHash } from 'node:crypto';
import { type Database, statement } from '../../db/client.ts';

/** Where a sign-in comes from: the device that the client names, else the network address. */
export interface Origin {
  device_id?: string | undefined;
  address?: string | undefined;
}

/** An origin as it is kept: of its user only, so that no two users are found to share one. */
export const hashOfOrigin = (company_id: number, email_key: string, origin: Origin): Buffer =>
  createHash('sha256')
    .update(
      JSON.stringify([
        company_id,
        email_key,
        origin.device_id ?? null,
        origin.device_id ? null : origin.address,
      ]),
    )
    .digest();

// Once a day is often enough.
const REMEMBER = statement(
  'login_origin_remember',
  `INSERT INTO login_origin (company_id, user_id, hash) VALUES ($1, $2, $3)
   ON CONFLICT (company_id, user_id, hash) DO UPDATE SET seen_at = now()
     WHERE login_origin.seen_at < now() - interval '1 day'`,
);

/** Remembers that a user signed in from there: guesses from elsewhere will not shut it out. */
export async function rememberOrigin(
  db: Database,
  company_id: number,
  user_id: number,
  hash: Buffer,
): Promise<void> {
  await db.query(REMEMBER, [company_id, user_id, hash]);
}
