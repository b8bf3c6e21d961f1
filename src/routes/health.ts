import type { FastifyInstance } from 'fastify';
import { bare, file } from '../routing/answers.ts';
import { openRoute } from '../routing/route.ts';
import { Health } from '../schemas/operations.ts';
import { checkReady } from '../services/health.ts';

const tag = 'Operations';

export async function healthRoutes(app: FastifyInstance): Promise<void> {
  openRoute(
    app,
    'GET',
    '/health/live',
    { operation: 'getLiveness', summary: 'Does the process answer?', tag, answer: bare(Health) },
    () => ({ status: 'ok' as const }),
  );

  openRoute(
    app,
    'GET',
    '/health/ready',
    {
      operation: 'getReadiness',
      summary: 'Can the process work?',
      description: 'It can while the database answers.',
      tag,
      answer: bare(Health),
    },
    ({ system }) => checkReady(system),
  );

  if (app.system.config.METRICS_PORT !== undefined) return; // they are told there instead (hooks/metrics.ts)
  openRoute(
    app,
    'GET',
    '/metrics',
    {
      operation: 'getMetrics',
      summary: 'Measurements for Prometheus',
      tag,
      answer: file(app.system.metrics.contentType),
    },
    ({ system }) => system.metrics.text(),
  );
}
