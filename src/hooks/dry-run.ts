import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * `?dry_run=true` on the writes that declare it: their context says so, db/transaction.ts rolls back what they did, and
 * the answer, a refusal included, is marked by X-Dry-Run.
 */
export function dryRuns(app: FastifyInstance): void {
  app.addHook('preHandler', (request, reply, done) => {
    if (isDryRun(request)) {
      request.ctx.dry_run = true;
      reply.header('x-dry-run', 'true');
    }
    done();
  });
}

/** To be asked after the query was checked. */
export const isDryRun = ({ query, declared }: FastifyRequest): boolean =>
  declared.dryRun === true && (query as { dry_run?: boolean }).dry_run === true;
