import type { FastifyInstance } from 'fastify';

/** This server's own API, called as a client would but without a socket. */
export interface OwnApi {
  /** @throws Error for any answer that is no success, with the problem's own words */
  call<Body>(method: 'GET' | 'POST', url: string, payload?: object): Promise<Body>;
}

export interface Tokens {
  access_token: string;
  refresh_token?: string;
}

/**
 * Asks for a token.
 * @throws Error when the client or the user is refused
 */
export async function signIn(
  app: FastifyInstance,
  client: { id: string; secret: string },
  grant: Record<string, string>,
): Promise<Tokens> {
  const payload = { client_id: client.id, client_secret: client.secret, ...grant };
  const { statusCode, body } = await app.inject({ method: 'POST', url: '/auth/token', payload });
  return successOf('POST /auth/token', statusCode, body);
}

/** The API with a token in hand, on one interface. */
export function ownApi(app: FastifyInstance, { access_token }: Tokens, interface_id: number): OwnApi {
  const headers = { authorization: `Bearer ${access_token}`, 'x-interface': String(interface_id) };
  return {
    async call(method, url, payload) {
      const { statusCode, body } = await app.inject({ method, url, headers, ...(payload && { payload }) });
      return successOf(`${method} ${url}`, statusCode, body);
    },
  };
}

function successOf<Body>(request: string, status: number, body: string): Body {
  if (status >= 200 && status < 300) return JSON.parse(body) as Body;
  throw new Error(`${request} answered ${status}: ${body.slice(0, 500)}`);
}
