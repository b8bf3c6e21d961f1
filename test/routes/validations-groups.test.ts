import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorWorld, doorWorld, type NewTicket, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const fresh = (more?: NewTicket) => world.ticket(more);
const group = (more: Record<string, unknown>, headers = {}) =>
  world.call('/validations/group', { body: { event_id: world.tonight.event_id, ...more }, headers });
const family = async (size = 3) => {
  const first = await fresh();
  const rest = await Promise.all(Array.from({ length: size - 1 }, () => fresh({ cart_id: first.cart_id })));
  return [first, ...rest];
};
const verdicts = (validations: { ticket_id: string; result: string; reason: string }[]) =>
  validations.map(({ ticket_id, reason, result }) => [ticket_id, reason ?? result]);
const inside = async ({ id }: TestTicket) =>
  (await world.sql<{ inside: number }>('SELECT inside FROM ticket WHERE id = $1', id))[0]?.inside;

describe('a group in one scan', () => {
  it('of several codes is judged code by code, in their order', async () => {
    const [good, dead] = [await fresh(), await fresh({ status: 'void' })];
    const codes = [await world.code(good), 'nonsense', await world.code(dead), await world.code(good)];
    const { status, body } = await group({ qr_codes: codes, gate_id: world.tonight.north });
    expect(status).toBe(201);
    expect(verdicts(body.validations)).toEqual([
      [good.id, 'accepted'],
      [null, 'unknown'],
      [dead.id, 'revoked'],
      [good.id, 'already_used'],
    ]);
    const { body: list } = await world.call(`/validations?ticket_id=${good.id}`);
    expect(list.validations).toEqual([body.validations[3], body.validations[0]]);
  });

  it('of a cart lets in every ticket of it for the event that admits, and nobody twice', async () => {
    const members = await family();
    await fresh({ cart_id: members[0]?.cart_id as string, status: 'void' });
    await fresh({
      cart_id: members[0]?.cart_id as string,
      event_id: world.tomorrow.event_id,
      ticket_type_id: null,
    });
    const body = { cart_id: members[0]?.cart_id };
    const first = (await group(body)).body.validations;
    const sorted = members.map(({ id }) => id).sort();
    expect(verdicts(first)).toEqual(sorted.map((id) => [id, 'accepted']));
    const again = (await group(body)).body.validations;
    expect(verdicts(again)).toEqual(sorted.map((id) => [id, 'already_used']));
  });

  it('by the code of any of them; a code that was replaced speaks for nobody', async () => {
    const members = await family(2);
    const code = await world.code(members[1] as TestTicket);
    await world.call(`/tickets/${members[1]?.id}/reissue`, { method: 'POST' });
    const old = (await group({ qr_code: code })).body.validations;
    expect(verdicts(old)).toEqual([[members[1]?.id, 'revoked']]);
    const now = await world.code(members[1] as TestTicket);
    const { validations } = (await group({ qr_code: now })).body;
    expect(verdicts(validations)).toEqual(members.map(({ id }) => [id, 'accepted']));
    expect(verdicts((await group({ qr_code: 'nonsense' })).body.validations)).toEqual([[null, 'unknown']]);
  });

  it('of several people on one ticket, where its type lets in several', async () => {
    const ticket = await fresh({ ticket_type_id: world.tonight.group });
    const { validations } = (await group({ qr_codes: [await world.code(ticket)], people: 4 })).body;
    expect(verdicts(validations).map(([, verdict]) => verdict)).toEqual([
      ...['accepted', 'accepted', 'accepted', 'already_used'],
    ]);
    expect(await inside(ticket)).toBe(3);
  });

  it('under its nonce is one, sent twice or at 20 gates at once; under an Idempotency-Key it is replayed', async () => {
    const members = await family();
    const body = { cart_id: members[0]?.cart_id, nonce: 'family' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => group(body)));
    const bodies = answers.map((answer) => answer.body.validations.map(({ id }: { id: string }) => id));
    for (const ids of bodies) expect(ids).toEqual(bodies[0]);
    expect(await Promise.all(members.map(inside))).toEqual([1, 1, 1]);
    const others = await family(2);
    const keyed = { 'idempotency-key': 'group-1' };
    const once = await group({ cart_id: others[0]?.cart_id }, keyed);
    const twice = await group({ cart_id: others[0]?.cart_id }, keyed);
    expect([twice.headers['idempotent-replayed'], twice.body]).toEqual(['true', once.body]);
  });

  it('at 20 gates at the same instant lets in each of them once', async () => {
    const members = await family(4);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => group({ cart_id: members[0]?.cart_id })),
    );
    const accepted = answers.flatMap(({ body }) =>
      body.validations.filter(({ result }: { result: string }) => result === 'accepted'),
    );
    expect(accepted).toHaveLength(4);
    expect(await Promise.all(members.map(inside))).toEqual([1, 1, 1, 1]);
  });

  it('names one way to say who: none or two are 422, too many people, an unknown cart, an event elsewhere', async () => {
    const { cart_id } = await fresh();
    for (const body of [{}, { cart_id, qr_code: 'x' }, { qr_codes: ['a'], cart_id }]) {
      const refused = await group(body);
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/qr_codes']);
    }
    const many = await group({ qr_codes: Array(100).fill('a'), people: 6 });
    expect([many.status, many.body.errors[0].pointer]).toEqual([422, '/people']);
    const nobody = '0190a0a0-0000-7000-8000-000000000001';
    expect((await group({ cart_id: nobody })).status).toBe(404);
    expect((await group({ cart_id, event_id: world.elsewhere.event_id })).status).toBe(404);
  });
});

describe('a check-in by name', () => {
  it('finds the holder among all interfaces, and lets in by the id of the ticket', async () => {
    const ada = await fresh({ first_name: 'Ada', last_name: 'Lovelace', email: 'ada@mail.com' });
    const other = await fresh({
      first_name: 'Ada',
      last_name: 'Other',
      interface_id: world.accounts.interfaces.pos,
    });
    const url = `/events/${world.tonight.event_id}/attendees`;
    const found = (await world.call(`${url}?q=ADA`)).body.attendees;
    expect(found.map(({ id }: { id: string }) => id)).toEqual([ada.id, other.id]);
    expect(found[0]).toMatchObject({ holder: { first_name: 'Ada', email: 'ada@mail.com' }, status: 'valid' });
    expect(found[0]).not.toHaveProperty('qr_code');
    const exact = await world.call(`${url}?q=lovelace%20ada@&status=valid`);
    expect([exact.body.attendees.length, exact.headers['x-total']]).toEqual([1, '1']);
    expect((await world.call(`${url}?q=ad%25`)).body.attendees).toEqual([]);

    const scan = { event_id: world.tonight.event_id, ticket_id: ada.id };
    const first = await world.call('/validations', { body: scan });
    expect(first.body.validation).toMatchObject({ result: 'accepted', manual: true, ticket_id: ada.id });
    const again = (await world.call('/validations', { body: scan })).body.validation;
    expect(again).toMatchObject({ result: 'rejected', reason: 'already_used', manual: true });
    expect((await world.call(`${url}?q=lovelace&status=valid`)).body.attendees).toEqual([]);
  });

  it('judges as a code would be: another event, a void ticket, an unknown id', async () => {
    const by = async (ticket_id: string) =>
      (await world.call('/validations', { body: { event_id: world.tonight.event_id, ticket_id } })).body
        .validation;
    const elsewhere = await fresh({ event_id: world.tomorrow.event_id, ticket_type_id: null });
    expect((await by(elsewhere.id)).reason).toBe('wrong_event');
    expect((await by((await fresh({ status: 'void' })).id)).reason).toBe('revoked');
    expect((await by('0190a0a0-0000-7000-8000-000000000001')).reason).toBe('unknown');
  });

  it('and a code at once, or neither, is 422', async () => {
    const { id: ticket_id } = await fresh();
    const body = { event_id: world.tonight.event_id };
    for (const more of [{}, { ticket_id, qr_code: 'x' }]) {
      const refused = await world.call('/validations', { body: { ...body, ...more } });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/qr_code']);
    }
  });
});

it('undo is for a quarter of an hour', async () => {
  const { body } = await world.scan(await world.code(await fresh()));
  await world.sql(
    `UPDATE validation SET created_at = now() - interval '16 minutes' WHERE id = $1`,
    body.validation.id,
  );
  const late = await world.call(`/validations/${body.validation.id}/undo`, { method: 'POST' });
  expect([late.status, late.body.code]).toEqual([409, 'conflict']);
  expect(Date.parse(late.body.undo_until)).toBeLessThan(Date.now());
});
