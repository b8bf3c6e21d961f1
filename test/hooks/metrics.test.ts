import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken } from '../helpers/factories.ts';
import { freePort } from '../services/rate-limit/redis-server.ts';
import { levers, thingRoutes } from './things.ts';

let test: TestApp;
let authorization: string;

beforeAll(async () => {
  test = await testApp({ routes: thingRoutes(levers()) });
  authorization = `Bearer ${await accessToken(test.system, { client: test.accounts.clients.web })}`;
});
afterAll(() => test.close());

const get = (url: string) => test.app.inject({ url, headers: { authorization } });

/** Value of one line of the text format. */
const valueIn = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1),
  );

describe('GET /metrics', () => {
  it('counts and times requests by operation and status, without naming what strangers ask for', async () => {
    for (const url of ['/things/1', '/things/2', '/things/x', '/nowhere', '/nowhere/else']) await get(url);
    const { body, headers } = await get('/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const name = 'http_request_duration_seconds';
    expect(body).toContain(`# TYPE ${name} histogram`);
    expect(valueIn(body, `${name}_count{operation="getThing",status="200"}`)).toBe(2);
    expect(valueIn(body, `${name}_count{operation="getThing",status="404"}`)).toBe(1);
    expect(valueIn(body, `${name}_count{operation="unknown",status="404"}`)).toBe(2);
    const bucket = (le: string) =>
      valueIn(body, `${name}_bucket{le="${le}",operation="getThing",status="200"}`);
    expect(bucket('+Inf')).toBe(2);
    expect(bucket('30')).toBe(2);
    expect(bucket('0.001')).toBeLessThanOrEqual(bucket('0.1'));
    const sum = valueIn(body, `${name}_sum{operation="getThing",status="200"}`);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan(10);
    expect(body).not.toContain('nowhere');
  });

  it('tells of the process and of the database', async () => {
    const { body } = await get('/metrics');
    expect(valueIn(body, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(body).toContain('nodejs_eventloop_lag_seconds');
    expect(valueIn(body, 'database_pool_connections{state="idle"}')).toBeGreaterThan(0);
    expect(valueIn(body, 'database_pool_waiting')).toBe(0);
  });
});

describe('METRICS_PORT', () => {
  it('takes them to a port of their own', async () => {
    const port = await freePort();
    const other = await testApp({ env: { METRICS_PORT: String(port) } });
    await other.app.listen({ port: 0, host: '127.0.0.1' });
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain('process_resident_memory_bytes');
    expect((await other.app.inject('/metrics')).statusCode).toBe(404);
    await other.close();
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });
});
