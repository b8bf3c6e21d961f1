import { type Database, type Statement, statement } from '../../db/client.ts';

const BATCH = 5_000;

const TOKENS = statement(
  'refresh_token_purge',
  `DELETE FROM refresh_token WHERE ctid = ANY (ARRAY(
     SELECT ctid FROM refresh_token WHERE expires_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED))
   RETURNING 1`,
);
// A session outlives its refresh tokens in nothing: an access token lives a day at most, a refresh token at least.
const SESSIONS = statement(
  'session_purge',
  `DELETE FROM session WHERE ctid = ANY (ARRAY(
     SELECT s.ctid FROM session s
     WHERE s.created_at <= now() - interval '1 day' AND NOT EXISTS (
       SELECT 1 FROM refresh_token t WHERE t.company_id = s.company_id AND t.session_id = s.id)
     LIMIT $1 FOR UPDATE SKIP LOCKED))
   RETURNING 1`,
);

/**
 * Forgets refresh tokens that have expired and sessions that have none left; housekeeping, since neither opens anything.
 * @returns how many rows
 */
export const purgeSessions = async (db: Database): Promise<number> =>
  (await purge(db, TOKENS)) + (await purge(db, SESSIONS));

async function purge(db: Database, batch: Statement): Promise<number> {
  for (let purged = 0; ; ) {
    const rows = await db.query(batch, [BATCH]);
    purged += rows.length;
    if (rows.length < BATCH) return purged;
  }
}
