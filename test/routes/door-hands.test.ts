import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks } from '../../src/services/verify/run.ts';
import { type DoorWorld, doorWorld, type NewTicket, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const fresh = (more?: NewTicket) => world.ticket(more);
const verdict = async (code: string, more = {}) => {
  const { result, reason } = (await world.scan(code, more)).body.validation;
  return reason ?? result;
};
const row = async ({ id }: TestTicket) =>
  (await world.sql('SELECT status, entries, inside FROM ticket WHERE id = $1', id))[0];
const group = async (body: object): Promise<string[]> => {
  const answer = await world.call('/validations/group', {
    body: { event_id: world.tonight.event_id, ...body },
  });
  expect(answer.status).toBe(201);
  return answer.body.validations.map(({ ticket_id }: { ticket_id: string }) => ticket_id);
};

describe('whoever is inside', () => {
  it('may leave, though the code was replaced or the ticket is void meanwhile; nobody comes in by that', async () => {
    const [replaced, voided] = [
      await fresh({ ticket_type_id: world.tonight.again }),
      await fresh({ ticket_type_id: world.tonight.again }),
    ];
    const [old, dead] = [await world.code(replaced), await world.code(voided)];
    expect([await verdict(old), await verdict(dead)]).toEqual(['accepted', 'accepted']);
    await world.call(`/tickets/${replaced.id}/reissue`, { method: 'POST' });
    await world.call(`/tickets/${voided.id}/void`, { method: 'POST' });
    for (const code of [old, dead]) {
      expect(await verdict(code)).toBe('revoked');
      expect(await verdict(code, { direction: 'exit' })).toBe('accepted');
      expect(await verdict(code, { direction: 'exit' })).toBe('revoked'); // there is nobody inside on it
      expect(await verdict(code)).toBe('revoked');
    }
    expect(await row(replaced)).toEqual({ status: 'valid', entries: 0, inside: 0 });
    expect(await row(voided)).toEqual({ status: 'void', entries: 0, inside: 0 });
  });
});

describe('a group', () => {
  it('is who bought together and still goes together: a ticket that was passed on brings nobody, nor is it brought', async () => {
    const mine = await fresh({ user_id: world.john });
    const also = await fresh({ user_id: world.john, cart_id: mine.cart_id });
    const hers = await fresh({ user_id: world.mary, cart_id: mine.cart_id });
    expect(await group({ qr_code: await world.code(hers) })).toEqual([hers.id]);
    expect(await group({ qr_code: await world.code(mine) })).toEqual([mine.id, also.id].sort());
    const second = await fresh({ user_id: world.john });
    await fresh({ user_id: world.mary, cart_id: second.cart_id });
    expect(await group({ cart_id: second.cart_id })).toEqual([second.id]);
  });
});

describe('a ticket that has let somebody in', () => {
  it('changes hands no more, though its holder has left or others may still come in on it', async () => {
    const left = await fresh({ user_id: world.john, ticket_type_id: world.tonight.again });
    await world.scan(await world.code(left));
    await world.scan(await world.code(left), { direction: 'exit' });
    const some = await fresh({ user_id: world.john, ticket_type_id: world.tonight.group });
    await world.scan(await world.code(some));
    for (const ticket of [left, some]) {
      expect((await row(ticket))?.status).toBe('valid');
      const url = `/tickets/${ticket.id}`;
      const offer = await world.call(`${url}/transfer`, { who: 'john', body: { email: 'ana@mail.com' } });
      const holder = { holder: { first_name: 'Ana' } };
      const change = await world.call(url, { who: 'john', method: 'PATCH', body: holder });
      for (const { status, body } of [offer, change])
        expect([status, body.code, body.validated_at]).toEqual([409, 'holder_locked', expect.any(String)]);
    }
    // Taken back, the scan never was.
    const undone = await fresh({ user_id: world.john });
    const { id } = (await world.scan(await world.code(undone))).body.validation;
    await world.call(`/validations/${id}/undo`, { method: 'POST' });
    const body = { email: 'ana@mail.com' };
    expect((await world.call(`/tickets/${undone.id}/transfer`, { who: 'john', body })).status).toBe(201);
  });
});

describe('a clock that says anything', () => {
  it('is no reason to lose a scan: centuries apart, before the epoch, forward and back', async () => {
    const clocks = [
      ['9999-12-31T23:59:59Z', '0001-01-01T00:00:00Z'],
      ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
      ['1969-12-31T23:59:59Z', '1969-12-31T23:58:59Z'],
      ['2099-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
    ];
    for (const [sent_at, scanned_at] of clocks) {
      const ticket = await fresh();
      const scan = { event_id: world.tonight.event_id, qr_code: await world.code(ticket), scanned_at };
      const body = { device_id: 'old', sent_at, scans: [{ ...scan, nonce: `clock ${sent_at}` }] };
      const answer = await world.call('/validations/batch', { body });
      expect([sent_at, answer.status, answer.body.validations?.[0].validation.result]).toEqual([
        sent_at,
        201,
        'accepted',
      ]);
      const at = Date.parse(answer.body.validations[0].validation.scanned_at);
      expect(at).toBeGreaterThanOrEqual(0);
      expect(at).toBeLessThanOrEqual(Date.now());
      expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
    }
  });
});

describe('a change of the event', () => {
  it('is at its door at once: a gate that was just made', async () => {
    expect(await verdict(await world.code(await fresh()))).toBe('accepted'); // the door is known now
    const { event_id } = world.tonight;
    const { gate } = (await world.call(`/events/${event_id}/gates`, { body: { name: 'Late' } })).body;
    expect(await verdict(await world.code(await fresh()), { gate_id: gate.id })).toBe('accepted');
  });
});

describe('who stands at the door without a code', () => {
  it('is found however the name is typed', async () => {
    const { id } = await fresh({ first_name: 'José', last_name: 'Muñoz Ibáñez' });
    const find = async (q: string) =>
      (
        await world.call(`/events/${world.tonight.event_id}/attendees?q=${encodeURIComponent(q)}`)
      ).body.attendees.map((ticket: { id: string }) => ticket.id);
    for (const q of ['jose munoz', 'JOSÉ', 'ibañez', 'Mun\u0303oz'])
      expect([q, await find(q)]).toEqual([q, [id]]);
    expect(await find('josefa')).toEqual([]);
  });
});

describe('courtesies', () => {
  const csv = (text: string, query = '') =>
    world.call(
      `/courtesies?event_id=${world.tonight.event_id}&ticket_type_id=${world.tonight.standing}&mail=false${query}`,
      { body: text, headers: { 'content-type': 'text/csv' } },
    );
  const names = ({ body }: { body: { courtesies: { guest: object }[] } }) =>
    body.courtesies.map(({ guest }) => Object.values(guest));

  it('of a CSV are separated by what separates its heading: other signs belong to names', async () => {
    const semicolons = await csv(
      '\uFEFFfirst_name;last_name;document_number\r\n"Ana; María";López;X1\r\nAnna, Maria;López\r\n',
    );
    expect(names(semicolons)).toEqual([
      ['Ana; María', 'López', null, 'X1'],
      ['Anna, Maria', 'López', null, null],
    ]);
    const commas = await csv('first_name,last_name\nBob,Smith; Jr\n');
    expect(names(commas)).toEqual([['Bob', 'Smith; Jr', null, null]]);
    expect(names(await csv('first_name\tlast_name\nEva\tRoth, née Weiß\n'))).toEqual([
      ['Eva', 'Roth, née Weiß', null, null],
    ]);
    const found = await world.call('/courtesies?q=roth%20nee');
    expect(found.body.courtesies).toHaveLength(1);
  });

  it('for users are one each', async () => {
    const body = { event_id: world.tonight.event_id, ticket_type_id: world.tonight.standing };
    const users = [world.john, world.mary, world.john];
    const refused = await world.call('/courtesies', { body: { ...body, users } });
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ pointer: '/users/2', code: 'duplicate', message: 'Named before.' }],
    ]);
    const each = (await world.call('/courtesies', { body: { ...body, users, mode: 'each' } })).body
      .courtesies;
    expect(each.map(({ row, status }: Record<string, unknown>) => [row, status])).toEqual([
      [1, 'issued'],
      [2, 'issued'],
      [3, 'refused'],
    ]);
  });

  it('may be 10,000 in one file, which is tried and named row by row; one more is refused', async () => {
    const table = (count: number) =>
      `first_name,last_name,email\n${Array.from({ length: count }, (_, i) => `"Guest, ${i}",of the house of long names,guest.with.a.long.address.${i}@mail.example.com`).join('\n')}\n`;
    const many = await csv(table(10_000), '&mode=each');
    expect([many.status, many.body.job?.progress]).toEqual([202, { done: 0, total: 10_000 }]);
    const more = await csv(table(10_001), '&mode=each');
    expect([more.status, more.body.errors?.[0].pointer]).toEqual([422, '/csv']);
  });
});

it('leaves the books in order', async () => {
  const client = await world.system.db.pool.connect();
  const { findings } = await runChecks(client).finally(() => client.release());
  const door = findings.filter(({ name }) => /entries/.test(name));
  expect(door.map(({ rows }) => rows)).toEqual([[], []]);
});
