import { Redis, type Result } from 'ioredis';
import { HOUR_MS, type SlidingWindow, type Verdict, windowLength } from './window.ts';

/** Longest wait for a verdict: no request may hang on its limit. */
const COMMAND_TIMEOUT_MS = 250;
/** A Redis silent for this long is cut off, so that later requests do not wait for it at all. */
const SILENCE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** During an outage every request fails: one warning in this time says enough. */
const WARNING_INTERVAL_MS = 10_000;

/**
 * One hit, atomically. A list of epoch ms, oldest first, rather than a sorted set: times only ever grow, so
 * both ends are O(1), requests of one millisecond need no made-up member names, and it takes a fifth of the
 * memory. The clock is Redis's own, since those of the processes differ.
 */
const HIT = `
local key, limit, window, now = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function at(i) return tonumber(redis.call('LINDEX', key, i)) end
local function expired(i)
  local time = at(i)
  return time and now - time >= window
end

-- The clock was set back: no request was made in the future, so it counts as made now.
local ahead = 0
while (at(-1) or now) > now do
  redis.call('RPOP', key)
  ahead = ahead + 1
end
for _ = 1, ahead do redis.call('RPUSH', key, now) end

while expired(0) do
  -- One by one, the end of a large burst would hold up the server for 20 ms.
  if expired(99) then redis.call('LTRIM', key, 100, -1) else redis.call('LPOP', key) end
end

local counted = redis.call('LLEN', key)
local allowed = counted < limit
if allowed then
  redis.call('RPUSH', key, now)
  counted = counted + 1
end
if allowed or ahead > 0 then redis.call('PEXPIRE', key, window) end

local reset = counted > 0 and at(0) + window or now
local retry = 0
if not allowed then
  -- A limit lowered below the count needs more than the oldest to expire.
  retry = limit > 0 and at(counted - limit) + window - now or window
end
return { allowed and 1 or 0, math.max(limit - counted, 0), reset, retry }
`;

type HitReply = [allowed: 0 | 1, remaining: number, resetAt: number, retryAfterMs: number];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    slidingWindowHit(
      key: string,
      limit: number,
      windowMs: number,
      now: number | '',
    ): Result<HitReply, Context>;
  }
}

/** Settings of a {@link RedisWindow}. */
export interface RedisWindowOptions {
  /** `redis:` or `rediss:` address, with password and database number where needed. */
  url: string;
  /** How long a request counts, 1 ms to 49.7 days; one hour by default. */
  windowMs?: number;
  /** Put before every key; `rate-limit:` by default. */
  prefix?: string;
  /** Gives the present in whole epoch ms. By default Redis's own TIME, the one clock all processes share. */
  clock?: () => number;
  /** Told why verdicts are given without Redis, at most once in 10 seconds: log it as a warning. */
  onError: (error: Error) => void;
}

/**
 * One sliding window for any number of processes, kept in Redis 5 or later.
 *
 * Without Redis it fails open: every request is allowed and none is counted. The limit protects capacity, not
 * rights, which other hooks guard; refusing everybody would turn a lost side service into an outage of all sales.
 */
export class RedisWindow implements SlidingWindow {
  readonly windowMs: number;
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #clock: (() => number) | undefined;
  readonly #onError: (error: Error) => void;
  #warnedAt = Number.NEGATIVE_INFINITY;

  /**
   * Connects on {@link ready} or the first hit, and again whenever the connection is lost.
   *
   * @throws RangeError for a window outside 1 ms to 49.7 days
   */
  constructor(options: RedisWindowOptions) {
    this.windowMs = windowLength(options.windowMs ?? HOUR_MS);
    this.#prefix = options.prefix ?? 'rate-limit:';
    this.#clock = options.clock;
    this.#onError = options.onError;
    this.#redis = new Redis(options.url, {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      enableOfflineQueue: false, // while it is away: fail open at once instead of waiting
      autoResendUnfulfilledCommands: false, // it may have been counted: never twice
      retryStrategy: (attempt) => Math.min(attempt * 50, 2_000),
    });
    this.#redis.defineCommand('slidingWindowHit', { numberOfKeys: 1, lua: HIT });
    this.#redis.on('error', (error: Error) => this.#warn(error));
  }

  /** Waits for the first connection, at most about 2 seconds. A Redis that cannot be reached is no error. */
  async ready(): Promise<void> {
    await this.#redis.connect().catch((error: Error) => this.#warn(error));
  }

  /** See {@link SlidingWindow.hit}; `resetAt` is of Redis's clock. Never rejects. */
  async hit(key: string, limit: number): Promise<Verdict> {
    try {
      const now = this.#clock?.() ?? '';
      const reply = await this.#redis.slidingWindowHit(this.#prefix + key, limit, this.windowMs, now);
      const [allowed, remaining, resetAt, retryAfterMs] = reply;
      return { allowed: allowed === 1, limit, remaining, resetAt, retryAfterMs };
    } catch (error) {
      this.#warn(error as Error);
      return this.#uncounted(limit);
    }
  }

  /** Ends the connection; what still waits for a verdict is allowed. */
  async close(): Promise<void> {
    await this.#redis.quit().catch(() => this.#redis.disconnect());
  }

  #uncounted(limit: number): Verdict {
    const now = this.#clock?.() ?? Date.now();
    // A limit of 0 is a ban, which needs no count to be kept.
    if (limit < 1) return { allowed: false, limit, remaining: 0, resetAt: now, retryAfterMs: this.windowMs };
    return { allowed: true, limit, remaining: limit, resetAt: now, retryAfterMs: 0 };
  }

  #warn(error: Error): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARNING_INTERVAL_MS) return;
    this.#warnedAt = now;
    this.#onError(error);
  }
}
