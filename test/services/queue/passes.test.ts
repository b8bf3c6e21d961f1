import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { AppError } from '../../../src/errors.ts';
import type { OpenCart } from '../../../src/schemas/carts.ts';
import { cancelCart, patchCart } from '../../../src/services/carts/change.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { quoteExchange } from '../../../src/services/exchanges/quote.ts';
import { joinQueue } from '../../../src/services/queue/join.ts';
import { getPlace, leaveQueue } from '../../../src/services/queue/place.ts';
import { sweepQueues } from '../../../src/services/queue/sweep.ts';
import { payByToken } from '../../helpers/payments.ts';
import { type QueueWorld, queueWorld } from '../../helpers/queues.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
let gate: QueueWorld;
beforeAll(async () => {
  world = await salesWorld();
  gate = queueWorld(world);
});
afterEach(async () => {
  await gate.remove();
  await world.clear();
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const one = (): NonNullable<OpenCart>['items'] => [{ ticket_type_id: world.festival.adult, quantity: 1 }];
const ana = (more: object = {}) => world.buyer({ user_id: world.ana, ...more });
const refusal = async (asked: Promise<unknown>) => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error !== undefined && !(error instanceof AppError)) throw error;
  return error && { code: error.code, ...error.facts };
};
const pass = async (ctx: Context) => {
  const place = await joinQueue(ctx, gate.event_id, undefined);
  expect(place.status).toBe('admitted');
  return place;
};
const entries = () => world.sql('SELECT event_id, place_id FROM queue_entry ORDER BY created_at');
const required = (reason: string, more: object = {}) => ({
  ...{ code: 'queue_required', event_id: gate.event_id, reason, queue: `/events/${gate.event_id}/queue` },
  ...more,
});

describe('an event behind a gate', () => {
  it('is held by nobody without a pass: neither by a new cart nor by one that is open', async () => {
    const before = await openCart(ana(), { items: one() });
    await gate.set();
    expect(await refusal(openCart(ana(), { items: one() }))).toEqual(required('no_place'));
    expect(await refusal(addSaleDetails(ana(), before.id, { items: one() as never }))).toEqual(
      required('no_place'),
    );
    const shirt = [{ product_id: world.festival.shirt, quantity: 1 }];
    expect(await refusal(openCart(ana(), { items: shirt }))).toEqual(required('no_place'));
    expect(
      await refusal(
        openCart(ana(), {
          items: [{ ticket_type_id: world.theatre.stall, best_available: { quantity: 1 } }],
        }),
      ),
    ).toBeUndefined();
    expect(await refusal(openCart(ana(), {}))).toBeUndefined();
    expect(await entries()).toEqual([]);
  });

  it('is sold to who has a pass: one cart, which goes on when the pass has run out', async () => {
    await gate.set({ pass_seconds: 60 });
    const place = await pass(ana());
    const cart = await openCart(ana(), { items: one() });
    expect(await refusal(openCart(ana(), { items: one() }))).toEqual(
      required('in_use', { place_id: place.id, cart_id: cart.id }),
    );
    expect((await getPlace(ana(), gate.event_id, place.id)).cart_id).toBe(cart.id);
    await gate.later(61);
    await sweepQueues(world.system);
    expect(await refusal(addSaleDetails(ana(), cart.id, { items: one() as never }))).toBeUndefined();
    expect((await getPlace(ana(), gate.event_id, place.id)).status).toBe('admitted');
    await cancelCart(ana(), cart.id);
    expect(await refusal(openCart(ana(), { items: one() }))).toEqual(
      required('expired', { place_id: place.id }),
    );
    expect((await getPlace(ana(), gate.event_id, place.id)).status).toBe('expired');
    expect(await entries()).toEqual([{ event_id: gate.event_id, place_id: place.id }]);
  });

  it('a pass whose cart came to nothing is good again; one that bought is spent, and a new place is at the end', async () => {
    await gate.set();
    const place = await pass(ana());
    const cart = await openCart(ana(), { items: one() });
    await cancelCart(ana(), cart.id);
    const second = await openCart(ana(), { items: one() });
    await payByToken(ana(), second.id, 'approved');
    expect((await getPlace(ana(), gate.event_id, place.id)).status).toBe('used');
    expect(await refusal(openCart(ana(), { items: one() }))).toEqual(
      required('used', { place_id: place.id }),
    );
    const next = await joinQueue(ana(), gate.event_id, undefined);
    expect(next.id).not.toBe(place.id);
    expect(await refusal(openCart(ana(), { items: one() }))).toBeUndefined();
  });

  it('refuses who still waits, whose pass has run out, who left, and whose pass is another one', async () => {
    await gate.set({ inflow: 6, pass_seconds: 60 });
    const first = await pass(ana());
    const waiting = await joinQueue(world.buyer({ user_id: world.ben }), gate.event_id, undefined);
    const ben = world.buyer({ user_id: world.ben });
    expect(await refusal(openCart(ben, { items: one() }))).toEqual(
      required('waiting', { place_id: waiting.id }),
    );
    const named = { items: one(), queue_place_ids: [first.id] };
    expect(await refusal(openCart(ben, named))).toEqual(required('waiting', { place_id: waiting.id }));
    expect(await refusal(openCart(world.buyer(), named))).toEqual(required('no_place'));
    expect(await refusal(openCart(ana({ interface: world.pos }), { items: one() }))).toEqual(
      required('no_place'),
    );
    await leaveQueue(ana(), gate.event_id, first.id);
    expect(await refusal(openCart(ana(), { items: one() }))).toEqual(required('no_place'));
    await gate.later(10);
    await sweepQueues(world.system);
    await gate.later(61);
    expect(await refusal(openCart(ben, { items: one() }))).toEqual(
      required('expired', { place_id: waiting.id }),
    );
  });

  it('goes by the id of the place for those whom a client has no user for, who may sign in later', async () => {
    await gate.set();
    const [a, b] = await gate.come(['a', 'b']);
    expect(await refusal(openCart(world.buyer(), { items: one() }))).toEqual(required('no_place'));
    const queue_place_ids = [a?.id as string];
    const cart = await openCart(world.buyer(), { items: one(), queue_place_ids });
    expect(
      await refusal(openCart(world.buyer({ client_id: 'other' }), { items: one(), queue_place_ids })),
    ).toEqual(required('no_place'));
    await patchCart(ana(), cart.id, {});
    expect(await refusal(addSaleDetails(ana(), cart.id, { items: one() as never }))).toBeUndefined();
    expect(
      await refusal(openCart(ana(), { items: one(), queue_place_ids: [b?.id as string] })),
    ).toBeUndefined();
  });

  it('lets the box office pass', async () => {
    await gate.set({ inflow: 0 });
    for (const scopes of [
      ['public', 'sell'],
      ['public', 'buy', 'admin'],
    ] as const)
      expect(
        await refusal(openCart(world.seller({ scopes: [...scopes] }), { items: one() })),
      ).toBeUndefined();
    expect(await entries()).toEqual([1, 2].map(() => ({ event_id: gate.event_id, place_id: null })));
  });

  it('asks those who exchange for a pass as well', async () => {
    const cart = await openCart(ana(), { items: one() });
    await payByToken(ana(), cart.id, 'approved');
    await world.sql(
      "UPDATE event SET exchange_until = now() + interval '1 day' WHERE id = $1",
      gate.event_id,
    );
    await gate.set();
    const wish = {
      sale_detail_ids: cart.sale_details.map(({ id }) => id),
      items: [{ ticket_type_id: world.festival.child, quantity: 1 }],
    };
    expect(await refusal(quoteExchange(ana(), cart.id, wish as never))).toEqual(required('no_place'));
    expect(await refusal(quoteExchange(world.seller(), cart.id, wish as never))).toBeUndefined();
    await pass(ana());
    expect(await refusal(quoteExchange(ana(), cart.id, wish as never))).toBeUndefined();
  });

  it('costs an event without a gate no statement', async () => {
    await gate.set();
    await pass(ana());
    const sent: string[] = [];
    const { pool } = world.system.db;
    const client = await pool.connect();
    const { query } = Object.getPrototypeOf(client) as { query: (...args: unknown[]) => unknown };
    const proto = Object.getPrototypeOf(client);
    client.release();
    proto.query = function (this: unknown, ...args: unknown[]) {
      const { name } = args[0] as { name?: string };
      if (name) sent.push(name);
      return query.apply(this, args);
    };
    try {
      await openCart(ana(), {
        items: [{ ticket_type_id: world.theatre.stall, best_available: { quantity: 1 } }],
      });
      expect(sent).toContain('cart_insert');
      expect(sent.filter((name) => name.startsWith('queue_'))).toEqual([]);
      sent.length = 0;
      await openCart(ana(), { items: one() });
      expect(sent.filter((name) => name.startsWith('queue_'))).not.toEqual([]);
    } finally {
      proto.query = query;
    }
  });
});
