import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declared } from '../../src/hooks/declared.ts';
import { pressure } from '../../src/hooks/pressure.ts';
import { problems } from '../../src/hooks/problem.ts';
import { routeRules } from '../../src/hooks/route-rules.ts';
import { serialization } from '../../src/hooks/serialize.ts';
import { bare } from '../../src/routing/answers.ts';
import { openRoute } from '../../src/routing/route.ts';
import { Health } from '../../src/schemas/operations.ts';

async function serverWith(graceMs: number): Promise<FastifyInstance> {
  const app = Fastify({ exposeHeadRoutes: false });
  app.decorate('system', { publicUrl: 'http://localhost', log: app.log } as never);
  declared(app);
  routeRules(app);
  serialization(app);
  problems(app);
  await pressure(app, { maxDelayMs: 100, graceMs });
  const health = { summary: 'Test', tag: 'Operations', answer: bare(Health) };
  openRoute(app, 'GET', '/health/live', { ...health, operation: 'getLiveness' }, () => ({
    status: 'ok' as const,
  }));
  openRoute(app, 'GET', '/work', { ...health, operation: 'work' }, () => ({ status: 'ok' as const }));
  await app.ready();
  return app;
}

/** Keeps the event loop from everything else for most of a while. */
async function drown() {
  for (let i = 0; i < 6; i += 1) {
    const end = performance.now() + 300;
    while (performance.now() < end);
    await sleep(1);
  }
}

describe('a drowning server', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await serverWith(0);
  });
  afterAll(() => app.close());

  it('refuses work with 503 and says when to come back, but tells that it lives', async () => {
    await drown();
    const refused = await app.inject('/work');
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('2');
    expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(refused.json().code).toBe('service_unavailable');
    expect((await app.inject('/health/live')).statusCode).toBe(200);
  });

  it('works again once it is above water', async () => {
    await expect
      .poll(async () => (await app.inject('/work')).statusCode, { timeout: 5_000, interval: 100 })
      .toBe(200);
  });
});

describe('a server that has just started', () => {
  it('refuses nobody for the time that starting took', async () => {
    const app = await serverWith(60_000);
    await drown();
    expect((await app.inject('/work')).statusCode).toBe(200);
    await app.close();
  });
});
