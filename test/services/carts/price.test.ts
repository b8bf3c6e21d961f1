import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { applyCode } from '../../../src/services/carts/codes.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail, patchSaleDetail } from '../../../src/services/carts/lines.ts';
import type { CartView } from '../../../src/services/carts/present.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import { DAY, fromNow, type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { salesRows, stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterEach(async () => {
  const faults = await stockFaults(world.system); // among others: carts add up lines, traces add up to lines
  await world.clear();
  expect(faults).toEqual({});
});
afterAll(() => world.close());

const opened = (ticket_type_id: number, ctx = world.buyer(), quantity = 1): Promise<CartView> =>
  openCart(ctx, { items: [{ ticket_type_id, quantity }] });
/** Changes the catalogue as management does: the row, and the event's version with it. */
const edit = async (sql: string, ...values: unknown[]) => {
  await world.sql(sql, ...values);
  await world.sql('UPDATE event SET version = version + 1 WHERE id = $1', world.festival.event_id);
};
const setPrice = (price: number) =>
  edit('UPDATE ticket_type SET price = $2 WHERE id = $1', world.festival.adult, price);

describe('the parts of a price', () => {
  it('are all in the trace of the line', async () => {
    const { sale_details } = await opened(world.festival.adult);
    expect(sale_details[0]).toMatchObject({ unit_price: 5_000, fee: 350, tax: 868, total: 5_350 });
    expect(sale_details[0]?.price_trace).toEqual([
      { rule: 'base', name: 'ticket_type adult', amount: 5_000, included: 0 },
      { rule: 'fee', name: 'fixed', amount: 100, included: 0 },
      { rule: 'fee', name: '5 %', amount: 250, included: 0 },
      { rule: 'tax', name: '21 %', amount: 0, included: 868 },
    ]);
  });

  it('hold a tax on top', async () => {
    const { totals } = await opened(world.festival.pit);
    expect(totals).toMatchObject({ subtotal: 5_000, tax: 500, total: 5_500 });
  });

  it('hold the fee of the interface, for tickets only', async () => {
    const { sale_details } = await openCart(world.buyer({ interface: world.pos }), {
      items: [
        { ticket_type_id: world.festival.adult, quantity: 1 },
        { product_id: world.festival.parking, quantity: 1 },
      ],
    });
    expect(sale_details.map((line) => line.fee)).toEqual([400, 20]);
  });

  it('follow the phase of the moment', async () => {
    const { early } = world.festival;
    const now = await opened(early);
    expect(now.sale_details[0]).toMatchObject({ unit_price: 4_500, total: 4_500 });
    expect(now.sale_details[0]?.price_trace[0]?.name).toBe('price_phase early bird');
    const later = await opened(early, world.buyer({ now: fromNow(2 * DAY) }));
    expect(later.sale_details[0]).toMatchObject({ unit_price: 6_000, total: 6_000 });
  });
});

describe('a held line keeps its price', () => {
  it('whatever becomes of the catalogue, codes and other lines', async () => {
    const { adult, shirt } = world.festival;
    const { id } = await opened(adult);
    await setPrice(7_000);
    expect((await getCart(world.buyer(), id)).totals.total).toBe(5_350);
    const [newer] = await addSaleDetails(world.buyer(), id, {
      items: [{ ticket_type_id: adult, quantity: 1 }],
    });
    expect(newer).toMatchObject({ unit_price: 7_000, total: 7_000 + 100 + 350 });
    const coded = await applyCode(world.buyer(), id, 'TENOFF');
    expect(coded.sale_details.map((line) => [line.unit_price, line.discount])).toEqual([
      [5_000, 500],
      [7_000, 700],
    ]);
    await setPrice(5_000);
    await addSaleDetails(world.buyer(), id, { items: [{ product_id: shirt, quantity: 1 }] });
    await deleteSaleDetail(world.buyer(), id, newer?.id as string);
    const after = await getCart(world.buyer(), id);
    expect(after.sale_details.map((line) => line.unit_price)).toEqual([5_000, 1_500]);
    expect(after.totals).toMatchObject({ subtotal: 6_500, discount: 500, total: 4_825 + 1_500 });
  });

  it('also past the end of its phase', async () => {
    const { id } = await opened(world.festival.early);
    await edit("UPDATE price_phase SET ends_at = now() - interval '1 hour'");
    const cart = await applyCode(world.buyer(), id, 'TENOFF');
    expect(cart.sale_details[0]).toMatchObject({ unit_price: 4_500, discount: 450 });
    expect((await opened(world.festival.early)).sale_details[0]?.unit_price).toBe(6_000);
    await edit('UPDATE price_phase SET ends_at = $1', fromNow(DAY));
  });
});

describe('prices that move between the look and the lock', () => {
  it('are asked again: what is held is the price of the moment it is held', async () => {
    const { adult } = world.festival;
    await opened(adult); // this process remembers 50.00 for a second
    await setPrice(6_000);
    const { sale_details } = await opened(adult);
    expect(sale_details[0]).toMatchObject({ unit_price: 6_000 });
    await setPrice(5_000);
  });

  it('are asked again as often as it takes, within reason', async () => {
    const { event_id, adult } = world.festival;
    let moving = true;
    const mover = (async () => {
      while (moving) await world.sql('UPDATE event SET version = version + 1 WHERE id = $1', event_id);
    })();
    const codes = await Promise.all(
      Array.from({ length: 4 }, () =>
        opened(adult).then(
          () => 'held',
          (error) => error.code,
        ),
      ),
    );
    moving = false;
    await mover;
    for (const code of codes) expect(['held', 'service_unavailable']).toContain(code);
  });

  it('show in rules, too: sales that were paused meanwhile are paused', async () => {
    const { event_id, adult } = world.festival;
    await opened(adult);
    await world.sql("UPDATE event SET status = 'paused', version = version + 1 WHERE id = $1", event_id);
    expect(await codeOf(opened(adult))).toBe('not_on_sale');
    await world.sql("UPDATE event SET status = 'published', version = version + 1 WHERE id = $1", event_id);
    world.system.offers.drop(world.company_id, event_id);
  });
});

describe('a price set by a seller', () => {
  const override = { unit_price: 1_000, reason: 'friend of the house' };
  const setBy = async (ctx = world.seller()) => {
    const cart = await opened(world.festival.adult);
    const line_id = cart.sale_details[0]?.id as string;
    return {
      cart,
      line_id,
      line: await patchSaleDetail(ctx, cart.id, line_id, { price_override: override }),
    };
  };

  it('replaces the base, with its reason in the trace, and codes go on from it', async () => {
    const { cart, line } = await setBy();
    expect(line).toMatchObject({ unit_price: 1_000, fee: 150, total: 1_150 });
    expect(line.price_trace.slice(0, 2)).toEqual([
      { rule: 'base', name: 'ticket_type adult', amount: 5_000, included: 0 },
      { rule: 'override', name: 'friend of the house', amount: -4_000, included: 0 },
    ]);
    const coded = await applyCode(world.buyer(), cart.id, 'TENOFF');
    expect(coded.totals).toMatchObject({ subtotal: 1_000, discount: 100, total: 900 + 100 + 45 });
  });

  it('can be taken back', async () => {
    const { cart, line_id } = await setBy();
    await patchSaleDetail(world.seller(), cart.id, line_id, { price_override: null });
    expect((await getCart(world.buyer(), cart.id)).totals).toEqual(cart.totals);
    const log = await world.sql(
      "SELECT client_id, before, after FROM audit_log WHERE action = 'cart.override_price' AND subject_id = $1 ORDER BY id",
      cart.id,
    );
    const was = { sale_detail_id: line_id, unit_price: 5_000, total: 5_350, override: null };
    const set = { sale_detail_id: line_id, unit_price: 1_000, total: 1_150, override };
    expect(log).toEqual([
      { client_id: 'office', before: was, after: set },
      { client_id: 'office', before: set, after: was },
    ]);
  });

  it('is not for buyers to set', async () => {
    const cart = await opened(world.festival.adult);
    const before = await salesRows(world.system);
    const body = { price_override: override, holder: null };
    const refusal = await refusalOf(
      patchSaleDetail(world.buyer(), cart.id, cart.sale_details[0]?.id as string, body),
    );
    expect(refusal).toMatchObject({ code: 'insufficient_scope', status: 403 });
    expect(await salesRows(world.system)).toEqual(before);
  });

  it('cannot make a cart dearer than an amount can be', async () => {
    const cart = await opened(world.festival.adult, world.buyer(), 2);
    const before = await salesRows(world.system);
    const price_override = { unit_price: 2_000_000_000, reason: 'typo' };
    for (const { id } of cart.sale_details.slice(0, 1))
      await patchSaleDetail(world.seller(), cart.id, id, { price_override });
    const second = cart.sale_details[1]?.id as string;
    expect(await codeOf(patchSaleDetail(world.seller(), cart.id, second, { price_override }))).toBe(
      'limit_exceeded',
    );
    await patchSaleDetail(world.seller(), cart.id, cart.sale_details[0]?.id as string, {
      price_override: null,
    });
    expect((await salesRows(world.system)).event_section).toEqual(before.event_section);
  });
});
