// Verifies a ticket's rotating code with no network: the signed code, a dot, and eight digits that change every 15 seconds.
// It wants `keys` and `rotation` of GET /events/:event_id/manifest. Nothing is used but Node itself.
import { createHmac } from 'node:crypto';
import { verifyTicket } from './verify-ticket.ts';

/** What the manifest says of rotating codes. */
export interface Rotation {
  digits: number;
  period: number;
  window: number;
  keys: readonly { kid: string; secret: string }[];
}

const integer = (value: number, bytes: number): Buffer =>
  Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');

/** TOTP (RFC 6238) with SHA-1. */
function digitsOf(secret: Buffer, step: number, digits: number): string {
  const mac = createHmac('sha1', secret).update(integer(step, 8)).digest();
  const number = mac.readUInt32BE((mac[19] as number) & 15) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/**
 * What a code says, if one of the keys signed it, and whether it is the one of a moment. One that is not is a picture of
 * somebody's screen, or the clock of this device is wrong.
 */
export function verifyRotating(
  code: string,
  keys: readonly { kid: string; x: string }[],
  { keys: secrets, digits, period, window }: Rotation,
  at: Date = new Date(),
) {
  const [signed = '', told] = code.trim().split('.');
  const ticket = verifyTicket(signed, keys);
  const key = ticket && secrets.find(({ kid }) => kid === ticket.kid);
  if (!key) return undefined;
  const named = [Buffer.from(ticket.ticket_id.replaceAll('-', ''), 'hex'), integer(ticket.serial, 2)];
  const mac = createHmac('sha256', Buffer.from(key.secret, 'base64url')).update(Buffer.concat(named));
  const secret = mac.digest().subarray(0, 20);
  const now = Math.floor(at.getTime() / 1_000 / period);
  const steps = Array.from({ length: 2 * window + 1 }, (_, i) => now - window + i);
  return { ...ticket, timely: steps.some((step) => digitsOf(secret, step, digits) === told) };
}
