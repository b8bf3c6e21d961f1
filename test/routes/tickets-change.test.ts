import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_SERIAL } from '../../src/services/tickets/code.ts';
import {
  type Call,
  type DoorWorld,
  doorWorld,
  fromNow,
  HOUR,
  type Who,
} from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const johns = (more = {}) =>
  world.ticket({ user_id: world.john, first_name: 'John', last_name: 'Doe', ...more });
const holderOf = async (id: string) =>
  (await world.sql('SELECT first_name, last_name, email, document_number FROM ticket WHERE id = $1', id))[0];
const told = async (type: string, id: string) =>
  (
    await world.sql<{ data: unknown }>(
      'SELECT data FROM change WHERE type = $1 AND subject_id = $2',
      type,
      id,
    )
  ).map(({ data }) => data);
const pos = () => ({ 'x-interface': String(world.accounts.interfaces.pos) });

describe('PATCH /tickets/:ticket_id', () => {
  const patch = (id: string, holder: unknown, more: Call = {}) =>
    world.call(`/tickets/${id}`, { who: 'john', method: 'PATCH', body: { holder }, ...more });

  it('changes what is named of the holder, and tells that it did, not to whom', async () => {
    const ticket = await johns({ email: 'john@mail.com', document_number: 'X-1' });
    const before = (await world.call(`/tickets/${ticket.id}`, { who: 'john' })).body.ticket;
    const answer = await patch(ticket.id, {
      first_name: ' Mary ',
      email: 'mary@mail.com',
      document_number: null,
    });
    expect(answer.status).toBe(200);
    const holder = { first_name: 'Mary', last_name: 'Doe', email: 'mary@mail.com', document_number: null };
    expect(answer.body.ticket).toEqual({ ...before, holder, updated_at: answer.body.ticket.updated_at });
    expect(answer.body.ticket.updated_at > before.updated_at).toBe(true);
    expect(await holderOf(ticket.id)).toEqual(holder);
    expect(await told('ticket.updated', ticket.id)).toEqual([
      { ticket_id: ticket.id, event_id: ticket.event_id },
    ]);
  });

  it('is for the owner and sell', async () => {
    const ticket = await johns();
    const tried = async (who: Who, headers = {}) =>
      (await patch(ticket.id, { first_name: who }, { who, headers })).status;
    expect(await tried('seller')).toBe(200);
    for (const who of ['mary', 'buyer', 'stranger', 'pos'] as const) expect(await tried(who)).toBe(404);
    for (const who of ['reader', 'admin'] as const) expect(await tried(who)).toBe(403);
    expect(await tried('both', pos())).toBe(404);
    expect(await holderOf(ticket.id)).toMatchObject({ first_name: 'seller' });
    const anonymous = await world.ticket();
    expect((await patch(anonymous.id, { first_name: 'Ana' }, { who: 'buyer' })).status).toBe(200);
  });

  it('is over when the ticket was used, or no longer admits', async () => {
    for (const status of ['used', 'void', 'transferred']) {
      const ticket = await johns({ status });
      const { status: code, body } = await patch(ticket.id, { first_name: 'Late' });
      expect([code, body.code, body.ticket_status]).toEqual([409, 'holder_locked', status]);
      expect(await holderOf(ticket.id)).toMatchObject({ first_name: 'John' });
    }
  });

  it('is over when the event starts, or at the time that it names', async () => {
    const { event_id } = world.tonight;
    const ticket = await johns();
    const tried = async (times: { starts_at: Date; until: Date | null }) => {
      const set = 'UPDATE event SET starts_at = $2, holder_change_until = $3 WHERE id = $1';
      await world.sql(set, event_id, times.starts_at, times.until);
      const { status, body } = await patch(ticket.id, { first_name: 'Ana' });
      return status === 200 ? 'changed' : `${body.code} ${body.until}`;
    };
    const [soon, past] = [fromNow(2 * HOUR), fromNow(-HOUR)];
    expect(await tried({ starts_at: past, until: null })).toBe(`holder_locked ${past.toISOString()}`);
    expect(await tried({ starts_at: soon, until: past })).toBe(`holder_locked ${past.toISOString()}`);
    expect(await tried({ starts_at: past, until: soon })).toBe('changed');
    expect(await tried({ starts_at: soon, until: null })).toBe('changed');
  });

  it('starts from the state the caller saw, if it says so', async () => {
    const ticket = await johns();
    const seen = await world.call(`/tickets/${ticket.id}`, { who: 'john' });
    const fresh = { headers: { 'if-match': String(seen.headers.etag) } };
    expect((await patch(ticket.id, { first_name: 'Ana' }, fresh)).status).toBe(200);
    const stale = await patch(ticket.id, { first_name: 'Bea' }, fresh);
    expect([stale.status, stale.body.code]).toEqual([412, 'precondition_failed']);
    expect((await patch(ticket.id, { first_name: 'Bea' }, { headers: { 'if-match': '*' } })).status).toBe(
      200,
    );
    expect(await holderOf(ticket.id)).toMatchObject({ first_name: 'Bea' });
  });

  it('is done once under an Idempotency-Key', async () => {
    const ticket = await johns();
    const keyed = { headers: { 'idempotency-key': 'holder-1' } };
    const first = await patch(ticket.id, { first_name: 'Ana' }, keyed);
    const second = await patch(ticket.id, { first_name: 'Ana' }, keyed);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.body).toEqual(first.body);
    expect(await told('ticket.updated', ticket.id)).toHaveLength(1);
    const other = await patch(ticket.id, { first_name: 'Bea' }, keyed);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it.each([
    [undefined, '/holder'],
    [{ first_name: '' }, '/holder/first_name'],
    [{ first_name: null }, '/holder/first_name'],
    [{ last_name: 'x'.repeat(101) }, '/holder/last_name'],
    [{ email: 'nobody' }, '/holder/email'],
    [{ document_number: 5 }, '/holder/document_number'],
    [{ phone: '1' }, '/holder/phone'],
    [{ first_name: 'a\0' }, '/holder/first_name'],
  ])('%o is 422', async (holder, pointer) => {
    const ticket = await johns();
    const { status, body } = await patch(ticket.id, holder);
    expect([status, body.errors.map((e: { pointer: string }) => e.pointer)]).toEqual([422, [pointer]]);
    expect(await holderOf(ticket.id)).toMatchObject({ first_name: 'John', last_name: 'Doe' });
  });
});

describe('POST /tickets/:ticket_id/reissue', () => {
  const reissue = (id: string, more: Call = {}) =>
    world.call(`/tickets/${id}/reissue`, { who: 'seller', method: 'POST', ...more });

  it('gives a new code; the old one is revoked', async () => {
    const ticket = await johns();
    const old = await world.code(ticket);
    const answer = await reissue(ticket.id, { body: { reason: 'Lost his phone' } });
    expect(answer.status).toBe(200);
    const { qr_code } = answer.body.ticket;
    expect(qr_code).not.toBe(old);
    expect((await world.scan(old)).body.validation).toMatchObject({ result: 'rejected', reason: 'revoked' });
    expect((await world.scan(qr_code)).body.validation.result).toBe('accepted');
    expect(await told('ticket.reissued', ticket.id)).toEqual([
      { ticket_id: ticket.id, event_id: ticket.event_id, serial: 1 },
    ]);
    const [entry] = await world.sql('SELECT * FROM audit_log WHERE subject_id = $1', ticket.id);
    expect(entry).toMatchObject({
      ...{ action: 'ticket.reissue', subject_type: 'ticket', client_id: world.accounts.clients.admin.id },
      ...{ before: { serial: 0 }, after: { serial: 1, reason: 'Lost his phone' } },
    });
  });

  it('twenty times at once gives twenty codes, of which the last is good', async () => {
    const ticket = await johns();
    const answers = await Promise.all(Array.from({ length: 20 }, () => reissue(ticket.id, { who: 'admin' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const codes: string[] = answers.map(({ body }) => body.ticket.qr_code);
    expect(new Set(codes).size).toBe(20);
    const good = await world.code(ticket);
    expect(codes).toContain(good);
    expect((await world.scan(codes.find((code) => code !== good) ?? '')).body.validation.reason).toBe(
      'revoked',
    );
  });

  it('is refused for a ticket that no longer admits, or was reissued too often', async () => {
    for (const more of [{ status: 'void' }, { status: 'transferred' }, { serial: MAX_SERIAL }]) {
      const { status, body } = await reissue((await johns(more)).id);
      expect([status, body.code]).toEqual([409, 'conflict']);
    }
  });
});

describe('POST /tickets/:ticket_id/void', () => {
  const revoke = (id: string, more: Call = {}) =>
    world.call(`/tickets/${id}/void`, { who: 'seller', method: 'POST', ...more });

  it('makes a ticket worthless, used or not: no code, no entry, the place still sold', async () => {
    const [{ seat_id } = { seat_id: 0 }] = await world.sql<{ seat_id: number }>(
      'SELECT seat_id FROM event_seat WHERE event_id = $1 ORDER BY seat_id LIMIT 1',
      world.tonight.event_id,
    );
    const ticket = await johns({ seat_id, ticket_type_id: world.tonight.seated });
    const sold = `UPDATE event_seat SET status = 'sold', ticket_id = $2, cart_id = $3 WHERE seat_id = $1`;
    await world.sql(sold, seat_id, ticket.id, ticket.cart_id);
    const code = await world.code(ticket);
    const answer = await revoke(ticket.id, { body: { reason: 'Resold on the street' } });
    expect(answer.status).toBe(200);
    expect(answer.body.ticket).toMatchObject({ status: 'void', qr_code: null });
    expect(answer.body.ticket.voided_at).toMatch(/Z$/);
    expect((await world.scan(code)).body.validation.reason).toBe('revoked');
    expect(await told('ticket.voided', ticket.id)).toHaveLength(1);
    const [entry] = await world.sql('SELECT before, after FROM audit_log WHERE subject_id = $1', ticket.id);
    expect(entry).toEqual({
      before: { status: 'valid' },
      after: { status: 'void', reason: 'Resold on the street' },
    });
    const [seat] = await world.sql('SELECT status, ticket_id FROM event_seat WHERE seat_id = $1', seat_id);
    expect(seat).toEqual({ status: 'sold', ticket_id: ticket.id });
    expect((await revoke((await johns({ status: 'used' })).id)).status).toBe(200);
  });

  it('is done once', async () => {
    const ticket = await johns();
    const both = await Promise.all([revoke(ticket.id), revoke(ticket.id, { who: 'admin' })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await told('ticket.voided', ticket.id)).toHaveLength(1);
    for (const status of ['void', 'transferred']) {
      const { status: code, body } = await revoke((await johns({ status })).id);
      expect([code, body.code, body.ticket_status]).toEqual([409, 'conflict', status]);
    }
  });
});

describe('reissue and void', () => {
  it.each(['reissue', 'void'])('%s is for sell and admin, on their interface', async (act) => {
    const ticket = await johns();
    const tried = async (who: Who, headers = {}, id = ticket.id) =>
      (await world.call(`/tickets/${id}/${act}`, { who, method: 'POST', headers })).status;
    for (const who of ['reader', 'buyer', 'john'] as const) expect(await tried(who)).toBe(403);
    expect(await tried('pos')).toBe(404);
    expect(await tried('both', pos())).toBe(404);
    for (const id of ['x', '0190a0a0-0000-7000-8000-000000000001'])
      expect(await tried('admin', {}, id)).toBe(404);
    const bad = await world.call(`/tickets/${ticket.id}/${act}`, { body: { reason: '', why: 1 } });
    expect([bad.status, bad.body.errors.length]).toEqual([422, 2]);
    expect(await world.sql('SELECT status, serial FROM ticket WHERE id = $1', ticket.id)).toEqual([
      { status: 'valid', serial: 0 },
    ]);
    expect(await tried('admin')).toBe(200);
  });

  it('keep their answer under an Idempotency-Key', async () => {
    const ticket = await johns();
    for (const act of ['reissue', 'void']) {
      const keyed = { method: 'POST', headers: { 'idempotency-key': act } } as const;
      const first = await world.call(`/tickets/${ticket.id}/${act}`, keyed);
      const second = await world.call(`/tickets/${ticket.id}/${act}`, keyed);
      expect([second.status, second.body]).toEqual([200, first.body]);
    }
    expect(await world.sql('SELECT status, serial FROM ticket WHERE id = $1', ticket.id)).toEqual([
      { status: 'void', serial: 1 },
    ]);
  });
});
