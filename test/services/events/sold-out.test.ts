import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { tellSoldOut } from '../../../src/services/events/sold-out.ts';
import { sequenceChanges } from '../../../src/services/feed/sequence.ts';
import { deliverDue } from '../../../src/services/webhooks/courier.ts';
import { type ApiWorld, apiWorld } from '../../helpers/api-world.ts';
import { runAllJobs } from '../../helpers/payments.ts';
import { type Receiver, receiver, verify } from '../../helpers/receiver.ts';
import { makeSystem } from '../../helpers/sales-world.ts';
import { type StockWorld, stockWorld } from '../../helpers/stock-world.ts';

// event.sold_out and event.available: as the change feed tells them, and a webhook.

let world: ApiWorld;
let at: StockWorld;
let shop: Receiver;
let secret: string;
beforeAll(async () => {
  world = await apiWorld({ env: { WEBHOOK_PRIVATE_ADDRESSES: 'true' } });
  shop = await receiver();
  const body = { url: shop.url, types: ['event.sold_out', 'event.available'] };
  const { webhook } = (await world.call('POST', '/webhooks', { who: 'admin', body })).json();
  secret = webhook.secret;
});
afterAll(async () => {
  await shop.down();
  await world.close();
});

/** Of 20 seats and 60 places, of which a type may sell 50, two seats and two places are left. */
beforeEach(async () => {
  at = await stockWorld(world);
  await at.sql('UPDATE ticket_type SET capacity = 4 WHERE id = $1', at.loose);
  await at.sell([at.standing(2), at.sitting(...Array.from({ length: 18 }, (_, i) => i))]);
});

/** All changes have their numbers: also those that had to wait for transactions of others. */
async function sequence(): Promise<void> {
  const behind = () =>
    at.sql(
      'SELECT FROM change c LEFT JOIN feed f USING (company_id) WHERE (c.xid, c.sequence) > (coalesce(f.xid, 0), coalesce(f.ordinal, 0))',
    );
  do await sequenceChanges(world.system);
  while ((await behind()).length);
}

/** Whatever is to be looked at is looked at, and told. */
async function settle(): Promise<void> {
  await sequence();
  await runAllJobs(world.system);
  await sequence();
}
const told = async (): Promise<string[]> => {
  await settle();
  const { changes } = await at.ask(
    'GET',
    '/changes?since=0&types=event.sold_out,event.available&limit=1000',
    undefined,
    'admin',
  );
  return changes
    .filter(({ event_id }: { event_id: number }) => event_id === at.event_id)
    .map(({ type, subject_id, data, interface_id }: Record<string, unknown>) => {
      expect({ subject_id, data, interface_id }).toEqual({
        ...{ subject_id: String(at.event_id), data: { event_id: at.event_id }, interface_id: null },
      });
      return type;
    });
};
const refund = (cart: string, more: object = {}) =>
  at.ask('POST', `/carts/${cart}/refunds`, { reason: 'ill', ...more });

it('is told once, when the last place goes, and again only after one came back and went', async () => {
  await at.sell([at.standing(2)]);
  expect(await told()).toEqual([]);
  const last = await at.sell([at.sitting(18, 19)]);
  expect(await told()).toEqual(['event.sold_out']);
  await Promise.all(
    [1, 2, 3].map(() =>
      tellSoldOut(world.system, { company_id: world.accounts.company_id, event_id: at.event_id }),
    ),
  );
  expect(await told()).toEqual(['event.sold_out']);

  await refund(last.id, { sale_detail_ids: [last.sale_details[0].id] });
  expect(await told()).toEqual(['event.sold_out', 'event.available']);
  await refund(last.id);
  expect(await told()).toEqual(['event.sold_out', 'event.available']);
  await at.sell([at.sitting(18)]);
  expect(await told()).toEqual(['event.sold_out', 'event.available']);
  await at.sell([at.sitting(19)]);
  expect(await told()).toEqual(['event.sold_out', 'event.available', 'event.sold_out']);

  await deliverDue(world.system, () => new Date());
  const mine = shop.received.filter(({ text }) => JSON.parse(text).data.event_id === at.event_id);
  expect(mine.map(({ type }) => type).sort()).toEqual([
    'event.available',
    'event.sold_out',
    'event.sold_out',
  ]);
  for (const message of mine) expect(verify(secret, message)).toMatchObject({ event_id: at.event_id });
  expect(new Set(mine.map(({ id }) => id)).size).toBe(3);
});

it('is not told while somebody holds something: that may come back', async () => {
  const held = await at.hold([at.sitting(19)]);
  await at.sell([at.standing(2), at.sitting(18)]);
  expect(await told()).toEqual([]);
  await at.lapse(held.id); // it does
  expect(await told()).toEqual([]);
  await at.sell([at.sitting(19)]);
  expect(await told()).toEqual(['event.sold_out']);
});

it('is told when what somebody held is sold', async () => {
  const held = await at.hold([at.sitting(19)]);
  await at.sell([at.standing(2), at.sitting(18)]);
  expect(await told()).toEqual([]);
  await at.ask('POST', `/carts/${held.id}/payments`, { method: 'cash' });
  expect(await told()).toEqual(['event.sold_out']);
});

it('a place that is kept at its refund is none that came back', async () => {
  const last = await at.sell([at.standing(2), at.sitting(18, 19)]);
  expect(await told()).toEqual(['event.sold_out']);
  await refund(last.id, { keep_inventory: true });
  expect(await told()).toEqual(['event.sold_out']);
});

it('courtesies take the last place, too, and give it back', async () => {
  await at.sell([at.standing(2), at.sitting(18)]);
  const guest = await at.give(at.seated);
  expect(await told()).toEqual(['event.sold_out']);
  await at.ask('DELETE', `/courtesies/${guest.id}`, undefined, 'admin');
  expect(await told()).toEqual(['event.sold_out', 'event.available']);
});

it('so do blocks, and a limit that grows', async () => {
  await at.sell([at.standing(2), at.sitting(18)]);
  expect(await told()).toEqual([]);
  const house = await at.block({ kind: 'house', name: 'House', seat_ids: [at.seats[19]] });
  expect(await told()).toEqual(['event.sold_out']);
  await at.ask('DELETE', `/events/${at.event_id}/blocks/${house.id}`, undefined, 'admin');
  expect(await told()).toEqual(['event.sold_out', 'event.available']);
  await at.sell([at.sitting(19)]);
  expect(await told()).toEqual(['event.sold_out', 'event.available', 'event.sold_out']);
  await at.ask('PATCH', `/events/${at.event_id}/ticket_types/${at.loose}`, { capacity: 5 }, 'admin');
  expect((await told()).at(-1)).toBe('event.available');
});

it('who looks at the same time, in whatever process, tells it once and in order', async () => {
  const others = [makeSystem(world.system.db.pool.options.connectionString as string, 4)];
  const look = () =>
    Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        tellSoldOut([world.system, ...others][i % 2] as never, {
          ...{ company_id: world.accounts.company_id, event_id: at.event_id },
        }),
      ),
    );
  try {
    for (let round = 0; round < 4; round++) {
      const last = await at.sell([at.standing(2), at.sitting(18, 19)]);
      await look();
      await Promise.all([refund(last.id), look()]);
      await look();
    }
    const all = await told();
    expect(all).toEqual(Array.from({ length: 8 }, (_, i) => (i % 2 ? 'event.available' : 'event.sold_out')));
  } finally {
    await Promise.all(others.map((each) => each.close()));
  }
});

it('an event that was called off before anybody looked is not sold out', async () => {
  await at.sell([at.standing(2), at.sitting(18, 19)]);
  await at.ask('POST', `/events/${at.event_id}/cancel`, { reason: 'Storm' }, 'admin');
  expect(await told()).toEqual([]);
});
