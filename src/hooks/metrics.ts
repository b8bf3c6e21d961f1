import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** performance.now() when it came. */
    startedAt: number;
  }
}

/** Addresses that do not exist share one name: what a stranger asks for must not become a label. */
const UNKNOWN = 'unknown';

/** Counts and times every request; with METRICS_PORT, tells them at that port instead of at GET /metrics. */
export async function metrics(app: FastifyInstance): Promise<void> {
  const { metrics, config, log } = app.system;

  // Timed when the answer is sent: waiting for its last byte would cost every request two listeners.
  app.decorateRequest('startedAt', 0);
  app.addHook('onRequest', (request, _reply, done) => {
    request.startedAt = performance.now();
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    observe(request, reply.statusCode);
    done(null, payload);
  });

  if (config.METRICS_PORT === undefined) return;
  const server = createServer(async (_request, response) => {
    response.setHeader('content-type', metrics.contentType);
    response.end(await metrics.text());
  });
  app.addHook('onListen', async () => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(config.METRICS_PORT, config.HOST, resolve);
    });
    log.info({ port: (server.address() as AddressInfo).port }, 'metrics');
  });
  app.addHook('preClose', (done) => {
    server.close();
    server.closeAllConnections();
    done();
  });
}

/** Counts a request that is answered now. */
export function observe(request: FastifyRequest, status: number): void {
  const operation = request.declared.operation ?? UNKNOWN;
  request.server.system.metrics.requests.observe(
    operation,
    status,
    (performance.now() - request.startedAt) / 1_000,
  );
}
