import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyTicketCode } from '../../src/services/tickets/code.ts';
import { importTicketPublicKeys } from '../../src/services/tickets/keys.ts';
import { manifestHolds } from '../helpers/scanner.ts';
import { type DoorWorld, doorWorld, type NewTicket, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
let seat_id: number;
beforeAll(async () => {
  world = await doorWorld();
  [{ id: seat_id } = { id: 0 }] = await world.sql<{ id: number }>('SELECT id FROM seat ORDER BY id LIMIT 1');
});
afterAll(() => world.close());

const url = () => `/events/${world.tonight.event_id}/manifest`;
async function manifest(since?: string) {
  const { status, body } = await world.call(since ? `${url()}?since=${since}` : url());
  expect(status).toBe(200);
  expect(manifestHolds(body.manifest, body.manifest.keys)).toBe(true);
  return body.manifest;
}
const fresh = (more?: NewTicket) => world.ticket(more);
const ids = ({ tickets }: { tickets: unknown[][] }) => tickets.map(([id]) => id);
const rowOf = ({ tickets }: { tickets: unknown[][] }, { id }: TestTicket) =>
  tickets.find((row) => row[0] === id);

describe('a manifest', () => {
  it('has what a scanner needs: event, keys, gates, rules, and every ticket with its state', async () => {
    const { tonight } = world;
    const john = await fresh({
      first_name: 'John',
      last_name: 'Doe',
      ticket_type_id: tonight.seated,
      seat_id,
    });
    const dead = await fresh({ status: 'void', serial: 3 });
    const unpaid = await fresh({ cart_status: 'open' });
    await world.scan(await world.code(john));
    const answer = await world.call(url());
    expect(answer.headers['cache-control']).toBe('private, no-store');
    const { tickets, keys, rules, version, signature, ...rest } = answer.body.manifest;
    expect(rest).toEqual({
      since: null,
      complete: true,
      event: {
        ...{ id: tonight.event_id, name: 'Tonight <3', cancelled: false, rotating_codes: false },
        ...{ time_zone: expect.any(String), starts_at: expect.stringMatching(/Z$/) },
      },
      rotation: null,
      gates: [
        { id: tonight.north, name: 'North', zone: null, inner: false, multi_entry: false },
        { id: tonight.south, name: 'South', zone: null, inner: false, multi_entry: false },
      ],
      columns: [
        'id',
        'serial',
        'ticket_type_id',
        'status',
        'entries',
        'inside',
        'holder',
        'seat',
        'expires_at',
        'zones',
      ],
    });
    expect(version).toMatch(/^v[0-9a-z]+$/);
    expect(signature).toEqual({ kid: '1', value: expect.stringMatching(/^[\w-]{86}$/) });
    expect(tickets.map((row: unknown[]) => row)).toEqual([
      [john.id, 0, tonight.seated, 'used', 1, 1, 'John Doe', 'Stalls A 1', null, null],
      [dead.id, 3, tonight.standing, 'void', 0, 0, null, null, null, null],
      [unpaid.id, 0, tonight.standing, 'unpaid', 0, 0, null, null, null, null],
    ]);
    expect(rules).toContainEqual({
      ...{ ticket_type_id: tonight.northern, name: 'North only', re_entry: false, max_entries: 1 },
      ...{ gate_ids: [tonight.north], valid_from: expect.any(String), valid_until: expect.any(String) },
    });
    expect(rules.at(-1)).toMatchObject({ ticket_type_id: null, max_entries: 1, gate_ids: [] });
    const code = verifyTicketCode(await world.code(john), importTicketPublicKeys(keys));
    expect(code).toMatchObject({ ticketId: john.id, eventId: tonight.event_id, serial: 0 });
  });

  it('is signed: a changed ticket, rule or version shows', async () => {
    const whole = await manifest();
    const { keys } = whole;
    const [first, ...others] = whole.tickets;
    for (const forged of [
      { ...whole, tickets: [[...first.slice(0, 3), 'valid', 0, 0, ...first.slice(6)], ...others] },
      { ...whole, tickets: others },
      { ...whole, version: 'v1' },
      { ...whole, event: { ...whole.event, cancelled: true } },
    ])
      expect(manifestHolds(forged, keys)).toBe(false);
  });

  it('keeps its signature through a rotation of keys; both keys are in it', async () => {
    await world.system.ticketKeys.rotate(world.accounts.company_id);
    const { keys, signature } = await manifest();
    expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual(['1', '2']);
    expect(signature.kid).toBe('2');
  });
});

describe('since', () => {
  it('gives the tickets that have changed after it, however they have; and the same version while nothing does', async () => {
    const [scanned, reissued, voided, idle] = await Promise.all([fresh(), fresh(), fresh(), fresh()]);
    // Other transactions of the server, of any database, may hold the version back for a moment.
    await expect.poll(async () => (await manifest((await manifest()).version)).tickets).toEqual([]);
    const { version } = await manifest();
    expect(await manifest(version)).toMatchObject({ since: version, complete: false });
    await world.scan(await world.code(scanned));
    await world.call(`/tickets/${reissued.id}/reissue`, { method: 'POST' });
    await world.call(`/tickets/${voided.id}/void`, { method: 'POST' });
    const sold = await fresh();
    const delta = await manifest(version);
    for (const { id } of [scanned, reissued, voided, sold]) expect(ids(delta)).toContain(id);
    expect(rowOf(delta, scanned)?.slice(3, 6)).toEqual(['used', 1, 1]);
    expect(rowOf(delta, reissued)?.[1]).toBe(1);
    expect(rowOf(delta, voided)?.[3]).toBe('void');
    expect(rowOf(delta, idle)).toBeUndefined();
    expect(await manifest(delta.version)).toMatchObject({
      rules: delta.rules,
      keys: delta.keys,
    });
  });

  it('misses nothing of a transaction that commits late', async () => {
    const [slow, quick] = [await fresh(), await fresh()];
    const client = await world.system.db.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`UPDATE ticket SET first_name = 'Slow' WHERE id = $1`, [slow.id]);
      await world.scan(await world.code(quick));
      const { version } = await manifest();
      await client.query('COMMIT');
      expect(ids(await manifest(version))).toContain(slow.id);
    } finally {
      client.release();
    }
  });

  it('from another life of the database gives all of them', async () => {
    const future = await manifest('vzzzzzzzz');
    expect(future.complete).toBe(true);
    expect(ids(future)).toEqual(ids(await manifest()));
  });

  it('is 422 for what no manifest gave, and the event 404 elsewhere', async () => {
    const refused = await world.call(`${url()}?since=yesterday`);
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/query/since']);
    expect((await world.call(`/events/${world.elsewhere.event_id}/manifest`)).status).toBe(404);
  });
});

it('of 50,000 tickets with names and seats is at most 5 MB gzipped', async () => {
  const { event_id, standing } = world.tonight;
  await world.sql(
    `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, interface_id, courtesy_id, first_name, last_name, seat_id,
       status, entries)
     SELECT $1, uuidv7(), $2, $3, $4, gen_random_uuid(), substr(md5(n::text), 1, 7), substr(md5((-n)::text), 1, 9), NULL,
       CASE WHEN n % 3 = 0 THEN 'used' ELSE 'valid' END::ticket_status, (n % 3 = 0)::int
     FROM generate_series(1, 50000) AS n`,
    world.accounts.company_id,
    event_id,
    standing,
    world.accounts.interfaces.web,
  );
  const { raw, body } = await world.call(url());
  expect(body.manifest.tickets.length).toBeGreaterThan(50_000);
  expect(gzipSync(raw).length).toBeLessThan(5_000_000);
}, 60_000);
