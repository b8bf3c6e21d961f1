import { once } from 'node:events';
import http from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks } from '../../src/services/verify/run.ts';
import { type DoorWorld, doorWorld, type NewTicket, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const MINUTE = 60_000;
let nonces = 0;

interface Offline {
  ticket?: TestTicket;
  /** Minutes before now, by a clock that is right. */
  ago?: number;
  [field: string]: unknown;
}

/** Sends a batch of a device whose clock is off by so many minutes. */
async function upload(scans: Offline[], { skew = 0, device = 'tablet-1', headers = {} } = {}) {
  const now = Date.now();
  const bodies = await Promise.all(
    scans.map(async ({ ticket, ago = 1, ...more }) => ({
      ...(ticket && { qr_code: await world.code(ticket) }),
      event_id: world.tonight.event_id,
      scanned_at: new Date(now + (skew - ago) * MINUTE).toISOString(),
      nonce: `offline-${nonces++}`,
      ...more,
    })),
  );
  const sent_at = new Date(now + skew * MINUTE).toISOString();
  const body = { device_id: device, sent_at, scans: bodies };
  const answer = await world.call('/validations/batch', { body, headers });
  return { ...answer, items: answer.body.validations ?? [], sent: body };
}
const fresh = (more?: NewTicket) => world.ticket(more);
const row = async ({ id }: TestTicket) =>
  (await world.sql('SELECT status, entries, inside FROM ticket WHERE id = $1', id))[0];
const online = async (ticket: TestTicket, more = {}) =>
  (await world.scan(await world.code(ticket), more)).body.validation;
const conflictsOf = async (query = '') => {
  const url = `/events/${world.tonight.event_id}/validations/conflicts?per_page=100${query}`;
  const { status, body } = await world.call(url);
  expect(status).toBe(200);
  return body.conflicts;
};
const conflictsOn = async ({ id }: TestTicket) =>
  (await conflictsOf()).filter((c: { validation: { ticket_id: string } }) => c.validation.ticket_id === id);

describe('a batch of a device', () => {
  it('is answered scan by scan, each as it was kept', async () => {
    const [ticket, other] = [await fresh(), await fresh()];
    const { status, items, sent } = await upload([
      { ticket, gate_id: world.tonight.north, ago: 3 },
      { ticket: other, gate_id: 999_999 },
      { qr_code: 'nonsense' },
    ]);
    expect(status).toBe(201);
    const stored = {
      ...{ id: expect.any(String), event_id: world.tonight.event_id, ticket_id: ticket.id },
      ...{ gate_id: world.tonight.north, result: 'accepted', reason: null, direction: 'entry' },
      ...{ forced: false, force_reason: null, manual: false, offline: true, device_id: 'tablet-1' },
      ...{ device_time: sent.scans[0]?.scanned_at, conflict: null, conflict_id: null, undone_at: null },
      ...{ scanned_at: expect.any(String), created_at: expect.any(String) },
      ticket: expect.objectContaining({ id: ticket.id, status: 'used', entries: 1 }),
    };
    expect(items).toEqual([
      { index: 0, nonce: sent.scans[0]?.nonce, repeated: false, validation: stored, problem: null },
      {
        ...{ index: 1, nonce: sent.scans[1]?.nonce, repeated: false, validation: null },
        problem: {
          code: 'validation_failed',
          detail: 'No gate of this event.',
          errors: [{ pointer: '/gate_id', code: 'not_found', message: 'No gate of this event.' }],
        },
      },
      expect.objectContaining({
        validation: expect.objectContaining({ result: 'rejected', reason: 'unknown', conflict: 'unknown' }),
      }),
    ]);
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
    expect(await row(other)).toEqual({ status: 'valid', entries: 0, inside: 0 });
    const { body } = await world.call(`/validations/${items[0].validation.id}`);
    expect(body.validation).toEqual(items[0].validation);
  });

  it('sent twice is kept once, and answered as it stands; so is a scan that went online after all', async () => {
    const ticket = await fresh();
    const first = await upload([{ ticket, nonce: 'twice' }]);
    const again = await world.call('/validations/batch', { body: first.sent });
    expect(again.body.validations).toEqual([{ ...first.items[0], repeated: true }]);
    expect((await online(ticket, { nonce: 'twice' })).id).toBe(first.items[0].validation.id);
    const other = await upload([{ ticket: await fresh(), nonce: 'twice' }]);
    expect(other.items[0].problem).toEqual({ code: 'conflict', detail: 'This nonce names another scan.' });
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
  });

  it('is replayed whole under its Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'batch-1' };
    const first = await upload([{ ticket: await fresh() }], { headers });
    const again = await world.call('/validations/batch', { body: first.sent, headers });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
  });

  it('has the skew of its clock taken off', async () => {
    for (const skew of [-37, 0, 240]) {
      const { items } = await upload([{ ticket: await fresh(), ago: 10 }], { skew });
      const { scanned_at, device_time } = items[0].validation;
      expect(Math.abs(Date.parse(scanned_at) - (Date.now() - 10 * MINUTE))).toBeLessThan(5_000);
      expect(Math.abs(Date.parse(device_time) - Date.parse(scanned_at) - skew * MINUTE)).toBeLessThan(5_000);
    }
    // A clock that was set back between scan and sending: it was not scanned after now.
    const { items } = await upload([{ ticket: await fresh(), ago: -30 }]);
    expect(Date.parse(items[0].validation.scanned_at)).toBeLessThanOrEqual(Date.now());
  });

  it('has no time added to it that its body took on a bad line', async () => {
    const ticket = await world.ticket();
    const address = new URL(await world.app.listen({ host: '127.0.0.1', port: 0 }));
    const seen = new Date();
    const request = http.request(new URL('/validations/batch', address), {
      method: 'POST',
      headers: { authorization: `Bearer ${world.token('admin')}`, 'content-type': 'application/json' },
    });
    request.flushHeaders();
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
    const scan = { qr_code: await world.code(ticket), event_id: world.tonight.event_id, nonce: 'creeping' };
    const scans = [{ ...scan, scanned_at: seen.toISOString() }];
    const body = JSON.stringify({ device_id: 'gate-slow', sent_at: seen.toISOString(), scans });
    request.write(body.slice(0, 20));
    await sleep(2_000);
    request.end(body.slice(20));
    const [response] = await answered;
    const { validations } = (await json(response)) as {
      validations: { validation: { scanned_at: string } }[];
    };
    const late = Date.parse(validations[0]?.validation.scanned_at ?? '') - seen.getTime();
    expect([response.statusCode, Math.abs(late) < 1_500]).toEqual([201, true]);
  });

  it('keeps whom the device turned away, with its reason or ours, and moves nothing', async () => {
    const ticket = await fresh();
    const { items } = await upload([
      { ticket, result: 'rejected', reason: 'already_used' },
      { ticket: await fresh({ status: 'void' }), result: 'rejected' },
    ]);
    expect(items.map((item: { validation: object }) => item.validation)).toMatchObject([
      { result: 'rejected', reason: 'already_used', conflict: null },
      { result: 'rejected', reason: 'revoked', conflict: null },
    ]);
    expect(await row(ticket)).toEqual({ status: 'valid', entries: 0, inside: 0 });
  });
});

describe('a scan that was judged online, whose answer was lost', () => {
  it('is what the gate did in the end: it let in whom we turned away', async () => {
    const ticket = await fresh();
    await online(ticket);
    const refused = await online(ticket, { nonce: 'lost-1' });
    expect(refused.reason).toBe('already_used');
    const { items } = await upload([{ ticket, nonce: 'lost-1', ago: 0 }]);
    expect(items[0]).toMatchObject({
      repeated: true,
      validation: { id: refused.id, result: 'accepted', offline: true, conflict: 'already_used' },
    });
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 2 });
  });

  it('or turned away whom we let in: the ticket is good again', async () => {
    const ticket = await fresh();
    const let_in = await online(ticket, { nonce: 'lost-2' });
    const { items, sent } = await upload([
      { ticket, nonce: 'lost-2', ago: 0, result: 'rejected', reason: 'revoked' },
    ]);
    expect(items[0].validation).toMatchObject({ id: let_in.id, result: 'rejected', reason: 'revoked' });
    expect(items[0].validation.ticket).toMatchObject({ status: 'valid', entries: 0, validated_at: null });
    expect(await row(ticket)).toEqual({ status: 'valid', entries: 0, inside: 0 });
    const again = await world.call('/validations/batch', { body: sent });
    expect(again.body.validations).toEqual(items);
  });
});

describe('two gates that did not know of each other', () => {
  it('let two in on one ticket: the earlier counts by corrected clocks, whichever came first', async () => {
    const ticket = await fresh();
    const late = await upload([{ ticket, ago: 5 }], { skew: -120, device: 'late' });
    expect(late.items[0].validation).toMatchObject({ result: 'accepted', conflict: null });
    // By its own clock it scanned two hours after the other; by ours, five minutes before.
    const early = await upload([{ ticket, ago: 10 }], { skew: 30, device: 'early' });
    expect(early.items[0].validation).toMatchObject({ result: 'accepted', conflict: null });
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 2 });
    const [conflict, ...rest] = await conflictsOn(ticket);
    expect(rest).toEqual([]);
    expect(conflict).toMatchObject({
      kind: 'already_used',
      validation: {
        ...{ id: late.items[0].validation.id, device_id: 'late', result: 'accepted' },
        ...{ reason: null, conflict: 'already_used', conflict_id: early.items[0].validation.id },
      },
      counted: { id: early.items[0].validation.id, device_id: 'early', conflict: null },
    });
    expect(Math.abs(conflict.seconds_apart - 300)).toBeLessThan(5);
    expect(
      await world.sql(
        `SELECT data->>'validation_id' AS id, data->>'conflict' AS conflict FROM change
         WHERE type = 'ticket.entry_conflict' AND subject_id = $1`,
        ticket.id,
      ),
    ).toEqual([{ id: late.items[0].validation.id, conflict: 'already_used' }]);
  });

  it('of an online entry too: one that is heard of later but was earlier takes its place', async () => {
    const ticket = await fresh();
    const scan = await online(ticket);
    const { items } = await upload([{ ticket, ago: 20 }]);
    expect(items[0].validation.conflict).toBeNull();
    expect((await world.call(`/validations/${scan.id}`)).body.validation).toMatchObject({
      ...{ result: 'accepted', conflict: 'already_used', conflict_id: items[0].validation.id },
    });
    expect((await online(ticket)).reason).toBe('already_used');
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 2 });
  });

  it('in and out at different gates, in any order of upload, is no conflict in the end', async () => {
    const ticket = await fresh({ ticket_type_id: world.tonight.again });
    const out = await upload([{ ticket, ago: 8, direction: 'exit' }], { device: 'exit' });
    expect(out.items[0].validation.conflict).toBe('not_inside');
    expect(await row(ticket)).toEqual({ status: 'valid', entries: 0, inside: 0 });
    await upload([
      { ticket, ago: 4 },
      { ticket, ago: 9 },
    ]);
    expect(await conflictsOn(ticket)).toEqual([]);
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
  });

  it('what a device could not know is told: a void ticket, a gate that is not for it, the wrong event', async () => {
    const dead = await fresh({ status: 'void' });
    const lost = await fresh({ ticket_type_id: world.tonight.northern });
    const other = await fresh({ event_id: world.tomorrow.event_id, ticket_type_id: null });
    const { items } = await upload([
      { ticket: dead },
      { ticket: lost, gate_id: world.tonight.south },
      { ticket: other },
    ]);
    expect(items.map((item: { validation: object }) => item.validation)).toMatchObject([
      { result: 'accepted', reason: 'revoked', conflict: 'revoked' },
      { result: 'accepted', reason: 'wrong_gate', conflict: 'wrong_gate' },
      { result: 'rejected', reason: 'wrong_event', conflict: 'wrong_event' },
    ]);
    expect(await row(dead)).toEqual({ status: 'void', entries: 0, inside: 1 });
    expect(await row(lost)).toEqual({ status: 'used', entries: 1, inside: 1 });
    expect(await conflictsOf('&kind=revoked')).toHaveLength(1);
    expect(
      await conflictsOf(`&kind=wrong_gate&gate_id=${world.tonight.south}&device_id=tablet-1`),
    ).toHaveLength(1);
    expect(await conflictsOf('&device_id=nobody')).toEqual([]);
  });

  it('undone, the double entry is gone from the report, and the one that counts stands', async () => {
    const ticket = await fresh();
    await upload([{ ticket, ago: 9 }]);
    const { items } = await upload([{ ticket, ago: 3 }]);
    const { status } = await world.call(`/validations/${items[0].validation.id}/undo`, { method: 'POST' });
    expect(status).toBe(200);
    expect(await conflictsOn(ticket)).toEqual([]);
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
  });
});

describe('the books after all of it', () => {
  it('agree: entries and people inside are what the logs add up to', async () => {
    const { body } = await world.call(`/events/${world.tonight.event_id}/validations/summary`);
    expect(body.summary.inside).toBe(body.summary.entries - body.summary.exits);
    expect(body.summary.conflicts).toBe((await conflictsOf()).length);
    const client = await world.system.db.pool.connect();
    const { findings } = await runChecks(client).finally(() => client.release());
    const door = findings.filter(({ name }) => /entries/.test(name));
    expect(door.map(({ rows }) => rows)).toEqual(door.map(() => []));
    expect(door).toHaveLength(2);
  });

  it('of an event elsewhere are not found', async () => {
    for (const id of [world.elsewhere.event_id, 999_999])
      expect((await world.call(`/events/${id}/validations/conflicts`)).status).toBe(404);
    const { items } = await upload([{ ticket: await fresh(), event_id: world.elsewhere.event_id }]);
    expect(items[0].problem).toEqual({ code: 'not_found', detail: 'Event not found.' });
  });
});
