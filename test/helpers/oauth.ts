import type { FastifyInstance } from 'fastify';
import { User } from '../../src/schemas/users.ts';
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

export type RequestParts = [
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  payload?: object,
  headers?: Record<string, string>,
];

/** A request of any kind with an access token. */
export function call(app: FastifyInstance, token: string, ...[method, url, payload, headers]: RequestParts) {
  const authorization = `Bearer ${token}`;
  return app.inject({ method, url, headers: { authorization, ...headers }, ...(payload && { payload }) });
}

/** Where a refusal of validation says the faults are. */
export const pointersOf = (answer: { json(): { errors?: { pointer: string }[] } }): string[] | undefined =>
  answer.json().errors?.map(({ pointer }) => pointer);

/** The user in an answer, checked against the strict schema. JSON has no dates; the schema has. */
export const userOf = ({ user }: { user: Record<string, string> }) =>
  User.strict().parse({
    ...user,
    created_at: new Date(user.created_at as string),
    updated_at: new Date(user.updated_at as string),
  });
