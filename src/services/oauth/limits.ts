import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import type { System } from '../../system.ts';
import type { KnownClient } from './snapshot.ts';

/** Token requests of one client. Counted once it has proved itself, so that nobody can use up another's. */
export const limitClient = ({ rateWindow, config }: System, client: KnownClient): Promise<void> =>
  hit(rateWindow, `login:client:${client.id}`, client.rate_limit ?? config.RATE_LIMIT);

/** A try to sign in, as far as the limits of it are concerned. */
export interface SignInTry {
  company_id: number;
  /** Kept as a hash, since the window may lie in another server. */
  email_key: string;
  /** Where it comes from (oauth/login-origin.ts). */
  origin: Buffer;
  /** Has this user signed in from there before? */
  known: boolean;
  /** The hash of the account's password: a new password begins to count anew. */
  password_hash: string | undefined;
}

/**
 * Guesses at one user's password. Those from places where the user was never seen share one limit, with a smaller one
 * for each place; whoever uses that up slows down strangers only, for each place where the user has signed in before has
 * a limit of its own.
 */
export async function limitSignIn({ rateWindow, config }: System, asked: SignInTry): Promise<void> {
  const limit = config.RATE_LIMIT_LOGIN;
  const name = createHash('sha256')
    .update(JSON.stringify([asked.company_id, asked.email_key, asked.password_hash ?? null]))
    .digest('base64url');
  const place = `${name}:${asked.origin.toString('base64url')}`;
  if (asked.known) return hit(rateWindow, `login:known:${place}`, limit);
  await hit(rateWindow, `login:from:${place}`, Math.min(limit, Math.max(5, Math.ceil(limit / 5))));
  await hit(rateWindow, `login:user:${name}`, limit);
}

/** Guesses at the old password by those who are signed in already. */
export const limitPasswordChange = (
  { rateWindow, config }: System,
  company_id: number,
  user_id: number,
): Promise<void> => hit(rateWindow, `login:change:${company_id}:${user_id}`, config.RATE_LIMIT_LOGIN);

/** Codes an hour that a user may have sent to an address. */
const CODES = 10;

/** Requests for codes by mail. */
export const limitCodes = ({ rateWindow }: System, company_id: number, user_id: number): Promise<void> =>
  hit(rateWindow, `codes:${company_id}:${user_id}`, CODES);

/** @throws AppError rate_limited, with the seconds until a request is allowed again */
async function hit(window: System['rateWindow'], key: string, limit: number): Promise<void> {
  const { allowed, retryAfterMs } = await window.hit(key, limit);
  if (allowed) return;
  const retry_after = Math.ceil(retryAfterMs / 1000);
  throw new AppError(
    'rate_limited',
    `Too many attempts; try again in ${retry_after} seconds.`,
    { retry_after },
    { 'retry-after': String(retry_after) },
  );
}
