import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runChecks } from '../../src/services/verify/run.ts';
import { type DoorWorld, doorWorld, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
/** Inner gates: two of the lounge, one without a zone. */
let lounge: number;
let terrace: number;
let stage: number;
/** One that scans nobody out. */
let bar: number;
beforeAll(async () => {
  world = await doorWorld();
  const add = async (name: string, zone: string | null, multi_entry = false) => {
    const body = { name, zone, inner: true, multi_entry };
    const answer = await world.call(`/events/${world.tonight.event_id}/gates`, { body });
    expect(answer.body).toMatchObject({ gate: body });
    return answer.body.gate.id as number;
  };
  lounge = await add('Lounge door', 'Lounge');
  terrace = await add('Lounge terrace', 'Lounge');
  stage = await add('Backstage', null);
  bar = await add('Bar', 'Bar', true);
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.sql('DELETE FROM validation');
  await world.sql('DELETE FROM zone_count');
  await world.sql(
    `UPDATE ticket SET inside = 0, entries = 0, status = 'valid', validated_at = NULL, zones = NULL
    WHERE inside > 0 OR entries > 0`,
  );
});

const at = async (gate_id: number | undefined, ticket: TestTicket, more: Record<string, unknown> = {}) => {
  const { result, reason } = (await world.scan(await world.code(ticket), { gate_id, ...more })).body
    .validation;
  return reason === null ? result : `${result} ${reason}`;
};
/** What of the books does not add up. */
const broken = async () => {
  const client = await world.system.db.pool.connect();
  const { findings } = await runChecks(client).finally(() => client.release());
  return findings
    .filter(({ name }) => name === 'entries_match_scans' || name === 'zones_match_scans')
    .flatMap(({ rows }) => rows);
};
const exit = { direction: 'exit' };
const row = async ({ id }: TestTicket) =>
  (await world.sql('SELECT status, entries, inside FROM ticket WHERE id = $1', id))[0];
const summary = async () =>
  (await world.call(`/events/${world.tonight.event_id}/validations/summary`)).body.summary;
const zones = async () =>
  Object.fromEntries(
    (await summary()).zones.map(({ zone, inside }: { zone: string; inside: number }) => [zone, inside]),
  );

describe('an inner gate', () => {
  it('lets through who is inside, and nobody twice without an exit; it uses up nothing', async () => {
    const ticket = await world.ticket();
    expect(await at(lounge, ticket)).toBe('rejected not_inside');
    expect(await at(world.tonight.north, ticket)).toBe('accepted');
    const inside = await row(ticket);
    expect(inside).toEqual({ status: 'used', entries: 1, inside: 1 });
    expect(await at(lounge, ticket)).toBe('accepted');
    for (const gate of [lounge, terrace]) expect(await at(gate, ticket)).toBe('rejected already_used');
    expect(await at(stage, ticket)).toBe('accepted'); // another zone
    expect(await at(lounge, ticket, { force: { reason: 'Lost his scarf' } })).toBe('accepted already_used');
    expect(await zones()).toEqual({ Backstage: 1, Bar: 0, Lounge: 1 });
    for (const direction of ['exit', 'entry'])
      expect(await at(terrace, ticket, { direction })).toBe('accepted');
    expect(await at(lounge, ticket)).toBe('rejected already_used');
    expect(await row(ticket)).toEqual(inside);
    expect(await at(world.tonight.north, ticket)).toBe('rejected already_used');
    expect(await summary()).toMatchObject({ inside: 1, entries: 1, exits: 0, rejected: 1 });
    expect(await zones()).toEqual({ Backstage: 1, Bar: 0, Lounge: 1 });
    expect(await broken()).toEqual([]);
  });

  it('of multi_entry lets in as often as anybody likes, and counts him once', async () => {
    const ticket = await world.ticket();
    await at(world.tonight.north, ticket);
    for (let i = 0; i < 3; i++) expect(await at(bar, ticket)).toBe('accepted');
    expect(await zones()).toMatchObject({ Bar: 1 });
    expect(await at(bar, ticket, exit)).toBe('accepted');
    expect(await zones()).toMatchObject({ Bar: 0 });
    expect(await broken()).toEqual([]);
  });

  it('judges type, time, payment and code as any gate does', async () => {
    const { northern, later, north } = world.tonight;
    const enter = async (more: Parameters<DoorWorld['ticket']>[0]) => {
      const ticket = await world.ticket(more);
      await at(north, ticket, { force: true });
      return ticket;
    };
    expect(await at(lounge, await enter({ ticket_type_id: northern }))).toBe('rejected wrong_gate');
    expect(await at(lounge, await enter({ ticket_type_id: later }))).toBe('rejected not_yet_valid');
    expect(await at(lounge, await enter({ cart_status: 'open' }))).toBe('rejected unpaid');
    const revoked = await enter({});
    await world.sql(`UPDATE ticket SET status = 'void' WHERE id = $1`, revoked.id);
    expect(await at(lounge, revoked)).toBe('rejected revoked');
    expect(await at(lounge, revoked, exit)).toBe('accepted');
  });

  it('opens for staff that says so, which counts nobody who is not inside', async () => {
    const ticket = await world.ticket();
    expect(await at(lounge, ticket, { force: { reason: 'Artist' } })).toBe('accepted not_inside');
    expect(await at(lounge, await world.ticket(), { ...exit, force: true })).toBe('rejected not_inside');
    expect(await zones()).toEqual({ Backstage: 0, Bar: 0, Lounge: 0 });
    expect(await row(ticket)).toEqual({ status: 'valid', entries: 0, inside: 0 });
  });

  it('stays inner, and an outer one outer, once tickets were scanned at it', async () => {
    const ticket = await world.ticket();
    await at(world.tonight.north, ticket);
    await at(lounge, ticket);
    for (const [id, inner] of [
      [lounge, false],
      [world.tonight.north, true],
    ] as const) {
      const url = `/events/${world.tonight.event_id}/gates/${id}`;
      const { gates } = (await world.call(`/events/${world.tonight.event_id}/gates`)).body;
      expect(gates.find((gate: { id: number }) => gate.id === id).inner).toBe(!inner);
      const headers = { 'if-match': '*' };
      const refused = await world.call(url, { method: 'PATCH', body: { inner }, headers });
      expect([refused.status, refused.body.errors?.[0].pointer]).toEqual([422, '/inner']);
      const renamed = await world.call(url, {
        method: 'PATCH',
        body: { zone: inner ? null : 'Lounge' },
        headers,
      });
      expect(renamed.status).toBe(200);
    }
  });
});

describe('the people of a zone', () => {
  it('leave it with the event, and are not in it again when they come back', async () => {
    const ticket = await world.ticket({ ticket_type_id: world.tonight.again });
    const { north } = world.tonight;
    await at(north, ticket);
    await at(lounge, ticket);
    await at(stage, ticket);
    expect(await zones()).toMatchObject({ Backstage: 1, Lounge: 1 });
    expect(await at(north, ticket, exit)).toBe('accepted');
    expect(await row(ticket)).toEqual({ status: 'valid', entries: 0, inside: 0 });
    expect(await zones()).toMatchObject({ Backstage: 0, Lounge: 0 });
    expect(await at(lounge, ticket, exit)).toBe('rejected not_inside');
    await at(north, ticket);
    expect(await zones()).toMatchObject({ Backstage: 0, Lounge: 0 });
    await at(terrace, ticket);
    expect(await zones()).toMatchObject({ Backstage: 0, Lounge: 1 });
  });

  it('go in by one gate and out by another; of a group each is counted', async () => {
    const { group, north } = world.tonight;
    const ticket = await world.ticket({ ticket_type_id: group });
    for (let i = 0; i < 3; i++) await at(north, ticket);
    for (let i = 0; i < 2; i++) await at(lounge, ticket);
    expect(await zones()).toMatchObject({ Lounge: 2 });
    await at(terrace, ticket, exit);
    expect(await zones()).toMatchObject({ Lounge: 1 });
    for (let i = 0; i < 2; i++) expect(await at(lounge, ticket)).toBe('accepted');
    expect(await at(lounge, ticket)).toBe('rejected already_used'); // all three are there
    expect(await zones()).toMatchObject({ Lounge: 3 });
    await at(north, ticket, exit);
    expect(await zones()).toMatchObject({ Lounge: 2 }); // two are inside at all
  });

  it('are counted once, however many gates scan them at once, some while they leave', async () => {
    const ticket = await world.ticket();
    await at(world.tonight.north, ticket);
    const both = await Promise.all(
      Array.from({ length: 50 }, (_, i) => at(i % 2 ? lounge : terrace, ticket)),
    );
    expect(both.sort()).toEqual(['accepted', ...Array(49).fill('rejected already_used')]);
    expect(await zones()).toMatchObject({ Lounge: 1 });
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        i === 25 ? at(world.tonight.north, ticket, exit) : at(lounge, ticket),
      ),
    );
    expect(all[25]).toBe('accepted');
    for (const one of all.toSpliced(25, 1))
      expect(['rejected already_used', 'rejected not_inside']).toContain(one);
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 0 });
    expect(await zones()).toMatchObject({ Lounge: 0 });
    expect(await broken()).toEqual([]);
  });

  it('are one less when a scan of theirs is undone, once', async () => {
    const ticket = await world.ticket();
    await at(world.tonight.north, ticket);
    const { id } = (await world.scan(await world.code(ticket), { gate_id: lounge })).body.validation;
    expect(await zones()).toMatchObject({ Lounge: 1 });
    const undo = () => world.call(`/validations/${id}/undo`, { method: 'POST', body: {} });
    const answers = await Promise.all([undo(), undo()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await zones()).toMatchObject({ Lounge: 0 });
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
  });

  it('are told by the chart beside their gate, and by no figure of the whole event', async () => {
    const ticket = await world.ticket();
    await at(world.tonight.north, ticket);
    await at(lounge, ticket);
    const { raw } = await world.call(`/events/${world.tonight.event_id}/validations/summary.svg`);
    expect(String(raw)).toContain('Lounge door · Lounge · 1 inside');
    expect(String(raw)).toContain('Backstage · 0 inside');
  });
});

describe('offline', () => {
  it('the manifest tells inner gates; their scans come late, in any order, and no log counts them', async () => {
    const { event_id, north } = world.tonight;
    const { manifest } = (await world.call(`/events/${event_id}/manifest`)).body;
    expect(manifest.gates).toContainEqual({
      id: lounge,
      name: 'Lounge door',
      zone: 'Lounge',
      inner: true,
      multi_entry: false,
    });
    expect(manifest.gates).toContainEqual({
      id: north,
      name: 'North',
      zone: null,
      inner: false,
      multi_entry: false,
    });

    const [ticket, other] = [
      await world.ticket(),
      await world.ticket({ ticket_type_id: world.tonight.northern }),
    ];
    const now = Date.now();
    const scan = async (who: TestTicket, gate_id: number, ago: number, more = {}) => ({
      ...{ qr_code: await world.code(who), event_id, gate_id, nonce: `${who.id}-${ago}` },
      ...{ scanned_at: new Date(now - ago * 60_000).toISOString(), ...more },
    });
    const upload = (...scans: unknown[]) =>
      world.call('/validations/batch', {
        body: { device_id: 'tablet', sent_at: new Date(now).toISOString(), scans },
      });
    const late = await upload(await scan(ticket, lounge, 5), await scan(other, lounge, 5));
    expect(late.body.validations).toMatchObject([
      { validation: { result: 'accepted', reason: null, conflict: null, gate_id: lounge } },
      { validation: { result: 'accepted', reason: 'wrong_gate', conflict: 'wrong_gate' } },
    ]);
    expect(await row(ticket)).toEqual({ status: 'valid', entries: 0, inside: 0 });
    const early = await upload(await scan(ticket, north, 9), await scan(ticket, lounge, 5));
    expect(early.body.validations).toMatchObject([
      { repeated: false, validation: { result: 'accepted', conflict: null } },
      { repeated: true, validation: { result: 'accepted', conflict: null } },
    ]);
    expect(await row(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
    expect(await zones()).toMatchObject({ Lounge: 1 });
    const listed = (await world.call(`/events/${event_id}/manifest`)).body.manifest;
    const shown = listed.tickets.find(([id]: [string]) => id === ticket.id);
    expect(shown[listed.columns.indexOf('zones')]).toEqual(['Lounge']);
    const double = await upload(await scan(ticket, terrace, 4));
    const [earlier] = early.body.validations.slice(1);
    expect(double.body.validations).toMatchObject([
      {
        validation: {
          ...{ result: 'accepted', conflict: 'already_used', conflict_id: earlier.validation.id },
        },
      },
    ]);
    expect(await zones()).toMatchObject({ Lounge: 1 });
    await upload(await scan(ticket, lounge, 3, exit));
    expect(await zones()).toMatchObject({ Lounge: 0 });
    expect(await broken()).toEqual([]);
  });
});
