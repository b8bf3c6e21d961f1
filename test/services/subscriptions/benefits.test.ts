import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { applyCode } from '../../../src/services/carts/codes.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { cancelSubscription } from '../../../src/services/subscriptions/change.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { type Membership, makeMembership } from '../../helpers/plans.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { subscribe } from '../../helpers/renewals.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let friends: Membership;

beforeAll(async () => {
  world = await salesWorld();
  const { festival } = world;
  friends = await makeMembership(world, [
    { kind: 'percentage', value: 1_000 },
    { kind: 'presale', hours: 48 },
    { kind: 'ticket_types', ids: [festival.limited] },
  ]);
  await world.sql('UPDATE ticket_type SET members_only = true WHERE id = $1', festival.limited);
  await world.sql('UPDATE event SET version = version + 1 WHERE id = $1', festival.event_id);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  await world.clear();
});
afterAll(() => world.close());

const ana = () => world.buyer({ user_id: world.ana });
const ben = () => world.buyer({ user_id: world.ben });
const one = (ticket_type_id: number) => ({ items: [{ ticket_type_id, quantity: 1 }] });

describe('an active subscription', () => {
  it('takes its percentage off tickets, with its line in the trace, before codes and not off a membership', async () => {
    const { id } = await subscribe(world, friends.month);
    const { festival } = world;
    const cart = await openCart(ana(), {
      items: [...one(festival.adult).items, { product_id: festival.parking, quantity: 1 }],
    });
    const [line, parking] = cart.sale_details;
    expect(line).toMatchObject({ unit_price: 5_000, discount: 500 });
    expect(line?.price_trace[1]).toEqual({ rule: 'benefit', name: 'Friends', amount: -500, included: 0 });
    expect(parking?.discount).toBe(0);
    const coded = await applyCode(ana(), cart.id, 'TENOFF');
    expect(coded.sale_details[0]).toMatchObject({ unit_price: 5_000, discount: 500 + 450 });

    // For its owner alone, whoever sells; a seller's cart is for its user.
    expect((await openCart(ben(), one(festival.adult))).sale_details[0]?.discount).toBe(0);
    const sold = await openCart(world.seller(), { user_id: world.ana });
    expect((await addSaleDetails(world.seller(), sold.id, one(festival.adult)))[0]?.discount).toBe(500);

    await cancelSubscription(ana(), id, 'period_end'); // still good until then
    expect((await openCart(ana(), one(festival.adult))).sale_details[0]?.discount).toBe(500);
    await cancelSubscription(world.seller(), id, 'now');
    expect((await openCart(ana(), one(festival.adult))).sale_details[0]?.discount).toBe(0);
  });

  it('opens sales early and tickets for members', async () => {
    const { later, limited } = world.festival; // on sale from tomorrow; for members
    const codeOf = async (ctx: ReturnType<typeof ana>, type: number) =>
      (await refusalOf(openCart(ctx, one(type)))).code;
    expect([await codeOf(ana(), later), await codeOf(ana(), limited)]).toEqual([
      'not_on_sale',
      'not_on_sale',
    ]);
    const { id } = await subscribe(world, friends.month);
    for (const type of [later, limited])
      expect((await openCart(ana(), one(type))).sale_details).toHaveLength(1);
    expect([await codeOf(ben(), later), await codeOf(ben(), limited)]).toEqual([
      'not_on_sale',
      'not_on_sale',
    ]);
    expect(await codeOf(world.buyer(), limited)).toBe('not_on_sale');
    await cancelSubscription(world.seller(), id, 'now');
  });
});
