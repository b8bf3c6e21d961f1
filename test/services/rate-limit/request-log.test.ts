import { expect, it } from 'vitest';
import { RequestLog } from '../../../src/services/rate-limit/request-log.ts';

it('takes 4 bytes a request at its limit, and gives them back as they expire', () => {
  const log = new RequestLog();
  const windowMs = 10_000;
  for (let now = 0; now < 5_000; now += 1) {
    log.settle(now, windowMs);
    log.push(now, 5_000);
    expect(log.bytes).toBeLessThanOrEqual(Math.max(32, (now + 1) * 8));
  }
  expect(log.bytes).toBe(20_000);

  for (let now = windowMs; now < windowMs + 5_000; now += 1) {
    const counted = log.settle(now, windowMs);
    expect(counted).toBe(4_999 - (now - windowMs));
    expect(log.bytes).toBeLessThanOrEqual(Math.max(32, (counted + 1) * 16));
    if (counted > 0) expect([log.at(0), log.at(counted - 1)]).toEqual([now - windowMs + 1, 4_999]);
  }
  expect(log.bytes).toBe(32);
});
