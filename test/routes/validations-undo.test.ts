import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorWorld, doorWorld, fromNow, HOUR, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const scanOf = async (ticket: TestTicket, more?: Record<string, unknown>) =>
  (await world.scan(await world.code(ticket), more)).body.validation;
const ticketRow = async ({ id }: { id: string }) =>
  (await world.sql('SELECT status, entries, inside, validated_at FROM ticket WHERE id = $1', id))[0];
const countOf = async (ticket: { id: string }) =>
  (
    await world.sql<{ n: number }>(
      'SELECT count(*)::int AS n FROM validation WHERE ticket_id = $1',
      ticket.id,
    )
  )[0]?.n;

describe('a nonce', () => {
  it('sent twice is one scan, answered as the first one was judged', async () => {
    const ticket = await world.ticket();
    const first = await scanOf(ticket, { nonce: 'a' });
    const second = await world.scan(await world.code(ticket), { nonce: 'a' });
    expect(second.status).toBe(201);
    expect(second.body.validation).toEqual(first);
    expect(await countOf(ticket)).toBe(1);
    expect((await scanOf(ticket, { nonce: 'b' })).reason).toBe('already_used');
  });

  it('of a rejected scan, an unknown code and an exit as well', async () => {
    const ticket = await world.ticket();
    const left = await scanOf(ticket, { nonce: 'c', direction: 'exit' });
    expect(await scanOf(ticket, { nonce: 'c', direction: 'exit' })).toEqual(left);
    const unknown = (await world.scan('nonsense', { nonce: 'd' })).body.validation;
    expect((await world.scan('other nonsense', { nonce: 'd' })).body.validation).toEqual(unknown);
  });

  it('belongs to its client: of another client it is another scan', async () => {
    const ticket = await world.ticket();
    await scanOf(ticket, { nonce: 'e' });
    await world.sql(
      `UPDATE validation SET client_id = 'another' WHERE ticket_id = $1 AND nonce = 'e'`,
      ticket.id,
    );
    expect((await scanOf(ticket, { nonce: 'e' })).reason).toBe('already_used');
    expect(await countOf(ticket)).toBe(2);
  });

  it('that a gate uses for everything lets nobody in on the verdict for somebody else: 409', async () => {
    const ticket = await world.ticket();
    await scanOf(ticket, { nonce: 'f' });
    const other = await world.ticket();
    const faults = [
      await world.scan(await world.code(other), { nonce: 'f' }),
      await world.scan('nonsense', { nonce: 'f' }),
      await world.scan(await world.code(ticket), { nonce: 'f', direction: 'exit' }),
      await world.scan(await world.code(ticket), { nonce: 'f', event_id: world.tomorrow.event_id }),
    ];
    for (const { status, body } of faults) expect([status, body.code]).toEqual([409, 'conflict']);
    expect(await ticketRow(other)).toMatchObject({ status: 'valid', entries: 0 });
    expect(await countOf(other)).toBe(0);
  });

  it('and Idempotency-Key go together: a refusal gives its key back, a scan is replayed', async () => {
    const [ticket, other] = [await world.ticket(), await world.ticket()];
    await scanOf(ticket, { nonce: 'g' });
    const keyed = { headers: { 'idempotency-key': 'scan-1' } };
    const code = await world.code(other);
    expect((await world.scan(code, { nonce: 'g' }, keyed)).status).toBe(409);
    const first = await world.scan(code, { nonce: 'h' }, { headers: { 'idempotency-key': 'scan-2' } });
    const again = await world.scan(code, { nonce: 'h' }, { headers: { 'idempotency-key': 'scan-2' } });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
    expect(again.headers.location).toBe(first.headers.location);
    expect(await countOf(other)).toBe(1);
    const last = await world.scan(code, { nonce: 'i' }, keyed);
    expect([last.status, last.body.code]).toEqual([201, undefined]);
  });
});

describe('undo', () => {
  const undo = (id: string, who: 'seller' | 'admin' = 'admin') =>
    world.call(`/validations/${id}/undo`, { who, method: 'POST' });

  it('takes an entry back: the ticket is good again, the scan is kept and marked', async () => {
    const ticket = await world.ticket();
    const scan = await scanOf(ticket);
    const answer = await undo(scan.id, 'seller');
    expect(answer.status).toBe(200);
    expect(answer.body.validation).toMatchObject({ id: scan.id, result: 'accepted' });
    expect(answer.body.validation.undone_at).toMatch(/Z$/);
    expect(answer.body.validation.ticket).toMatchObject({ status: 'valid', entries: 0, validated_at: null });
    expect(await ticketRow(ticket)).toMatchObject({ status: 'valid', entries: 0, inside: 0 });
    const [kept] = await world.sql('SELECT undone_by, net FROM validation WHERE id = $1', scan.id);
    expect(kept).toEqual({ undone_by: world.accounts.clients.admin.id, net: 1 });
    expect(
      await world.sql(
        `SELECT data->>'validation_id' AS id FROM change WHERE type = 'ticket.validation_undone' AND subject_id = $1`,
        ticket.id,
      ),
    ).toEqual([{ id: scan.id }]);
    expect((await scanOf(ticket)).result).toBe('accepted');
  });

  it('is done once', async () => {
    const ticket = await world.ticket();
    const scan = await scanOf(ticket);
    const both = await Promise.all([undo(scan.id), undo(scan.id)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const again = await undo(scan.id);
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
    expect(again.body.detail).toMatch(/undone already/);
    expect(await ticketRow(ticket)).toMatchObject({ entries: 0, inside: 0 });
  });

  it('goes back step by step: the last scan first', async () => {
    const ticket = await world.ticket({ ticket_type_id: world.tonight.again });
    const first = await scanOf(ticket, { scanned_at: fromNow(-HOUR).toISOString() });
    const exit = await scanOf(ticket, { direction: 'exit' });
    const second = await scanOf(ticket);
    await scanOf(ticket); // rejected: it counts for nothing here
    const early = await undo(first.id);
    expect([early.status, early.body.code, early.body.last_validation_id]).toEqual([
      409,
      'conflict',
      second.id,
    ]);
    await undo(second.id);
    expect(await ticketRow(ticket)).toEqual({
      ...{ status: 'valid', entries: 0, inside: 0, validated_at: new Date(first.scanned_at) },
    });
    await undo(exit.id);
    expect(await ticketRow(ticket)).toMatchObject({ status: 'used', entries: 1, inside: 1 });
    await undo(first.id);
    expect(await ticketRow(ticket)).toEqual({ status: 'valid', entries: 0, inside: 0, validated_at: null });
  });

  it('of a forced second entry leaves the first one standing', async () => {
    const ticket = await world.ticket();
    await scanOf(ticket);
    const forced = await scanOf(ticket, { force: true });
    await undo(forced.id);
    expect(await ticketRow(ticket)).toMatchObject({ status: 'used', entries: 1, inside: 1 });
  });

  it('leaves a ticket that became void meanwhile void', async () => {
    const ticket = await world.ticket();
    const scan = await scanOf(ticket);
    await world.sql(`UPDATE ticket SET status = 'void' WHERE id = $1`, ticket.id);
    expect((await undo(scan.id)).body.validation.ticket).toMatchObject({ status: 'void', entries: 0 });
  });

  it('has nothing to do for a rejected scan: 409', async () => {
    const rejected = await scanOf(await world.ticket({ status: 'void' }));
    const unknown = (await world.scan('nonsense')).body.validation;
    for (const { id } of [rejected, unknown]) {
      const { status, body } = await undo(id);
      expect([status, body.code]).toEqual([409, 'conflict']);
    }
  });

  it('is replayed under its Idempotency-Key', async () => {
    const scan = await scanOf(await world.ticket());
    const again = { method: 'POST', headers: { 'idempotency-key': 'undo-1' } } as const;
    const first = await world.call(`/validations/${scan.id}/undo`, again);
    const second = await world.call(`/validations/${scan.id}/undo`, again);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toEqual(first.body);
  });

  it('finds no scan that does not exist, or is of an event elsewhere', async () => {
    expect((await undo('0190a0a0-0000-7000-8000-000000000001')).status).toBe(404);
    expect((await undo('nonsense')).status).toBe(404);
    const scan = await scanOf(await world.ticket());
    const pos = { 'x-interface': String(world.accounts.interfaces.pos) };
    const elsewhere = await world.call(`/validations/${scan.id}/undo`, { method: 'POST', headers: pos });
    expect(elsewhere.status).toBe(404);
    expect((await world.call(`/validations/${scan.id}`, { headers: pos })).status).toBe(404);
  });
});
