import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HOUR_MS, type SlidingWindow } from '../../../src/services/rate-limit/window.ts';
import { NaiveWindow } from './naive-window.ts';

/** Any moment will do: the tests move the clock themselves. */
const START = Date.UTC(2026, 10, 23, 18);

/** Steps of the clock, with every edge of the window among them. */
const forward = fc.oneof(
  fc.constantFrom(0, 0, 1, HOUR_MS / 2, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1, 2 * HOUR_MS, 5 * HOUR_MS),
  fc.nat(HOUR_MS / 4),
);
const anyWay = fc.oneof(
  forward,
  forward.map((ms) => -ms),
);
const limit = fc.oneof(fc.nat(6), fc.constantFrom(20, 40));

/**
 * Proves that a one-hour window keeps to the definition.
 *
 * @param open - makes a window whose clock is the given one
 * @param numRuns - random histories per property
 */
export function provesSlidingWindow(open: (clock: () => number) => SlidingWindow, numRuns: number) {
  let now = START;
  const window = open(() => now);
  let keys = 0;
  const newKey = () => `key-${keys++}`;
  const hit = (key: string, limit: number) => window.hit(key, limit, now);

  async function followsDefinition(history: { key: number; limit: number; step: number }[]) {
    const naive = new NaiveWindow(HOUR_MS);
    const prefix = newKey();
    for (const { key, limit, step } of history) {
      now += step;
      expect(await hit(`${prefix}:${key}`, limit)).toEqual(naive.hit(String(key), limit, now));
    }
  }

  it('gives the verdicts of the definition, over interleaved keys and changing limits', async () => {
    const history = fc.array(fc.record({ key: fc.nat(2), limit, step: forward }), { maxLength: 120 });
    await fc.assert(fc.asyncProperty(history, followsDefinition), { numRuns });
  });

  it('gives the verdicts of the definition to bursts that come and go', async () => {
    const pace = fc.oneof(fc.nat(2_000), fc.nat(600_000));
    const burst = fc
      .record({ size: fc.nat(150), limit: fc.integer({ min: 1, max: 140 }), step: forward, pace })
      .map(({ size, limit, step, pace }) => [
        { key: 0, limit, step },
        ...Array.from({ length: size }, () => ({ key: 0, limit, step: pace })),
      ]);
    const history = fc.array(burst, { maxLength: 6 }).map((bursts) => bursts.flat());
    await fc.assert(fc.asyncProperty(history, followsDefinition), { numRuns });
  });

  it('gives the verdicts of the definition when the clock is set back', async () => {
    const history = fc.array(fc.record({ key: fc.constant(0), limit, step: anyWay }), { maxLength: 120 });
    await fc.assert(fc.asyncProperty(history, followsDefinition), { numRuns });
  });

  it('never locks a key out for longer than one window after the clock was set back', async () => {
    const key = newKey();
    now += 365 * 24 * HOUR_MS;
    await hit(key, 1);
    now -= 365 * 24 * HOUR_MS;
    expect(await hit(key, 1)).toMatchObject({ allowed: false, retryAfterMs: HOUR_MS });
    now += HOUR_MS;
    expect(await hit(key, 1)).toMatchObject({ allowed: true });
  });

  it('allows exactly 5,000 in any hour, and the expiry of the first frees exactly one', async () => {
    const key = newKey();
    const first = now;
    for (let i = 1; i <= 5_000; i += 1) {
      const verdict = await hit(key, 5_000);
      if (!verdict.allowed || verdict.remaining !== 5_000 - i || verdict.resetAt !== first + HOUR_MS) {
        expect.fail(`request ${i}: ${JSON.stringify(verdict)}`);
      }
      now += 10;
    }
    const refused = { allowed: false, limit: 5_000, remaining: 0 };
    expect(await hit(key, 5_000)).toEqual({
      ...refused,
      resetAt: first + HOUR_MS,
      retryAfterMs: HOUR_MS - 50_000,
    });
    now = first + HOUR_MS - 1;
    expect(await hit(key, 5_000)).toEqual({ ...refused, resetAt: first + HOUR_MS, retryAfterMs: 1 });

    now = first + HOUR_MS;
    const second = first + 10 + HOUR_MS;
    expect(await hit(key, 5_000)).toEqual({
      allowed: true,
      limit: 5_000,
      remaining: 0,
      resetAt: second,
      retryAfterMs: 0,
    });
    expect(await hit(key, 5_000)).toEqual({ ...refused, resetAt: second, retryAfterMs: 10 });
  });

  it.each([1, 99, 100, 101, 200, 201])('frees exactly %i when as many expire at once', async (expired) => {
    const key = newKey();
    const first = now;
    for (let i = 0; i < 220; i += 1) {
      await hit(key, 220);
      now += 1;
    }
    now = first + HOUR_MS + expired - 1;
    const resetAt = first + expired + HOUR_MS;
    expect(await hit(key, 220)).toMatchObject({ allowed: true, remaining: expired - 1, resetAt });
  });

  it('counts no refused request', async () => {
    const key = newKey();
    await hit(key, 1);
    for (let i = 0; i < 20; i += 1) {
      now += HOUR_MS / 20;
      expect((await hit(key, 1)).allowed).toBe(i === 19);
    }
  });

  it('lets in what a raised limit adds, and waits for a lowered one to be reached', async () => {
    const key = newKey();
    for (let i = 0; i < 3; i += 1) {
      expect((await hit(key, 3)).allowed).toBe(true);
      now += 1_000;
    }
    expect((await hit(key, 3)).allowed).toBe(false);
    expect(await hit(key, 4)).toMatchObject({ allowed: true, limit: 4, remaining: 0 });
    const lowered = await hit(key, 2);
    // Of the four, made 3, 2, 1 and 0 seconds ago, three must expire before one more fits below 2.
    expect(lowered).toMatchObject({ allowed: false, remaining: 0, resetAt: now - 3_000 + HOUR_MS });
    expect(lowered.retryAfterMs).toBe(HOUR_MS - 1_000);
  });

  it('refuses everything for a limit of 0', async () => {
    const refused = { allowed: false, limit: 0, remaining: 0, resetAt: now, retryAfterMs: HOUR_MS };
    expect(await hit(newKey(), 0)).toEqual(refused);
  });
}
