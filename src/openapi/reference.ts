import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

/** What the page consists of. */
export const REFERENCE_URLS = ['/docs', '/docs/', '/docs/js/scalar.js'] as const;

let made: Promise<FastifyInstance> | undefined;

/**
 * Answers with the page that shows the API. It is 30 MB of memory that most processes are never asked for: made when it
 * is asked for first, in a small server of its own, since a server that listens takes no new routes.
 */
export async function reference(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  made ??= make();
  const { statusCode, headers, rawPayload } = await (await made).inject(request.url);
  reply.code(statusCode);
  for (const name of ['content-type', 'location'] as const)
    if (headers[name] !== undefined) reply.header(name, headers[name]);
  return reply.send(rawPayload);
}

async function make(): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const app: FastifyInstance = Fastify();
  await app.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
      hideClientButton: true,
    },
  });
  return app;
}
