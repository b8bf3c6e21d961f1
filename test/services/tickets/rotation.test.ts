import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyRotating } from '../../../examples/verify-rotating-code.ts';
import { signTicketCode } from '../../../src/services/tickets/code.ts';
import { exportTicketPublicJwk, generateTicketKey } from '../../../src/services/tickets/keys.ts';
import { qrPng } from '../../../src/services/tickets/qr-image.ts';
import {
  changesAfter,
  eventKeyOf,
  isTimely,
  partsOf,
  ROTATION,
  rotationKeyOf,
  ticketSecretOf,
  timeCode,
} from '../../../src/services/tickets/rotation.ts';
import { readQrPng } from '../../helpers/qr.ts';

const STEP = 15_000;
const keys = [1, 2].map((number) => {
  const key = generateTicketKey(number);
  return { key, rotation: rotationKeyOf(key.privateKey) };
});
const claims = fc.record({
  ticketId: fc.uuid(),
  eventId: fc.integer({ min: 1, max: 2_147_483_647 }),
  serial: fc.integer({ min: 0, max: 65_535 }),
});
const moment = fc.date({ min: new Date('2024-01-01'), max: new Date('2099-01-01'), noInvalidDate: true });
const secretOf = (
  { rotation }: (typeof keys)[0],
  of: { ticketId: string; eventId: number; serial: number },
) => ticketSecretOf(eventKeyOf(rotation, of.eventId), of);

describe('a rotating code', () => {
  it('is good in its own 15 seconds and in one step on either side: dead 30 seconds after it came up', () => {
    fc.assert(
      fc.property(claims, moment, fc.integer({ min: -90_000, max: 90_000 }), (of, shown, later) => {
        const secret = secretOf(keys[0] as (typeof keys)[0], of);
        const digits = timeCode(secret, shown);
        const begun = Math.floor(shown.getTime() / STEP) * STEP;
        const scanned = new Date(shown.getTime() + later);
        const good = scanned.getTime() >= begun - STEP && scanned.getTime() < begun + 2 * STEP;
        // Another step may have the same digits by chance, once in a hundred million.
        expect(isTimely(secret, digits, scanned)).toBe(good);
        if (later >= 30_000) expect(good).toBe(false);
        if (Math.abs(later) <= STEP && later <= 0) expect(isTimely(secret, digits, scanned)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('changes when it says, and says so again at that moment', () => {
    fc.assert(
      fc.property(moment, (at) => {
        const next = changesAfter(at);
        expect(next.getTime() - at.getTime()).toBeGreaterThan(0);
        expect(next.getTime() - at.getTime()).toBeLessThanOrEqual(STEP);
        expect(changesAfter(next).getTime() - next.getTime()).toBe(STEP);
      }),
    );
  });

  it('has a secret of its own for each key, event, ticket and serial', () => {
    const of = { ticketId: '0197a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6b', eventId: 46, serial: 3 };
    const [one, two] = keys as [(typeof keys)[0], (typeof keys)[0]];
    const secrets = [
      secretOf(one, of),
      secretOf(two, of),
      secretOf(one, { ...of, eventId: 47 }),
      secretOf(one, { ...of, serial: 4 }),
      secretOf(one, { ...of, ticketId: '0197a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6c' }),
    ].map((secret) => secret.toString('hex'));
    expect(new Set(secrets).size).toBe(5);
    expect(secrets.every((secret) => secret.length === 40)).toBe(true);
  });

  it('fits a QR code of version 6 at error correction M', async () => {
    const [one] = keys as [(typeof keys)[0]];
    const of = { ticketId: '0197a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6b', eventId: 46, serial: 3 };
    const code = `${signTicketCode(of, one.key)}.${timeCode(secretOf(one, of), new Date())}`;
    const read = readQrPng(await qrPng(code));
    expect(read).toEqual({ text: code, version: 6, modes: ['alphanumeric'] });
    expect(partsOf(` ${code} `)).toEqual({ token: code.slice(0, 143), digits: code.slice(144) });
    for (const odd of [`${code}1`, code.slice(0, -1), code.replace('.', ':')])
      expect(partsOf(odd).digits).toBeUndefined();
  });
});

describe('the example of a scanner of rotating codes', () => {
  it('agrees with the server on every code and moment, by what a manifest tells', () => {
    const jwks = keys.map(({ key }) => exportTicketPublicJwk(key));
    fc.assert(
      fc.property(
        ...([claims, fc.constantFrom(...keys), moment, fc.integer({ min: -60_000, max: 60_000 })] as const),
        (of, by, shown, later) => {
          const rotation = {
            ...ROTATION,
            keys: keys.map(({ key, rotation }) => ({
              kid: String(key.number),
              secret: eventKeyOf(rotation, of.eventId).toString('base64url'),
            })),
          };
          const secret = secretOf(by, of);
          const digits = timeCode(secret, shown);
          const token = signTicketCode(of, by.key);
          const at = new Date(shown.getTime() + later);
          const found = verifyRotating(`${token}.${digits}`, jwks, rotation, at);
          expect(found).toEqual({
            ...{
              ticket_id: of.ticketId,
              event_id: of.eventId,
              serial: of.serial,
              kid: String(by.key.number),
            },
            timely: isTimely(secret, digits, at),
          });
          expect(verifyRotating(token, jwks, rotation, at)).toMatchObject({ timely: false });
          expect(verifyRotating(`${token.slice(1)}A.${digits}`, jwks, rotation, at)).toBeUndefined();
        },
      ),
      { numRuns: 100 },
    );
  });
});
