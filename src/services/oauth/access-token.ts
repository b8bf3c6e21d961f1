import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Scope } from '../../context.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import { ofBoth, scopeSet, scopeText } from './scope.ts';
import { ALGORITHM } from './signing-keys.ts';
import type { KnownClient, Snapshot } from './snapshot.ts';

/** A verified access token: what it says of whom. Whether it may still be used, the snapshot says. */
export interface AccessToken {
  readonly jti: string;
  readonly client_id: string;
  /** Of tokens of the password grant only. */
  readonly user_id: number | undefined;
  readonly session_id: string | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** Epoch ms. */
  readonly issued_at: number;
  readonly expires_at: number;
}

/** A token that may be used now. */
export interface Access {
  readonly token: AccessToken;
  readonly client: KnownClient;
  /** Those of the token that its client still has. */
  readonly scopes: ReadonlySet<Scope>;
}

interface Grant {
  client: KnownClient;
  scopes: ReadonlySet<Scope>;
  /** The user who signed in, and the session that this began. */
  session?: { id: string; user_id: number };
}

interface Claims extends JWTPayload {
  client_id: string;
  scope: string;
  sid?: string;
}

/** Signs a JWT access token (RFC 9068). `sub` is the user's id, or the client's where there is no user. */
export async function signAccessToken(system: System, { client, scopes, session }: Grant): Promise<string> {
  const { keys } = system.auth.fresh() ?? (await system.auth.refresh());
  if (!keys) throw new Error('no signing key');
  const { kid, key } = keys.signing();
  const now = Math.floor(Date.now() / 1000);
  const claims: Claims = {
    iss: system.publicUrl,
    aud: system.publicUrl,
    sub: session ? String(session.user_id) : client.id,
    client_id: client.id,
    company: client.company_id,
    scope: scopeText(scopes),
    jti: uuidv7(),
    iat: now,
    exp: now + system.config.ACCESS_TOKEN_SECONDS,
    ...(session && { sid: session.id }),
  };
  return new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid }).sign(key);
}

/** A verified token, and the whole Authorization header that it came in. */
export interface RememberedToken {
  readonly header: string;
  readonly token: AccessToken;
}

/** To hash all of a header for every request would take longer than everything else here: its end is as rare. */
const keyOf = (header: string): string => header.slice(-32);

/**
 * The short way, for every request but a token's first: no promise, no parsing, no signature.
 * @param header the Authorization header
 * @returns undefined when the long way, `verify`, must be gone
 */
export function recall({ auth }: System, header: string): Access | undefined {
  const snapshot = auth.fresh();
  const known = auth.tokens.get(keyOf(header));
  return snapshot && known?.header === header ? living(snapshot, known.token) : undefined;
}

/**
 * Verifies a token, and remembers it by the header it came in.
 * @returns undefined for what is not an access token of this deployment, or is expired, revoked or of a stopped client
 */
export async function verify(system: System, header: string, text: string): Promise<Access | undefined> {
  const { auth } = system;
  const snapshot = auth.fresh() ?? (await auth.refresh());
  const known = auth.tokens.get(keyOf(header));
  const token = known?.header === header ? known.token : await verifySignature(system, snapshot, text);
  const access = token && living(snapshot, token);
  if (access) auth.tokens.set(keyOf(header), { header, token });
  return access;
}

async function verifySignature(
  system: System,
  snapshot: Snapshot,
  text: string,
): Promise<AccessToken | undefined> {
  const { PUBLIC_URL, ACCESS_TOKEN_SECONDS } = system.config;
  const publicKeyOf = ({ kid = '' }) => {
    const key = snapshot.keys?.verifying.get(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  try {
    const { payload } = await jwtVerify<Claims>(text, publicKeyOf, {
      algorithms: [ALGORITHM],
      typ: 'at+jwt',
      requiredClaims: ['sub', 'jti', 'iat', 'exp', 'client_id', 'scope'],
      // Without a fixed address processes on several ports share one database, and its keys say whose token it is.
      ...(PUBLIC_URL && { issuer: system.publicUrl, audience: system.publicUrl }),
    });
    const { jti = '', iat = 0, exp = 0, sub, sid, client_id, scope } = payload;
    return {
      jti,
      client_id,
      user_id: sid === undefined ? undefined : Number(sub),
      session_id: sid,
      scopes: scopeSet(scope),
      issued_at: iat * 1000,
      // A shorter life, once it is set, holds for tokens that were promised a longer one too: so a session need be
      // remembered as revoked no longer than that.
      expires_at: Math.min(exp, iat + ACCESS_TOKEN_SECONDS) * 1000,
    };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** What a verified token opens as things stand. */
export function living(snapshot: Snapshot, token: AccessToken): Access | undefined {
  const { revoked, clients } = snapshot;
  if (token.expires_at <= Date.now()) return undefined;
  if (revoked.has(token.jti) || (token.session_id && revoked.has(token.session_id))) return undefined;
  const client = clients.get(token.client_id);
  if (!client) return undefined;
  return { token, client, scopes: stillHeld(token.scopes, client.scopes) };
}

function stillHeld(scopes: ReadonlySet<Scope>, held: ReadonlySet<Scope>): ReadonlySet<Scope> {
  for (const scope of scopes) if (!held.has(scope)) return ofBoth(scopes, held);
  return scopes;
}
