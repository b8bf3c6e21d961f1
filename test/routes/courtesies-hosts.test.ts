import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks } from '../../src/services/verify/run.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

// biome-ignore lint/suspicious/noExplicitAny: bodies are compared whole
type Body = any;
const give = (body: Record<string, unknown>, headers = {}) =>
  world.call('/courtesies', {
    body: { event_id: world.tonight.event_id, ticket_type_id: world.tonight.standing, ...body },
    headers,
  });
const guests = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ first_name: `Guest ${i}`, email: `guest${i}@mail.com` }));
const one = async (more: Record<string, unknown> = {}): Promise<Body> =>
  (await give({ guests: guests(1), ...more })).body.courtesies[0];
const sold = async (section_id = world.tonight.floor) =>
  (
    await world.sql<{ sold: number }>(
      'SELECT sold FROM event_section WHERE event_id = $1 AND section_id = $2',
      world.tonight.event_id,
      section_id,
    )
  )[0]?.sold;
const host = (name: string, body: object, event_id = world.tonight.event_id) =>
  world.call(`/events/${event_id}/hosts`, { body: { host: name, ...body } });
const change = (name: string, body: object, headers = {}) =>
  world.call(`/events/${world.tonight.event_id}/hosts/${name}`, { method: 'PUT', body, headers });
const remove = (id: string, headers = {}) => world.call(`/courtesies/${id}`, { method: 'DELETE', headers });

describe('hosts and their quotas', () => {
  it('are set, listed, changed and taken away', async () => {
    const set = await host('Press', { quota: 3 });
    expect(set.body.host).toEqual({
      ...{ event_id: world.tonight.event_id, host: 'Press', quota: 3, used: 0, approval: false },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    });
    await host('Band', { quota: 1, approval: true });
    const { hosts } = (await world.call(`/events/${world.tonight.event_id}/hosts`)).body;
    expect(hosts.map(({ host }: Body) => host)).toEqual(['Band', 'Press']);
    expect(set.headers.location).toBe(`/events/${world.tonight.event_id}/hosts/Press`);
    expect((await host('Press', { quota: 9 })).status).toBe(409);
    expect((await change('Press', { quota: 4 }, { 'if-match': '"old"' })).status).toBe(412);
    const read = await world.call(`/events/${world.tonight.event_id}/hosts/Press`);
    expect(read.body).toEqual(set.body);
    const fresh = { 'if-match': String(read.headers.etag) };
    expect((await change('Press', { quota: 3 }, fresh)).body.host).toMatchObject({ quota: 3, used: 0 });
    expect((await change('Nobody', { quota: 3 })).status).toBe(404);
    const gone = await world.call(`/events/${world.tonight.event_id}/hosts/Nobody`, { method: 'DELETE' });
    expect(gone.status).toBe(404);
    await host('Brief', { quota: 0 });
    const deleted = await world.call(`/events/${world.tonight.event_id}/hosts/Brief`, { method: 'DELETE' });
    expect(deleted.status).toBe(204);
    const log = await world.sql(
      `SELECT action, before, after FROM audit_log WHERE subject_id LIKE '% Brief' ORDER BY id`,
    );
    expect(log).toEqual([
      { action: 'host.create', before: null, after: { quota: 0, approval: false } },
      { action: 'host.delete', before: { quota: 0, approval: false }, after: null },
    ]);
  });

  it('bound what is given: all or none, or as many as fit', async () => {
    const refused = await give({ host: 'Press', guests: guests(4) });
    expect([refused.status, refused.body.code, refused.body.available]).toEqual([409, 'limit_exceeded', 3]);
    const { courtesies } = (await give({ host: 'Press', guests: guests(5), mode: 'each' })).body;
    expect(courtesies.map(({ problem }: Body) => problem?.code ?? 'given')).toEqual([
      ...['given', 'given', 'given', 'limit_exceeded', 'limit_exceeded'],
    ]);
    expect((await change('Press', { quota: 2 })).body).toMatchObject({ status: 409, used: 3 });
    const kept = await world.call(`/events/${world.tonight.event_id}/hosts/Press`, { method: 'DELETE' });
    expect(kept.status).toBe(409);
    await remove(courtesies[0].id);
    expect((await give({ host: 'Press', guests: guests(1) })).status).toBe(201);
  });

  it('hold when 50 ask at once', async () => {
    await host('Rush', { quota: 7 });
    const ask = async (): Promise<Awaited<ReturnType<typeof give>>> => {
      const answer = await give({ host: 'Rush', guests: guests(1) });
      return answer.status === 503 ? ask() : answer; // busy: whoever asks asks again
    };
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(7);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ body }) => body.code)).toEqual(Array(43).fill('limit_exceeded'));
  });
});

describe('an approval', () => {
  it('is waited for without a place; approved, it takes one; turned down, the quota has it back', async () => {
    const before = await sold();
    const first = await one({ host: 'Band' });
    expect(first).toMatchObject({ status: 'requested', ticket_id: null });
    expect((await give({ host: 'Band', guests: guests(1) })).body.code).toBe('limit_exceeded');
    expect(await sold()).toBe(before);
    const rejected = await world.call(`/courtesies/${first.id}/reject`, { body: { reason: 'No room' } });
    expect(rejected.body.courtesy).toMatchObject({ status: 'rejected', reason: 'No room', ticket_id: null });
    const second = await one({ host: 'Band' });
    const approved = await world.call(`/courtesies/${second.id}/approve`, { method: 'POST' });
    expect(approved.body.courtesy).toMatchObject({ status: 'issued', decided_at: expect.any(String) });
    expect(await sold()).toBe((before ?? 0) + 1);
    for (const id of [first.id, second.id])
      for (const step of ['approve', 'reject']) {
        const again = await world.call(`/courtesies/${id}/${step}`, { method: 'POST' });
        expect([again.status, again.body.code]).toEqual([409, 'conflict']);
      }
    const log = await world.sql('SELECT action FROM audit_log WHERE subject_id = $1', second.id);
    expect(log).toEqual([{ action: 'courtesy.approve' }]);
  });

  it('by two at once is one, and any courtesy may ask for it', async () => {
    const { id, status } = await one({ approval: true });
    expect(status).toBe('requested');
    const both = await Promise.all(
      [1, 2].map(() => world.call(`/courtesies/${id}/approve`, { method: 'POST' })),
    );
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 409]);
  });
});

describe('lists and the report', () => {
  it('are filtered, and newest first', async () => {
    await give({ guests: [{ first_name: 'Ada', last_name: 'Lovelace' }] });
    await give({ users: [world.john] });
    const { courtesies } = (await world.call('/courtesies?host=Press&per_page=100')).body;
    expect(new Set(courtesies.map(({ host }: Body) => host))).toEqual(new Set(['Press']));
    const issued = (await world.call('/courtesies?host=Press&status=issued')).body.courtesies;
    expect(issued).toHaveLength(3);
    const found = (await world.call('/courtesies?q=lovelace%20ADA&status=issued')).body.courtesies;
    expect(found.map(({ guest }: Body) => guest.first_name)).toEqual(['Ada']);
    expect((await world.call(`/courtesies?user_id=${world.john}`)).headers['x-total']).toBe('1');
    const pos = { 'x-interface': String(world.accounts.interfaces.pos) };
    expect((await world.call('/courtesies', { headers: pos })).headers['x-total']).toBe('0');
    expect((await world.call(`/courtesies/${issued[0].id}`, { headers: pos })).status).toBe(404);
  });

  it('tell who came and, once it is over, who did not', async () => {
    const { tomorrow } = world;
    await host('Club', { quota: 9 }, tomorrow.event_id);
    await host('Idle', { quota: 2 }, tomorrow.event_id);
    const type = { event_id: tomorrow.event_id, ticket_type_id: tomorrow.ticket_type_ids[0] };
    const { courtesies } = (await give({ ...type, host: 'Club', guests: guests(4) })).body;
    await remove(courtesies[3].id);
    const door = { event_id: tomorrow.event_id, ticket_id: courtesies[0].ticket_id, force: true };
    await world.call('/validations', { body: door });
    const report = async () =>
      (await world.call(`/events/${tomorrow.event_id}/courtesies/report`)).body.report;
    const club = { requested: 0, issued: 3, rejected: 0, expired: 0, revoked: 1, admitted: 1, no_shows: 0 };
    const idle = { requested: 0, issued: 0, rejected: 0, expired: 0, revoked: 0, admitted: 0, no_shows: 0 };
    expect(await report()).toEqual({
      ...{ event_id: tomorrow.event_id, over: false, ...club },
      hosts: [
        { host: 'Club', quota: 9, ...club },
        { host: 'Idle', quota: 2, ...idle },
      ],
    });
    await world.sql(
      `UPDATE event SET starts_at = now() - interval '3 days' WHERE id = $1`,
      tomorrow.event_id,
    );
    expect(await report()).toMatchObject({
      over: true,
      no_shows: 2,
      hosts: [{ no_shows: 2 }, { no_shows: 0 }],
    });
    const absent = await world.call(`/courtesies?event_id=${tomorrow.event_id}&no_show=true`);
    expect(absent.body.courtesies.map(({ id }: Body) => id).sort()).toEqual(
      [courtesies[1].id, courtesies[2].id].sort(),
    );
  });
});

it('the books agree after all of it', async () => {
  const client = await world.system.db.pool.connect();
  const { findings } = await runChecks(client).finally(() => client.release());
  const ours = findings.filter(({ name }) => /courtesy|quota|section|entries|within/.test(name));
  expect(ours.filter(({ breaches }) => breaches)).toEqual([]);
  expect(ours.length).toBeGreaterThan(6);
});
