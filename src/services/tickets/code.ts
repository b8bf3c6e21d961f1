/**
 * The `qr_code` of a ticket: a signed token that a scanner holding the public key verifies with no network.
 *
 *     offset  bytes
 *          0      1  format version, 1
 *          1      2  key number
 *          3     16  ticket id
 *         19      4  event id
 *         23      2  serial, grows with every reissue and transfer, so that older codes die
 *         25     64  Ed25519 signature (RFC 8032) over SIGNING_DOMAIN and bytes 0 to 24
 *
 * Integers are big-endian. The 89 bytes are spelt in base32 (RFC 4648, upper case, no padding): 143
 * characters, safe in a URL and within the alphanumeric mode of QR codes. A QR code of version 6 at error
 * correction M takes 154, so 11 are left for a suffix.
 *
 * Ed25519 is deterministic: one ticket, serial and key always give the same code, so none is stored.
 */
import { type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto';
import { base32nopad } from '@scure/base';
import { stringify as uuidFromBytes, parse as uuidToBytes } from 'uuid';
import { MAX_TICKET_KEY_NUMBER, signInPool, type TicketKey, type TicketPublicKeys } from './keys.ts';

/** What a code says of its ticket. */
export interface TicketClaims {
  /** UUID; given back in lower case. */
  readonly ticketId: string;
  /** 1 to 2,147,483,647. */
  readonly eventId: number;
  /** 0 to 65,535. */
  readonly serial: number;
}

/** A code taken apart. */
export interface TicketCode extends TicketClaims {
  readonly version: typeof VERSION;
  readonly keyNumber: number;
  /** 64 bytes. */
  readonly signature: Buffer;
}

/** Characters of every code. */
export const TICKET_CODE_LENGTH = 143;

/** The most that a serial can be: a ticket can be reissued so often. */
export const MAX_SERIAL = 65_535;

const VERSION = 1;
const CLAIMS_BYTES = 25;
const SPELLING = new RegExp(`^[A-Za-z2-7]{${TICKET_CODE_LENGTH}}$`);

/** Goes before what is signed: no signature can pass for one made for another purpose. */
const SIGNING_DOMAIN = Buffer.from('ticketing-api/ticket-code\0');

/** Least and most of each number. The event id ends where PostgreSQL's integer does. */
const RANGES = {
  keyNumber: [1, MAX_TICKET_KEY_NUMBER],
  eventId: [1, 2_147_483_647],
  serial: [0, MAX_SERIAL],
} as const;

/**
 * Makes the code of a ticket: about 35 µs.
 *
 * @throws RangeError when a number is out of its range; TypeError when the ticket id is not a UUID.
 */
export function signTicketCode(claims: TicketClaims, key: TicketKey): string {
  const bytes = claimsBytes(claims, key);
  return spell(bytes, sign(null, signedPart(bytes), key.privateKey));
}

/**
 * Whether a key made a code. Ed25519 is deterministic, so whoever holds the private key tells by signing again, at a third
 * of the cost of verifying.
 */
export async function isSignedBy({ signature, ...claims }: TicketCode, key: TicketKey): Promise<boolean> {
  return timingSafeEqual(
    await signInPool(null, signedPart(claimsBytes(claims, key)), key.privateKey),
    signature,
  );
}

function claimsBytes({ ticketId, eventId, serial }: TicketClaims, key: TicketKey): Buffer {
  requireRange('keyNumber', key.number);
  requireRange('eventId', eventId);
  requireRange('serial', serial);
  const claims = Buffer.alloc(CLAIMS_BYTES);
  claims.writeUInt8(VERSION, 0);
  claims.writeUInt16BE(key.number, 1);
  claims.set(uuidToBytes(ticketId), 3);
  claims.writeUInt32BE(eventId, 19);
  claims.writeUInt16BE(serial, 23);
  return claims;
}

const spell = (claims: Buffer, signature: Buffer): string =>
  base32nopad.encode(Buffer.concat([claims, signature]));

/**
 * Takes a code apart WITHOUT asking who signed it: nothing it says may be trusted before `verifyTicketCode`.
 *
 * @param text as scanned or typed; lower case and white space around it do no harm.
 * @returns undefined when it is no code, or a second spelling of one.
 */
export function readTicketCode(text: string): TicketCode | undefined {
  const bytes = decode(text);
  return bytes && parse(bytes);
}

/**
 * Takes a code apart when one of the keys signed it. Whether the ticket exists, is of the event at hand and
 * still has this serial is for the caller to ask.
 *
 * @param text as for `readTicketCode`.
 * @param publicKeys the keys of one company: a number means something only within its company.
 * @returns undefined when it is no code, its key is not among these, or the signature does not hold.
 */
export function verifyTicketCode(text: string, publicKeys: TicketPublicKeys): TicketCode | undefined {
  const bytes = decode(text);
  const code = bytes && parse(bytes);
  const publicKey = code && publicKeys.get(code.keyNumber);
  return publicKey && holds(bytes, code, publicKey) ? code : undefined;
}

/**
 * The one spelling of a code: two texts that `readTicketCode` takes for the same code have the same.
 *
 * @returns undefined when it is not spelt like a code.
 */
export function canonicalTicketCode(text: string): string | undefined {
  // Checked before it is raised to upper case, which turns letters beyond ASCII (ı, ſ) into I and S.
  const spelt = text.trim();
  return SPELLING.test(spelt) ? spelt.toUpperCase() : undefined;
}

const holds = (bytes: Buffer, { signature }: TicketCode, publicKey: KeyObject): boolean =>
  verify(null, signedPart(bytes), publicKey, signature);

const signedPart = (bytes: Buffer): Buffer =>
  Buffer.concat([SIGNING_DOMAIN, bytes.subarray(0, CLAIMS_BYTES)]);

function decode(text: string): Buffer | undefined {
  const spelt = canonicalTicketCode(text);
  if (!spelt) return undefined;
  try {
    return Buffer.from(base32nopad.decode(spelt));
  } catch {
    // The last character carries 3 bits of no meaning; unless they are zero it is a second spelling.
    return undefined;
  }
}

function parse(bytes: Buffer): TicketCode | undefined {
  if (bytes.readUInt8(0) !== VERSION) return undefined;
  const ticketId = readUuid(bytes.subarray(3, 19));
  const keyNumber = bytes.readUInt16BE(1);
  const eventId = bytes.readUInt32BE(19);
  const serial = bytes.readUInt16BE(23);
  if (!ticketId || !inRange('keyNumber', keyNumber) || !inRange('eventId', eventId)) return undefined;
  return { version: VERSION, keyNumber, ticketId, eventId, serial, signature: bytes.subarray(CLAIMS_BYTES) };
}

function readUuid(bytes: Buffer): string | undefined {
  try {
    return uuidFromBytes(bytes);
  } catch {
    return undefined;
  }
}

function inRange(name: keyof typeof RANGES, value: number): boolean {
  const [least, most] = RANGES[name];
  return Number.isInteger(value) && value >= least && value <= most;
}

function requireRange(name: keyof typeof RANGES, value: number): void {
  if (!inRange(name, value))
    throw new RangeError(`${name} must be ${RANGES[name].join(' to ')}, not ${value}`);
}
