import type { FastifyInstance } from 'fastify';
import type { TestClient } from './factories.ts';

/** Authorization header of HTTP Basic. */
export const basic = ({ id, secret }: Pick<TestClient, 'id' | 'secret'>): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;

/** Posts a form, the client authenticated by HTTP Basic unless it is left out. */
export function postForm(
  app: FastifyInstance,
  url: string,
  fields: Record<string, string> | string,
  client?: Pick<TestClient, 'id' | 'secret'>,
) {
  return app.inject({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(client && { authorization: basic(client) }),
    },
    payload: new URLSearchParams(fields).toString(),
  });
}

/** A request with an access token. */
export function get(app: FastifyInstance, url: string, token: string, headers: Record<string, string> = {}) {
  return app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${token}`, ...headers } });
}
