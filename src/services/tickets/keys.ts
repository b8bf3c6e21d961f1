/**
 * The Ed25519 key pairs that sign ticket codes. A company keeps several: the newest signs, retired ones still
 * verify until their events are over. The number travels in every code, so that a scanner knows which public
 * key to take.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';

/** What signs: one key pair of a company. */
export interface TicketKey {
  /** 1 to 32,767, unique within its company. */
  readonly number: number;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** What verifies: public keys by their number. */
export type TicketPublicKeys = ReadonlyMap<number, KeyObject>;

/** Signs in the thread pool: several that are asked for in one turn cost the event loop next to nothing. */
export const signInPool = promisify(sign) as (
  algorithm: null,
  data: Buffer,
  key: KeyObject,
) => Promise<Buffer>;

/** The most that the column `ticket_key.number` holds. */
export const MAX_TICKET_KEY_NUMBER = 32_767;

const keyNumber = z.int().min(1).max(MAX_TICKET_KEY_NUMBER);

/** 32 bytes in base64url without padding. */
const octets32 = z.string().regex(/^[\w-]{43}$/);

const publicJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
  kid: z
    .string()
    .regex(/^[1-9]\d*$/)
    .refine((kid) => keyNumber.safeParse(Number(kid)).success),
  x: octets32,
});

const privateJwk = publicJwk.extend({ d: octets32 });

/** The public half as a JWK (RFC 8037); `kid` is the key's number in decimal. Free to be published. */
export type TicketPublicJwk = z.infer<typeof publicJwk>;

/** Both halves as a JWK (RFC 8037). Secret. */
export type TicketPrivateJwk = z.infer<typeof privateJwk>;

/**
 * Makes a new key pair.
 *
 * @param number 1 to 32,767, not yet used by the company.
 * @throws z.ZodError when the number is out of range.
 */
export function generateTicketKey(number: number): TicketKey {
  return { number: keyNumber.parse(number), ...generateKeyPairSync('ed25519') };
}

/** The public half of a key, as scanners and manifests carry it. */
export function exportTicketPublicJwk({ number, publicKey }: TicketKey): TicketPublicJwk {
  const { x } = publicKey.export({ format: 'jwk' });
  return publicJwk.parse({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: String(number), x });
}

/** The whole key, as it is stored. */
export function exportTicketPrivateJwk(key: TicketKey): TicketPrivateJwk {
  const { d } = key.privateKey.export({ format: 'jwk' });
  return privateJwk.parse({ ...exportTicketPublicJwk(key), d });
}

/**
 * Reads a stored key back.
 *
 * @throws z.ZodError when it is not a private JWK of this module's form.
 * @throws Error when its public half is not that of its private half: scanners would refuse all it signs.
 */
export function importTicketKey(jwk: unknown): TicketKey {
  const { kid, ...parts } = privateJwk.parse(jwk);
  const privateKey = createPrivateKey({ key: parts, format: 'jwk' });
  const publicKey = createPublicKey(privateKey);
  if (publicKey.export({ format: 'jwk' }).x !== parts.x)
    throw new Error(`Ticket key ${kid}: x does not belong to d`);
  return { number: Number(kid), privateKey, publicKey };
}

/**
 * Gathers what `verifyTicketCode` needs out of public JWKs alone.
 *
 * @throws z.ZodError when one is not a public JWK of this module's form.
 */
export function importTicketPublicKeys(jwks: Iterable<unknown>): TicketPublicKeys {
  const keys = new Map<number, KeyObject>();
  for (const jwk of jwks) {
    const { kid, ...parts } = publicJwk.parse(jwk);
    keys.set(Number(kid), createPublicKey({ key: parts, format: 'jwk' }));
  }
  return keys;
}
