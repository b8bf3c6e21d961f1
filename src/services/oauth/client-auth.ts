import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { System } from '../../system.ts';
import { OAuthError } from './errors.ts';
import type { KnownClient } from './snapshot.ts';

/** Who says to be which client: the Authorization header as it came, and the fields of the body. */
export interface ClientCredentials {
  authorization: string | undefined;
  client_id?: string | undefined;
  client_secret?: string | undefined;
}

/** A new client secret: 256 random bits in base64url, to be shown once and stored as `hashSecret` gives it. */
export const createClientSecret = (): string => randomBytes(32).toString('base64url');

/** SHA-256 in hexadecimal. Enough for 256 random bits; a password would need bcrypt. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const NO_SECRET = hashSecret('');

/**
 * Client authentication (RFC 6749 section 2.3): HTTP Basic or the body, never both.
 * @throws OAuthError invalid_request for both at once, invalid_client for anything that does not prove a client
 */
export async function authenticateClient(system: System, given: ClientCredentials): Promise<KnownClient> {
  const { id, secret } = credentialsOf(given);
  const { clients } = system.auth.fresh() ?? (await system.auth.refresh());
  const client = clients.get(id);
  // An unknown client is compared too: neither words nor time tell it from a wrong secret.
  const right = sameSecret(secret, client?.secret_hash ?? NO_SECRET);
  const old = sameSecret(secret, client?.old_secret_hash ?? NO_SECRET);
  const oldHonoured = (client?.old_secret_expires_at?.getTime() ?? 0) > Date.now();
  if (!client || !(right || (old && oldHonoured))) throw invalidClient();
  return client;
}

function credentialsOf({ authorization, client_id, client_secret }: ClientCredentials): {
  id: string;
  secret: string;
} {
  if (authorization === undefined) {
    if (!client_id || !client_secret) throw invalidClient();
    return { id: client_id, secret: client_secret };
  }
  const basic = basicCredentials(authorization);
  if (client_secret !== undefined || (client_id !== undefined && client_id !== basic.id))
    throw new OAuthError('invalid_request', 'Authenticate the client once: by HTTP Basic or in the body.');
  return basic;
}

/** Both parts are form-encoded inside the base64 (RFC 6749 section 2.3.1). */
function basicCredentials(authorization: string): { id: string; secret: string } {
  const [, encoded] = /^Basic +([A-Za-z0-9+/_-]+={0,2})$/i.exec(authorization) ?? [];
  const [, id, secret] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  if (!id || !secret) throw invalidClient();
  try {
    return { id: formDecode(id), secret: formDecode(secret) };
  } catch {
    throw invalidClient(); // a stray %
  }
}

const formDecode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

const sameSecret = (secret: string, hash: string): boolean =>
  timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(hash));

const invalidClient = () => new OAuthError('invalid_client', 'Unknown client, or wrong client secret.');
