import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SalesChannel } from '../context.ts';
import { AppError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The sales channel that X-Interface of the answer names; null in a deployment that has none yet. */
    channel: SalesChannel | null;
  }
}

const ID = /^[1-9]\d{0,9}$/;

/** The sales channel of a request, by its X-Interface header (seed: Interfaces). */
export const salesChannel = { announce, choose };

/** Names a channel on every answer: until one is chosen, a known one that is asked for, else the deployment's default. */
function announce(app: FastifyInstance): void {
  const { auth } = app.system;
  app.decorateRequest('channel', null);
  app.addHook('onReady', async () => {
    await auth.refresh();
  });
  app.addHook('onRequest', (request, _reply, done) => {
    // Not waited for: with the database away, health is told all the same. Access waits for this reading, and fails with it.
    if (!auth.fresh()) auth.refresh().catch(() => {});
    const { interfaces, default_interface } = auth.latest;
    const asked = request.headers['x-interface'] as string | undefined;
    const channel = (asked && interfaces.get(asked)) || default_interface;
    if (channel) request.channel = channel;
    done();
  });
}

/**
 * Gives a request with a token the channel it asks for, or its client's default.
 * @throws AppError invalid_interface, interface_not_allowed
 */
function choose(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const asked = request.headers['x-interface'] as string | undefined;
    const { access } = request;
    const channel =
      access && (asked === undefined ? access.client.default_interface : access.client.interfaces.get(asked));
    if (channel) {
      request.channel = channel;
      if (request.headers['accept-language'] === undefined) request.language = channel.language;
      return done();
    }
    if (asked !== undefined && !ID.test(asked)) return done(malformed());
    done(access ? notAllowed(request, asked) : undefined);
  });
}

const malformed = () =>
  new AppError('invalid_interface', 'X-Interface takes the id of an interface, a positive whole number.');

function notAllowed({ access }: FastifyRequest, asked: string | undefined): AppError {
  return new AppError(
    'interface_not_allowed',
    asked === undefined
      ? 'The default interface of this client is not active; name another in X-Interface.'
      : `Interface ${asked} is unknown, not active or not granted to this client.`,
    { interface_ids: [...(access?.client.interfaces.values() ?? [])].map(({ id }) => id) },
  );
}
