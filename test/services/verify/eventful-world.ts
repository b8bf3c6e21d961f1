import type { Context } from '../../../src/context.ts';
import { cancelCart, extendCart } from '../../../src/services/carts/change.ts';
import { applyCode } from '../../../src/services/carts/codes.ts';
import { sweep } from '../../../src/services/carts/expire.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail, patchSaleDetail } from '../../../src/services/carts/lines.ts';
import type { CartView } from '../../../src/services/carts/present.ts';
import { addCashMovement, closeCashSession, openCashSession } from '../../../src/services/cash/sessions.ts';
import { commitExchange } from '../../../src/services/exchanges/commit.ts';
import { quoteExchange } from '../../../src/services/exchanges/quote.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { voidTicket } from '../../../src/services/tickets/revoke.ts';
import { scan } from '../../../src/services/validations/scan.ts';
import { undoValidation } from '../../../src/services/validations/undo.ts';
import { fill, payByToken, runAllJobs, tell } from '../../helpers/payments.ts';
import { makeMembership, makeSeason } from '../../helpers/plans.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

import { keepPlaces } from './kept-places.ts';
import { queueUp } from './queued.ts';
import { waitForPlaces } from './waiting.ts';

/**
 * A database to which everything has happened that can happen to a sale, all of it by the services themselves: whatever
 * they leave behind must be well.
 */
export async function eventfulWorld(): Promise<SalesWorld> {
  const world = await salesWorld();
  await sell(world);
  await refund(world);
  await confirmLate(world);
  await leaveUnpaid(world);
  await admit(world);
  await revoke(world);
  await exchange(world);
  await hold(world);
  await subscribe(world);
  await keepPlaces(world);
  await queueUp(world);
  await waitForPlaces(world);
  return world;
}

const seat = ({ theatre }: SalesWorld, label: string): number => theatre.seats[label] as number;
const seats = (world: SalesWorld, ...labels: string[]) => ({
  ticket_type_id: world.theatre.stall,
  seat_ids: labels.map((label) => seat(world, label)),
});
const lineOf = (cart: CartView, i: number): string => cart.sale_details[i]?.id as string;
const external = (ctx: Context, cart: CartView) =>
  pay(ctx, cart.id, { method: 'external', reference: 'POS-1' });

/** Lets the hold of a cart end so many seconds from now, its seats with it. */
export const endHold = (world: SalesWorld, cart_id: string, seconds: number): Promise<unknown> =>
  world.sql(
    `WITH ended AS (UPDATE cart SET expires_at = now() + make_interval(secs => $2) WHERE id = $1 RETURNING id, expires_at)
     UPDATE event_seat s SET hold_expires_at = e.expires_at FROM ended e WHERE s.cart_id = e.id AND s.status = 'held'`,
    cart_id,
    seconds,
  );

/** Seats, standing room, products, codes and limits, paid in every way. */
async function sell(world: SalesWorld): Promise<void> {
  const { festival, theatre } = world;
  const seller = world.seller();
  const mixed = await openCart(seller, {
    user_id: world.ana,
    items: [
      { ticket_type_id: festival.adult, quantity: 2 },
      { ticket_type_id: festival.child, quantity: 1 },
      { ticket_type_id: festival.limited, quantity: 2 },
      { product_id: festival.shirt, quantity: 2 },
      { product_id: festival.parking, quantity: 1 },
    ],
  });
  await applyCode(seller, mixed.id, 'MINE');
  await external(seller, mixed);

  const seated = await fill(world.buyer(), [
    seats(world, 'A1', 'A2', 'A3', 'A4', 'A5'),
    { product_id: theatre.programme, quantity: 1 },
  ]);
  await payByToken(world.buyer(), seated.id, 'approved');

  const split = await fill(seller, [{ ticket_type_id: festival.pit, quantity: 1 }]);
  await pay(seller, split.id, { method: 'cash', amount: 1_000 });
  await external(seller, split);

  const free = await fill(seller, [{ ticket_type_id: theatre.box, seat_ids: [seat(world, 'F1')] }]);
  await patchSaleDetail(seller, free.id, lineOf(free, 0), {
    price_override: { unit_price: 0, reason: 'press' },
  });
  await pay(seller, free.id, { method: 'free' });
}

/** A membership and a season that are paid for, ones that wait, ended and were refunded. */
async function subscribe(world: SalesWorld): Promise<void> {
  const season = await makeSeason(world);
  const friends = await makeMembership(world);
  const buyer = world.buyer({ user_id: world.ana });
  const bought = async (plan_setting_id: number, label?: string) => {
    const place = label ? { seat_id: seat(world, label) } : {};
    const { cart_id } = await createSubscription(buyer, { plan_setting_id, ...place });
    return cart_id as string;
  };
  await payByToken(buyer, await bought(season.seats, 'A1'), 'approved');
  await payByToken(buyer, await bought(friends.month), 'approved');
  const refunded = await bought(season.seats, 'A2');
  await payByToken(buyer, refunded, 'approved');
  await refundCart(world.seller(), refunded, { reason: 'Moved away' });
  await cancelCart(buyer, await bought(friends.year));
  await bought(season.seats, 'A3');
}

/** Whole, by lines with the places kept or not, by amount, and of what costs nothing. */
async function refund(world: SalesWorld): Promise<void> {
  const ctx = world.seller();
  const reason = 'changed plans';
  const sold = async (...labels: string[]) => {
    const cart = await fill(ctx, [
      seats(world, ...labels),
      { ticket_type_id: world.festival.adult, quantity: 2 },
    ]);
    await payByToken(ctx, cart.id, 'approved');
    return cart;
  };
  const whole = await sold('B1');
  await refundCart(ctx, whole.id, { reason });
  const kept = await sold('B2');
  await refundCart(ctx, kept.id, {
    reason,
    keep_inventory: true,
    sale_detail_ids: [lineOf(kept, 0), lineOf(kept, 1)],
  });
  const returned = await sold('B3', 'B4');
  await refundCart(ctx, returned.id, { reason, sale_detail_ids: [lineOf(returned, 0)] });
  await refundCart(ctx, returned.id, { reason, amount: 777 });
  const inParts = await sold('B5');
  await refundCart(ctx, inParts.id, { reason, amount: 1_234 });
  await refundCart(ctx, inParts.id, { reason });
  const press = await fill(ctx, [seats(world, 'B6')]);
  await patchSaleDetail(ctx, press.id, lineOf(press, 0), {
    price_override: { unit_price: 0, reason: 'press' },
  });
  await pay(ctx, press.id, { method: 'free' });
  await refundCart(ctx, press.id, { reason });
  await runAllJobs(world.system);
}

/** Payments whose confirmation came when the hold was over: in time for the same seat, and too late for it. */
async function confirmLate(world: SalesWorld): Promise<void> {
  const { system } = world;
  for (const [label, taken] of [
    ['C1', false],
    ['C2', true],
  ] as const) {
    const cart = await fill(world.buyer(), [
      seats(world, label),
      { product_id: world.festival.shirt, quantity: 1 },
    ]);
    const payment = await payByToken(world.buyer(), cart.id, 'pending');
    await endHold(world, cart.id, -1);
    await sweep(system);
    if (taken) await external(world.seller(), await fill(world.seller(), [seats(world, label)]));
    await tell(system, payment, 'captured');
  }
  await runAllJobs(system);
}

/** Carts that ended without tickets: cancelled, expired, expired with a part paid, declined. */
async function leaveUnpaid(world: SalesWorld): Promise<void> {
  const { festival } = world;
  const seller = world.seller();
  const cancelled = await openCart(seller, {
    user_id: world.ben,
    items: [{ product_id: festival.parking, quantity: 1 }, seats(world, 'D1')],
  });
  await applyCode(seller, cancelled.id, 'SEATS');
  await cancelCart(seller, cancelled.id);

  const parted = await fill(seller, [{ ticket_type_id: festival.adult, quantity: 1 }]);
  await pay(seller, parted.id, { method: 'cash', amount: 500 });
  const expired = await fill(world.buyer(), [seats(world, 'D2')]);
  await applyCode(world.buyer(), expired.id, 'SEATS');
  for (const { id } of [parted, expired]) await endHold(world, id, -1);
  await sweep(world.system);

  const declined = await fill(world.buyer(), [{ ticket_type_id: festival.pit, quantity: 1 }]);
  await payByToken(world.buyer(), declined.id, 'declined').catch(() => {});
}

/** Tickets at the door: refused, let in, let in once more on the same one, let in and taken back. */
async function admit(world: SalesWorld): Promise<void> {
  const ctx = world.buyer({ scopes: ['public', 'admin'] });
  const { event_id } = world.festival;
  const tickets = await world.sql<{ id: string; serial: number }>(
    "SELECT id, serial FROM ticket WHERE event_id = $1 AND status = 'valid' ORDER BY id LIMIT 2",
    event_id,
  );
  const sign = await world.system.ticketKeys.signer(world.company_id);
  const enter = async (i: number, reason = 'doors open early') => {
    const { id, serial } = tickets[i] as { id: string; serial: number };
    const qr_code = await sign({ ticketId: id, eventId: event_id, serial });
    return scan(ctx, { qr_code, event_id, ...(reason && { force: { reason } }) });
  };
  await enter(0, '');
  await enter(0);
  await enter(0);
  await undoValidation(ctx, (await enter(1)).id);
}

/** Tickets that staff made void: one stays paid for, one is refunded afterwards. */
async function revoke(world: SalesWorld): Promise<void> {
  const ctx = world.seller();
  for (const [label, refunded] of [
    ['D3', false],
    ['D4', true],
  ] as const) {
    const cart = await fill(ctx, [seats(world, label), { ticket_type_id: world.festival.pit, quantity: 1 }]);
    await external(ctx, cart);
    const tickets = await world.sql<{ id: string }>('SELECT id FROM ticket WHERE cart_id = $1', cart.id);
    for (const { id } of tickets) await voidTicket(ctx, id, { reason: 'sold on' });
    if (refunded) await refundCart(ctx, cart.id, { reason: 'sold on' });
  }
  await runAllJobs(world.system);
}

/** Tickets for others: the seat, the type on the same seat with a difference paid, a cheaper one, and a quote alone. */
async function exchange(world: SalesWorld): Promise<void> {
  const ctx = world.seller();
  const { stall, box } = world.theatre;
  const swap = async (
    from: [number, string],
    wanted: { items: ReturnType<typeof seats>[] } | { ticket_type_id: number },
  ) => {
    const cart = await fill(ctx, [{ ticket_type_id: from[0], seat_ids: [seat(world, from[1])] }]);
    await payByToken(ctx, cart.id, 'approved');
    return quoteExchange(ctx, cart.id, { sale_detail_ids: [lineOf(cart, 0)], ...wanted });
  };
  const commit = ({ cart_id, id }: { cart_id: string; id: string }, payment?: { method: 'cash' }) =>
    commitExchange(ctx, cart_id, id, payment && { payment });
  const { id: drawer } = await openCashSession(ctx, { opening: 5_000 });
  await addCashMovement(ctx, drawer, { kind: 'pay_in', amount: 100, reason: 'change' });
  await commit(await swap([stall, 'A7'], { items: [seats(world, 'A8')] }));
  await commit(await swap([stall, 'F5'], { ticket_type_id: box }), { method: 'cash' });
  await commit(await swap([box, 'F7'], { items: [seats(world, 'C8')] }));
  await swap([stall, 'D8'], { items: [seats(world, 'D10')] });
  await closeCashSession(ctx, drawer, { counted: 6_000 });
  await runAllJobs(world.system);
}

/** Carts that are alive when the database is looked at. */
async function hold(world: SalesWorld): Promise<void> {
  const { festival, theatre } = world;
  const open = await openCart(world.seller(), {
    user_id: world.ben,
    items: [
      seats(world, 'E1', 'E2'),
      { ticket_type_id: festival.child, quantity: 1 },
      { ticket_type_id: festival.limited, quantity: 1 },
      { product_id: theatre.programme, quantity: 1 },
    ],
  });
  await applyCode(world.seller(), open.id, 'MINE');
  await extendCart(world.seller(), open.id, { seconds: 60 });
  await deleteSaleDetail(world.seller(), open.id, lineOf(open, 1));

  const parted = await fill(world.seller(), [{ ticket_type_id: festival.adult, quantity: 1 }]);
  await pay(world.seller(), parted.id, { method: 'cash', amount: 500 });

  for (const [label, token] of [
    ['E3', 'pending'],
    ['E4', 'requires_action'],
  ] as const) {
    const waiting = await fill(world.buyer(), [seats(world, label)]);
    await payByToken(world.buyer(), waiting.id, token);
  }
  // Its hold is over, nobody has swept it, and one of its two seats is another cart's already.
  const overdue = await fill(world.buyer(), [
    seats(world, 'E5', 'E6'),
    { product_id: festival.parking, quantity: 1 },
  ]);
  await endHold(world, overdue.id, -1);
  await fill(world.buyer(), [seats(world, 'E5')]);
}
