import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyTicketCode } from '../../src/services/tickets/code.ts';
import { importTicketPublicKeys } from '../../src/services/tickets/keys.ts';
import { readQrModules, readQrPng } from '../helpers/qr.ts';
import { type DoorWorld, doorWorld, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
let ticket: TestTicket;
let code: string;
beforeAll(async () => {
  world = await doorWorld();
  const [seat] = await world.sql<{ seat_id: number }>(
    'SELECT seat_id FROM event_seat WHERE event_id = $1 ORDER BY seat_id LIMIT 1',
    world.tonight.event_id,
  );
  ticket = await world.ticket({ user_id: world.john, seat_id: seat?.seat_id });
  code = (await world.call(`/tickets/${ticket.id}`, { who: 'john' })).body.ticket.qr_code;
});
afterAll(() => world.close());

/** The modules of the one path that draws a QR code: horizontal runs at whole coordinates. */
function modulesOf(svg: string): boolean[][] {
  const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
  const rows = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  const path = /<path stroke="#000000" d="([^"]+)"/.exec(svg)?.[1] ?? '';
  let [x, y] = [0, 0];
  for (const [, command, first, second] of path.matchAll(/([Mmh])(-?[\d.]+) ?(-?[\d.]+)?/g)) {
    if (command === 'M') [x, y] = [Number(first), Number(second)];
    if (command === 'm') [x, y] = [x + Number(first), y + Number(second)];
    if (command !== 'h') continue;
    for (let i = 0; i < Number(first); i++) (rows[Math.floor(y)] as boolean[])[x + i] = true;
    x += Number(first);
  }
  return rows;
}

describe('the QR code of a ticket', () => {
  it('as PNG reads back as the code, which the public key verifies', async () => {
    const { status, headers, raw } = await world.call(`/tickets/${ticket.id}/qr.png`, { who: 'john' });
    expect([status, headers['content-type']]).toEqual([200, 'image/png']);
    const read = readQrPng(raw);
    expect(read?.text).toBe(code);
    const jwks = await world.system.ticketKeys.publicJwks(world.accounts.company_id);
    expect(verifyTicketCode(read?.text ?? '', importTicketPublicKeys(jwks))).toMatchObject({
      ticketId: ticket.id,
      eventId: ticket.event_id,
    });
    expect((await world.scan(read?.text ?? '')).body.validation.result).toBe('accepted');
  });

  it('as PNG is as large as asked', async () => {
    for (const scale of [1, 3, 40]) {
      const { raw } = await world.call(`/tickets/${ticket.id}/qr.png?scale=${scale}`, { who: 'john' });
      expect(raw.readUInt32BE(16)).toBe(49 * scale);
    }
    for (const scale of ['0', '41', 'x', '-1', '1.5', '']) {
      const answer = await world.call(`/tickets/${ticket.id}/qr.png?scale=${scale}`, { who: 'john' });
      expect([scale, answer.status, answer.body.errors[0].pointer]).toEqual([scale, 422, '/query/scale']);
    }
  });

  it('as SVG reads back as well, and is named after event and seat', async () => {
    const { status, headers, raw } = await world.call(`/tickets/${ticket.id}/qr.svg`, { who: 'john' });
    expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^image\/svg\+xml/)]);
    const svg = raw.toString();
    expect(svg).toContain('<title>Tonight &lt;3 · Stalls A 1</title>');
    expect(readQrModules(modulesOf(svg))?.text).toBe(code);
  });

  it('is not sent again to who has it', async () => {
    for (const name of ['qr.svg', 'qr.png']) {
      const first = await world.call(`/tickets/${ticket.id}/${name}`, { who: 'john' });
      const again = { 'if-none-match': String(first.headers.etag) };
      expect(
        (await world.call(`/tickets/${ticket.id}/${name}`, { who: 'john', headers: again })).status,
      ).toBe(304);
    }
  });

  it('is for the owner and sell', async () => {
    for (const name of ['qr.svg', 'qr.png']) {
      const url = `/tickets/${ticket.id}/${name}`;
      expect((await world.call(url, { who: 'seller' })).status).toBe(200);
      for (const who of ['mary', 'buyer', 'stranger', 'pos'] as const)
        expect((await world.call(url, { who })).status).toBe(404);
      for (const who of ['reader', 'admin'] as const)
        expect((await world.call(url, { who })).status).toBe(403);
      expect((await world.app.inject({ url })).statusCode).toBe(401);
      expect((await world.call(`/tickets/x/${name}`, { who: 'john' })).status).toBe(404);
    }
  });

  it('does not exist for a ticket that no longer admits', async () => {
    for (const status of ['void', 'transferred']) {
      const dead = await world.ticket({ user_id: world.john, status });
      for (const name of ['qr.svg', 'qr.png']) {
        const answer = await world.call(`/tickets/${dead.id}/${name}`, { who: 'john' });
        expect([answer.status, answer.body.code, answer.body.ticket_status]).toEqual([
          409,
          'conflict',
          status,
        ]);
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      }
    }
  });
});
