import type { FastifyInstance } from 'fastify';

/**
 * Ends kept-alive connections while the server closes. Without it a client with a request in flight is told to keep the
 * connection, and closing waits for that connection to time out: over a minute.
 */
export function shutdown(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
}
