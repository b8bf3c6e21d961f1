// Verifies a ticket's QR code with no network: node examples/verify-ticket.ts keys.json CODE (Node 22.18, or through tsx).
// keys.json is `manifest.keys` of GET /events/:event_id/manifest. Nothing is used but Node itself.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'; // base32, RFC 4648
const DOMAIN = Buffer.from('ticketing-api/ticket-code\0');

function bytesOf(code: string): Buffer {
  let bits = '';
  for (const letter of code) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/**
 * What a code says, if one of the keys signed it. A scanner then looks the ticket up in its manifest: an older serial than
 * the manifest's is a revoked code.
 * @param keys public keys as JWKs; `kid` is the key's number
 */
export function verifyTicket(code: string, keys: readonly { kid: string; x: string }[]) {
  const text = code.trim().toUpperCase();
  if (!/^[A-Z2-7]{143}$/.test(text)) return undefined;
  const bytes = bytesOf(text);
  const claims = bytes.subarray(0, 25);
  const key = keys.find(({ kid }) => Number(kid) === claims.readUInt16BE(1));
  if (!key || claims[0] !== 1) return undefined;
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.x }, format: 'jwk' });
  if (!verify(null, Buffer.concat([DOMAIN, claims]), publicKey, bytes.subarray(25))) return undefined;
  const hex = claims.toString('hex', 3, 19);
  return {
    ticket_id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    event_id: claims.readUInt32BE(19),
    serial: claims.readUInt16BE(23),
    kid: key.kid,
  };
}

if (process.argv[1] === import.meta.filename) {
  const [, , file = '', code = ''] = process.argv;
  const found = verifyTicket(code, JSON.parse(readFileSync(file, 'utf8')));
  console.log(found ?? 'not a code of these keys');
  process.exitCode = found ? 0 : 1;
}
