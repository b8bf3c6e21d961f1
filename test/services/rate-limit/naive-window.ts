import type { Verdict } from '../../../src/services/rate-limit/window.ts';

/** The definition of the sliding window, word for word: an array of times per key, filtered at every hit. */
export class NaiveWindow {
  readonly #times = new Map<string, number[]>();
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  hit(key: string, limit: number, now: number): Verdict {
    const countsAt = (t: number) => (madeAt: number) => t < madeAt + this.#windowMs;
    const times = (this.#times.get(key) ?? []).map((t) => Math.min(t, now)).filter(countsAt(now));
    const allowed = times.length < limit;
    if (allowed) times.push(now);
    this.#times.set(key, times);

    const expiries = times.map((t) => t + this.#windowMs).sort((a, b) => a - b);
    const opens = expiries.find((expiry) => times.filter(countsAt(expiry)).length < limit);
    return {
      allowed,
      limit,
      remaining: Math.max(limit - times.length, 0),
      resetAt: expiries[0] ?? now,
      retryAfterMs: allowed ? 0 : (opens ?? now + this.#windowMs) - now,
    };
  }
}
