import { RequestLog } from './request-log.ts';
import { HOUR_MS, type SlidingWindow, type Verdict, windowLength } from './window.ts';

/**
 * The sliding window of one process.
 *
 * Keys live in two generations. A hit moves its key into the current one; once a window has passed the
 * current one becomes the previous one, and the previous one, none of whose keys was hit for a whole window,
 * is dropped in one piece. So a key costs no timer and no sweep, and is gone within two windows of its last hit.
 */
export class MemoryWindow implements SlidingWindow {
  readonly windowMs: number;
  #current = new Map<string, RequestLog>();
  #previous = new Map<string, RequestLog>();
  #currentSince = Number.NEGATIVE_INFINITY;

  /**
   * @param windowMs - how long a request counts, 1 ms to 49.7 days
   * @throws RangeError for another length
   */
  constructor(windowMs: number = HOUR_MS) {
    this.windowMs = windowLength(windowMs);
  }

  /** Keys in memory. */
  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  /** See {@link SlidingWindow.hit}. */
  hit(key: string, limit: number, now: number = Date.now()): Verdict {
    this.#turnGeneration(now);
    const { windowMs } = this;
    const log = this.#current.get(key) ?? this.#bringForward(key);
    const counted = log.settle(now, windowMs);
    if (counted < limit) {
      log.push(now, limit);
      const resetAt = log.at(0) + windowMs;
      return { allowed: true, limit, remaining: limit - counted - 1, resetAt, retryAfterMs: 0 };
    }
    const resetAt = counted > 0 ? log.at(0) + windowMs : now;
    // A limit lowered below the count needs more than the oldest to expire.
    const retryAfterMs = limit > 0 ? log.at(counted - limit) + windowMs - now : windowMs;
    return { allowed: false, limit, remaining: 0, resetAt, retryAfterMs };
  }

  #bringForward(key: string): RequestLog {
    const log = this.#previous.get(key) ?? new RequestLog();
    this.#previous.delete(key);
    this.#current.set(key, log);
    return log;
  }

  #turnGeneration(now: number): void {
    if (now < this.#currentSince) {
      // The clock was set back: without this, nothing would be dropped until it has caught up.
      this.#currentSince = now;
    } else if (now >= this.#currentSince + this.windowMs) {
      this.#previous = this.#current;
      this.#current = new Map();
      this.#currentSince = now;
    }
  }
}
