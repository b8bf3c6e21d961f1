import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import { AppError } from '../../src/errors.ts';
import type { AddSaleDetails } from '../../src/schemas/carts.ts';
import { cancelCart, extendCart, patchCart } from '../../src/services/carts/change.ts';
import { applyCode, removeCode } from '../../src/services/carts/codes.ts';
import { sweep } from '../../src/services/carts/expire.ts';
import { addSaleDetails, openCart } from '../../src/services/carts/hold.ts';
import { deleteSaleDetail, patchSaleDetail } from '../../src/services/carts/lines.ts';
import { getCart } from '../../src/services/carts/read.ts';
import { pay } from '../../src/services/payments/pay.ts';
import { verifyDatabase } from '../../src/services/verify/run.ts';
import { contextOf } from '../helpers/context.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { stockFaults } from '../helpers/stock-audit.ts';

// Everything at once, by several processes, over little stock: at any end the counters are what the rows add up to.

const PROCESSES = 5;
const CALLERS = 10;
const SECONDS = 6;

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
  const { web } = world;
  await world.sql('UPDATE interface SET hold_seconds = 1, max_hold_seconds = 3 WHERE id = $1', web.id);
});
afterAll(() => world.close());

const REFUSED = new Set([
  ...['seats_unavailable', 'sold_out', 'limit_exceeded', 'code_not_applicable', 'not_found', 'conflict'],
  ...['cart_expired', 'cart_not_open', 'cart_empty', 'amount_mismatch', 'service_unavailable'],
]);

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const some = (max: number) => 1 + Math.floor(Math.random() * max);

function item(): AddSaleDetails['items'][number] {
  const { festival, theatre } = world;
  const seat = () => theatre.seats[`A${some(8)}`] as number;
  return pick([
    () => ({ ticket_type_id: pick([festival.adult, festival.child, festival.limited]), quantity: some(3) }),
    () => ({
      ticket_type_id: festival.adult,
      quantity: some(2),
      section_id: pick([festival.floor, festival.balcony]),
    }),
    () => ({ ticket_type_id: theatre.stall, seat_ids: [...new Set([seat(), seat()])] }),
    () => ({ ticket_type_id: theatre.box, best_available: { quantity: some(3) } }),
    () => ({ product_id: pick([festival.shirt, theatre.programme]), quantity: some(2) }),
  ])();
}
const items = () => Array.from({ length: some(3) }, item);

/** Carts that everybody reaches into: most live for a second. */
const carts: string[] = [];
const recent = () => pick(carts.slice(-12));

async function act(ctx: Context): Promise<void> {
  const cart_id = recent();
  const line = async () => pick((await getCart(ctx, cart_id)).sale_details)?.id ?? cart_id;
  const open = async () => {
    const user_id = pick([undefined, world.ana, world.ben]);
    const cart = await openCart(ctx, {
      ...(Math.random() < 0.7 && { items: items() }),
      ...(user_id && { user_id }),
    });
    carts.push(cart.id);
  };
  const deeds: [number, () => Promise<unknown>][] = [
    [30, open],
    [25, () => addSaleDetails(ctx, cart_id, { items: items() })],
    [8, async () => deleteSaleDetail(ctx, cart_id, await line())],
    [8, () => cancelCart(ctx, cart_id)],
    [5, () => extendCart(ctx, cart_id, { seconds: some(2) })],
    [8, () => applyCode(ctx, cart_id, pick(['TENOFF', 'FIVER', 'STACK', 'ONCE', 'MINE', 'KIDS']))],
    [4, () => removeCode(ctx, cart_id, pick(['TENOFF', 'FIVER', 'STACK', 'ONCE']))],
    [3, () => patchCart(ctx, cart_id, { notes: 'x' })],
    [
      3,
      async () =>
        patchSaleDetail(ctx, cart_id, await line(), {
          price_override: { unit_price: some(900), reason: 'x' },
        }),
    ],
    [2, () => pay(ctx, cart_id, { method: 'cash' })],
    [4, () => sweep(ctx.system)],
  ];
  let dice = Math.random() * deeds.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, deed] of deeds) {
    dice -= weight;
    if (dice < 0) return void (await deed());
  }
}

it(`${PROCESSES * CALLERS} callers for ${SECONDS} s`, { timeout: 120_000 }, async () => {
  const systems = world.processes(PROCESSES, CALLERS);
  const web = { ...world.web, hold_seconds: 1, max_hold_seconds: 3 };
  const outcomes: Record<string, number> = {};
  const end = Date.now() + SECONDS * 1_000;
  carts.push((await openCart(world.seller({ interface: web }), {})).id);
  const caller = async (system: (typeof systems)[number]) => {
    while (Date.now() < end) {
      const ctx = contextOf(system, { interface: web, scopes: ['public', 'buy', 'sell'] });
      const outcome = await act(ctx).then(
        () => 'done',
        (error: unknown) => {
          if (error instanceof AppError) return error.code;
          throw error;
        },
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(systems.flatMap((system) => Array.from({ length: CALLERS }, () => caller(system))));

  const { done, ...refusals } = outcomes;
  expect(done).toBeGreaterThan(100);
  for (const code of Object.keys(refusals)) expect(REFUSED).toContain(code);
  // "Try again" is for picks and prices that moved five times in a row, not for locks.
  expect(refusals.service_unavailable ?? 0).toBeLessThan((done as number) / 10);
  expect(await world.endProcesses()).toBe(0); // deadlocks
  expect(await stockFaults(world.system)).toEqual({});
  await world.clear();
  expect(await stockFaults(world.system)).toEqual({});
  expect(await left()).toEqual([]);

  const client = await world.system.db.pool.connect();
  const { findings } = await verifyDatabase(client).finally(() => client.release());
  expect(findings.filter(({ breaches }) => breaches)).toEqual([]);
});

/** What is still held once every cart has ended. */
const left = () =>
  world.sql(`SELECT 'section' AS what, held::int FROM event_section WHERE held <> 0
    UNION ALL SELECT name, held FROM ticket_type WHERE held <> 0
    UNION ALL SELECT name, held FROM product WHERE held <> 0
    UNION ALL SELECT code, held FROM code WHERE held <> 0
    UNION ALL SELECT 'seat', seat_id FROM event_seat WHERE status = 'held'`);
