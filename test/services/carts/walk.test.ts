import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { AppError } from '../../../src/errors.ts';
import type { PageRequest } from '../../../src/routing/answers.ts';
import { cancelCart, extendCart } from '../../../src/services/carts/change.ts';
import { applyCode, removeCode } from '../../../src/services/carts/codes.ts';
import { sweep } from '../../../src/services/carts/expire.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail } from '../../../src/services/carts/lines.ts';
import type { CartView } from '../../../src/services/carts/present.ts';
import { listCarts } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';
import { closed, itemsOf, linesOf, Model, type ModelCart, STOCK, type Wish } from './walk-model.ts';

// Random walks through the services beside a simple model of stock and money: every answer, every cart and every
// counter must be what the model says.

const WALKS = 200;

let world: SalesWorld;
let ctx: Context;
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.seller({ now: new Date() });
  const { floor, balcony } = world.festival;
  await world.sql('UPDATE event_section SET capacity = 4 WHERE section_id = $1', floor);
  await world.sql('UPDATE event_section SET capacity = 3 WHERE section_id = $1', balcony);
});
afterAll(() => world.close());

/** Puts everything back on the shelves. The books are append-only and stay. */
async function reset(): Promise<void> {
  for (const table of ['cart', 'sale_detail', 'cart_code', 'payment', 'ticket', 'change'])
    await world.sql(`DELETE FROM ${table}`);
  await world.sql(`UPDATE event_seat SET status = 'available', cart_id = NULL, hold_expires_at = NULL, ticket_id = NULL
    WHERE status <> 'available'`);
  for (const table of ['event_section', 'ticket_type', 'product'])
    await world.sql(`UPDATE ${table} SET held = 0, sold = 0 WHERE held + sold > 0`);
  await world.sql('UPDATE code SET held = 0, used = 0 WHERE held + used > 0');
}

/** The code of a refusal; undefined when it was granted. */
const outcome = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code;
  }
};

const shown = ({ status, totals, codes, sale_details }: CartView) => ({
  status,
  codes,
  total: totals.total,
  lines: sale_details.map((line) => line.id),
});
const expected = (model: Model, cart: ModelCart): ReturnType<typeof shown> => ({
  status: cart.state === 'overdue' ? 'expired' : cart.state,
  codes: cart.code ? ['ONCE'] : [],
  total: model.total(cart),
  lines: cart.lines.map((line) => line.id),
});

async function compare(model: Model): Promise<void> {
  expect(await stockFaults(world.system)).toEqual({});
  const { items } = await listCarts(ctx, {}, { offset: 0, limit: 100 } as PageRequest);
  expect(items.map((cart) => [cart.id, shown(cart)])).toEqual(
    model.carts.toReversed().map((cart) => [cart.id, expected(model, cart)]),
  );
  const [row] = await world.sql<{ sold: number }>(
    'SELECT sum(sold)::int AS sold FROM event_section WHERE event_id = $1',
    world.festival.event_id,
  );
  const paid = model.carts.filter((cart) => cart.state === 'paid').flatMap((cart) => cart.lines);
  expect(row?.sold).toBe(paid.filter((line) => line.sku === 'adult' || line.sku === 'child').length);
  expect(row?.sold).toBeLessThanOrEqual(STOCK.places);
}

type Step = fc.AsyncCommand<Model, object>;
const step = (name: string, act: (model: Model) => Promise<void>): Step => ({
  check: () => true,
  toString: () => name,
  async run(model) {
    await act(model);
    await compare(model);
  },
});
/** A step on one of the carts there are; none, no step. */
const onCart = (name: string, act: (model: Model, cart: ModelCart, n: number) => Promise<void>) =>
  fc.tuple(fc.nat(9), fc.nat(9)).map(([which, n]) =>
    step(`${name} ${which} ${n}`, async (model) => {
      const cart = model.cart(which);
      if (cart) await act(model, cart, n);
    }),
  );

const wishes: fc.Arbitrary<Wish[]> = fc.array(
  fc.record({
    sku: fc.constantFrom<Wish['sku']>('adult', 'child', 'shirt', 'seat'),
    n: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 3 },
);

const open = fc.option(wishes, { nil: undefined }).map((wanted) =>
  step(`open ${JSON.stringify(wanted)}`, async (model) => {
    const cart: ModelCart = { id: '', state: 'open', lines: [], code: false };
    const refusal = model.refusal(cart, wanted ?? []);
    const opened = openCart(ctx, wanted ? { items: itemsOf(world, wanted) } : {});
    expect(await outcome(opened)).toBe(refusal);
    if (refusal) return;
    const { id, sale_details } = await opened;
    model.carts.push({
      ...cart,
      id,
      lines: linesOf(
        wanted ?? [],
        sale_details.map((l) => l.id),
      ),
    });
  }),
);
const add = fc.tuple(fc.nat(9), wishes).map(([which, wanted]) =>
  step(`add ${which} ${JSON.stringify(wanted)}`, async (model) => {
    const cart = model.cart(which);
    if (!cart) return;
    const refusal = model.refusal(cart, wanted);
    const added = addSaleDetails(ctx, cart.id, { items: itemsOf(world, wanted) });
    expect(await outcome(added)).toBe(refusal);
    if (!refusal)
      cart.lines.push(
        ...linesOf(
          wanted,
          (await added).map((l) => l.id),
        ),
      );
  }),
);
const remove = onCart('remove', async (_, cart, n) => {
  const line = cart.lines[n % (cart.lines.length || 1)];
  if (!line) return;
  const refusal = cart.state === 'open' ? undefined : closed(cart);
  expect(await outcome(deleteSaleDetail(ctx, cart.id, line.id))).toBe(refusal);
  if (!refusal) cart.lines.splice(cart.lines.indexOf(line), 1);
});
const cancel = onCart('cancel', async (_, cart) => {
  const refusal = cart.state === 'open' ? undefined : closed(cart);
  expect(await outcome(cancelCart(ctx, cart.id))).toBe(refusal);
  if (!refusal) cart.state = 'cancelled';
});
const extend = onCart('extend', async (_, cart) => {
  const refusal = cart.state === 'open' ? undefined : closed(cart);
  expect(await outcome(extendCart(ctx, cart.id, undefined))).toBe(refusal);
});
const lapse = onCart('lapse', async (_, cart) => {
  if (cart.state !== 'open') return;
  await world.lapse(cart.id);
  cart.state = 'overdue';
});
const apply = onCart('apply', async (model, cart) => {
  const festival = cart.lines.some((line) => line.sku !== 'seat');
  const refusal =
    cart.state !== 'open'
      ? closed(cart)
      : (cart.lines.length && !festival) || model.codeTaken
        ? 'code_not_applicable'
        : undefined;
  expect(await outcome(applyCode(ctx, cart.id, 'ONCE'))).toBe(refusal);
  if (!refusal) cart.code = true;
});
const unapply = onCart('unapply', async (_, cart) => {
  const refusal = cart.state !== 'open' ? closed(cart) : cart.code ? undefined : 'not_found';
  expect(await outcome(removeCode(ctx, cart.id, 'ONCE'))).toBe(refusal);
  if (!refusal) cart.code = false;
});
const payCart = onCart('pay', async (_, cart) => {
  const refusal = cart.state !== 'open' ? closed(cart) : cart.lines.length ? undefined : 'cart_empty';
  expect(await outcome(pay(ctx, cart.id, { method: 'cash' }))).toBe(refusal);
  if (!refusal) cart.state = 'paid';
});
const sweepAll = fc.constant(
  step('sweep', async () => {
    await sweep(world.system);
  }),
);

it(`${WALKS} walks stay with the model`, { timeout: 600_000 }, async () => {
  const steps = [
    open,
    open,
    add,
    add,
    add,
    remove,
    cancel,
    extend,
    lapse,
    apply,
    apply,
    unapply,
    payCart,
    sweepAll,
  ];
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 30, size: 'max' }), async (walk) => {
      await reset();
      await fc.asyncModelRun(() => ({ model: new Model(), real: {} }), walk);
    }),
    { numRuns: WALKS },
  );
});
