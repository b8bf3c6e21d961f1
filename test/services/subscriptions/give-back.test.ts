import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { patchSaleDetail } from '../../../src/services/carts/lines.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { listCredits } from '../../../src/services/credit/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { giveBackDate, listGiveBacks } from '../../../src/services/subscriptions/give-back.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { fill, payByToken } from '../../helpers/payments.ts';
import { makeSeason, type Season } from '../../helpers/plans.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let season: Season;

beforeAll(async () => {
  world = await salesWorld();
  season = await makeSeason(world);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const ana = () => world.buyer({ user_id: world.ana });
const ben = () => world.buyer({ user_id: world.ben });
const seat = (label: string) => world.theatre.seats[label] as number;
const date = (n: number) => season.event_ids[n] as number;
const page = { page: 1, per_page: 10, limit: 10, offset: 0 };

async function holder(label: string): Promise<{ id: string; cart: string }> {
  const body = { plan_setting_id: season.seats, seat_id: seat(label) };
  const { id, cart_id } = await createSubscription(ana(), body);
  await payByToken(ana(), cart_id as string, 'approved');
  return { id, cart: cart_id as string };
}
const buy = async (ctx: Context, n: number, label: string, token = 'approved') => {
  const cart = await fill(ctx, [{ ticket_type_id: season.types[n] as number, seat_ids: [seat(label)] }]);
  await payByToken(ctx, cart.id, token);
  return cart;
};
const credit = async (user_id = world.ana) =>
  (await listCredits(world.seller(), user_id)).map(({ currency, balance }) => `${balance} ${currency}`);

describe('a date that its holder gives back', () => {
  it('is on sale again at once, credited when it is sold, and once', async () => {
    const { id } = await holder('A1');
    const taken = await refusalOf(
      fill(ben(), [{ ticket_type_id: season.types[1] as number, seat_ids: [seat('A1')] }]),
    );
    expect(taken.code).toBe('seats_unavailable');
    const given = await giveBackDate(ana(), id, date(1));
    expect(given).toMatchObject({ status: 'offered', value: 10_000, credited: 0, currency: 'EUR' });
    expect((await refusalOf(giveBackDate(ana(), id, date(1)))).code).toBe('conflict');
    expect(await credit()).toEqual([]);

    const resale = await buy(ben(), 1, 'A1');
    expect(await credit()).toEqual(['8000 EUR']); // what it was sold for: less than its share of the season
    expect((await listGiveBacks(ana(), id, page)).items).toMatchObject([{ status: 'sold', credited: 8_000 }]);
    await refundCart(world.seller(), resale.id, { reason: 'Ill' });
    await buy(ben(), 1, 'A1');
    expect(await credit()).toEqual(['8000 EUR']);
    const tickets = await world.sql(
      `SELECT event_id, status FROM ticket WHERE subscription_id = $1 ORDER BY event_id`,
      id,
    );
    expect(tickets.map(({ status }) => status)).toEqual(['valid', 'void', 'valid']);
  });

  it('is the holder’s own: one that was passed on, or has let somebody in, is not given back', async () => {
    const { id } = await holder('C1');
    const set = async (n: number, what: string, value: unknown) =>
      world.sql(
        `UPDATE ticket SET ${what} = $3 WHERE subscription_id = $1 AND event_id = $2`,
        id,
        date(n),
        value,
      );
    await set(0, 'user_id', world.ben);
    expect((await refusalOf(giveBackDate(ana(), id, date(0)))).code).toBe('conflict');
    await set(0, 'user_id', world.ana);
    await set(0, 'validated_at', new Date());
    expect((await refusalOf(giveBackDate(ana(), id, date(0)))).code).toBe('conflict');
    await set(0, 'validated_at', null);
    expect(await giveBackDate(ana(), id, date(0))).toMatchObject({ status: 'offered' });
  });

  it('is credited by its share of the season at most, however dear the seat was', async () => {
    const { id } = await holder('A2');
    await giveBackDate(ana(), id, date(0));
    const cart = await fill(world.seller(), [
      { ticket_type_id: season.types[0] as number, seat_ids: [seat('A2')] },
    ]);
    const before = await credit();
    const line = cart.sale_details[0]?.id as string;
    const price_override = { unit_price: 50_000, reason: 'gala' };
    await patchSaleDetail(world.seller(), cart.id, line, { price_override });
    await pay(world.seller(), cart.id, { method: 'cash' });
    expect(Number.parseInt((await credit())[0] ?? '', 10) - Number.parseInt(before[0] ?? '0', 10)).toBe(
      10_000,
    );
  });

  it('is nobody else’s to give, and no date of a season that was refunded is credited', async () => {
    const { id, cart } = await holder('A3');
    expect((await refusalOf(giveBackDate(ben(), id, date(2)))).code).toBe('not_found');
    await giveBackDate(ana(), id, date(2));
    await refundCart(world.seller(), cart, { reason: 'Moved away' });
    const before = await credit();
    await buy(ben(), 2, 'A3');
    expect(await credit()).toEqual(before);
    expect((await refusalOf(giveBackDate(ana(), id, date(0)))).code).toBe('conflict');
  });

  it('is given once, and sold once, however many try at once', async () => {
    const { id } = await holder('A4');
    const before = Number.parseInt((await credit())[0] ?? '0', 10);
    const given = await Promise.allSettled(
      Array.from({ length: 20 }, () => giveBackDate(ana(), id, date(0))),
    );
    expect(given.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const sold = await Promise.allSettled(Array.from({ length: 20 }, () => buy(ben(), 0, 'A4')));
    expect(sold.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(Number.parseInt((await credit())[0] ?? '0', 10) - before).toBe(8_000);
  });
});

describe('credit', () => {
  const cartOf = (ctx: Context) =>
    openCart(ctx, { items: [{ ticket_type_id: world.festival.child, quantity: 1 }] });

  it('pays a later cart as far as it goes, the rest is paid by card', async () => {
    const had = Number.parseInt((await credit())[0] ?? '0', 10);
    const cart = await cartOf(ana());
    const payment = await pay(ana(), cart.id, { method: 'credit', amount: 1_000 });
    expect(payment).toMatchObject({ method: 'credit', status: 'captured', amount: 1_000 });
    expect((await getCart(ana(), cart.id)).totals).toMatchObject({ total: 2_500, paid: 1_000 });
    await payByToken(ana(), cart.id, 'approved');
    expect((await getCart(ana(), cart.id)).status).toBe('paid');
    expect(await credit()).toEqual([`${had - 1_000} EUR`]);
    await refundCart(world.seller(), cart.id, { reason: 'Ill' });
    expect(await credit()).toEqual([`${had} EUR`]); // each part goes back where it came from
  });

  it('goes back when its cart ends unpaid', async () => {
    const had = await credit();
    const cart = await cartOf(ana());
    await pay(ana(), cart.id, { method: 'credit', amount: 500 });
    expect(await credit()).not.toEqual(had);
    await world.clear();
    expect(await credit()).toEqual(had);
  });

  it('is used once by fifty who want all of it, and never by others', async () => {
    const [entry] = await credit(world.ana);
    const had = Number.parseInt(entry ?? '0', 10);
    expect(had).toBeGreaterThan(10_000);
    const carts = await Promise.all(
      Array.from({ length: 50 }, () =>
        openCart(world.seller(), {
          user_id: world.ana,
          items: [{ product_id: world.festival.parking, quantity: 10 }],
        }),
      ),
    );
    const paid = await Promise.allSettled(
      carts.map((cart) => pay(ana(), cart.id, { method: 'credit', amount: 8_000 })),
    );
    const won = paid.filter(({ status }) => status === 'fulfilled').length;
    expect(won).toBe(Math.floor(had / 8_000));
    expect(await credit()).toEqual([`${had - won * 8_000} EUR`]);
    const other = await cartOf(ben());
    expect((await refusalOf(pay(ben(), other.id, { method: 'credit' }))).facts).toMatchObject({ credit: 0 });
    const nobody = await cartOf(world.buyer());
    expect((await refusalOf(pay(world.buyer(), nobody.id, { method: 'credit' }))).code).toBe(
      'amount_mismatch',
    );
    await world.clear();
  });
});
