import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import { AppError } from '../../src/errors.ts';
import type { AddSaleDetails } from '../../src/schemas/carts.ts';
import { cancelCart } from '../../src/services/carts/change.ts';
import { addSaleDetails, openCart } from '../../src/services/carts/hold.ts';
import { executeHolds, type HoldCommand } from '../../src/services/carts/hold-batch.ts';
import { getCart } from '../../src/services/carts/read.ts';
import { StaleOffer } from '../../src/services/carts/stale-offer.ts';
import { wantedOf } from '../../src/services/carts/wanted.ts';
import { uuidv7 } from '../../src/uuid.ts';
import { contextOf } from '../helpers/context.ts';
import { cuttingProxy } from '../helpers/cutting-proxy.ts';
import { stockKept } from '../helpers/kept-world.ts';
import { makeSystem, type SalesWorld } from '../helpers/sales-world.ts';
import { salesRows } from '../helpers/stock-audit.ts';

let world: SalesWorld;
stockKept((made) => {
  world = made;
});

type Items = AddSaleDetails['items'];
const seat = (label: string): number => world.theatre.seats[label] as number;
const seats = (...labels: string[]): Items => [
  { ticket_type_id: world.theatre.stall, seat_ids: labels.map(seat) },
];
const adults = (quantity: number): Items => [{ ticket_type_id: world.festival.adult, quantity }];

interface Asked {
  items: Items;
  ctx?: Context;
  /** An existing cart; else one is opened. */
  cart_id?: string;
}
const commandOf = async ({ items, ctx = world.buyer(), cart_id }: Asked): Promise<HoldCommand> => ({
  ctx,
  cart_id: cart_id ?? uuidv7(),
  open: cart_id ? null : { buyer: {}, notes: null, user_id: null },
  wanted: await wantedOf(ctx, items),
  present: ({ lines }) => lines.length,
});
/** Runs commands as one batch: what each came to. */
async function batch(...asked: Asked[]): Promise<(string | number)[]> {
  const commands = await Promise.all(asked.map(commandOf));
  const outcomes = await executeHolds(world.system, world.company_id, commands);
  return outcomes.map((outcome) => {
    if ('result' in outcome) return outcome.result as number;
    const { refusal } = outcome;
    return refusal instanceof AppError ? refusal.code : (refusal as Error).constructor.name;
  });
}

describe('a batch', () => {
  it('gives each command its own verdict, in the order they came', async () => {
    const gone = await openCart(world.buyer(), {});
    await cancelCart(world.buyer(), gone.id);
    const cart = await openCart(world.buyer(), {});
    expect(
      await batch(
        { items: seats('A1', 'A2') },
        { items: seats('A2', 'A3') }, // A2 has just gone
        { items: seats('A3') }, // which leaves A3
        { items: seats('B1'), cart_id: gone.id },
        { items: seats('B1'), cart_id: uuidv7() },
        { items: seats('B1'), cart_id: cart.id, ctx: world.buyer({ client_id: 'other' }) },
        { items: seats('B1'), cart_id: cart.id },
        { items: seats('B1'), cart_id: cart.id },
        { items: [...adults(2), ...seats('B2')], cart_id: cart.id },
      ),
    ).toEqual([
      2,
      'seats_unavailable',
      1,
      'cart_not_open',
      'not_found',
      'not_found',
      1,
      'seats_unavailable',
      3,
    ]);
    expect((await getCart(world.buyer(), cart.id)).sale_details).toHaveLength(4);
  });

  it('is one transaction, whatever its size', async () => {
    await batch({ items: adults(1) }, { items: adults(2) }, { items: seats('A1') });
    const rows = await world.sql("SELECT DISTINCT xmin::text FROM sale_detail WHERE status = 'held'");
    expect(rows).toHaveLength(1);
  });

  it('gives the places in the order asked: what does not fit lets smaller ones pass', async () => {
    const { balcony, adult } = world.festival;
    const of = (quantity: number) => ({ items: [{ ticket_type_id: adult, quantity, section_id: balcony }] });
    expect(await batch(of(3), of(3), of(2), of(1))).toEqual([3, 'sold_out', 2, 'sold_out']);
  });

  it('counts limits of carts and users over its own commands', async () => {
    const { limited, adult } = world.festival;
    const ctx = world.buyer({ user_id: world.ana });
    const mine = await openCart(ctx, {});
    const one = (cart_id: string): Asked => ({
      items: [{ ticket_type_id: limited, quantity: 1 }],
      cart_id,
      ctx,
    });
    const other = await openCart(ctx, {});
    expect(await batch(one(mine.id), one(other.id), one(mine.id))).toEqual([1, 1, 'limit_exceeded']);
    const cart = await openCart(world.buyer(), {});
    const five = { items: [{ ticket_type_id: adult, quantity: 5 }], cart_id: cart.id };
    expect(await batch(five, five)).toEqual([5, 'limit_exceeded']);
  });

  it('claims a key for the first of two, and keeps none for the refused', async () => {
    const key = (name: string) => world.buyer({ key: name });
    await openCart(world.buyer(), { items: seats('E1') });
    expect(
      await batch(
        { items: seats('A1'), ctx: key('one') },
        { items: seats('A2'), ctx: key('one') },
        { items: seats('E1'), ctx: key('two') },
      ),
    ).toEqual([1, 'idempotency_in_progress', 'seats_unavailable']);
    expect(await world.sql('SELECT key, answered FROM idempotency_key')).toEqual([
      { key: 'one', answered: true },
    ]);
  });

  it('refuses commands that saw old prices, and them alone', async () => {
    const stale = await commandOf({ items: adults(1) });
    await world.sql('UPDATE event SET version = version + 1 WHERE id = $1', world.festival.event_id);
    const fresh = await commandOf({ items: seats('A1') });
    const outcomes = await executeHolds(world.system, world.company_id, [stale, fresh]);
    expect(outcomes).toEqual([{ refusal: expect.any(StaleOffer) }, { result: 1 }]);
  });

  it('leaves nothing of a refused command behind', async () => {
    await openCart(world.buyer(), { items: seats('E1') });
    const before = await salesRows(world.system);
    expect(
      await batch(
        { items: [...adults(2), ...seats('E2', 'E1')] },
        { items: seats('E1'), ctx: world.buyer({ key: 'k' }) },
      ),
    ).toEqual(['seats_unavailable', 'seats_unavailable']);
    expect(await salesRows(world.system)).toEqual(before);
  });
});

describe('a poisoned command', () => {
  it('does not fail its neighbours', async () => {
    // PostgreSQL refuses the text: the statement that writes all carts of the batch fails as a whole.
    const open = (notes?: string) => openCart(world.buyer(), { items: adults(1), ...(notes && { notes }) });
    const outcomes = await Promise.allSettled([open(), open('poison \0'), open(), open()]);
    expect(outcomes.map((o) => o.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await world.sql("SELECT count(*)::int AS n FROM sale_detail WHERE status = 'held'")).toEqual([
      { n: 3 },
    ]);
  });

  it('fails alone when it waits for a lock that does not come', async () => {
    const carts = await Promise.all([1, 2, 3].map(() => openCart(world.buyer(), {})));
    const client = await world.system.db.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM cart WHERE id = $1 FOR UPDATE', [carts[1]?.id]);
      const adds = await Promise.allSettled(
        carts.map(({ id }) => addSaleDetails(world.buyer(), id, { items: adults(1) })),
      );
      expect(adds.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(adds[1]).toMatchObject({
        reason: { code: 'service_unavailable', headers: { 'retry-after': '1' } },
      });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }, 30_000);

  it('is not run again when nobody knows whether its batch was committed', async () => {
    const carts = await Promise.all([1, 2].map(() => openCart(world.buyer(), {})));
    const proxy = await cuttingProxy(world.url);
    const system = makeSystem(proxy.url);
    const ctx = contextOf(system, { interface: world.web });
    try {
      await openCart(ctx, { items: adults(1) }); // what is on sale is known: both will go in one batch
      proxy.cutNextCommit();
      const adds = await Promise.allSettled(
        carts.map(({ id }) => addSaleDetails(ctx, id, { items: adults(1) })),
      );
      for (const add of adds) expect(add).toMatchObject({ reason: { code: 'service_unavailable' } });
      // It was committed: once.
      for (const { id } of carts) expect((await getCart(ctx, id)).sale_details).toHaveLength(1);
    } finally {
      await system.close();
      await proxy.close();
    }
  });
});
