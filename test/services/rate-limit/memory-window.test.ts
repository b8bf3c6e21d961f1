import { describe, expect, it } from 'vitest';
import { MemoryWindow } from '../../../src/services/rate-limit/memory-window.ts';
import { HOUR_MS } from '../../../src/services/rate-limit/window.ts';
import { provesSlidingWindow } from './sliding-window-suite.ts';

describe('memory window', () => {
  provesSlidingWindow(() => new MemoryWindow(), 300);

  it('goes by the system clock unless told otherwise', () => {
    const before = Date.now();
    const { resetAt } = new MemoryWindow().hit('a', 1);
    expect(resetAt).toBeGreaterThanOrEqual(before + HOUR_MS);
    expect(resetAt).toBeLessThanOrEqual(Date.now() + HOUR_MS);
  });

  it('forgets keys within two windows of their last hit', () => {
    const window = new MemoryWindow(1_000);
    for (let i = 0; i < 500; i += 1) window.hit(`once-${i}`, 5, i);
    for (let now = 500; now < 2_500; now += 100) window.hit('busy', 5, now);
    expect(window.size).toBe(1);
  });

  it('goes on forgetting keys after the clock was set back', () => {
    const window = new MemoryWindow(1_000);
    window.hit('once', 5, 1_000_000);
    for (let now = 0; now < 2_500; now += 100) window.hit('busy', 5, now);
    expect(window.size).toBe(1);
  });

  it('counts on for a key that is busy beyond the range of 32-bit offsets', () => {
    const day = 86_400_000;
    const window = new MemoryWindow(10 * day);
    let now = Date.UTC(2026, 0, 1);
    for (let i = 0; i < 200; i += 1) {
      const counted = Math.min(i + 1, 10);
      const resetAt = now - (counted - 1) * day + 10 * day;
      expect(window.hit('a', 20, now)).toMatchObject({ allowed: true, remaining: 20 - counted, resetAt });
      now += day;
    }
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32])('refuses to be made with a window of %s ms', (windowMs) => {
    expect(() => new MemoryWindow(windowMs)).toThrow(RangeError);
  });
});
