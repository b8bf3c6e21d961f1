import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { applyCode } from '../../../src/services/carts/codes.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail } from '../../../src/services/carts/lines.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { listTicketTypes } from '../../../src/services/events/ticket-types.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

// Prices that depend on how many are sold already, and on what is bought together.

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
  const { company_id, festival } = world;
  await world.sql(
    `INSERT INTO price_phase (company_id, ticket_type_id, name, price, until_sold, position)
     VALUES ($1, $2, 'first', 2000, 3, 0), ($1, $2, 'second', 3000, 5, 1)`,
    ...[company_id, festival.limited],
  );
  await world.sql('UPDATE ticket_type SET max_per_user = NULL WHERE id = $1', festival.limited);
  await world.sql(
    `INSERT INTO quantity_rule (company_id, event_id, name, definition) VALUES ($1, $2, '3 for 2', $3)`,
    ...[company_id, festival.event_id],
    { kind: 'multi_buy', ticket_type_ids: [festival.pair, festival.later], take: 3, pay: 2 },
  );
  await world.sql('UPDATE event SET version = version + 1');
});
afterEach(async () => {
  const faults = await stockFaults(world.system);
  await world.clear();
  expect(faults).toEqual({});
});
afterAll(() => world.close());

const phased = (quantity: number) => [{ ticket_type_id: world.festival.limited, quantity }];
const priceNow = async () =>
  (await listTicketTypes(world.seller(), world.festival.event_id)).find(
    (t) => t.id === world.festival.limited,
  )?.price;

it('a phase ends when so many are held or sold, in the middle of a cart too, and a hold keeps its price', async () => {
  const first = await openCart(world.buyer(), { items: phased(2) });
  expect(first.totals.total).toBe(4_000);
  expect(await priceNow()).toBe(2_000);
  const second = await openCart(world.buyer(), { items: phased(4) });
  expect(second.sale_details.map((line) => line.total)).toEqual([2_000, 3_000, 3_000, 4_000]);
  expect(second.sale_details[1]?.price_trace[0]).toMatchObject({ rule: 'base', name: 'price_phase second' });
  expect(await priceNow()).toBe(4_000);

  await deleteSaleDetail(world.buyer(), first.id, first.sale_details[0]?.id as string);
  await deleteSaleDetail(world.buyer(), first.id, first.sale_details[1]?.id as string);
  expect(await priceNow()).toBe(3_000); // four are left
  expect((await getCart(world.buyer(), second.id)).totals.total).toBe(12_000);
});

it('of 20 carts at once exactly so many get the low prices', async () => {
  const carts = await Promise.all(
    Array.from({ length: 20 }, () => openCart(world.buyer(), { items: phased(1) })),
  );
  const totals = carts.map((cart) => cart.totals.total).sort((a, b) => a - b);
  expect(totals).toEqual([...Array(3).fill(2_000), ...Array(2).fill(3_000), ...Array(15).fill(4_000)]);
});

it('and over several processes', async () => {
  const others = world.processes(4);
  const carts = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      openCart({ ...world.buyer(), system: others[i % 4] as (typeof others)[number] }, { items: phased(1) }),
    ),
  );
  expect(carts.filter((cart) => cart.totals.total === 2_000)).toHaveLength(3);
  expect(await world.endProcesses()).toBe(0);
});

it('three for two: what the cart holds already counts, is priced anew, and takes codes on what is left', async () => {
  const pair = (quantity: number) => [{ ticket_type_id: world.festival.pair, quantity }];
  const { id, totals } = await openCart(world.buyer(), { items: pair(2) });
  expect(totals).toMatchObject({ subtotal: 6_000, discount: 0, total: 6_000 });
  await addSaleDetails(world.buyer(), id, { items: pair(1) });
  const cart = await getCart(world.buyer(), id);
  expect(cart.totals).toMatchObject({ subtotal: 9_000, discount: 3_000, total: 6_000 });
  expect(cart.sale_details.map((line) => line.total)).toEqual([2_000, 2_000, 2_000]);
  for (const line of cart.sale_details)
    expect(line.price_trace).toContainEqual({
      rule: 'quantity',
      name: '3 for 2',
      amount: -1_000,
      included: 0,
    });
  expect((await applyCode(world.buyer(), id, 'TENOFF')).totals.total).toBe(5_400);
  await deleteSaleDetail(world.buyer(), id, cart.sale_details[0]?.id as string);
  expect((await getCart(world.buyer(), id)).totals).toMatchObject({ discount: 600, total: 5_400 });
});

it('a cart that somebody else keeps for too long is refused to be tried again, and nothing else breaks', async () => {
  const cart = await openCart(world.seller(), {});
  const other = await world.system.db.pool.connect();
  try {
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM cart WHERE id = $1 FOR UPDATE', [cart.id]);
    const held = addSaleDetails(world.seller(), cart.id, { items: phased(1) });
    await expect(held).rejects.toMatchObject({ code: 'service_unavailable' });
  } finally {
    await other.query('ROLLBACK');
    other.release();
  }
});
