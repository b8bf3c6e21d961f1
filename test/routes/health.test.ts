import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from '../helpers/app.ts';

let test: TestApp;

beforeAll(async () => {
  test = await testApp();
});
afterAll(() => test.close());

describe('health', () => {
  it('is told while all is well', async () => {
    for (const url of ['/health/live', '/health/ready']) {
      const answer = await test.app.inject(url);
      expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
    }
  });

  it('without a free connection is: alive, but not ready', async () => {
    const { pool } = test.system.db;
    const taken = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
    const [live, ready] = await Promise.all([
      test.app.inject('/health/live'),
      test.app.inject('/health/ready'),
    ]);
    for (const client of taken) client.release();
    expect(live.statusCode).toBe(200);
    expect(ready.statusCode).toBe(503);
    expect(ready.headers['retry-after']).toBe('5');
    expect(ready.json().code).toBe('service_unavailable');
    expect((await test.app.inject('/health/ready')).statusCode).toBe(200);
  });
});
