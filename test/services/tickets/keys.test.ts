import { describe, expect, test } from 'vitest';
import { signTicketCode, verifyTicketCode } from '../../../src/services/tickets/code.ts';
import {
  exportTicketPrivateJwk,
  exportTicketPublicJwk,
  generateTicketKey,
  importTicketKey,
  importTicketPublicKeys,
} from '../../../src/services/tickets/keys.ts';

const claims = { ticketId: '0197a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6b', eventId: 46, serial: 0 };

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a ticket key', () => {
  test('comes back from storage as the same key', () => {
    const key = generateTicketKey(7);
    const stored = throughJson(exportTicketPrivateJwk(key));
    const restored = importTicketKey(stored);
    expect(restored.number).toBe(7);
    expect(restored.privateKey.equals(key.privateKey)).toBe(true);
    expect(restored.publicKey.equals(key.publicKey)).toBe(true);
    expect(signTicketCode(claims, restored)).toBe(signTicketCode(claims, key));
  });

  test('gives a public JWK that holds nothing secret and is enough to verify', () => {
    const key = generateTicketKey(1);
    const published = throughJson(exportTicketPublicJwk(key));
    expect(published).toStrictEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      alg: 'EdDSA',
      use: 'sig',
      kid: '1',
      x: expect.stringMatching(/^[\w-]{43}$/),
    });
    const publicKeys = importTicketPublicKeys([published]);
    expect(publicKeys.get(1)?.type).toBe('public');
    expect(verifyTicketCode(signTicketCode(claims, key), publicKeys)).toMatchObject(claims);
  });

  test('is read as public only, even out of a private JWK', () => {
    const key = generateTicketKey(1);
    expect(importTicketPublicKeys([exportTicketPrivateJwk(key)]).get(1)?.type).toBe('public');
  });

  test('works after rotation: the new one signs, the old one still verifies', () => {
    const keys = [generateTicketKey(1), generateTicketKey(2)] as const;
    const publicKeys = importTicketPublicKeys(keys.map(exportTicketPublicJwk));
    for (const key of keys) {
      expect(verifyTicketCode(signTicketCode(claims, key), publicKeys)?.keyNumber).toBe(key.number);
    }
  });

  test.each([0, -1, 1.5, 32_768, Number.NaN])('cannot have the number %d', (number) => {
    expect(() => generateTicketKey(number)).toThrow();
  });

  const key = generateTicketKey(3);
  const jwk = exportTicketPrivateJwk(key);
  test.each([
    ['a missing private half', exportTicketPublicJwk(key)],
    ['another curve', { ...jwk, crv: 'X25519' }],
    ['another algorithm', { ...jwk, alg: 'ES256' }],
    ['a number of another form', { ...jwk, kid: '03' }],
    ['a number out of range', { ...jwk, kid: '32768' }],
    ['a short private half', { ...jwk, d: jwk.d.slice(1) }],
    ['the public half of another key', { ...jwk, x: exportTicketPublicJwk(generateTicketKey(3)).x }],
    ['nothing', null],
  ])('is refused from storage with %s', (_, stored) => {
    expect(() => importTicketKey(stored)).toThrow();
  });
});
