import { sign, webcrypto } from 'node:crypto';
import { base32nopad } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readTicketCode,
  signTicketCode,
  TICKET_CODE_LENGTH,
  type TicketClaims,
  verifyTicketCode,
} from '../../../src/services/tickets/code.ts';
import {
  exportTicketPublicJwk,
  generateTicketKey,
  importTicketKey,
  importTicketPublicKeys,
  type TicketKey,
} from '../../../src/services/tickets/keys.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const DOMAIN = 'ticketing-api/ticket-code\0';

const key = generateTicketKey(1);
const publicKeys = importTicketPublicKeys([exportTicketPublicJwk(key)]);

const keyNumbers = fc.integer({ min: 1, max: 32_767 });
const claims: fc.Arbitrary<TicketClaims> = fc.record({
  ticketId: fc.uuid(),
  eventId: fc.integer({ min: 1, max: 2_147_483_647 }),
  serial: fc.integer({ min: 0, max: 65_535 }),
});
const ticket: TicketClaims = { ticketId: '0197a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6b', eventId: 46, serial: 3 };

/** Signs any 25 bytes with the right key: what only a fault of ours, never a forger, could issue. */
function issue(change: (payload: Buffer) => void, domain = DOMAIN, signer: TicketKey = key): string {
  const payload = Buffer.from(base32nopad.decode(signTicketCode(ticket, signer)).subarray(0, 25));
  change(payload);
  const signature = sign(null, Buffer.concat([Buffer.from(domain), payload]), signer.privateKey);
  return base32nopad.encode(Buffer.concat([payload, signature]));
}

describe('a ticket code', () => {
  test('says what was signed, for all tickets, events, serials and key numbers', () => {
    fc.assert(
      fc.property(claims, keyNumbers, (signed, number) => {
        const code = signTicketCode(signed, { ...key, number });
        expect(code).toMatch(/^[A-Z2-7]{143}$/);
        const verified = verifyTicketCode(code, new Map([[number, key.publicKey]]));
        expect(verified).toMatchObject({ ...signed, version: 1, keyNumber: number });
        expect(readTicketCode(code)).toStrictEqual(verified);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    { ...ticket, eventId: 1, serial: 0 },
    { ...ticket, eventId: 2_147_483_647, serial: 65_535 },
    { ...ticket, ticketId: '00000000-0000-0000-0000-000000000000' },
    { ...ticket, ticketId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' },
  ])('holds at the ends of its ranges: %o', (signed) => {
    expect(verifyTicketCode(signTicketCode(signed, key), publicKeys)).toMatchObject(signed);
  });

  test.each([
    { eventId: 0 },
    { eventId: 2_147_483_648 },
    { eventId: 1.5 },
    { eventId: Number.NaN },
    { serial: -1 },
    { serial: 65_536 },
    { serial: 1.5 },
    { serial: Number.NaN },
  ])('is not made of numbers out of range: %o', (fault) => {
    expect(() => signTicketCode({ ...ticket, ...fault }, key)).toThrow(RangeError);
  });

  test('is not made of a ticket id that is no UUID, nor with a key number out of range', () => {
    expect(() => signTicketCode({ ...ticket, ticketId: '46' }, key)).toThrow(TypeError);
    expect(() => signTicketCode(ticket, { ...key, number: 65_536 })).toThrow(RangeError);
  });

  test('keeps its format: codes already printed must stay good', () => {
    // The key of RFC 8032, section 7.1, test 1.
    const fixed = importTicketKey({
      kty: 'OKP',
      crv: 'Ed25519',
      alg: 'EdDSA',
      use: 'sig',
      kid: '258',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    });
    expect(signTicketCode(ticket, fixed)).toBe(
      'AEAQEAMXUPCFW3L6R6NAWHBNHZHVU2YAAAAC4AADWM35ZHLYPIXCOKUMNUBOKEQCYSYI2UX5' +
        'H4METRCRMGIZLRHEANCXM63C2YJ6VPHXFZ4XRUELTU4OL7PGSTM5ITEVAKVFSQJYXVRTEBI',
    );
  });

  test('is verified by other software with the public JWK alone', async () => {
    const jwk = JSON.parse(JSON.stringify(exportTicketPublicJwk(key)));
    const bytes = base32nopad.decode(signTicketCode(ticket, key));
    const publicKey = await webcrypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['verify']);
    const signed = Buffer.concat([Buffer.from(DOMAIN), bytes.subarray(0, 25)]);
    expect(await webcrypto.subtle.verify('Ed25519', publicKey, bytes.subarray(25), signed)).toBe(true);
  });
});

describe('a spelling', () => {
  test('may be lower or mixed case, with white space around it', () => {
    const code = signTicketCode(ticket, key);
    const mixed = [...code].map((letter, index) => (index % 2 ? letter : letter.toLowerCase())).join('');
    for (const text of [code.toLowerCase(), mixed, ` ${code}\r\n`, `\t${code.toLowerCase()} `]) {
      expect(verifyTicketCode(text, publicKeys)).toMatchObject(ticket);
    }
  });

  test('has no twin: every change of one character is refused', () => {
    for (const { ticketId, eventId, serial } of fc.sample(claims, 2)) {
      const code = signTicketCode({ ticketId, eventId, serial }, key);
      const accepted: string[] = [];
      for (let at = 0; at < code.length; at++) {
        for (const letter of `${ALPHABET}0189=- _.é\0ıſ`) {
          if (letter === code[at]) continue;
          const changed = code.slice(0, at) + letter + code.slice(at + 1);
          if (verifyTicketCode(changed, publicKeys)) accepted.push(`${letter} at ${at}`);
        }
      }
      expect(accepted).toStrictEqual([]);
    }
  });

  test('has no twin: the spare bits of the last character are zero', () => {
    const code = signTicketCode(ticket, key);
    const readable = [...ALPHABET].filter((letter) => readTicketCode(code.slice(0, -1) + letter));
    expect(readable).toStrictEqual(['A', 'I', 'Q', 'Y']); // five bits, of which three are spare
  });

  test('is refused cut short or grown by a character, at either end', () => {
    const code = signTicketCode(ticket, key);
    for (let length = 0; length < code.length; length++) {
      expect(verifyTicketCode(code.slice(0, length), publicKeys)).toBeUndefined();
      expect(verifyTicketCode(code.slice(code.length - length), publicKeys)).toBeUndefined();
    }
    for (const letter of ALPHABET) {
      expect(verifyTicketCode(code + letter, publicKeys)).toBeUndefined();
      expect(verifyTicketCode(letter + code, publicKeys)).toBeUndefined();
    }
    expect(verifyTicketCode(`${code.slice(0, 70)} ${code.slice(70)}`, publicKeys)).toBeUndefined();
  });

  test('of any other text is refused without a throw', () => {
    const lookalike = fc.string({
      unit: fc.constantFrom(...ALPHABET),
      minLength: TICKET_CODE_LENGTH,
      maxLength: TICKET_CODE_LENGTH,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), lookalike), (text) => {
        readTicketCode(text);
        expect(verifyTicketCode(text, publicKeys)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a forger', () => {
  test('gets nowhere with a key of his own, whatever number he gives it', () => {
    fc.assert(
      fc.property(claims, keyNumbers, (signed, number) => {
        const code = signTicketCode(signed, generateTicketKey(number));
        expect(verifyTicketCode(code, new Map([[number, key.publicKey]]))).toBeUndefined();
        expect(verifyTicketCode(code, new Map())).toBeUndefined();
      }),
    );
  });

  test('cannot turn a code of one ticket, event or serial into one of another', () => {
    fc.assert(
      fc.property(claims, claims, (one, other) => {
        const [signed, wanted] = [one, other].map((each) => base32nopad.decode(signTicketCode(each, key)));
        if (!signed || !wanted) throw new Error('two codes were made');
        for (const [from, to] of [
          [3, 19],
          [19, 23],
          [23, 25],
          [0, 25],
          [3, 25],
        ] as const) {
          const spliced: Buffer = Buffer.from(signed);
          spliced.set(wanted.subarray(from, to), from);
          if (spliced.equals(signed)) continue;
          const code = base32nopad.encode(spliced);
          expect(readTicketCode(code)).toBeDefined();
          expect(verifyTicketCode(code, publicKeys)).toBeUndefined();
        }
      }),
    );
  });

  test('cannot carry a code to another event: it names its own', () => {
    const code = signTicketCode(ticket, key);
    expect(verifyTicketCode(code, publicKeys)?.eventId).toBe(ticket.eventId);
    expect(code).not.toBe(signTicketCode({ ...ticket, eventId: 47 }, key));
  });

  test('cannot use a signature that was made over the same bytes for another purpose', () => {
    expect(
      verifyTicketCode(
        issue(() => {}),
        publicKeys,
      ),
    ).toMatchObject(ticket);
    expect(
      verifyTicketCode(
        issue(() => {}, ''),
        publicKeys,
      ),
    ).toBeUndefined();
    expect(
      verifyTicketCode(
        issue(() => {}, 'ticketing-api/manifest\0'),
        publicKeys,
      ),
    ).toBeUndefined();
  });

  test('cannot move the signature by the order of the group (malleability, RFC 8032 section 5.1.7)', () => {
    const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
    const bytes = Buffer.from(base32nopad.decode(signTicketCode(ticket, key)));
    const half = bytes.subarray(57).reverse(); // S is little-endian
    const moved = (BigInt(`0x${half.toString('hex')}`) + order).toString(16).padStart(64, '0');
    bytes.set(Buffer.from(moved, 'hex').reverse(), 57);
    expect(verifyTicketCode(base32nopad.encode(bytes), publicKeys)).toBeUndefined();
  });
});

describe('a code signed by us but not of this format', () => {
  test.each<[string, (payload: Buffer) => void]>([
    ['a later version', (payload) => payload.writeUInt8(2, 0)],
    ['an event id of 0', (payload) => payload.writeUInt32BE(0, 19)],
    ['an event id beyond what the database holds', (payload) => payload.writeUInt32BE(2 ** 31, 19)],
    ['a ticket id that is no UUID', (payload) => payload.writeUInt8(0xff, 3 + 6)],
    ['key number 0', (payload) => payload.writeUInt16BE(0, 1)],
    ['a key number out of range', (payload) => payload.writeUInt16BE(32_768, 1)],
  ])('is refused: %s', (_, change) => {
    const code = issue(change);
    const anyKey = new Map([0, 1, 32_768].map((number) => [number, key.publicKey] as const));
    expect(readTicketCode(code)).toBeUndefined();
    expect(verifyTicketCode(code, anyKey)).toBeUndefined();
  });
});
