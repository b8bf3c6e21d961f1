import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/errors.ts';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail } from '../../../src/services/carts/lines.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { getSubscription } from '../../../src/services/subscriptions/read.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { instead, payByToken, runAllJobs, tell } from '../../helpers/payments.ts';
import { type Membership, makeMembership, makeSeason, type Season } from '../../helpers/plans.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let season: Season;
let friends: Membership;

beforeAll(async () => {
  world = await salesWorld();
  season = await makeSeason(world);
  friends = await makeMembership(world);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  await world.clear();
});
afterAll(() => world.close());

const ana = () => world.buyer({ user_id: world.ana });
const ben = () => world.buyer({ user_id: world.ben });
const seat = (label: string) => world.theatre.seats[label] as number;

/** Status of one seat at every date of the season. */
const statusOf = async (label: string): Promise<string[]> =>
  (
    await world.sql<{ status: string }>(
      'SELECT status FROM event_seat WHERE event_id = ANY($1) AND seat_id = $2 ORDER BY event_id',
      season.event_ids,
      seat(label),
    )
  ).map(({ status }) => status);
const counters = async (id: number) =>
  (await world.sql('SELECT held, sold FROM plan_setting WHERE id = $1', id))[0];

describe('a season ticket', () => {
  it('holds its seat at all dates, is active and has a ticket for each when paid, and gives all back when refunded', async () => {
    const before = Date.now();
    const pending = await createSubscription(ana(), { plan_setting_id: season.seats, seat_id: seat('A1') });
    expect(pending).toMatchObject({
      ...{ user_id: world.ana, plan_id: season.plan_id, plan_setting_id: season.seats, status: 'pending' },
      ...{ period: 0, current_period_end: null, auto_renew: true, has_payment_method: false },
      seat: { id: seat('A1'), section: 'Stalls', row: 'A', number: '1' },
    });
    expect(await getSubscription(ana(), pending.id)).toEqual(pending);
    expect(await statusOf('A1')).toEqual(['held', 'held', 'held']);
    expect(await counters(season.seats)).toEqual({ held: 1, sold: 0 });

    const cart = await getCart(ana(), pending.cart_id as string);
    expect(cart.totals).toMatchObject({ subtotal: 30_000, total: 30_000 });
    expect(cart.sale_details.map((l) => [l.kind, l.event_id, l.plan_setting_id, l.total])).toEqual([
      ['plan', null, season.seats, 30_000],
      ...season.event_ids.map((id) => ['ticket', id, season.seats, 0]),
    ]);
    await payByToken(ana(), cart.id, 'approved');
    const active = await getSubscription(ana(), pending.id);
    expect(active).toMatchObject({ status: 'active', period: 1, cart_id: cart.id });
    expect(active.current_period_start?.getTime()).toBeGreaterThanOrEqual(before);
    expect(await statusOf('A1')).toEqual(['sold', 'sold', 'sold']);
    expect(await counters(season.seats)).toEqual({ held: 0, sold: 1 });
    const tickets = await world.sql(
      'SELECT event_id, seat_id, user_id, status FROM ticket WHERE subscription_id = $1 ORDER BY event_id',
      pending.id,
    );
    expect(tickets).toEqual(
      season.event_ids.map((event_id) => ({
        ...{ event_id, seat_id: seat('A1'), user_id: world.ana, status: 'valid' },
      })),
    );
    expect(
      await world.sql(
        `SELECT type FROM change WHERE type LIKE 'subscription%' AND subject_id = $1`,
        active.id,
      ),
    ).toEqual([{ type: 'subscription.created' }, { type: 'subscription.activated' }]);

    // Naming the plan's line alone is enough.
    const line = cart.sale_details[0]?.id as string;
    await refundCart(world.seller(), cart.id, { reason: 'Moved away', sale_detail_ids: [line] });
    expect(await statusOf('A1')).toEqual(['available', 'available', 'available']);
    expect(await counters(season.seats)).toEqual({ held: 0, sold: 0 });
    expect(await getSubscription(ana(), pending.id)).toMatchObject({ status: 'cancelled' });
  });

  it('is refused whole when its seat is taken at one date', async () => {
    const type = season.types[1] as number;
    await openCart(ben(), { items: [{ ticket_type_id: type, seat_ids: [seat('A2')] }] });
    const refusal = await refusalOf(
      createSubscription(ana(), { plan_setting_id: season.seats, seat_id: seat('A2') }),
    );
    expect(refusal).toMatchObject({
      ...{ code: 'seats_unavailable', facts: { unavailable_seat_ids: [seat('A2')] } },
    });
    expect(await statusOf('A2')).toEqual(['available', 'held', 'available']);
    expect(await counters(season.seats)).toEqual({ held: 0, sold: 0 });
  });

  it.each(['expires', 'is cancelled', 'loses its line'])(
    'gives everything back when its cart %s',
    async (how) => {
      const { id, cart_id } = await createSubscription(ana(), {
        ...{ plan_setting_id: season.seats, seat_id: seat('A3') },
      });
      const cart = cart_id as string;
      const lines = (await getCart(ana(), cart)).sale_details;
      if (how === 'expires') await world.clear();
      else if (how === 'is cancelled') await cancelCart(ana(), cart);
      else {
        const included = await refusalOf(deleteSaleDetail(ana(), cart, lines[1]?.id as string));
        expect(included.code).toBe('conflict');
        await deleteSaleDetail(ana(), cart, lines[0]?.id as string);
        expect((await getCart(ana(), cart)).sale_details).toEqual([]);
      }
      expect(await statusOf('A3')).toEqual(['available', 'available', 'available']);
      expect(await counters(season.seats)).toEqual({ held: 0, sold: 0 });
      expect(await getSubscription(ana(), id)).toMatchObject({ status: 'expired' });
    },
  );

  it('paid late is taken again while all of it is free, and else the money goes back', async () => {
    for (const taken of [false, true]) {
      const { id, cart_id } = await createSubscription(ana(), {
        ...{ plan_setting_id: season.seats, seat_id: seat('A4') },
      });
      const payment = await payByToken(ana(), cart_id as string, 'requires_action');
      await world.clear();
      if (taken)
        await openCart(ben(), {
          items: [{ ticket_type_id: season.types[2] as number, seat_ids: [seat('A4')] }],
        });
      await tell(world.system, payment, 'captured');
      const { status } = await getSubscription(ana(), id);
      expect([taken, status]).toEqual([taken, taken ? 'expired' : 'active']);
      expect(await counters(season.seats)).toEqual({ held: 0, sold: taken ? 0 : 1 });
      if (!taken) await refundCart(world.seller(), cart_id as string, { reason: 'Next round' });
    }
    await runAllJobs(world.system);
  });

  it('goes to one of fifty who race for its seat, with seasons and single dates', async () => {
    const [a, b] = world.processes(2);
    const racers = Array.from({ length: 50 }, (_, i) => {
      const system = (i % 2 ? a : b) as SalesWorld['system'];
      const ctx = { ...world.buyer({ user_id: i % 3 ? world.ana : world.ben }), system };
      return i % 5 === 0
        ? openCart(ctx, {
            items: [{ ticket_type_id: season.types[i % 3] as number, seat_ids: [seat('B5')] }],
          })
        : createSubscription(ctx, { plan_setting_id: season.seats, seat_id: seat('B5') });
    });
    const outcomes = await Promise.allSettled(racers);
    const lost = outcomes.flatMap((o) => (o.status === 'rejected' ? [(o.reason as AppError).code] : []));
    expect(new Set(lost)).toEqual(new Set(['seats_unavailable']));
    const owners = await world.sql<{ cart_id: string }>(
      `SELECT DISTINCT cart_id FROM event_seat WHERE event_id = ANY($1) AND seat_id = $2 AND status = 'held'`,
      season.event_ids,
      seat('B5'),
    );
    const won = outcomes.filter((o) => o.status === 'fulfilled').length;
    expect(won).toBe(owners.length);
    const pending = await world.sql(`SELECT id FROM subscription WHERE status = 'pending'`);
    expect(await counters(season.seats)).toEqual({ held: pending.length, sold: 0 });
    expect(pending.length).toBeLessThanOrEqual(1);
    if (pending.length) expect(owners).toHaveLength(1); // a season has all dates or none
    expect(await world.endProcesses()).toBe(0);
  });

  it('has no more holders than places, however many ask at once', async () => {
    const small = await makeSeason(world, { capacity: 3 });
    const asked = ['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8'].map((label) =>
      createSubscription(ana(), { plan_setting_id: small.seats, seat_id: seat(label) }),
    );
    const outcomes = await Promise.allSettled(asked);
    const lost = outcomes.flatMap((o) => (o.status === 'rejected' ? [(o.reason as AppError).code] : []));
    expect(lost).toEqual(Array(5).fill('sold_out'));
    expect(await counters(small.seats)).toEqual({ held: 3, sold: 0 });
  });
});

describe('a membership', () => {
  it('is bought with other things, by a user', async () => {
    const cart = await openCart(ana(), {
      items: [{ ticket_type_id: world.festival.adult, quantity: 2 }, { plan_setting_id: friends.month }],
    });
    expect(cart.sale_details.map((l) => l.kind)).toEqual(['ticket', 'ticket', 'plan']);
    expect(cart.totals.subtotal).toBe(2 * 5_000 + 3_900);
    await pay(world.seller(), cart.id, { method: 'cash' });
    const [row] = await world.sql(
      'SELECT status, period, user_id FROM subscription WHERE cart_id = $1',
      cart.id,
    );
    expect(row).toEqual({ status: 'active', period: 1, user_id: world.ana });
    expect(await counters(friends.month)).toEqual({ held: 0, sold: 1 });
    await refundCart(world.seller(), cart.id, { reason: 'All of it' });
    expect(await counters(friends.month)).toEqual({ held: 0, sold: 0 });
  });

  it('is for nobody without a user, whoever sells it', async () => {
    const item = { plan_setting_id: friends.month };
    expect((await refusalOf(openCart(world.buyer(), { items: [item] }))).code).toBe('user_required');
    const cart = await openCart(world.buyer(), {});
    expect((await refusalOf(addSaleDetails(world.buyer(), cart.id, { items: [item] }))).code).toBe(
      'user_required',
    );
    expect((await refusalOf(createSubscription(world.seller(), item))).code).toBe('validation_failed');
    const sold = await createSubscription(world.seller(), { ...item, user_id: world.ben });
    expect(sold.user_id).toBe(world.ben);
    expect(await counters(friends.month)).toEqual({ held: 1, sold: 0 });
  });

  it('keeps the card that pays it, for its renewals', async () => {
    const { id, cart_id } = await createSubscription(ben(), { plan_setting_id: friends.year });
    const card = { token: 'sandbox_approved', save: true };
    await pay(ben(), cart_id as string, { method: 'card', card });
    expect(await getSubscription(ben(), id)).toMatchObject({ status: 'active', has_payment_method: true });
    await refundCart(world.seller(), cart_id as string, { reason: 'Test is over' });
  });

  it('is paid for also when the provider does not keep the card', async () => {
    const { id, cart_id } = await createSubscription(ben(), { plan_setting_id: friends.year });
    const restore = instead(world.system, { saveMethod: () => Promise.reject(new Error('down')) });
    await pay(ben(), cart_id as string, { method: 'card', card: { token: 'sandbox_approved', save: true } });
    restore();
    expect(await getSubscription(ben(), id)).toMatchObject({ status: 'active', has_payment_method: false });
    await refundCart(world.seller(), cart_id as string, { reason: 'Test is over' });
  });
});
