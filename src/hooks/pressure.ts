import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';
import { isMonitoring } from './monitoring.ts';

/** Starting blocks the loop: code for every route is made. That is no load. */
const GRACE_MS = 3_000;

/**
 * Refuses work (503 with Retry-After) while the event loop is far behind: an answer given late to everybody helps
 * nobody. A loop merely busy is not refused, nor is monitoring.
 */
export async function pressure(
  app: FastifyInstance,
  { maxDelayMs, graceMs = GRACE_MS }: { maxDelayMs: number; graceMs?: number },
): Promise<void> {
  let readyAt = Number.POSITIVE_INFINITY;
  app.addHook('onReady', (done) => {
    readyAt = performance.now();
    done();
  });
  await app.register(underPressure, {
    maxEventLoopDelay: maxDelayMs,
    pressureHandler: (request, _reply, _type, delay) => {
      if (delay === Number.POSITIVE_INFINITY) return; // no sample in the last second: nothing is known
      if (performance.now() < readyAt + graceMs || isMonitoring(request)) return;
      throw new AppError('service_unavailable', 'The server is busy; try again.', {}, { 'retry-after': '2' });
    },
  });
}
