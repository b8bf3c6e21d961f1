import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sweep } from '../../../src/services/carts/expire.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { putQueueSettings } from '../../../src/services/queue/settings.ts';
import { declineOffer, leaveWaitlist } from '../../../src/services/waitlist/end.ts';
import { changeEntry, offerByHand } from '../../../src/services/waitlist/manage.ts';
import { getEntry, listLog } from '../../../src/services/waitlist/read.ts';
import { waitlistRound } from '../../../src/services/waitlist/round.ts';
import { updateSettings } from '../../../src/services/waitlist/settings.ts';
import { summarize } from '../../../src/services/waitlist/summary.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { fromNow, type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';
import { free, join, reasons, soldOut, statuses } from '../../helpers/waitlist.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterEach(async () => {
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const round = () => waitlistRound(world.system);
const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
const entryOf = (event_id: number, id: string) => getEntry(world.buyer(), event_id, id);
const buy = (type: number, quantity = 1) =>
  openCart(world.buyer(), { items: [{ ticket_type_id: type, quantity }] });

describe('who may join', () => {
  it('is whoever cannot buy what they want now, once a person and event', async () => {
    const { event_id, type, carts } = await soldOut(world, [2, 3]);
    const entry = await join(world, event_id, 'ada', 2);
    expect(entry).toEqual({
      ...{ id: expect.any(String), event_id, interface_id: world.web.id, user_id: null },
      ...{ email: 'ada@mail.com', language: 'en', status: 'waiting', place: 1, party_size: 2 },
      ...{ ticket_type_ids: [], max_price: null, currency: 'EUR', together: false, cart_id: null },
      ...{ offered_at: null, offer_expires_at: null, closed_at: null },
      ...{ created_at: expect.any(Date), updated_at: expect.any(Date) },
    });
    expect(await refusalOf(join(world, event_id, 'ADA', 1))).toMatchObject({
      ...{ code: 'conflict', facts: { reason: 'already_waiting' } },
    });
    await leaveWaitlist(world.buyer(), event_id, entry.id);
    await free(world, carts[0]?.id as string);
    expect(await refusalOf(join(world, event_id, 'bob', 2))).toMatchObject({
      ...{ code: 'conflict', facts: { reason: 'available_now', ticket_type_id: type } },
    });
    expect((await join(world, event_id, 'bob', 3)).place).toBe(1);
    const faulty = join(world, event_id, 'eve', 50);
    expect((await refusalOf(faulty)).facts.errors).toMatchObject([{ pointer: '/party_size' }]);
    const foreign = join(world, event_id, 'eve', 1, { ticket_type_ids: [world.festival.adult] });
    expect((await refusalOf(foreign)).facts.errors).toMatchObject([{ pointer: '/ticket_type_ids/0' }]);
    const { later, event_id: festival } = world.festival;
    expect(await refusalOf(join(world, festival, 'eve', 1, { ticket_type_ids: [later] }))).toMatchObject({
      code: 'not_on_sale',
    });
    await updateSettings(admin(), event_id, { enabled: false });
    expect(await refusalOf(join(world, event_id, 'eve', 4))).toMatchObject({
      facts: { reason: 'no_waitlist' },
    });
  });
});

describe('what comes free', () => {
  it('is offered behind the gate of an event, too: who waited here need not queue there', async () => {
    const { event_id, type, carts } = await soldOut(world, [2]);
    const ada = await join(world, event_id, 'ada', 2);
    const times = { starts_at: fromNow(-1_000), opens_at: fromNow(-2_000) };
    await putQueueSettings(admin(), event_id, { ...times, inflow: 60 });
    await free(world, carts[0]?.id as string);
    expect(await round()).toBe(1);
    const { cart_id } = await entryOf(event_id, ada.id);
    expect(await world.sql('SELECT event_id, place_id FROM queue_entry WHERE cart_id = $1', cart_id)).toEqual(
      [{ event_id, place_id: null }],
    );
    expect(await refusalOf(buy(type))).toMatchObject({ code: 'queue_required' });
    await pay(world.seller(), cart_id as string, { method: 'cash' });
  });

  it('is offered in the order of joining as a held cart, which is paid as any other', async () => {
    const { event_id, type, carts } = await soldOut(world, [2, 2, 1]);
    const [ada, bob] = [await join(world, event_id, 'ada', 2), await join(world, event_id, 'bob', 2)];
    await round();
    expect(await reasons(world, ada.id)).toEqual([]); // nothing was free: nobody was passed over
    await free(world, carts[0]?.id as string);
    expect(await round()).toBe(1);
    const offered = await entryOf(event_id, ada.id);
    expect(offered).toMatchObject({ status: 'offered', place: null, cart_id: expect.any(String) });
    const minutes = ((offered.offer_expires_at as Date).getTime() - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(29);
    expect(minutes).toBeLessThanOrEqual(30);
    const cart = await getCart(world.buyer(), offered.cart_id as string);
    expect(cart).toMatchObject({ status: 'open', buyer: { email: 'ada@mail.com' } });
    expect(cart.sale_details.map((line) => line.ticket_type_id)).toEqual([type, type]);
    expect(await entryOf(event_id, bob.id)).toMatchObject({ status: 'waiting', place: 1 });
    const [mail] = await world.sql(
      `SELECT to_email, data FROM mail WHERE template = 'waitlist_offer' ORDER BY id DESC LIMIT 1`,
    );
    expect(mail).toMatchObject({
      to_email: 'ada@mail.com',
      data: { event: 'Full', tickets: expect.stringMatching(/^2 × /), total: '€100.00', code: ada.id },
    });
    await pay(world.seller(), cart.id, { method: 'cash' });
    expect((await entryOf(event_id, ada.id)).status).toBe('fulfilled'); // before anything has written it down
    await round();
    expect(await statuses(world, event_id)).toEqual({ ada: 'fulfilled', bob: 'waiting' });
    const told = await world.sql(
      `SELECT type, data FROM change WHERE subject_id = $1 ORDER BY xid, id`,
      ada.id,
    );
    expect(told).toMatchObject([
      { type: 'waitlist.joined' },
      { type: 'waitlist.offered', data: { waitlist_entry_id: ada.id, event_id, cart_id: cart.id } },
      { type: 'waitlist.fulfilled' },
    ]);
  });

  it('goes to the next when an offer expires, is declined, or its party leaves', async () => {
    const { event_id, carts } = await soldOut(world, [2, 1]);
    const entries = [];
    for (const name of ['ada', 'bob', 'cy', 'dee']) entries.push(await join(world, event_id, name, 2));
    const [ada, bob, cy] = entries.map(({ id }) => id) as [string, string, string];
    await free(world, carts[0]?.id as string);
    await round();
    await world.lapse((await entryOf(event_id, ada)).cart_id as string);
    expect((await entryOf(event_id, ada)).status).toBe('expired');
    await sweep(world.system);
    await round();
    expect(await statuses(world, event_id)).toMatchObject({ ada: 'expired', bob: 'offered', cy: 'waiting' });
    expect((await declineOffer(world.buyer(), event_id, bob)).status).toBe('declined');
    await round();
    expect(await statuses(world, event_id)).toMatchObject({ bob: 'declined', cy: 'offered', dee: 'waiting' });
    await leaveWaitlist(world.buyer(), event_id, cy);
    await round();
    expect(await statuses(world, event_id)).toMatchObject({ cy: 'left', dee: 'offered' });
    expect(await refusalOf(declineOffer(world.buyer(), event_id, cy))).toMatchObject({ code: 'conflict' });
    expect((await join(world, event_id, 'ada', 1)).place).toBe(1); // at the end of the line again
  });

  it('passes over whom it does not suit, says why, and leaves them their place', async () => {
    const { event_id, type, carts } = await soldOut(world, [1, 2, 2]);
    const large = await join(world, event_id, 'large', 3);
    const poor = await join(world, event_id, 'poor', 1, { max_price: 4_999 });
    const fit = await join(world, event_id, 'fit', 1, { max_price: 5_000, ticket_type_ids: [type] });
    await free(world, carts[0]?.id as string);
    await round();
    await round();
    expect(await statuses(world, event_id)).toEqual({ large: 'waiting', poor: 'waiting', fit: 'offered' });
    expect(await listLog(admin(), event_id, large.id)).toMatchObject([
      { what: 'joined' },
      {
        ...{ what: 'passed_over', reason: 'too_few_places', times: 1 },
        data: { ticket_type_id: type, available: 1, party_size: 3 },
      },
    ]);
    expect(await listLog(admin(), event_id, poor.id)).toMatchObject([
      { what: 'joined' },
      { reason: 'above_ceiling', data: { ticket_type_id: type, price: 5_000, max_price: 4_999 } },
    ]);
    expect(await summarize(admin(), event_id)).toMatchObject({
      statuses: { waiting: { parties: 2, places: 4 }, offered: { parties: 1, places: 1 } },
      passed_over: [
        { reason: 'above_ceiling', parties: 1, places: 1 },
        { reason: 'too_few_places', parties: 1, places: 3 },
      ],
    });
    await free(world, carts[1]?.id as string);
    await round();
    expect(await reasons(world, large.id)).toEqual(['too_few_places', 'too_few_places']); // one place, then two
    await free(world, carts[2]?.id as string);
    await round();
    expect(await statuses(world, event_id)).toMatchObject({ large: 'offered', poor: 'waiting' });
    expect(fit.place).toBe(3);
  });

  it('seats those who want to be together side by side only', async () => {
    const { event_id } = await soldOut(world, Array(10).fill(1), { rows: 1 });
    const rows = await world.sql<{ cart_id: string }>(
      `SELECT l.cart_id FROM sale_detail l JOIN seat s ON s.id = l.seat_id WHERE l.event_id = $1 ORDER BY s.number::int`,
      event_id,
    );
    const ofSeat = (number: number) => rows[number - 1]?.cart_id as string;
    const pair = await join(world, event_id, 'pair', 2, { together: true });
    const any = await join(world, event_id, 'any', 2);
    for (const number of [2, 4]) await free(world, ofSeat(number));
    await round();
    expect(await statuses(world, event_id)).toEqual({ pair: 'waiting', any: 'offered' });
    expect(await reasons(world, pair.id)).toEqual(['not_together']);
    await free(world, ofSeat(3));
    await declineOffer(world.buyer(), event_id, any.id);
    await round();
    expect(await statuses(world, event_id)).toMatchObject({ pair: 'offered' });
    const { cart_id } = await entryOf(event_id, pair.id);
    const { sale_details } = await getCart(world.buyer(), cart_id as string);
    const [first, second] = sale_details.map(({ seat }) => Number(seat?.number)).sort((x, y) => x - y);
    expect((second as number) - (first as number)).toBe(1);
  });
});

describe('the head start', () => {
  it('keeps what comes free from buyers until the list has been asked, then lets them have the rest', async () => {
    const { event_id, type, carts } = await soldOut(world, [1, 2]);
    await join(world, event_id, 'pair', 2);
    await round();
    await free(world, carts[0]?.id as string);
    expect(await refusalOf(buy(type))).toMatchObject({
      ...{ code: 'sold_out', facts: { reason: 'waiting_list' } },
    });
    await openCart(world.seller(), { items: [{ ticket_type_id: type, quantity: 1 }] }).then(({ id }) =>
      world.lapse(id),
    ); // sellers decide themselves
    await sweep(world.system);
    // Other tests' transactions may let a look be repeated before it counts.
    const reserved = async () => {
      await round();
      return (await summarize(admin(), event_id)).reserved;
    };
    await expect.poll(reserved).toBe(false);
    const { id } = await buy(type); // one place is of no use to the pair
    expect(await reserved()).toBe(true); // sold out again
    await world.lapse(id);
    await sweep(world.system);
    await free(world, carts[1]?.id as string);
    expect((await refusalOf(buy(type))).code).toBe('sold_out');
    await round();
    expect(await statuses(world, event_id)).toEqual({ pair: 'offered' });
    await buy(type); // nobody waits any more
  });

  it('can be switched off: what comes free is whose who comes first', async () => {
    const { event_id, type, carts } = await soldOut(world, [1, 1]);
    await join(world, event_id, 'ada', 1);
    await round();
    await updateSettings(admin(), event_id, { head_start: false, offer_minutes: 5 });
    await free(world, carts[0]?.id as string);
    await buy(type);
    expect(await round()).toBe(0);
    await free(world, carts[1]?.id as string);
    expect(await round()).toBe(1);
    expect(await statuses(world, event_id)).toEqual({ ada: 'offered' });
  });
});

describe('an organiser', () => {
  it('moves a party forward, offers by hand, and removes', async () => {
    const { event_id, carts } = await soldOut(world, [1, 1, 1]);
    const [ada, bob, cy] = [
      await join(world, event_id, 'ada', 1),
      await join(world, event_id, 'bob', 1),
      await join(world, event_id, 'cy', 1),
    ];
    expect(await changeEntry(admin(), event_id, cy.id, { priority: 5 })).toMatchObject({
      ...{ place: 1, priority: 5 },
    });
    expect((await entryOf(event_id, ada.id)).place).toBe(2);
    expect(await refusalOf(offerByHand(admin(), event_id, bob.id))).toMatchObject({
      ...{ code: 'sold_out', facts: { reason: 'too_few_places', available: 0 } },
    });
    await free(world, carts[0]?.id as string);
    expect(await offerByHand(admin(), event_id, bob.id)).toMatchObject({ status: 'offered' });
    expect(await refusalOf(offerByHand(admin(), event_id, bob.id))).toMatchObject({ code: 'conflict' });
    await free(world, carts[1]?.id as string);
    await round();
    expect(await statuses(world, event_id)).toEqual({ ada: 'waiting', bob: 'offered', cy: 'offered' });
    await leaveWaitlist(admin(), event_id, ada.id);
    expect(await statuses(world, event_id)).toMatchObject({ ada: 'removed' });
    await world.sql(`UPDATE event SET status = 'cancelled', version = version + 1 WHERE id = $1`, event_id);
    await world.sql(`UPDATE waitlist SET reserved = true WHERE event_id = $1`, event_id);
    await round();
    expect(await summarize(admin(), event_id)).toMatchObject({ reserved: false });
  });

  it('closes the list with its event', async () => {
    const { event_id } = await soldOut(world, [1]);
    await join(world, event_id, 'ada', 1);
    await world.sql(`UPDATE event SET status = 'cancelled', version = version + 1 WHERE id = $1`, event_id);
    await round();
    expect(await statuses(world, event_id)).toEqual({ ada: 'closed' });
  });
});
