import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DoorWorld, doorWorld, fromNow, HOUR, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const scanOf = async (ticket: TestTicket, more?: Record<string, unknown>) =>
  (await world.scan(await world.code(ticket), more)).body.validation;

describe('the books of the door', () => {
  let gates: { north: number; south: number };
  beforeAll(async () => {
    await world.sql('DELETE FROM validation');
    await world.sql('DELETE FROM ticket');
    gates = world.tonight;
    const at = (minutes: number) => ({ scanned_at: fromNow(-minutes * 60_000).toISOString() });
    const used = await world.ticket();
    await scanOf(used, { gate_id: gates.north, ...at(30) });
    await scanOf(used, { gate_id: gates.south, ...at(29) });
    const undone = await scanOf(await world.ticket(), { gate_id: gates.north, ...at(30) });
    await world.call(`/validations/${undone.id}/undo`, { method: 'POST' });
    const out = await world.ticket();
    await scanOf(out, { gate_id: gates.north, ...at(200) });
    await scanOf(out, { gate_id: gates.south, direction: 'exit', ...at(10) });
    await world.scan('nonsense', at(5));
    await world.scan(await world.code(used), { event_id: world.tomorrow.event_id });
  });

  const list = async (query: string) => {
    const { status, body, headers } = await world.call(`/validations?per_page=100${query}`);
    expect(status).toBe(200);
    expect(headers['x-total']).toBe(String(body.validations.length));
    return body.validations;
  };

  it('are read newest first, a page at a time, with the tickets as they are now', async () => {
    const all = await list('');
    expect(all).toHaveLength(7);
    const times = all.map((v: { created_at: string }) => v.created_at);
    expect(times).toEqual(times.toSorted().reverse());
    const pages = [];
    for (const page of [1, 2, 3, 4]) {
      const { body, headers } = await world.call(`/validations?per_page=2&page=${page}`);
      expect(headers['x-total']).toBe('7');
      pages.push(...body.validations);
    }
    expect(pages).toEqual(all);
    expect(all.filter((v: { ticket: unknown }) => v.ticket === null)).toHaveLength(1);
  });

  it('are filtered, each filter alone and all at once', async () => {
    const { north, south } = gates;
    const [scan] = await list(`&gate_id=${south}&result=rejected`);
    expect(scan).toMatchObject({ reason: 'already_used', gate_id: south });
    expect(await list(`&ticket_id=${scan.ticket_id}`)).toHaveLength(3);
    expect(await list(`&event_id=${world.tomorrow.event_id}`)).toHaveLength(1);
    expect(await list(`&gate_id=${north}`)).toHaveLength(3);
    expect(await list('&result=rejected')).toHaveLength(3);
    const from = encodeURIComponent(fromNow(-31 * 60_000).toISOString());
    const to = encodeURIComponent(fromNow(-9 * 60_000).toISOString());
    expect(await list(`&from=${from}`)).toHaveLength(6);
    expect(await list(`&to=${to}`)).toHaveLength(5);
    const every = `&event_id=${scan.event_id}&gate_id=${south}&ticket_id=${scan.ticket_id}&result=rejected`;
    expect(await list(`${every}&from=${from}&to=${to}`)).toEqual([scan]);
  });

  it('are those of the events of the interface', async () => {
    const pos = { 'x-interface': String(world.accounts.interfaces.pos) };
    const { body, headers } = await world.call('/validations', { headers: pos });
    expect([body.validations, headers['x-total']]).toEqual([[], '0']);
  });

  it('add up: per gate, per minute, per reason, and who is inside now', async () => {
    const url = `/events/${world.tonight.event_id}/validations/summary`;
    const { status, body } = await world.call(url);
    expect(status).toBe(200);
    const { minutes, ...summary } = body.summary;
    expect(summary).toEqual({
      event_id: world.tonight.event_id,
      ...{ inside: 1, conflicts: 0, entries: 2, exits: 1, rejected: 2 },
      tickets: { live: 3, admitted: 2 },
      reasons: [
        { reason: 'already_used', count: 1 },
        { reason: 'unknown', count: 1 },
      ],
      gates: [
        { gate_id: gates.north, name: 'North', zone: null, inner: false, entries: 2, exits: 0, rejected: 0 },
        { gate_id: gates.south, name: 'South', zone: null, inner: false, entries: 0, exits: 1, rejected: 1 },
        { gate_id: null, name: null, zone: null, inner: false, entries: 0, exits: 0, rejected: 1 },
      ],
      zones: [],
    });
    const counts = minutes.map(({ at: _, ...count }: { at: string }) => count);
    expect(counts).toEqual([
      { gate_id: gates.north, entries: 1, exits: 0, rejected: 0 },
      { gate_id: gates.south, entries: 0, exits: 0, rejected: 1 },
      { gate_id: gates.south, entries: 0, exits: 1, rejected: 0 },
      { gate_id: null, entries: 0, exits: 0, rejected: 1 },
    ]);
    for (const { at } of minutes) expect(at).toMatch(/:00\.000Z$/);

    const from = encodeURIComponent(fromNow(-5 * HOUR).toISOString());
    const wide = (await world.call(`${url}?from=${from}`)).body.summary;
    expect(wide.minutes).toHaveLength(5);
    const long = encodeURIComponent(fromNow(-25 * HOUR).toISOString());
    const after = encodeURIComponent(fromNow(HOUR).toISOString());
    for (const query of [`from=${long}`, `from=${after}`]) {
      const refused = await world.call(`${url}?${query}`);
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/query/from']);
    }
  });

  it('of an event elsewhere do not exist', async () => {
    for (const id of [world.elsewhere.event_id, 999_999]) {
      const { status } = await world.call(`/events/${id}/validations/summary`);
      expect(status).toBe(404);
    }
  });
});

describe('who may, and with what', () => {
  let code: string;
  beforeEach(async () => {
    code = await world.code(await world.ticket());
  });

  it('admin alone scans and reads; sell may undo', async () => {
    const { id } = (await world.scan(code)).body.validation;
    const body = { qr_code: code, event_id: world.tonight.event_id };
    for (const who of ['reader', 'buyer', 'john', 'seller', 'pos'] as const) {
      for (const [url, more] of [
        ['/validations', { body }],
        ['/validations', {}],
        [`/validations/${id}`, {}],
        [`/events/${body.event_id}/validations/summary`, {}],
      ] as const) {
        const answer = await world.call(url, { who, ...more });
        expect([who, url, answer.status, answer.body.code]).toEqual([who, url, 403, 'insufficient_scope']);
      }
    }
    for (const who of ['reader', 'buyer', 'john'] as const)
      expect((await world.call(`/validations/${id}/undo`, { who, method: 'POST' })).status).toBe(403);
    const nobody = await world.app.inject({ method: 'POST', url: '/validations', payload: body });
    expect(nobody.statusCode).toBe(401);
  });

  it('an event that does not take place on this interface is not found, and nothing is kept', async () => {
    const before = await world.sql('SELECT count(*) FROM validation');
    for (const event_id of [world.elsewhere.event_id, 999_999]) {
      const answer = await world.scan(code, { event_id });
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    }
    const pos = { headers: { 'x-interface': String(world.accounts.interfaces.pos) } };
    expect((await world.scan(code, {}, pos)).status).toBe(404);
    expect(await world.sql('SELECT count(*) FROM validation')).toEqual(before);
  });

  it.each([
    ['no body', undefined, ['']],
    ['nothing in it', {}, ['/qr_code', '/event_id']],
    ['wrong types', { qr_code: 5, event_id: '1', gate_id: 0.5 }, ['/qr_code', '/event_id', '/gate_id']],
    ['out of range', { qr_code: '', event_id: 2 ** 31 }, ['/qr_code', '/event_id']],
    ['too long', { qr_code: 'A'.repeat(401), event_id: 1, nonce: 'n'.repeat(101) }, ['/qr_code', '/nonce']],
    ['unknown words', { qr_code: 'a', event_id: 1, direction: 'in', gate: 1 }, ['/direction', '/gate']],
    ['no instant', { qr_code: 'a', event_id: 1, scanned_at: 'now' }, ['/scanned_at']],
    [
      'a clock without a zone',
      { qr_code: 'a', event_id: 1, scanned_at: '2026-11-23T18:00:00' },
      ['/scanned_at'],
    ],
    ['force without words', { qr_code: 'a', event_id: 1, force: { reason: ' ' } }, ['/force']],
    ['a NUL', { qr_code: 'a\0', event_id: 1 }, ['/qr_code']],
  ])('%s: 422 with pointers', async (_, body, pointers) => {
    const answer = await world.call('/validations', { method: 'POST', body });
    expect(answer.status).toBe(422);
    const named = answer.body.errors.map(({ pointer }: { pointer: string }) => pointer);
    for (const pointer of pointers)
      expect(named.some((given: string) => given.startsWith(pointer))).toBe(true);
  });

  it('a gate of another event and a clock ahead are 422, and use nothing', async () => {
    const foreign = await world.scan(code, { gate_id: world.tomorrow.gate });
    expect([foreign.status, foreign.body.errors[0].pointer]).toEqual([422, '/gate_id']);
    const ahead = await world.scan(code, { scanned_at: fromNow(6 * 60_000).toISOString() });
    expect([ahead.status, ahead.body.errors[0].pointer]).toEqual([422, '/scanned_at']);
    const almost = await world.scan(code, { scanned_at: fromNow(4 * 60_000).toISOString() });
    expect(almost.body.validation.result).toBe('accepted');
  });

  it('filters that cannot be are 422', async () => {
    for (const query of ['event_id=0', 'result=maybe', 'ticket_id=5', 'from=yesterday', 'who=me', 'page=0']) {
      const { status } = await world.call(`/validations?${query}`);
      expect([query, status]).toEqual([query, 422]);
    }
    const { event_id } = world.tonight;
    expect((await world.call(`/events/${event_id}/validations/summary?from=x`)).status).toBe(422);
    expect((await world.call('/validations?page=999999999&per_page=100')).body.validations).toEqual([]);
  });
});
