import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorWorld, doorWorld, type NewTicket, type TestTicket } from '../helpers/ticket-factories.ts';

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

describe('force', () => {
  it('lets in against a rule, which is kept with the words of whoever did it', async () => {
    const { northern, south, later, early } = world.tonight;
    const against = async (ticket: TestTicket, more = {}) => {
      const { result, reason, forced, force_reason } = await scanOf(ticket, {
        force: { reason: 'The manager knows him' },
        ...more,
      });
      expect([result, forced, force_reason]).toEqual(['accepted', true, 'The manager knows him']);
      expect(await row(ticket)).toMatchObject({ status: 'used', entries: 1, inside: 1 });
      return reason;
    };
    expect(await against(await fresh({ ticket_type_id: later }))).toBe('not_yet_valid');
    expect(await against(await fresh({ ticket_type_id: early }))).toBe('expired');
    expect(await against(await fresh({ ticket_type_id: northern }), { gate_id: south })).toBe('wrong_gate');
    expect(await against(await fresh({ cart_status: 'open' }))).toBe('unpaid');
  });

  it('of a used ticket counts no second entry, though one more is inside', async () => {
    const ticket = await fresh();
    await scanOf(ticket);
    expect(await scanOf(ticket, { force: true })).toMatchObject({
      ...{ result: 'accepted', forced: true, reason: 'already_used', force_reason: null },
    });
    expect(await row(ticket)).toMatchObject({ status: 'used', entries: 1, inside: 2 });
  });

  it('is not needed, not kept: a good scan stays an ordinary one', async () => {
    const validation = await scanOf(await fresh(), { force: { reason: 'To be sure' } });
    expect(validation).toMatchObject({ result: 'accepted', forced: false, force_reason: null, reason: null });
    expect(await verdict(await fresh(), { force: false })).toBe('accepted');
  });

  it('makes no ticket: unknown, revoked and wrong_event stand', async () => {
    const reasons = [
      (await world.scan('nothing', { force: true })).body.validation.reason,
      (await scanOf(await fresh({ status: 'void' }), { force: true })).reason,
      (
        await scanOf(await fresh({ event_id: world.tomorrow.event_id, ticket_type_id: null }), {
          force: true,
        })
      ).reason,
    ];
    expect(reasons).toEqual(['unknown', 'revoked', 'wrong_event']);
  });
});

describe('exits and several entries', () => {
  it('an exit is for who is inside, and gives no entry back', async () => {
    const ticket = await fresh();
    expect(await verdict(ticket, { direction: 'exit' })).toBe('rejected not_inside');
    expect(await verdict(ticket, { direction: 'exit', force: true })).toBe('rejected not_inside');
    await scanOf(ticket);
    expect(await verdict(ticket, { direction: 'exit' })).toBe('accepted');
    expect(await row(ticket)).toMatchObject({ status: 'used', entries: 1, inside: 0 });
    expect(await verdict(ticket, { direction: 'exit' })).toBe('rejected not_inside');
    expect(await verdict(ticket)).toBe('rejected already_used');
  });

  it('where the type allows re-entry, an exit gives its entry back: out and in, never in twice', async () => {
    const ticket = await fresh({ ticket_type_id: world.tonight.again });
    for (let round = 0; round < 3; round++) {
      expect(await verdict(ticket)).toBe('accepted');
      expect(await row(ticket)).toMatchObject({ status: 'used', entries: 1, inside: 1 });
      expect(await verdict(ticket)).toBe('rejected already_used');
      expect(await verdict(ticket, { direction: 'exit' })).toBe('accepted');
      expect(await row(ticket)).toMatchObject({ status: 'valid', entries: 0, inside: 0 });
    }
    await scanOf(ticket);
    await scanOf(ticket, { force: true });
    for (const left of [1, 0]) {
      expect(await verdict(ticket, { direction: 'exit' })).toBe('accepted');
      expect(await row(ticket)).toMatchObject({ entries: left, inside: left });
    }
  });

  it('a type for several lets in as many as it says, and is used after the last', async () => {
    const ticket = await fresh({ ticket_type_id: world.tonight.group });
    for (const [entries, status] of [
      [1, 'valid'],
      [2, 'valid'],
      [3, 'used'],
    ])
      expect((await scanOf(ticket)).ticket).toMatchObject({ entries, status });
    expect(await verdict(ticket)).toBe('rejected already_used');
    for (let i = 0; i < 3; i++) expect(await verdict(ticket, { direction: 'exit' })).toBe('accepted');
    expect(await verdict(ticket, { direction: 'exit' })).toBe('rejected not_inside');
    expect(await row(ticket)).toMatchObject({ status: 'used', entries: 3, inside: 0 });
  });

  it('an exit asks neither for time nor gate', async () => {
    const { northern, south, north } = world.tonight;
    const ticket = await fresh({ ticket_type_id: northern });
    await scanOf(ticket, { gate_id: north });
    const leaving = { direction: 'exit', gate_id: south, scanned_at: '2020-01-01T00:00:00Z' };
    expect(await verdict(ticket, leaving)).toBe('accepted');
  });
});
