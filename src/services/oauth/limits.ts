import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import type { System } from '../../system.ts';
import type { KnownClient } from './snapshot.ts';

/** Token requests of one client. Counted once it has proved itself, so that nobody can use up another's. */
export const limitClient = ({ rateWindow, config }: System, client: KnownClient): Promise<void> =>
  hit(rateWindow, `login:client:${client.id}`, client.rate_limit ?? config.RATE_LIMIT);

/**
 * Guesses at one user's password, from wherever they come.
 * @param username as the user wrote it; kept as a hash, since the window may lie in another server
 */
export function limitUsername(
  { rateWindow, config }: System,
  company_id: number,
  username: string,
): Promise<void> {
  const name = createHash('sha256').update(username.trim().toLowerCase()).digest('base64url');
  return hit(rateWindow, `login:user:${company_id}:${name}`, config.RATE_LIMIT_LOGIN);
}

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
