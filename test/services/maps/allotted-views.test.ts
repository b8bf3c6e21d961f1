import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context, SalesChannel } from '../../../src/context.ts';
import { AppError } from '../../../src/errors.ts';
import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import { createBlock, deleteBlock } from '../../../src/services/blocks/write.ts';
import { startSweeper } from '../../../src/services/carts/expire.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { getEvent, listEvents } from '../../../src/services/events/read.ts';
import { listTicketTypes } from '../../../src/services/events/ticket-types.ts';
import { getAvailability } from '../../../src/services/maps/changes.ts';
import { drawMap } from '../../../src/services/maps/draw.ts';
import { getSeat, type SeatView } from '../../../src/services/maps/read.ts';
import { listSeats } from '../../../src/services/maps/seat-list.ts';
import { streamAvailability } from '../../../src/services/maps/stream.ts';
import { type Caller, contextOf } from '../../helpers/context.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

// What an interface is shown as available can be had by it, and what it is not shown cannot, whatever is allotted to whom.

let world: SalesWorld;
let seats: number[];
let admin: Context;
beforeAll(async () => {
  world = await salesWorld();
  const { theatre, festival } = world;
  seats = Object.values(theatre.seats).sort((a, b) => a - b);
  admin = contextOf(world.system, { interface: world.web, scopes: ['public', 'sell', 'admin'] });
  await world.sql('UPDATE ticket_type SET max_per_cart = 100 WHERE id = ANY($1::int[])', [
    ...[theatre.stall, festival.adult, festival.pit],
  ]);
  await world.sql('UPDATE event SET max_per_cart = 100, version = version + 1');
  await world.sql('UPDATE seat SET companion_of = NULL, accessible = false');
});
afterEach(async () => {
  expect(await stockFaults(world.system)).toEqual({});
  await world.clear();
  for (const { id, event_id } of await world.sql<{ id: number; event_id: number }>(
    'SELECT id, event_id FROM block WHERE released_at IS NULL ORDER BY id DESC',
  ))
    await deleteBlock(admin, event_id, id);
});
afterAll(() => world.close());

const channels = (): SalesChannel[] => [world.web, world.pos];
const on = (channel: SalesChannel, scopes: Caller['scopes'] = ['public', 'sell']): Context =>
  contextOf(world.system, { interface: channel, scopes, client_id: 'office' });

/** Whether items could be held; what a dry run says. */
async function canHold(ctx: Context, items: AddSaleDetails['items']): Promise<boolean> {
  try {
    await openCart({ ...ctx, dry_run: true }, { items });
    return true;
  } catch (refusal) {
    if (refusal instanceof AppError && ['seats_unavailable', 'sold_out'].includes(refusal.code)) return false;
    throw refusal;
  }
}

const seatItems = (...seat_ids: number[]): AddSaleDetails['items'] => [
  { ticket_type_id: world.theatre.stall, seat_ids },
];
const places = (ticket_type_id: number, quantity: number): AddSaleDetails['items'] => [
  { ticket_type_id, quantity },
];

/** Compares all that is shown to an interface with what it can hold. */
async function compare(channel: SalesChannel): Promise<void> {
  const ctx = on(channel);
  const { theatre, festival } = world;
  const listed: SeatView[] = JSON.parse(
    String(await listSeats(ctx, theatre.event_id, theatre.map_id, {})),
  ).seats;
  const shown = new Map(listed.map(({ id, status }) => [id, status]));
  for (const id of seats) {
    const can = await canHold(ctx, seatItems(id));
    expect([id, shown.get(id) === 'available']).toEqual([id, can]);
    expect((await getSeat(ctx, theatre.event_id, id)).status).toBe(shown.get(id));
  }
  const compact = await getAvailability(ctx, theatre.event_id, theatre.map_id, {});
  const taken = (['held', 'sold', 'blocked'] as const).flatMap((status) => ids(compact.seats[status]));
  const free = seats.filter((id) => shown.get(id) === 'available');
  expect(seats.filter((id) => !taken.includes(id))).toEqual(free);
  expect(compact.sections.reduce((n, section) => n + section.available, 0)).toBe(free.length);
  const drawn = String(await drawMap(ctx, theatre.event_id, theatre.map_id));
  expect(drawn.match(/<circle id="seat-\d+" class="available/g) ?? []).toHaveLength(free.length);

  const seated = await listTicketTypes(ctx, theatre.event_id);
  expect(seated.find((type) => type.id === theatre.stall)?.remaining).toBe(free.length);
  const types = await listTicketTypes(ctx, festival.event_id);
  for (const type of [festival.adult, festival.pit]) {
    const remaining = types.find(({ id }) => id === type)?.remaining as number;
    if (remaining > 0) expect(await canHold(ctx, places(type, remaining))).toBe(true);
    expect(await canHold(ctx, places(type, remaining + 1))).toBe(false);
  }
  const event = await getEvent(ctx, theatre.event_id);
  expect([event.remaining, event.sales_status]).toEqual([free.length, free.length ? 'on_sale' : 'sold_out']);
  const request = { page: 1, per_page: 10, limit: 10, offset: 0 };
  const found = await listEvents(ctx, { on_sale: true, ids: [theatre.event_id] }, request as never);
  expect(found.total).toBe(free.length ? 1 : 0);
}

const ids = (gaps: readonly number[]): number[] => {
  let last = 0;
  return gaps.map((gap) => {
    last += gap;
    return last;
  });
};

const scenario = fc.record({
  /** Runs of seats that go to the web, the box office, or nobody. */
  seatBlocks: fc.array(
    fc.record({
      to: fc.constantFrom('web', 'pos', 'house'),
      from: fc.integer({ min: 0, max: 50 }),
      size: fc.integer({ min: 1, max: 30 }),
      overflow: fc.boolean(),
      nested: fc.boolean(),
    }),
    { maxLength: 4 },
  ),
  placeBlocks: fc.array(
    fc.record({
      to: fc.constantFrom('web', 'pos', 'house'),
      balcony: fc.boolean(),
      size: fc.integer({ min: 1, max: 8 }),
      overflow: fc.boolean(),
      nested: fc.boolean(),
    }),
    { maxLength: 4 },
  ),
  /** What is bought, by whom, and whether the hold lapses. */
  holds: fc.array(
    fc.record({
      web: fc.boolean(),
      seat: fc.integer({ min: 0, max: 59 }),
      places: fc.integer({ min: 0, max: 5 }),
      lapses: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
});

describe('what an interface is shown', () => {
  it('is what it can hold, whatever is allotted, nested, held and lapsed', async () => {
    await fc.assert(
      fc
        .asyncProperty(scenario, async ({ seatBlocks, placeBlocks, holds }) => {
          const { theatre, festival } = world;
          const made: { seats: Map<number, number[]>; places: number[] } = { seats: new Map(), places: [] };
          const forWhom = (to: string, overflow: boolean) =>
            to === 'house'
              ? { kind: 'house' as const }
              : {
                  kind: 'allotment' as const,
                  interface_id: to === 'web' ? world.web.id : world.pos.id,
                  overflow,
                };
          for (const { to, from, size, overflow, nested } of seatBlocks) {
            const [around] = nested ? [...made.seats] : [];
            const mine = around
              ? around[1].slice(0, Math.ceil(around[1].length / 2))
              : seats.slice(from, from + size);
            const body = {
              name: 'B',
              seat_ids: mine,
              ...forWhom(to, overflow),
              ...(around && { parent_id: around[0] }),
            };
            const block = await createBlock(admin, theatre.event_id, body).catch(refused);
            if (block) made.seats.set(block.id, mine);
          }
          for (const { to, balcony, size, overflow, nested } of placeBlocks) {
            const parent_id = nested ? made.places[0] : undefined;
            const section_id = balcony ? festival.balcony : festival.floor;
            const body = {
              name: 'B',
              section_id,
              quantity: size,
              ...forWhom(to, overflow),
              ...(parent_id && { parent_id }),
            };
            const block = await createBlock(admin, festival.event_id, body).catch(refused);
            if (block) made.places.push(block.id);
          }
          const lapsing: string[] = [];
          for (const { web, seat, places: quantity, lapses } of holds) {
            const ctx = on(web ? world.web : world.pos);
            const items = [
              ...seatItems(seats[seat] as number),
              ...(quantity ? places(festival.adult, quantity) : []),
            ];
            const cart = await openCart(ctx, { items }).catch(refused);
            if (cart && lapses) lapsing.push(cart.id);
          }
          if (lapsing.length) await world.lapse(...lapsing);
          for (const channel of channels()) await compare(channel);
        })
        .afterEach(async () => {
          await world.clear();
          for (const { id, event_id } of await world.sql<{ id: number; event_id: number }>(
            'SELECT id, event_id FROM block WHERE released_at IS NULL ORDER BY id DESC',
          ))
            await deleteBlock(admin, event_id, id);
          world.system.stock.clear();
        }),
      { numRuns: 12 },
    );
  }, 120_000);
});

const refused = (error: unknown): undefined => {
  if (!(error instanceof AppError)) throw error;
};

const allot = (seat_ids: number[], more: object = {}) =>
  createBlock(admin, world.theatre.event_id, {
    ...{ kind: 'allotment', name: 'Partner', seat_ids, interface_id: world.pos.id },
    ...more,
  });
const blockedOf = async (channel: SalesChannel, since?: string) => {
  const { event_id, map_id } = world.theatre;
  const { version, seats: by } = await getAvailability(on(channel), event_id, map_id, { since });
  return { version, blocked: ids(by.blocked), available: by.available && ids(by.available) };
};

describe('changes since a version', () => {
  it('tell an interface all that an allotment of its own makes otherwise, and others what it took', async () => {
    const web = await blockedOf(world.web);
    const pos = await blockedOf(world.pos);
    const mine = seats.slice(0, 4);
    const { id } = await allot(mine); // without overflow: nothing else of the stalls is the box office's any more
    expect((await blockedOf(world.web, web.version)).blocked).toEqual(mine);
    const after = await blockedOf(world.pos, pos.version);
    expect(after.available).toEqual(expect.arrayContaining(mine));
    expect(after.blocked).toHaveLength(46); // stalls has 50
    expect((await blockedOf(world.pos, after.version)).blocked).toEqual([]);
    await deleteBlock(admin, world.theatre.event_id, id);
    const back = await blockedOf(world.pos, after.version);
    expect([back.blocked, back.available]).toEqual([[], seats]);
  });

  it('come to each interface by its own stream', async () => {
    const { event_id, map_id } = world.theatre;
    const heard = async (channel: SalesChannel) => {
      const stream = await streamAvailability(on(channel), event_id, map_id, undefined, { seconds: 5 });
      const told: { blocked: number[]; available?: number[] }[] = [];
      stream.on('data', (bytes: Buffer) => {
        for (const [, data] of String(bytes).matchAll(/^data: (.*)$/gm))
          told.push(JSON.parse(data as string).availability.seats);
      });
      return { told, end: () => stream.destroy() };
    };
    const [web, pos] = [await heard(world.web), await heard(world.pos)];
    const mine = seats.slice(0, 4);
    await allot(mine);
    await expect.poll(() => web.told.length, { timeout: 3_000 }).toBe(2);
    await expect.poll(() => pos.told.length, { timeout: 3_000 }).toBe(2);
    expect(ids(web.told[1]?.blocked ?? [])).toEqual(mine);
    expect(ids(pos.told[1]?.available ?? [])).toEqual(expect.arrayContaining(mine));
    expect(pos.told[1]?.blocked).toHaveLength(46);
    for (const { end } of [web, pos]) end();
  });
});

describe('stock whose time has come', () => {
  it('is on sale and shown to everybody within a second', async () => {
    const mine = seats.slice(0, 4);
    const release_at = new Date(Date.now() + 1_200);
    await allot(mine, { release_at });
    const parent = await createBlock(admin, world.festival.event_id, {
      ...{ kind: 'allotment', name: 'Partner', section_id: world.festival.balcony, quantity: 5 },
      ...{ interface_id: world.pos.id, release_at },
    });
    expect(parent.quantity).toBe(5);
    const sweeper = startSweeper(world.system);
    try {
      expect((await blockedOf(world.web)).blocked).toEqual(mine);
      await new Promise((done) => setTimeout(done, release_at.getTime() - Date.now()));
      expect(await canHold(on(world.web), seatItems(mine[0] as number))).toBe(true);
      await expect.poll(async () => (await blockedOf(world.web)).blocked, { timeout: 1_300 }).toEqual([]);
      const { festival } = world;
      const left = async () =>
        (await listTicketTypes(on(world.web), festival.event_id)).find(({ id }) => id === festival.adult)
          ?.remaining;
      await expect.poll(left, { timeout: 1_300 }).toBe(25);
    } finally {
      await sweeper.stop();
    }
  });
});
