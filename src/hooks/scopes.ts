import type { FastifyInstance } from 'fastify';
import type { Scope } from '../context.ts';
import { insufficientScope } from '../errors.ts';

/** Lets a token in that has any one of the route's scopes; none implies another (seed: Scopes). */
export function scopes(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { access } = request;
    if (!access) return done(); // no route, or one that needs no token
    const wanted = request.declared.scopes as readonly Scope[];
    for (const scope of wanted) if (access.scopes.has(scope)) return done();
    done(insufficientScope(...wanted));
  });
}
