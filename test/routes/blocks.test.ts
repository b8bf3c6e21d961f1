import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { sweep } from '../../src/services/carts/expire.ts';
import { verifyDatabase } from '../../src/services/verify/run.ts';
import { type ApiWorld, apiWorld, type Who } from '../helpers/api-world.ts';
import { makeEvent, seatedSection, standingSection, type TestEvent } from '../helpers/catalogue.ts';

// House seats, holds and allotments: what is kept for somebody is sold to nobody else, and falls back at its time.

let world: ApiWorld;
let event: TestEvent;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

/** An event of 20 seats and 60 places of its own, on both interfaces; the box office is the partner here. */
async function fresh(): Promise<TestEvent> {
  const { company_id, interfaces } = world.accounts;
  return inTransaction(world.system.db, async (tx) => {
    const on = { company_id, interface_id: interfaces.web };
    const made = await makeEvent(tx, on, [seatedSection('Stalls', 2, 10), standingSection('Floor', 60)], {
      max_per_cart: 100,
    });
    const { event_id } = made;
    await insertRows(tx, 'event_interface', [{ company_id, event_id, interface_id: interfaces.pos }]);
    await insertRow(tx, 'code', {
      company_id,
      event_id,
      code: `FANS${event_id}`,
      kind: 'access',
      ticket_type_ids: [],
    });
    return made;
  });
}
beforeAll(async () => {
  event = await fresh();
});
afterEach(async () => {
  await world.system.db.pool.query(
    "UPDATE cart SET expires_at = now() - interval '1 s' WHERE status = 'open'",
  );
  await world.system.db.pool.query(
    "UPDATE event_seat SET hold_expires_at = now() - interval '1 s' WHERE status = 'held'",
  );
  while (await sweep(world.system));
  const client = await world.system.db.pool.connect();
  const { findings } = await verifyDatabase(client).finally(() => client.release());
  expect(findings.filter((finding) => finding.breaches)).toEqual([]);
  event = await fresh();
});

const block = async (body: object, who: Who = 'admin') =>
  world.call('POST', `/events/${event.event_id}/blocks`, { who, body });
const made = async (body: object) => {
  const answer = await block(body);
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().block;
};
const floor = () => event.section_ids[1] as number;
const buy = (who: Who, quantity = 1) =>
  world.call('POST', '/carts', {
    who,
    body: { items: [{ ticket_type_id: event.ticket_type_ids[1], quantity }] },
  });
const seats = async (): Promise<number[]> =>
  (
    await world.system.db.pool.query('SELECT id FROM seat WHERE map_id = $1 ORDER BY id', [event.map_id])
  ).rows.map((row) => row.id);
const buySeats = (who: Who, seat_ids: number[]) =>
  world.call('POST', '/carts', {
    who,
    body: { items: [{ ticket_type_id: event.ticket_type_ids[0], seat_ids }] },
  });
const best = (who: Who, quantity: number) =>
  world.call('POST', '/carts', {
    who,
    body: { items: [{ ticket_type_id: event.ticket_type_ids[0], best_available: { quantity } }] },
  });
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const allot = (quantity: number, more: object = {}) =>
  made({
    ...{ kind: 'allotment', name: 'Partner', section_id: floor(), quantity },
    ...{ interface_id: world.accounts.interfaces.pos, ...more },
  });

describe('a block', () => {
  it('takes places out of sale, tells what it has, and gives them back', async () => {
    const hold = await made({
      kind: 'hold',
      name: 'The band',
      note: 'Ask Eva',
      section_id: floor(),
      quantity: 55,
    });
    expect(hold).toMatchObject({ quantity: 55, taken: 0, available: 55, seat_ids: null, released_at: null });
    const refused = await buy('seller', 6);
    expect(refused.json()).toMatchObject({ status: 409, code: 'sold_out', available: 5 });
    expect(
      (await block({ kind: 'kill', name: 'Pillar', section_id: floor(), quantity: 6 })).json(),
    ).toMatchObject({
      ...{ status: 409, code: 'sold_out', available: 5 },
    });
    const url = `/events/${event.event_id}/blocks/${hold.id}`;
    const smaller = await world.call('PATCH', url, { who: 'seller', body: { quantity: 50 } });
    expect(smaller.json().block).toMatchObject({ quantity: 50, available: 50 });
    expect((await buy('seller', 10)).statusCode).toBe(201);
    expect((await world.call('DELETE', url, { who: 'seller' })).statusCode).toBe(204);
    expect((await world.call('DELETE', url, { who: 'seller' })).statusCode).toBe(409);
    expect((await buy('seller', 20)).statusCode).toBe(201);
  });

  it('names the seats that it cannot have, and takes none then', async () => {
    const [a, b, c] = (await seats()) as [number, number, number];
    expect((await buySeats('seller', [b])).statusCode).toBe(201);
    const refused = await block({ kind: 'house', name: 'House', seat_ids: [a, b, c] });
    expect(refused.json()).toMatchObject({
      status: 409,
      code: 'seats_unavailable',
      unavailable_seat_ids: [b],
    });
    const house = await made({ kind: 'house', name: 'House', seat_ids: [a, c] });
    expect((await buySeats('seller', [a])).json()).toMatchObject({ unavailable_seat_ids: [a] });
    const unknown = await block({ kind: 'house', name: 'House', seat_ids: [2_000_000_000] });
    expect(unknown.json().errors[0]).toMatchObject({ pointer: '/seat_ids/0', code: 'not_found' });
    await world.call('DELETE', `/events/${event.event_id}/blocks/${house.id}`, { who: 'admin' });
    expect((await buySeats('seller', [a, c])).statusCode).toBe(201);
  });
});

describe('an allotment', () => {
  it('of 20, asked for by 50 of its interface and 50 others at once: 20 here, the rest there, none too many', async () => {
    const { id } = await allot(20);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => buy(i % 2 ? 'pos' : 'seller').then((a) => [i % 2, a.statusCode])),
    );
    const sold = (who: number) => answers.filter(([w, status]) => w === who && status === 201).length;
    expect([sold(1), sold(0)]).toEqual([20, 40]);
    expect(answers.filter(([, status]) => status !== 201 && status !== 409)).toEqual([]);
    const after = await world.call('GET', `/events/${event.event_id}/blocks/${id}`, { who: 'admin' });
    expect(after.json().block).toMatchObject({ quantity: 20, taken: 20, available: 0 });
  });

  it('with overflow takes from its own first, then from general sale', async () => {
    const { id } = await allot(20, { overflow: true });
    expect((await buy('pos', 20)).statusCode).toBe(201);
    const url = `/events/${event.event_id}/blocks/${id}`;
    expect((await world.call('GET', url, { who: 'admin' })).json().block.taken).toBe(20);
    expect((await buy('pos', 15)).statusCode).toBe(201);
    expect((await buy('seller', 20)).statusCode).toBe(201);
    expect((await buy('seller', 10)).json()).toMatchObject({ code: 'sold_out', available: 5 });
  });

  it('gets back what its carts let go, and nobody else does', async () => {
    await allot(20);
    await made({ kind: 'kill', name: 'Rest', section_id: floor(), quantity: 40 });
    const cart = (await buy('pos', 20)).json().cart;
    expect((await buy('pos')).statusCode).toBe(409);
    expect((await world.call('DELETE', `/carts/${cart.id}`, { who: 'pos' })).statusCode).toBe(204);
    expect((await buy('seller')).json()).toMatchObject({ code: 'sold_out', available: 0 });
    expect((await buy('pos', 20)).statusCode).toBe(201);
  });

  it('for a code is for the carts that have it', async () => {
    const { rows } = await world.system.db.pool.query('SELECT id, code FROM code WHERE event_id = $1', [
      event.event_id,
    ]);
    await made({ kind: 'allotment', name: 'Fans', section_id: floor(), quantity: 60, code_id: rows[0].id });
    expect((await buy('seller')).statusCode).toBe(409);
    const { cart } = (await world.call('POST', '/carts', { who: 'seller', body: {} })).json();
    await world.call('POST', `/carts/${cart.id}/codes`, { who: 'seller', body: { code: rows[0].code } });
    const items = [{ ticket_type_id: event.ticket_type_ids[1], quantity: 2 }];
    const held = await world.call('POST', `/carts/${cart.id}/sale_details`, {
      who: 'seller',
      body: { items },
    });
    expect(held.statusCode, held.body).toBe(201);
  });

  it('of seats: chosen and best available are its own alone, through hold, sale and return', async () => {
    const all = await seats();
    const own = all.slice(0, 6);
    await made({
      ...{ kind: 'allotment', name: 'Partner', seat_ids: own, interface_id: world.accounts.interfaces.pos },
    });
    expect((await buySeats('seller', own.slice(0, 1))).statusCode).toBe(409);
    expect((await buySeats('pos', all.slice(10, 11))).statusCode).toBe(409);
    const picked = (await best('pos', 4)).json().cart;
    expect(picked.sale_details.every((line: { seat: { id: number } }) => own.includes(line.seat.id))).toBe(
      true,
    );
    expect((await best('pos', 3)).json()).toMatchObject({ code: 'sold_out' });
    const others = (await best('seller', 10)).json().cart;
    expect(others.sale_details.some((line: { seat: { id: number } }) => own.includes(line.seat.id))).toBe(
      false,
    );
    await world.call('DELETE', `/carts/${picked.id}`, { who: 'pos' });
    const chosen = await buySeats('pos', own);
    expect(chosen.statusCode, chosen.body).toBe(201);
    const paid = await world.call('POST', `/carts/${chosen.json().cart.id}/payments`, {
      who: 'pos',
      body: { method: 'cash' },
    });
    expect(paid.statusCode, paid.body).toBe(201);
    const refund = { who: 'pos', body: { reason: 'rain' } } as const;
    expect((await world.call('POST', `/carts/${chosen.json().cart.id}/refunds`, refund)).statusCode).toBe(
      201,
    );
    expect((await buySeats('seller', own.slice(0, 1))).statusCode).toBe(409);
    expect((await buySeats('pos', own.slice(0, 1))).statusCode).toBe(201);
  });
});

describe('many blocks at once', () => {
  const bulk = (mode: string, blocks: unknown[]) =>
    world.call('POST', `/events/${event.event_id}/blocks/bulk`, { who: 'admin', body: { mode, blocks } });
  const kill = (quantity: number) => ({ kind: 'kill', name: 'Kill', section_id: floor(), quantity });
  const left = async () =>
    (await world.call('GET', `/events/${event.event_id}/stock`, { who: 'admin' }))
      .json()
      .stock.sections.find((section: { section_id: number }) => section.section_id === floor()).available;

  it('are made together or not at all, and each sees what those before it took', async () => {
    const good = await bulk('atomic', [
      kill(20),
      { kind: 'house', name: 'House', seat_ids: (await seats()).slice(0, 3) },
    ]);
    expect(good.statusCode, good.body).toBe(201);
    expect(good.json().results).toMatchObject([
      { index: 0, status: 'ok', block: { quantity: 20, available: 20 } },
      { index: 1, status: 'ok', block: { quantity: 3, seat_ids: (await seats()).slice(0, 3) } },
    ]);
    const bad = await bulk('atomic', [kill(30), kill(11)]);
    expect(bad.statusCode).toBe(409);
    expect(bad.json()).toMatchObject({ code: 'sold_out', available: 10, errors: [{ pointer: '/blocks/1' }] });
    expect(await left()).toBe(40);
  });

  it('are made each by itself; what lapsed holds keep is free for them', async () => {
    for (let i = 0; i < 3; i++) expect((await buy('seller', 20)).statusCode).toBe(201);
    await world.system.db.pool.query(
      "UPDATE cart SET expires_at = now() - interval '1 s' WHERE status = 'open'",
    );
    const answer = await bulk('each', [kill(50), kill(11), { ...kill(5), typo: 1 }, kill(10)]);
    expect(answer.statusCode).toBe(200);
    expect(answer.json().results).toMatchObject([
      { index: 0, status: 'ok' },
      { index: 1, status: 'error', block: null, error: { code: 'sold_out', available: 10 } },
      { index: 2, status: 'error', error: { errors: [{ pointer: '/blocks/2/typo' }] } },
      { index: 3, status: 'ok' },
    ]);
    expect(await left()).toBe(0);
  });

  it('and holds that want the same seats the other way round wait for each other, not in a ring', async () => {
    const all = await seats();
    const kills = all.toReversed().map((id) => ({ kind: 'kill', name: 'K', seat_ids: [id] }));
    const two = (i: number) => [(i * 7) % 20, (i * 3 + 1) % 20].map((n) => all[n] as number);
    const asked = (i: number) => (i % 5 ? buySeats('seller', two(i)) : bulk('each', kills));
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => asked(i)));
    for (const { statusCode } of outcomes) expect([200, 201, 409, 422]).toContain(statusCode);
  });
});

describe('release', () => {
  it('at its time, by the clock: nested first to the parent, then to general sale', async () => {
    await made({ kind: 'kill', name: 'Rest', section_id: floor(), quantity: 40 });
    const parent = await allot(20, { release_at: soon(1_400), interface_id: world.accounts.interfaces.web });
    const child = await allot(12, { parent_id: parent.id, release_at: soon(700) });
    expect((await buy('pos', 2)).statusCode).toBe(201);
    expect((await buy('pos', 11)).json()).toMatchObject({ code: 'sold_out', available: 10 });
    expect((await buy('seller', 9)).json()).toMatchObject({ code: 'sold_out', available: 8 });
    await new Promise((done) => setTimeout(done, 750));
    // The child fell back to the parent: its interface has nothing of its own, the parent's has 18.
    expect((await buy('pos')).statusCode).toBe(409);
    expect((await buy('seller', 17)).statusCode).toBe(201);
    await new Promise((done) => setTimeout(done, 750));
    expect((await buy('pos')).statusCode).toBe(201);
    const blocks = (
      await world.call('GET', `/events/${event.event_id}/blocks?released=true`, { who: 'admin' })
    ).json().blocks;
    expect(blocks.map(({ id }: { id: number }) => id)).toEqual([parent.id, child.id]);
  });

  it('of seats: on sale at once for chosen seats and best available', async () => {
    const all = await seats();
    await made({ kind: 'house', name: 'House', seat_ids: all, release_at: soon(500) });
    expect((await buySeats('seller', all.slice(0, 2))).statusCode).toBe(409);
    await new Promise((done) => setTimeout(done, 550));
    expect((await buySeats('seller', all.slice(0, 2))).statusCode).toBe(201);
    expect((await best('seller', 4)).statusCode).toBe(201);
  });
});
