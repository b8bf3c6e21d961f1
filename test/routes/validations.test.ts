import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signTicketCode } from '../../src/services/tickets/code.ts';
import { generateTicketKey } from '../../src/services/tickets/keys.ts';
import {
  type DoorWorld,
  doorWorld,
  fromNow,
  HOUR,
  type NewTicket,
  type TestTicket,
} from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const fresh = (more?: NewTicket) => world.ticket(more);
const scanOf = async (ticket: TestTicket, more?: Record<string, unknown>) =>
  (await world.scan(await world.code(ticket), more)).body.validation;
const verdict = async (ticket: TestTicket, more?: Record<string, unknown>) => {
  const { result, reason } = await scanOf(ticket, more);
  return reason === null ? result : `${result} ${reason}`;
};
const row = async ({ id }: { id: string }) =>
  (await world.sql('SELECT status, entries, inside, validated_at FROM ticket WHERE id = $1', id))[0];
/** A change of an event reaches its doors within a second. */
const settled = () => new Promise((done) => setTimeout(done, 1_050));

describe('a good code at the door', () => {
  it('is accepted: 201, the scan and where it is kept, the ticket as it is now', async () => {
    const ticket = await fresh({ first_name: 'Ana', last_name: 'Roe', email: 'ana@mail.com' });
    const { tonight } = world;
    const answer = await world.scan(await world.code(ticket), { gate_id: tonight.north });
    expect(answer.status).toBe(201);
    const { validation } = answer.body;
    expect(answer.headers.location).toBe(`/validations/${validation.id}`);
    expect(validation).toEqual({
      ...{ manual: false, offline: false, device_id: null, device_time: null },
      ...{ conflict: null, conflict_id: null },
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      event_id: tonight.event_id,
      ticket_id: ticket.id,
      gate_id: tonight.north,
      result: 'accepted',
      reason: null,
      direction: 'entry',
      forced: false,
      force_reason: null,
      scanned_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      undone_at: null,
      created_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      ticket: expect.objectContaining({
        id: ticket.id,
        status: 'used',
        entries: 1,
        validated_at: validation.scanned_at,
        holder: { first_name: 'Ana', last_name: 'Roe', email: 'ana@mail.com', document_number: null },
      }),
    });
    expect(validation.ticket).not.toHaveProperty('qr_code');
    const kept = await world.call(`/validations/${validation.id}`);
    expect(kept.body.validation).toEqual(validation);
  });

  it('is told to the change feed with the transaction, and to nobody when it is rejected', async () => {
    const ticket = await fresh();
    const { id } = await scanOf(ticket);
    await scanOf(ticket);
    const told = await world.sql(
      `SELECT interface_id, event_id, data FROM change WHERE type = 'ticket.validated' AND subject_id = $1`,
      ticket.id,
    );
    expect(told).toEqual([
      {
        interface_id: world.accounts.interfaces.web,
        event_id: ticket.event_id,
        data: {
          ticket_id: ticket.id,
          event_id: ticket.event_id,
          validation_id: id,
          direction: 'entry',
          gate_id: null,
        },
      },
    ]);
  });

  it('is the same code in lower case and with white space around it', async () => {
    const code = ` ${(await world.code(await fresh())).toLowerCase()}\n`;
    expect((await world.scan(code)).body.validation.result).toBe('accepted');
  });

  it('shows the seat', async () => {
    const { tonight } = world;
    const [seat] = await world.sql<{ seat_id: number }>(
      'SELECT seat_id FROM event_seat WHERE event_id = $1 ORDER BY seat_id LIMIT 1',
      tonight.event_id,
    );
    const ticket = await fresh({
      ...{ ticket_type_id: tonight.seated, section_id: tonight.stalls, seat_id: seat?.seat_id },
    });
    const shown = (await scanOf(ticket)).ticket.seat;
    expect(shown).toEqual({ id: seat?.seat_id, section: 'Stalls', row: 'A', number: '1' });
  });

  it('opens the door of its event whichever interface sold it', async () => {
    const { interfaces, clients } = world.accounts;
    const ticket = await fresh({ interface_id: interfaces.pos, client_id: clients.pos.id });
    expect(await verdict(ticket)).toBe('accepted');
  });

  it('needs no cart and no type: a ticket without them lets in once', async () => {
    const ticket = await fresh({ ticket_type_id: null });
    await world.sql('UPDATE ticket SET cart_id = NULL WHERE id = $1', ticket.id);
    expect(await verdict(ticket)).toBe('accepted');
    expect(await verdict(ticket)).toBe('rejected already_used');
  });
});

describe('a scan is rejected, kept and answered with 201', () => {
  it('already_used: the second time', async () => {
    const ticket = await fresh();
    expect(await verdict(ticket)).toBe('accepted');
    const again = await world.scan(await world.code(ticket));
    expect(again.status).toBe(201);
    expect(again.body.validation).toMatchObject({ result: 'rejected', reason: 'already_used' });
    expect(again.body.validation.ticket).toMatchObject({ id: ticket.id, status: 'used', entries: 1 });
    expect(await row(ticket)).toMatchObject({ status: 'used', entries: 1, inside: 1 });
  });

  it('unknown: no code at all, a code with another signature, of an unknown key, of no ticket', async () => {
    const ticket = await fresh();
    const code = await world.code(ticket);
    const claims = { ticketId: ticket.id, eventId: ticket.event_id, serial: 0 };
    const { company_id } = world.accounts;
    const sign = await world.system.ticketKeys.signer(company_id);
    const unknown = [
      'x',
      'https://example.com/',
      `${code.slice(0, 60)}${code[60] === 'A' ? 'B' : 'A'}${code.slice(61)}`,
      signTicketCode(claims, generateTicketKey(1)),
      signTicketCode(claims, generateTicketKey(9)),
      await sign({ ...claims, ticketId: '0190a0a0-0000-7000-8000-000000000001' }),
      await sign({ ...claims, eventId: world.tomorrow.event_id }),
    ];
    for (const qr_code of unknown) {
      const { status, body } = await world.scan(qr_code);
      expect([status, body.validation.result, body.validation.reason]).toEqual([201, 'rejected', 'unknown']);
      expect(body.validation).toMatchObject({ ticket_id: null, ticket: null });
    }
    expect(await verdict(ticket)).toBe('accepted');
  });

  it('revoked: void, passed on, reissued since, of a cancelled event', async () => {
    for (const status of ['void', 'transferred'])
      expect(await verdict(await fresh({ status }))).toBe('rejected revoked');
    const ticket = await fresh();
    const old = await world.code(ticket);
    await world.sql('UPDATE ticket SET serial = serial + 1 WHERE id = $1', ticket.id);
    expect((await world.scan(old)).body.validation.reason).toBe('revoked');
    expect(await verdict(ticket)).toBe('accepted');

    const off = await fresh({ event_id: world.tomorrow.event_id, ticket_type_id: null });
    await world.sql(`UPDATE event SET status = 'cancelled' WHERE id = $1`, off.event_id);
    expect(await verdict(off, { event_id: off.event_id })).toBe('rejected revoked');
    await world.sql(`UPDATE event SET status = 'published' WHERE id = $1`, off.event_id);
    await settled();
  });

  it('wrong_event: shows the ticket of the own channel, and of others the id alone', async () => {
    const { tomorrow, elsewhere, accounts } = world;
    const own = await scanOf(await fresh({ event_id: tomorrow.event_id, ticket_type_id: null }));
    expect(own).toMatchObject({
      result: 'rejected',
      reason: 'wrong_event',
      event_id: world.tonight.event_id,
    });
    expect(own.ticket.event_id).toBe(tomorrow.event_id);

    const theirs = await scanOf(
      await fresh({ event_id: elsewhere.event_id, interface_id: accounts.interfaces.pos }),
    );
    expect(theirs).toMatchObject({ reason: 'wrong_event', ticket: null });
    expect(theirs.ticket_id).not.toBeNull();
    const { body } = await world.call(`/validations/${theirs.id}`);
    expect(body.validation.ticket).toBeNull();
  });

  it('wrong_gate: the type names its gates; a scan that names none is not judged by them', async () => {
    const { northern, north, south } = world.tonight;
    const ticket = await fresh({ ticket_type_id: northern });
    expect(await verdict(ticket, { gate_id: south })).toBe('rejected wrong_gate');
    expect(await verdict(ticket, { gate_id: north })).toBe('accepted');
    expect(await verdict(await fresh({ ticket_type_id: northern }))).toBe('accepted');
  });

  it('not_yet_valid and expired: by the times of the type, at the time of the scan', async () => {
    const { later, early } = world.tonight;
    const ticket = await fresh({ ticket_type_id: later });
    expect(await verdict(ticket)).toBe('rejected not_yet_valid');
    const matinee = await fresh({ ticket_type_id: early });
    expect(await verdict(matinee)).toBe('rejected expired');
    const scanned_at = fromNow(-2 * HOUR).toISOString();
    expect(await verdict(matinee, { scanned_at })).toBe('accepted');
    expect((await row(matinee))?.validated_at).toEqual(new Date(scanned_at));
  });

  it('not_yet_valid and expired: without times of the type, by those of the event', async () => {
    const ticket = await fresh(); // doors in 1 h, so good since 5 h ago
    const at = (ms: number) => ({ scanned_at: fromNow(ms).toISOString() });
    expect(await verdict(ticket, at(-5.1 * HOUR))).toBe('rejected not_yet_valid');
    expect(await verdict(ticket, at(-4.9 * HOUR))).toBe('accepted');
    const { event_id } = world.tomorrow; // starts in 24 h, with neither doors nor end
    const next = await fresh({ event_id, ticket_type_id: null });
    expect(await verdict(next, { event_id })).toBe('rejected not_yet_valid');
    await move(event_id, { starts_at: fromNow(-23.9 * HOUR) });
    expect(await verdict(next, { event_id })).toBe('accepted');
    await move(event_id, { starts_at: fromNow(-24.1 * HOUR) });
    const late = await fresh({ event_id, ticket_type_id: null });
    expect(await verdict(late, { event_id })).toBe('rejected expired');
    await move(event_id, { starts_at: fromNow(-24.1 * HOUR), ends_at: fromNow(-5.9 * HOUR) });
    expect(await verdict(late, { event_id })).toBe('accepted');
    await move(event_id, { starts_at: fromNow(24 * HOUR) });
  });

  async function move(
    event_id: number,
    { starts_at, ends_at = null }: { starts_at: Date; ends_at?: Date | null },
  ) {
    await world.sql(
      'UPDATE event SET starts_at = $2, ends_at = $3 WHERE id = $1',
      event_id,
      starts_at,
      ends_at,
    );
    await settled();
  }

  it('unpaid: its cart is not, or no longer, paid', async () => {
    for (const cart_status of ['open', 'pending_payment', 'expired', 'cancelled', 'refunded'])
      expect(await verdict(await fresh({ cart_status }))).toBe('rejected unpaid');
    expect(await verdict(await fresh({ cart_status: 'partially_refunded' }))).toBe('accepted');
  });
});
