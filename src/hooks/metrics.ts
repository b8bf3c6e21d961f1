import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Addresses that do not exist share one name: what a stranger asks for must not become a label. */
const UNKNOWN = 'unknown';

/** Counts and times every request; with METRICS_PORT, tells them at that port instead of at GET /metrics. */
export async function metrics(app: FastifyInstance): Promise<void> {
  const { metrics, config, log } = app.system;

  app.addHook('onResponse', (request, reply, done) => {
    metrics.requests.observe(
      request.routeOptions.config.operation ?? UNKNOWN,
      reply.statusCode,
      reply.elapsedTime / 1_000,
    );
    done();
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
