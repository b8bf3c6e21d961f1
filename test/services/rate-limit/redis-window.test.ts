import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RedisWindow, type RedisWindowOptions } from '../../../src/services/rate-limit/redis-window.ts';
import { HOUR_MS } from '../../../src/services/rate-limit/window.ts';
import { freePort, redisInstalled, startRedis, stopRedis } from './redis-server.ts';
import { provesSlidingWindow } from './sliding-window-suite.ts';

if (!redisInstalled) {
  console.warn('redis-server is not on the PATH: the tests of the window shared through Redis are left out');
}

const port = await freePort();
const url = `redis://127.0.0.1:${port}`;
const opened: RedisWindow[] = [];
const unexpected: Error[] = [];

/** A window on this file's server, closed after the test, which fails on a warning it does not take itself. */
async function openWindow(options: Partial<RedisWindowOptions> = {}): Promise<RedisWindow> {
  const window = new RedisWindow({ url, onError: (error) => unexpected.push(error), ...options });
  opened.push(window);
  await window.ready();
  return window;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((window) => window.close()));
  expect(unexpected.splice(0)).toEqual([]);
});

describe('redis window without Redis', () => {
  it('allows everything, counts nothing and warns once', async () => {
    const warnings: string[] = [];
    const url = `redis://127.0.0.1:${await freePort()}`;
    const window = await openWindow({ url, onError: (error) => warnings.push(error.message) });
    const started = performance.now();
    for (let i = 0; i < 10; i += 1) {
      const before = Date.now();
      const { resetAt, ...verdict } = await window.hit('a', 3);
      expect(verdict).toEqual({ allowed: true, limit: 3, remaining: 3, retryAfterMs: 0 });
      expect(resetAt).toBeGreaterThanOrEqual(before);
    }
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/ECONNREFUSED/);
  });

  it('keeps a limit of 0', async () => {
    const window = await openWindow({ url: `redis://127.0.0.1:${await freePort()}`, onError: () => {} });
    expect(await window.hit('a', 0)).toMatchObject({ allowed: false, retryAfterMs: HOUR_MS });
  });
});

describe.runIf(redisInstalled)('redis window', () => {
  let server: ChildProcess;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis(port);
    redis = new Redis(url);
    redis.on('error', () => {}); // some tests take the server away
  });

  afterAll(async () => {
    redis.disconnect();
    await stopRedis(server);
  });

  describe('with a clock of its own', () => {
    let window: RedisWindow;
    let now = () => 0;
    beforeAll(async () => {
      window = new RedisWindow({ url, clock: () => now(), onError: (error) => unexpected.push(error) });
      await window.ready();
    });
    afterAll(() => window.close());
    provesSlidingWindow((clock) => {
      now = clock;
      return { hit: (key, limit) => window.hit(key, limit) };
    }, 50);
  });

  describe('by the time of Redis', () => {
    it('shares one window between processes: 20 of 100 hits at once pass', async () => {
      const windows = [await openWindow(), await openWindow()];
      const hits = Array.from({ length: 50 }, () => windows.map((window) => window.hit('shared', 20)));
      const verdicts = await Promise.all(hits.flat());
      const allowed = verdicts.filter((verdict) => verdict.allowed).map((verdict) => verdict.remaining);
      expect(allowed.sort((a, b) => b - a)).toEqual(Array.from({ length: 20 }, (_, i) => 19 - i));
      expect(new Set(verdicts.map((verdict) => verdict.resetAt)).size).toBe(1);
    });

    it('takes the time from Redis, not from its callers', async () => {
      const window = await openWindow();
      const [seconds] = await redis.time();
      const { resetAt } = await window.hit('time', 1);
      expect(resetAt - HOUR_MS).toBeGreaterThanOrEqual(Number(seconds) * 1_000);
      expect(resetAt - HOUR_MS).toBeLessThan(Number(seconds) * 1_000 + 10_000);
    });

    it('frees one request when the first expires, and drops the key when all have', async () => {
      const window = await openWindow({ windowMs: 1_500 });
      const first = await window.hit('short', 2);
      await sleep(750);
      expect(await window.hit('short', 2)).toMatchObject({ allowed: true, resetAt: first.resetAt });
      const refused = await window.hit('short', 2);
      expect(refused).toMatchObject({ allowed: false, resetAt: first.resetAt });
      await sleep(refused.retryAfterMs + 5);
      const freed = await window.hit('short', 2);
      expect(freed).toMatchObject({ allowed: true, remaining: 0 });
      expect(freed.resetAt).toBeGreaterThanOrEqual(first.resetAt + 750 - 5);
      expect((await window.hit('short', 2)).allowed).toBe(false);
      expect(await redis.llen('rate-limit:short')).toBe(2);
      await sleep(1_600);
      expect(await redis.exists('rate-limit:short')).toBe(0);
    });

    it('leaves no key without an expiry after the clock was set back', async () => {
      const window = await openWindow();
      await redis.rpush('rate-limit:ahead', Date.now() + 24 * HOUR_MS);
      expect(await window.hit('ahead', 1)).toMatchObject({ allowed: false, retryAfterMs: HOUR_MS });
      expect(await redis.pttl('rate-limit:ahead')).toBeGreaterThan(0);
    });

    it('goes on after Redis has lost its scripts', async () => {
      const window = await openWindow({ prefix: 'scripts:' });
      await window.hit('a', 5);
      await redis.script('FLUSH');
      expect(await window.hit('a', 5)).toMatchObject({ allowed: true, remaining: 3 });
    });
  });

  describe('when Redis fails', () => {
    it('fails open within the time limit while Redis hangs, then counts on', async () => {
      const warnings: string[] = [];
      const window = await openWindow({ prefix: 'hang:', onError: (error) => warnings.push(error.message) });
      await window.hit('a', 1);
      server.kill('SIGSTOP');
      const millisecondsOfHit = async () => {
        const started = performance.now();
        expect(await window.hit('during', 5)).toMatchObject({ allowed: true, remaining: 5 });
        return performance.now() - started;
      };
      expect(await millisecondsOfHit()).toBeLessThan(2_000);
      expect(warnings).toEqual(['Command timed out']);
      await sleep(1_500);
      expect(await millisecondsOfHit()).toBeLessThan(200); // cut off: not waited for any more
      server.kill('SIGCONT');
      await expect.poll(async () => (await window.hit('a', 1)).allowed, { timeout: 10_000 }).toBe(false);
      expect(await redis.llen('hang:during')).toBeLessThanOrEqual(1); // what was cut off is not sent again
    });

    it('fails open while Redis is gone, then reconnects', async () => {
      const warnings: string[] = [];
      const window = await openWindow({ prefix: 'gone:', onError: (error) => warnings.push(error.message) });
      await window.hit('a', 1);
      await stopRedis(server);
      expect(await window.hit('a', 1)).toMatchObject({ allowed: true, remaining: 1 });
      expect(warnings).toHaveLength(1);
      server = await startRedis(port);
      await expect.poll(async () => (await window.hit('a', 1)).allowed, { timeout: 10_000 }).toBe(false);
    });

    it('fails open on an error of the script', async () => {
      const warnings: string[] = [];
      const window = await openWindow({ prefix: 'type:', onError: (error) => warnings.push(error.message) });
      await redis.set('type:a', 'not a list');
      expect(await window.hit('a', 1)).toMatchObject({ allowed: true });
      expect(warnings[0]).toMatch(/WRONGTYPE/);
    });
  });
});
