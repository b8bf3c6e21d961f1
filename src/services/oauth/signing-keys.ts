import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import { type Database, statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import { bumpAuthRevision } from './revision.ts';

/** Ed25519 (RFC 8037): small signatures, and signing costs a tenth of what P-256 costs. */
export const ALGORITHM = 'EdDSA';

/** A new key signs once every process has surely read it, so that no process meets a token it cannot verify. */
const SETTLING_MS = 5_000;

export interface SigningKey {
  kid: string;
  key: CryptoKey;
}

/** An Ed25519 public key as anyone may read it (RFC 7517, RFC 8037). */
export interface PublicKey {
  kty: string;
  crv: string;
  x: string;
  kid: string;
  use: string;
  alg: string;
}

/** The keys of this deployment, newest first. */
export interface SigningKeys {
  /** Public keys that a living token may be signed with. */
  readonly verifying: ReadonlyMap<string, CryptoKey>;
  readonly jwks: readonly PublicKey[];
  /** The key to sign with now. */
  signing(): SigningKey;
}

interface KeyRow {
  kid: string;
  private_jwk: JWK;
  public_jwk: Pick<PublicKey, 'kty' | 'crv' | 'x'>;
  age_ms: number;
}

// A retired key verifies for as long as a token signed with it can live: 24 hours at most (config.ts), and some.
const LIVING = statement(
  'signing_key_living',
  `SELECT kid, private_jwk, public_jwk, (extract(epoch FROM now() - created_at) * 1000)::float8 AS age_ms
   FROM signing_key WHERE retired_at IS NULL OR retired_at > now() - interval '25 hours'
   ORDER BY created_at DESC, kid`,
);
const LOCK = statement(
  'signing_key_lock',
  `SELECT pg_advisory_xact_lock(hashtextextended('signing_key', 0))`,
);
const RETIRE = statement(
  'signing_key_retire',
  'UPDATE signing_key SET retired_at = now() WHERE retired_at IS NULL',
);
const FORGET = statement(
  'signing_key_forget',
  `DELETE FROM signing_key WHERE retired_at < now() - interval '25 hours'`,
);
const INSERT = statement(
  'signing_key_insert',
  'INSERT INTO signing_key (kid, algorithm, private_jwk, public_jwk) VALUES ($1, $2, $3, $4)',
);

/** Reads the keys; the first process ever to ask makes the first one. */
export async function readSigningKeys(db: Database): Promise<SigningKeys> {
  const rows = await db.query<KeyRow>(LIVING);
  return importKeys(rows.length ? rows : await firstKey(db));
}

function firstKey(db: Database): Promise<KeyRow[]> {
  return inTransaction(db, async (tx) => {
    await tx.query(LOCK); // of processes that start together one makes it, the others find it
    const rows = await tx.query<KeyRow>(LIVING);
    if (rows.length) return rows;
    await insertKey(tx);
    return tx.query<KeyRow>(LIVING);
  });
}

/**
 * Makes a new signing key, which every process reads within a second. The one before signs for 5 seconds more, and
 * verifies until its last token has expired.
 * @returns the new key's `kid`
 */
export function rotateSigningKey(db: Database): Promise<string> {
  return inTransaction(db, async (tx) => {
    await tx.query(LOCK);
    await tx.execute(RETIRE);
    await tx.execute(FORGET);
    const kid = await insertKey(tx);
    await bumpAuthRevision(tx);
    return kid;
  });
}

async function insertKey(tx: Tx): Promise<string> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk); // RFC 7638
  await tx.execute(INSERT, [kid, ALGORITHM, await exportJWK(privateKey), publicJwk]);
  return kid;
}

async function importKeys(rows: readonly KeyRow[]): Promise<SigningKeys> {
  const readAt = performance.now();
  const keys = await Promise.all(
    rows.map(async ({ kid, private_jwk, public_jwk, age_ms }) => ({
      kid,
      key: (await importJWK(private_jwk, ALGORITHM)) as CryptoKey,
      publicKey: (await importJWK(public_jwk, ALGORITHM)) as CryptoKey,
      jwk: { ...public_jwk, kid, use: 'sig', alg: ALGORITHM },
      settledAt: readAt - age_ms + SETTLING_MS,
    })),
  );
  const oldest = keys.at(-1);
  if (!oldest) throw new Error('no signing key');
  return {
    verifying: new Map(keys.map(({ kid, publicKey }) => [kid, publicKey])),
    jwks: keys.map(({ jwk }) => jwk),
    signing: () => keys.find(({ settledAt }) => settledAt <= performance.now()) ?? oldest,
  };
}
