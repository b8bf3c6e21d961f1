import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { type StockWorld, stockWorld } from '../helpers/stock-world.ts';

// The stock proof of a time of the past.

let world: ApiWorld;
let at: StockWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  at = await stockWorld(world);
});

describe('the stock of the past', () => {
  const instant = async () => {
    await sleep(3); // the books count in milliseconds
    const proof = await at.stock();
    await sleep(3);
    return proof;
  };

  it('tells what was sold, kept and given away then, and nothing that has no history', async () => {
    const moments = [await instant()];
    const step = async (work: () => Promise<unknown>) => {
      await work();
      moments.push(await instant());
    };
    let cart: { id: string; sale_details: { id: string }[] };
    let guest: { id: string };
    await step(async () => {
      cart = await at.sell([at.sitting(0, 1), at.standing(3), { product_id: at.programme, quantity: 2 }]);
    });
    await step(async () => {
      guest = await at.give(at.seated);
    });
    await step(() => at.give(at.loose));
    await step(() =>
      at.ask('POST', `/carts/${cart.id}/refunds`, {
        ...{ reason: 'ill', sale_detail_ids: [cart.sale_details[0]?.id], keep_inventory: true },
      }),
    );
    await step(() =>
      at.ask('POST', `/carts/${cart.id}/refunds`, {
        reason: 'ill',
        sale_detail_ids: [cart.sale_details[1]?.id, cart.sale_details[2]?.id],
      }),
    );
    await step(() => at.ask('DELETE', `/courtesies/${guest.id}`, undefined, 'admin'));
    await step(() => at.sell([at.standing(2)], 'pos'));
    expect(moments.map(({ totals }) => [totals.sold, totals.kept, totals.courtesy])).toEqual([
      ...[
        [0, 0, 0],
        [5, 0, 0],
        [5, 0, 1],
        [5, 0, 2],
        [5, 1, 2],
        [3, 1, 2],
        [3, 1, 1],
        [5, 1, 1],
      ],
    ]);
    const past = { available: null, held: null, blocked: null, counters: null };
    for (const live of moments) {
      const then = await at.stock('admin', `?as_of=${live.as_of}`);
      const { counters: _, ...totals } = past;
      expect(then.totals).toEqual({ ...live.totals, ...totals });
      expect(then.sections).toEqual(live.sections.map((each: object) => ({ ...each, ...past })));
      expect(then.ticket_types).toEqual(live.ticket_types.map((each: object) => ({ ...each, ...past })));
      const { blocked: _b, ...product } = past;
      expect(then.products).toEqual(live.products.map((each: object) => ({ ...each, ...product })));
      expect(then.interfaces).toEqual(
        live.interfaces.map((each: object) => ({ ...each, ...totals, capacity: null, allotted: null })),
      );
      expect([then.as_of, then.drift]).toEqual([live.as_of, null]);
      const told = await at.ask(
        'GET',
        `/events/${at.event_id}/report?as_of=${live.as_of}`,
        undefined,
        'admin',
      );
      expect(told.report.totals).toMatchObject({ sold: live.totals.sold, courtesy: live.totals.courtesy });
    }
  });

  it('a time that is yet to come or none is refused, and so are others', async () => {
    const url = `/events/${at.event_id}/stock`;
    for (const as_of of ['2999-01-01T00:00:00Z', 'yesterday']) {
      const answer = await world.call('GET', `${url}?as_of=${as_of}`, { who: 'admin' });
      expect([answer.statusCode, answer.json().errors[0].pointer]).toEqual([422, '/query/as_of']);
    }
    for (const who of ['reader', 'buyer'] as const)
      expect((await world.call('GET', url, { who })).statusCode).toBe(403);
    expect((await world.call('GET', url, { who: 'rival' })).statusCode).toBe(404);
    const elsewhere = `/events/${world.elsewhere.event_id}/stock`;
    expect((await world.call('GET', elsewhere, { who: 'admin' })).statusCode).toBe(404);
  });
});
