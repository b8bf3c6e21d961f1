/**
 * Rotating codes (RFC 6238): the signed code of the ticket, a dot, and eight digits that change every 15 seconds.
 *
 *     ROTATION KEY of a ticket key    HKDF-SHA256(32 bytes of its private half, info "ticketing-api/rotating-codes")
 *     key of an event                 HMAC-SHA256(rotation key, event id as 4 bytes)
 *     secret of a ticket              HMAC-SHA256(key of the event, ticket id as 16 bytes, serial as 2), first 20 bytes
 *     digits                          TOTP(secret, SHA-1, 8 digits, 15 seconds)
 *
 * Integers are big-endian. Nothing of it is stored: who holds the key of an event (a scanner, by its manifest) tells the
 * digits of every ticket, also of those that are sold later, and can sign none.
 *
 * A time code is good in its own step of 15 seconds and in the one before and after. Before is for clocks that run ahead;
 * after is all the life a picture of it has: 30 seconds from the moment when the code came up, it is dead.
 */
import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { parse as uuidToBytes } from 'uuid';
import { TICKET_CODE_LENGTH, type TicketClaims } from './code.ts';

/** What a scanner must know of the digits, as manifests tell it. */
export const ROTATION = { algorithm: 'SHA1', digits: 8, period: 15, window: 1 } as const;

const STEP_MS = ROTATION.period * 1_000;
const INFO = 'ticketing-api/rotating-codes';
const SECRET_BYTES = 20;
const ROTATING = new RegExp(`^(.{${TICKET_CODE_LENGTH}})\\.(\\d{${ROTATION.digits}})$`);

/** What all rotating codes of one ticket key are derived from. Secret. */
export function rotationKeyOf(privateKey: KeyObject): Buffer {
  const { d = '' } = privateKey.export({ format: 'jwk' });
  return Buffer.from(hkdfSync('sha256', Buffer.from(d, 'base64url'), '', INFO, 32));
}

/** What the rotating codes of one event are derived from: 32 bytes for its scanners. */
export function eventKeyOf(rotationKey: Buffer, event_id: number): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(event_id);
  return createHmac('sha256', rotationKey).update(id).digest();
}

/** The secret of one ticket: another after every reissue and transfer. */
export function ticketSecretOf(
  eventKey: Buffer,
  { ticketId, serial }: Pick<TicketClaims, 'ticketId' | 'serial'>,
): Buffer {
  const number = Buffer.alloc(2);
  number.writeUInt16BE(serial);
  const digest = createHmac('sha256', eventKey).update(uuidToBytes(ticketId)).update(number).digest();
  return digest.subarray(0, SECRET_BYTES);
}

const totpOf = (secret: Buffer): TOTP =>
  new TOTP({
    ...{ algorithm: ROTATION.algorithm, digits: ROTATION.digits, period: ROTATION.period },
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
  });

/** The digits of a moment. */
export const timeCode = (secret: Buffer, at: Date): string =>
  totpOf(secret).generate({ timestamp: at.getTime() });

/** Are these the digits of a moment, one step of clock skew forgiven? */
export const isTimely = (secret: Buffer, digits: string, at: Date): boolean =>
  totpOf(secret).validate({ token: digits, timestamp: at.getTime(), window: ROTATION.window }) !== null;

/** When the digits of a moment change. */
export const changesAfter = (at: Date): Date => new Date((Math.floor(at.getTime() / STEP_MS) + 1) * STEP_MS);

/** A code as scanned: what is signed, and the digits behind it, if it has any. */
export function partsOf(text: string): { token: string; digits: string | undefined } {
  const spelt = text.trim();
  if (spelt.length <= TICKET_CODE_LENGTH) return { token: spelt, digits: undefined };
  const [, token = spelt, digits] = ROTATING.exec(spelt) ?? [];
  return { token, digits };
}
