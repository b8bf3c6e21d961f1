import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** The server takes no new connections and waits for the last answers. */
    closing: boolean;
  }
}

/**
 * Ends kept-alive connections while the server closes. Without it a client with a request in flight is told to keep the
 * connection, and closing waits for that connection to time out: over a minute.
 */
export function shutdown(app: FastifyInstance): void {
  app.decorate('closing', false);
  app.addHook('preClose', (done) => {
    app.closing = true;
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (app.closing) reply.header('connection', 'close');
    done(null, payload);
  });
}
