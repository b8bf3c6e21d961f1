import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import { bumpAuthRevision } from './revision.ts';
import { scopeText } from './scope.ts';
import type { KnownClient } from './snapshot.ts';

/** A session, as one of its refresh tokens leads to it. */
export interface SessionOfToken {
  company_id: number;
  session_id: string;
  client_id: string;
  user_id: number;
  scope: string;
  consumed: boolean;
  expired: boolean;
  revoked: boolean;
  issued_at: Date;
  expires_at: Date;
}

// The user's row is locked against the change of password or the deactivation that may have come since the password
// was compared: whichever commits first, no session outlives them.
const OPEN = statement(
  'session_open',
  `WITH opened AS (
     INSERT INTO session (company_id, id, client_id, user_id, scope)
     SELECT u.company_id, $3, $4, u.id, $5 FROM user_account u
     WHERE u.company_id = $1 AND u.id = $2 AND u.active AND u.password_hash = $6
     FOR SHARE
     RETURNING company_id, id
   )
   INSERT INTO refresh_token (hash, company_id, session_id, expires_at)
   SELECT $7, company_id, id, now() + $8 * interval '1 day' FROM opened
   RETURNING session_id`,
);
const FIND = statement(
  'refresh_token_find',
  `SELECT s.company_id, s.id AS session_id, s.client_id, s.user_id, s.scope, s.revoked_at IS NOT NULL AS revoked,
     t.consumed_at IS NOT NULL AS consumed, t.expires_at <= now() AS expired, t.created_at AS issued_at, t.expires_at
   FROM refresh_token t JOIN session s ON s.company_id = t.company_id AND s.id = t.session_id
   WHERE t.hash = $1`,
);
const ROTATE = statement(
  'refresh_token_rotate',
  `WITH spent AS (
     UPDATE refresh_token t SET consumed_at = now() FROM session s
     WHERE t.hash = $1 AND t.consumed_at IS NULL AND t.expires_at > now()
       AND s.company_id = t.company_id AND s.id = t.session_id AND s.revoked_at IS NULL
     RETURNING t.company_id, t.session_id
   )
   INSERT INTO refresh_token (hash, company_id, session_id, expires_at)
   SELECT $2, company_id, session_id, now() + $3 * interval '1 day' FROM spent
   RETURNING session_id`,
);
const REVOKE_ONE = statement(
  'session_revoke',
  `UPDATE session SET revoked_at = now(), revoked_reason = $3
   WHERE company_id = $1 AND id = $2 AND revoked_at IS NULL`,
);
const REVOKE_OF_USER = statement(
  'session_revoke_of_user',
  `UPDATE session SET revoked_at = now(), revoked_reason = $3
   WHERE company_id = $1 AND user_id = $2 AND revoked_at IS NULL AND id IS DISTINCT FROM $4::uuid`,
);

export type RevocationReason =
  | 'signed_out'
  | 'refresh_token_reused'
  | 'password_changed'
  | 'user_deactivated'
  | 'user_erased';

/** 256 random bits: nothing to guess, so a plain hash keeps them. */
const createRefreshToken = (): string => randomBytes(32).toString('base64url');

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * Begins a session for a user whose password was found right.
 * @param user with the hash that the password was compared with
 * @returns undefined when the user was deactivated or given another password meanwhile
 */
export async function openSession(
  { db, config }: System,
  client: KnownClient,
  user: { id: number; password_hash: string },
  scopes: ReadonlySet<Scope>,
): Promise<{ id: string; refresh_token: string } | undefined> {
  const id = uuidv7();
  const token = createRefreshToken();
  const rows = await db.query(OPEN, [
    client.company_id,
    user.id,
    id,
    client.id,
    scopeText(scopes),
    user.password_hash,
    hashOf(token),
    config.REFRESH_TOKEN_DAYS,
  ]);
  return rows.length ? { id, refresh_token: token } : undefined;
}

/** The session behind a refresh token, whether that may still be used or not. */
export async function findSession({ db }: System, token: string): Promise<SessionOfToken | undefined> {
  const [session] = await db.query<SessionOfToken>(FIND, [hashOf(token)]);
  return session;
}

/**
 * Spends a refresh token for its successor, in one statement: of two that race exactly one finds it unspent.
 * @returns undefined for the one that does not
 */
export async function rotateRefreshToken({ db, config }: System, token: string): Promise<string | undefined> {
  const next = createRefreshToken();
  const rows = await db.query(ROTATE, [hashOf(token), hashOf(next), config.REFRESH_TOKEN_DAYS]);
  return rows.length ? next : undefined;
}

/** Ends one session: its refresh tokens and, within a second everywhere, its access tokens. */
export async function revokeSession(
  tx: Tx,
  session: { company_id: number; session_id: string },
  reason: RevocationReason,
): Promise<void> {
  if (await tx.execute(REVOKE_ONE, [session.company_id, session.session_id, reason]))
    await bumpAuthRevision(tx);
}

/**
 * Ends the sessions of a user. The caller calls `authChanged` after the commit.
 * @param except the session that may go on
 */
export async function revokeSessionsOfUser(
  tx: Tx,
  user: { company_id: number; user_id: number; except?: string | undefined },
  reason: RevocationReason,
): Promise<void> {
  const { company_id, user_id, except = null } = user;
  if (await tx.execute(REVOKE_OF_USER, [company_id, user_id, reason, except])) await bumpAuthRevision(tx);
}
