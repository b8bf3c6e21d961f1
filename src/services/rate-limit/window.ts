/** How long an allowed request counts, in milliseconds: one complete hour (seed: Rate Limits). */
export const HOUR_MS = 3_600_000;

/** What a sliding window says about one request. */
export interface Verdict {
  /** False: refuse the request. It has not been counted. */
  allowed: boolean;
  /** The limit asked about. */
  limit: number;
  /** Requests that would still be allowed at this moment, this one already counted; never below 0. */
  remaining: number;
  /** Epoch ms at which the oldest counted request expires; the present moment when none is counted. */
  resetAt: number;
  /**
   * Milliseconds until a request would be allowed: 0 when this one was, else above 0. It ends at `resetAt`,
   * or later when the limit was lowered below the count. For a limit of 0 it is one whole window.
   */
  retryAfterMs: number;
}

/**
 * The limit of a key over any span of one window: every allowed request counts from the moment t0 it was made
 * while t < t0 + window, for itself; refused ones never count (seed: Rate Limits).
 */
export interface SlidingWindow {
  /**
   * Counts a request if the limit allows it. The limit may differ from one call to the next.
   *
   * A clock set back never locks a key out for longer than one window: no request can have been made in the
   * future, so one stamped later than the present counts as made now.
   *
   * @param key - whose requests: for example a token, an address, a user name, with a prefix for its kind
   * @param limit - requests allowed in one window, a whole number from 0
   * @param now - epoch ms, whole. A window shared by several processes has one clock and ignores this
   */
  hit(key: string, limit: number, now?: number): Verdict | Promise<Verdict>;
}

/**
 * @param windowMs - a window's length in milliseconds
 * @returns the same, if it is one: whole, at least 1, and short enough for 32-bit offsets (49.7 days)
 * @throws RangeError otherwise
 */
export function windowLength(windowMs: number): number {
  if (!Number.isInteger(windowMs) || windowMs < 1 || windowMs > 0xffff_ffff) {
    throw new RangeError(`A window lasts 1 to ${0xffff_ffff} whole milliseconds, not ${windowMs}`);
  }
  return windowMs;
}
