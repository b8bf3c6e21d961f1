import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the route of the request says of itself (routing/route.ts); nothing where there is no route. */
    readonly declared: FastifyContextConfig;
  }
}

const DECLARED = Symbol('declared');

/** Keeps what the route says where every hook can read it: Fastify makes `routeOptions` anew whenever it is looked at. */
export function declared(app: FastifyInstance): void {
  app.decorateRequest(DECLARED, null);
  app.decorateRequest('declared', {
    getter() {
      const request = this as FastifyRequest & { [DECLARED]: FastifyContextConfig | null };
      request[DECLARED] ??= request.routeOptions.config;
      return request[DECLARED];
    },
  });
}
