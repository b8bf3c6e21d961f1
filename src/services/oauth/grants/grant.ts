import type { Scope } from '../../../context.ts';
import type { System } from '../../../system.ts';
import { OAuthError } from '../errors.ts';
import type { KnownClient } from '../snapshot.ts';

/** The fields of a token request, client authentication apart. */
export interface TokenRequest {
  grant_type?: string | undefined;
  scope?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  refresh_token?: string | undefined;
  /** The browser or app, as the client knows it again; without it the network address stands for it. */
  device_id?: string | undefined;
  address?: string | undefined;
}

/** What a grant gives. */
export interface Granted {
  scopes: ReadonlySet<Scope>;
  session?: { id: string; user_id: number };
  refresh_token?: string;
}

/** One `grant_type`: everything but the client's authentication and the signing of the access token. */
export type Grant = (
  system: System,
  client: KnownClient,
  request: TokenRequest,
) => Promise<Granted> | Granted;

/** @throws OAuthError invalid_request when a field that the grant needs is not there */
export function required(request: TokenRequest, name: keyof TokenRequest): string {
  const value = request[name];
  if (value === undefined) throw new OAuthError('invalid_request', `Missing parameter: ${name}.`);
  return value;
}

/** Scopes that a user may sign in for (seed: Scopes); `sell` and `admin` are the client's own business. */
export const USER_SCOPES: readonly Scope[] = ['public', 'buy'];
