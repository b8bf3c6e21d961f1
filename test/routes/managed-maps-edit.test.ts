import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { publishEvent } from '../../src/services/inventory/publish.ts';
import { verifyDatabase } from '../../src/services/verify/run.ts';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { makeEvent, seatedSection, standingSection, type TestEvent } from '../helpers/catalogue.ts';

// Maps that are edited while tickets sell.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

interface Seat {
  id?: number;
  number: string;
  x: number;
  y: number;
  position?: number;
}
interface Exported {
  id: number;
  sections: {
    id?: number;
    name: string;
    kind: string;
    capacity?: number;
    rows: { id?: number; label: string; seats: Seat[] }[];
  }[];
}

/** An event of two rows of ten seats and a floor for 100. */
async function venue({ publish = true, rows = 2 } = {}): Promise<TestEvent & { map: Exported }> {
  const { company_id, interfaces } = world.accounts;
  const event = await inTransaction(world.system.db, (tx) =>
    makeEvent(
      tx,
      { company_id, interface_id: interfaces.web },
      [seatedSection('Stalls', rows, 10), standingSection('Floor', 100)],
      { publish },
    ),
  );
  return { ...event, map: await exported(event.map_id) };
}

const exported = async (map_id: number): Promise<Exported> =>
  (await world.call('GET', `/maps/${map_id}`, { who: 'admin' })).json().map;
const put = (map: Exported, headers = {}) =>
  world.call('PUT', `/maps/${map.id}`, { who: 'admin', body: map, headers });
const stalls = (map: Exported) => map.sections[0] as Exported['sections'][number];
const row = (map: Exported, i = 0) => stalls(map).rows[i] as Exported['sections'][number]['rows'][number];

/** Opens a cart that holds seats. */
const hold = (event: TestEvent, seat_ids: (number | undefined)[]) =>
  world.call('POST', '/carts', {
    ...{ who: 'seller', body: { items: [{ ticket_type_id: event.ticket_type_ids[0], seat_ids }] } },
  });

const statuses = async ({ event_id }: TestEvent) =>
  (
    await world.system.db.pool.query(
      'SELECT seat_id, status FROM event_seat WHERE event_id = $1 ORDER BY seat_id',
      [event_id],
    )
  ).rows as { seat_id: number; status: string }[];

async function expectSound() {
  const client = await world.system.db.pool.connect();
  try {
    const { ok, ...rest } = await verifyDatabase(client as never);
    expect(ok, JSON.stringify(rest).slice(0, 2_000)).toBe(true);
  } finally {
    client.release();
  }
}

describe('an edited map', () => {
  it('moves seats and calls them otherwise; what is sold stays sold', async () => {
    const event = await venue();
    const { map } = event;
    const [first, second] = row(map).seats as [Seat, Seat];
    const cart = (await hold(event, [first.id])).json().cart;
    await world.call('POST', `/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'cash' } });
    row(map).label = 'AA';
    first.number = '101';
    Object.assign(first, { x: second.x, position: 2 });
    Object.assign(second, { x: 10, position: 1 });
    stalls(map).name = 'Parterre';
    const answer = await put(map);
    expect(answer.statusCode, answer.body).toBe(200);
    expect(answer.json().map.changes).toEqual({ added: 0, changed: 2, removed: 0 });
    expect(await exported(map.id)).toMatchObject({
      sections: [
        {
          name: 'Parterre',
          rows: [
            {
              label: 'AA',
              seats: [
                { id: second.id, position: 1 },
                { id: first.id, number: '101', position: 2 },
                {},
                {},
                {},
                {},
                {},
                {},
                {},
                {},
              ],
            },
            {},
          ],
        },
        {},
      ],
    });
    const [ticket] = (await world.call('GET', `/carts/${cart.id}/tickets`, { who: 'seller' })).json().tickets;
    expect(ticket.seat).toEqual({ id: first.id, section: 'Parterre', row: 'AA', number: '101' });
    expect((await statuses(event)).filter(({ status }) => status === 'sold')).toEqual([
      { seat_id: first.id, status: 'sold' },
    ]);
  });

  it('puts new seats, rows and sections on sale at once', async () => {
    const event = await venue();
    const { map } = event;
    row(map).seats.push({ number: '11', x: 75, y: 95 });
    stalls(map).rows.push({ label: 'C', seats: [{ number: '1', x: 80, y: 95 }] });
    map.sections.push({ name: 'Balcony', kind: 'general', capacity: 30, rows: [] });
    (map.sections[1] as { capacity: number }).capacity = 120;
    stalls(map).capacity = undefined as never;
    const answer = await put(map);
    expect(answer.statusCode, answer.body).toBe(200);
    expect(answer.json().map).toMatchObject({
      seat_count: 22,
      changes: { added: 2, changed: 0, removed: 0 },
    });
    const added = row(await exported(map.id)).seats.at(-1);
    expect((await hold(event, [added?.id])).statusCode).toBe(201);
    const { rows } = await world.system.db.pool.query(
      'SELECT capacity FROM event_section WHERE event_id = $1 ORDER BY section_id',
      [event.event_id],
    );
    expect(rows).toEqual([{ capacity: 22 }, { capacity: 120 }, { capacity: 30 }]);
    const { availability } = (
      await world.call('GET', `/events/${event.event_id}/maps/${map.id}/availability`, { who: 'seller' })
    ).json();
    expect(availability.seats.held).toEqual([added?.id]);
    expect(availability.sections.map(({ available }: { available: number }) => available)).toEqual([
      21, 120, 30,
    ]);
    await expectSound();
  });

  it('cannot lose seats that are sold, held or have a ticket, nor room that is taken', async () => {
    const event = await venue();
    const { map } = event;
    const [held, sold, refunded, free] = row(map).seats as [Seat, Seat, Seat, Seat];
    await hold(event, [held.id]);
    for (const seat of [sold, refunded]) {
      const { cart } = (await hold(event, [seat.id])).json();
      await world.call('POST', `/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'cash' } });
      if (seat === refunded)
        await world.call('POST', `/carts/${cart.id}/refunds`, { who: 'seller', body: { reason: 'ill' } });
    }
    const before = await world.stored();
    const edited = structuredClone(map);
    row(edited).seats.splice(0, 4);
    stalls(edited).capacity = undefined as never;
    const answer = await put(edited);
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({
      ...{ code: 'conflict', seat_ids: [held.id, sold.id, refunded.id], event_ids: [event.event_id] },
    });
    expect(await world.stored()).toEqual(before);

    const fine = structuredClone(map);
    row(fine).seats = row(fine).seats.filter(({ id }) => id !== free.id);
    stalls(fine).capacity = undefined as never;
    expect((await put(fine)).json().map.changes).toEqual({ added: 0, changed: 0, removed: 1 });
    expect((await hold(event, [free.id])).statusCode).toBe(422);

    const floor = { ticket_type_id: event.ticket_type_ids[1], quantity: 5 };
    await world.call('POST', '/carts', { who: 'seller', body: { items: [floor] } });
    const now = await exported(map.id);
    (now.sections[1] as { capacity: number }).capacity = 4;
    const small = await put(now);
    expect([small.statusCode, small.json().sections]).toEqual([
      409,
      [{ event_id: event.event_id, section_id: event.section_ids[1], taken: 5 }],
    ]);
    now.sections.pop();
    expect((await put(now)).statusCode).toBe(409);
    await expectSound();
  });

  it('is refused whole when a part is not its own, is there twice or becomes another kind', async () => {
    const { map } = await venue();
    const other = await venue();
    const [first, second, third] = row(map).seats as [Seat, Seat, Seat];
    const foreign = row(other.map).seats[0]?.id as number;
    first.id = foreign;
    third.id = second.id as number;
    (map.sections[1] as { kind: string }).kind = 'seated';
    const answer = await put(map);
    expect(answer.statusCode).toBe(422);
    expect(
      answer.json().errors.map(({ pointer, code }: Record<string, string>) => `${pointer} ${code}`),
    ).toEqual([
      '/sections/1/rows empty',
      '/sections/1/capacity mismatch',
      '/sections/0/rows/0/seats/0/id not_found',
      '/sections/0/rows/0/seats/2/id duplicate',
      '/sections/1/kind immutable',
    ]);
  });

  it('by the tag that was read is kept once, and told', async () => {
    const { map, event_id } = await venue();
    const tag = String((await world.call('GET', `/maps/${map.id}`, { who: 'admin' })).headers.etag);
    stalls(map).name = 'Front';
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(map, { 'if-match': tag })));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array(9).fill(412)]);
    const { rows } = await world.system.db.pool.query(
      "SELECT data FROM change WHERE event_id = $1 AND type = 'event.updated' AND data ? 'map_id'",
      [event_id],
    );
    expect(rows).toEqual([{ data: { map_id: map.id } }]);
    const url = `/audit_logs?subject_type=map&subject_id=${map.id}`;
    const [entry] = (await world.call('GET', url, { who: 'admin' })).json().audit_logs;
    expect(entry).toMatchObject({
      ...{ action: 'map.update', before: { sections: [{ name: 'Stalls' }, {}] } },
      after: { sections: [{ name: 'Front' }, {}], changes: { added: 0, changed: 0, removed: 0 } },
    });
  });
});

describe('at the same time', () => {
  it('50 buyers and an edit that takes their seats away: each seat is sold or gone, never both', async () => {
    for (let round = 0; round < 4; round++) {
      const event = await venue({ rows: 5 });
      const { map } = event;
      const ids = stalls(map).rows.flatMap(({ seats }) => seats.map(({ id }) => id as number));
      const edited = structuredClone(map);
      stalls(edited).rows.splice(round + 1);
      stalls(edited).capacity = undefined as never;
      const [answer, ...holds] = await Promise.all([put(edited), ...ids.map((id) => hold(event, [id]))]);
      const left = (await statuses(event)).map(({ seat_id }) => seat_id);
      const held = ids.filter((_, i) => holds[i]?.statusCode === 201);
      expect(held.filter((id) => !left.includes(id))).toEqual([]);
      if (answer?.statusCode === 200) expect(left).toHaveLength(10 * (round + 1));
      else expect([answer?.statusCode, left.length]).toEqual([409, 50]);
      for (const [i, { statusCode, body }] of holds.entries())
        expect([201, 422], `${ids[i]}: ${body}`).toContain(statusCode);
    }
    expect(world.errors.splice(0)).toEqual([]);
    await expectSound();
  });

  it('an event that is published while its map grows has all of its seats', async () => {
    for (let round = 0; round < 10; round++) {
      const event = await venue({ publish: false });
      const { map } = event;
      row(map).seats.push({ number: '11', x: 75, y: 95 });
      stalls(map).capacity = undefined as never;
      const { company_id } = world.accounts;
      const [answer] = await Promise.all([
        put(map),
        inTransaction(world.system.db, (tx) => publishEvent(tx, company_id, event.event_id)),
      ]);
      expect(answer.statusCode, answer.body).toBe(200);
      expect(await statuses(event)).toHaveLength(21);
    }
    await expectSound();
  });
});
