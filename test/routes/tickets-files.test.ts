import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPdf } from '../helpers/pdf.ts';
import { type DoorWorld, doorWorld, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
let ticket: TestTicket;

beforeAll(async () => {
  world = await doorWorld();
  const { event_id } = world.tonight;
  await world.sql(
    `UPDATE event SET name = 'Noche de Łódź', translations = '{"es": {"name": "Noche española"}}', time_zone = 'Europe/Madrid',
       starts_at = '2031-07-04T19:30:00Z', ends_at = '2031-07-04T22:00:00Z', doors_at = '2031-07-04T18:30:00Z' WHERE id = $1`,
    event_id,
  );
  const [seat] = await world.sql<{ seat_id: number; section_id: number }>(
    'SELECT seat_id, section_id FROM event_seat WHERE event_id = $1 ORDER BY seat_id LIMIT 1',
    event_id,
  );
  ticket = await world.ticket({ user_id: world.john, first_name: 'Zoë', last_name: 'Łukasz', ...seat });
});
afterAll(() => world.close());

describe('the date of a ticket', () => {
  it('is a calendar file with its times in UTC', async () => {
    const answer = await world.call(`/tickets/${ticket.id}.ics`, { who: 'john' });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/calendar; charset=utf-8']);
    const lines = answer.raw.toString().replaceAll('\r\n ', '').split('\r\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'BEGIN:VCALENDAR',
        `UID:${ticket.id}`,
        'SUMMARY:Noche de Łódź',
        'DTSTART:20310704T193000Z',
        'DTEND:20310704T220000Z',
        'END:VCALENDAR',
      ]),
    );
  });

  it('is folded by bytes, escapes what means something, and names nobody without an address', async () => {
    const name = `Ñandú, "the; very\\long" 🎉 title – ${'müsica '.repeat(20)}end\nBEGIN:VEVENT`;
    const [was] = await world.sql<{ name: string }>('SELECT name FROM event WHERE id = $1', ticket.event_id);
    await world.sql('UPDATE event SET name = $2, ends_at = NULL WHERE id = $1', ticket.event_id, name);
    const { raw } = await world.call(`/tickets/${ticket.id}.ics`, { who: 'john' });
    await world.sql(
      "UPDATE event SET name = $2, ends_at = '2031-07-04T22:00:00Z' WHERE id = $1",
      ...[ticket.event_id, was?.name],
    );
    const text = raw.toString();
    expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(text).not.toContain('\ufffd'); // no character was torn apart
    const lines = text.replaceAll('\r\n ', '').split('\r\n');
    const summary = lines.find((line) => line.startsWith('SUMMARY:'))?.slice(8);
    expect(summary?.replace(/\\([\\;,n])/g, (_, it: string) => (it === 'n' ? '\n' : it))).toBe(name);
    expect(lines.filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(1);
    expect(lines).toContain('DTEND:20310704T213000Z'); // two hours where no end is known
    expect(lines.filter((line) => /^(ORGANIZER|METHOD)/.test(line))).toEqual([]);
  });
});

describe('a ticket as PDF', () => {
  it('is refused for a ticket that no longer admits', async () => {
    const dead = await world.ticket({ user_id: world.john, status: 'void' });
    for (const kind of ['pdf', 'ics']) {
      const { status, body } = await world.call(`/tickets/${dead.id}.${kind}`, { who: 'john' });
      expect([status, body.code, body.ticket_status]).toEqual([409, 'conflict', 'void']);
    }
  });

  // Reading pages keeps the process from answering, so that everything is asked for first.
  it('shows what, when, where and for whom, in the language of the request, and a code that a scanner reads', async () => {
    const answer = await world.call(`/tickets/${ticket.id}.pdf`, { who: 'john' });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/pdf']);
    const headers = { 'accept-language': 'es' };
    const spanish = await world.call(`/tickets/${ticket.id}.pdf`, { who: 'john', headers });
    const long = 'Wolfeschlegelsteinhausenbergerdorff '.repeat(5).trim();
    const odd = await world.ticket({ user_id: world.john, first_name: '🎉 Zoë 👩‍👩‍👧 1', last_name: long });
    const oddPage = await world.call(`/tickets/${odd.id}.pdf`, { who: 'john' });
    const first = await world.ticket({ user_id: world.john });
    const more = { user_id: world.john, cart_id: first.cart_id };
    const second = await world.ticket(more);
    await world.ticket({ ...more, status: 'void' });
    const cart = await world.call(`/carts/${first.cart_id}/tickets.pdf`, { who: 'john' });
    const strangers = await world.call(`/carts/${first.cart_id}/tickets.pdf`, { who: 'mary' });
    expect([strangers.status, strangers.body.code]).toEqual([404, 'not_found']);
    const codes = await Promise.all([ticket, first, second].map(world.code));

    const [page, ...others] = await readPdf(answer.raw);
    expect([page?.code, others]).toEqual([codes[0], []]);
    for (const words of [
      'Noche de Łódź',
      'Friday, 4 July 2031',
      '21:30',
      'Doors: 20:30',
      'Zoë Łukasz',
      ticket.id,
    ])
      expect(page?.text).toContain(words);
    const [crowded, ...beyond] = await readPdf(oddPage.raw);
    expect([crowded?.code, beyond]).toEqual([await world.code(odd), []]);
    expect(crowded?.text).toMatch(/Holder\s+Zoë 1\s+Wolfe/); // no boxes for what the font cannot draw
    expect(crowded?.text).toContain(odd.id);
    const [translated] = await readPdf(spanish.raw);
    expect(translated?.text).toContain('Noche española');
    expect(translated?.text).toContain('viernes, 4 de julio de 2031');
    // Of a whole cart: a page for each ticket that still admits.
    expect((await readPdf(cart.raw)).map(({ code }) => code)).toEqual([codes[1], codes[2]]);
  }, 60_000);
});
