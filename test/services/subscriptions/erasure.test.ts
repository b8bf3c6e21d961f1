import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openCart } from '../../../src/services/carts/hold.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { giveBackDate } from '../../../src/services/subscriptions/give-back.ts';
import { renewSubscription } from '../../../src/services/subscriptions/renew.ts';
import { eraseUser } from '../../../src/services/users/erase.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { payByToken, runAllJobs, tell } from '../../helpers/payments.ts';
import { type Membership, makeMembership, makeSeason, type Season } from '../../helpers/plans.ts';
import { at, later, subscribe } from '../../helpers/renewals.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
let friends: Membership;
let season: Season;
beforeAll(async () => {
  world = await salesWorld();
  friends = await makeMembership(world);
  season = await makeSeason(world);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
const ana = () => world.buyer({ user_id: world.ana });
const subscriptions = () =>
  world.sql<Record<string, unknown>>(
    `SELECT id, status, period, auto_renew, saved_method_id, holders, next_attempt_at FROM subscription ORDER BY id`,
  );
const charges = async () =>
  (await world.sql<{ n: number }>(`SELECT count(*)::int AS n FROM sandbox_charge`))[0]?.n;
const gone = {
  status: 'cancelled',
  auto_renew: false,
  saved_method_id: null,
  holders: [],
  next_attempt_at: null,
};

it('ends the subscriptions of somebody who is erased; tickets stay valid, and nothing is renewed', async () => {
  const member = await subscribe(world, friends.month);
  const renewing = await subscribe(world, friends.month);
  const renewal = await renewSubscription(ana(), renewing.id);
  const payment = await payByToken(ana(), renewal.cart_id as string, 'requires_action');
  const seat_id = world.theatre.seats.A1 as number;
  const held = await createSubscription(ana(), {
    ...{ plan_setting_id: season.seats, seat_id, holders: [{ first_name: 'Ana', last_name: 'Roe' }] },
  });
  await pay(ana(), held.cart_id as string, { method: 'card', card: { token: 'sandbox_approved' } });
  await giveBackDate(ana(), held.id, season.event_ids[0] as number);
  const pending = await createSubscription(ana(), { plan_setting_id: friends.year });

  await eraseUser(admin(), world.ana);
  const rows = new Map((await subscriptions()).map(({ id, ...row }) => [id, row]));
  for (const { id } of [member, renewing, held]) expect(rows.get(id)).toEqual({ ...gone, period: 1 });
  expect(rows.get(pending.id)).toMatchObject({ status: 'expired', period: 0, holders: [] });
  for (const cart_id of [renewal.cart_id, pending.cart_id])
    expect((await getCart(admin(), cart_id as string)).status).toBe('cancelled');
  expect(
    await world.sql(
      `SELECT status, first_name, email FROM ticket WHERE subscription_id = $1 ORDER BY event_id`,
      held.id,
    ),
  ).toEqual(['void', 'valid', 'valid'].map((status) => ({ status, first_name: null, email: null })));
  expect(await world.sql(`SELECT sold, held FROM plan_setting WHERE sold + held > 0`)).toEqual([]);

  // A payment that was under way is confirmed: there is nothing to pay for any more.
  await tell(world.system, payment, 'captured');
  await runAllJobs(world.system);
  expect(await world.sql('SELECT status FROM payment WHERE id = $1', payment.id)).toEqual([
    { status: 'refunded' },
  ]);

  // The renewals find nothing to do, and the date that was given back is sold without anybody being owed for it.
  const [before, mails] = [await charges(), await world.sql('SELECT id FROM mail')];
  for (const days of [29, 31, 40, 400]) await at(world, later(new Date(), days));
  await runAllJobs(world.system);
  expect(await charges()).toBe(before);
  expect(await world.sql('SELECT id FROM mail')).toEqual(mails);
  const cart = await openCart(world.seller(), {
    items: [{ ticket_type_id: season.types[0] as number, seat_ids: [seat_id] }],
  });
  await pay(world.seller(), cart.id, { method: 'cash' });
  expect(await world.sql('SELECT amount FROM credit_entry')).toEqual([]);
});

it('takes no money for a renewal that is under way while its owner is erased', async () => {
  const { ben } = world;
  const asBen = { ...world, ana: ben };
  const members = await Promise.all(Array.from({ length: 12 }, () => subscribe(asBen, friends.month)));
  const end = later(members[11]?.current_period_end as Date, 0.001);
  const [first, second] = world.processes(2);
  await Promise.all([
    at({ ...world, system: first as SalesWorld['system'] }, end),
    at({ ...world, system: second as SalesWorld['system'] }, end),
    eraseUser(admin(), ben),
  ]);
  await runAllJobs(world.system);
  await world.clear();
  await runAllJobs(world.system);
  await at(world, later(end, 1));
  const rows = (await subscriptions()).filter(({ id }) => members.some((member) => member.id === id));
  for (const { id: _, period, ...row } of rows) {
    expect(row).toEqual(gone);
    expect([1, 2]).toContain(period);
  }
  // Whatever was taken for a period that nobody has gone back; what was paid for before they were erased stays paid.
  const [odd] = await world.sql(
    `SELECT count(*)::int AS n FROM subscription_period p WHERE p.status = 'due'`,
  );
  expect(odd).toEqual({ n: 0 });
  const [money] = await world.sql(
    `SELECT (SELECT sum(amount) FROM sandbox_charge WHERE status = 'captured')::int
       - coalesce((SELECT sum(amount) FROM sandbox_refund), 0)::int
       - (SELECT sum(l.total) FROM sale_detail l JOIN payment y ON y.cart_id = l.cart_id AND y.method = 'card'
          AND y.status = 'captured' WHERE l.status = 'paid')::int AS left`,
  );
  expect(money).toEqual({ left: 0 });
  expect(await world.endProcesses()).toBe(0);
});
