import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyTicket } from '../../examples/verify-ticket.ts';
import { inProject } from '../../src/paths.ts';
import { signTicketCode } from '../../src/services/tickets/code.ts';
import { exportTicketPublicJwk, generateTicketKey } from '../../src/services/tickets/keys.ts';

const FILE = inProject('examples', 'verify-ticket.ts');
const keys = [1, 2, 32_767].map(generateTicketKey);
const jwks = keys.map(exportTicketPublicJwk);

const claims = fc.record({
  ticketId: fc.uuid(),
  eventId: fc.integer({ min: 1, max: 2_147_483_647 }),
  serial: fc.integer({ min: 0, max: 65_535 }),
});

describe('the example of a scanner', () => {
  it('reads every code by the public keys alone, retired ones too', () => {
    fc.assert(
      fc.property(claims, fc.constantFrom(...keys), ({ ticketId, eventId, serial }, key) => {
        const code = signTicketCode({ ticketId, eventId, serial }, key);
        const kid = String(key.number);
        expect(verifyTicket(code, jwks)).toEqual({ ticket_id: ticketId, event_id: eventId, serial, kid });
      }),
      { numRuns: 100 },
    );
  });

  it('believes nothing else', () => {
    const other = generateTicketKey(1);
    fc.assert(
      fc.property(claims, fc.nat(142), fc.constantFrom(...'ABCDEFG234567'), (of, place, letter) => {
        const code = signTicketCode(of, keys[0] as (typeof keys)[0]);
        expect(verifyTicket(signTicketCode(of, other), jwks)).toBeUndefined();
        const forged = code.slice(0, place) + letter + code.slice(place + 1);
        if (forged !== code && place < 142) expect(verifyTicket(forged, jwks)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
    for (const text of ['', 'A'.repeat(143), 'hello']) expect(verifyTicket(text, jwks)).toBeUndefined();
  });

  it('is a program, and short enough to read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scanner-'));
    const file = join(folder, 'keys.json');
    writeFileSync(file, JSON.stringify(jwks));
    const code = signTicketCode(
      { ticketId: '0197a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6b', eventId: 46, serial: 3 },
      keys[1] as (typeof keys)[0],
    );
    const run = (text: string) => {
      const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', FILE, file, text], {
        encoding: 'utf8',
      });
      return [status, stdout];
    };
    expect(run(code)).toEqual([
      0,
      expect.stringContaining("ticket_id: '0197a3c4-5b6d-7e8f-9a0b-1c2d3e4f5a6b'"),
    ]);
    expect(run('X')).toEqual([1, 'not a code of these keys\n']);
    rmSync(folder, { recursive: true });
    expect(readFileSync(FILE, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(48);
  });
});
