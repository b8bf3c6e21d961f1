import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { applyCode, removeCode } from '../../../src/services/carts/codes.ts';
import { deleteSaleDetail } from '../../../src/services/carts/lines.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { getJob } from '../../../src/services/jobs/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { getPayment } from '../../../src/services/payments/read.ts';
import { moneyFaults, sandboxFaults } from '../../helpers/money-audit.ts';
import { fill, instead, payByToken, runAllJobs, tell } from '../../helpers/payments.ts';
import { codeOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
beforeEach(() => world.clear());
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const seats = (...labels: string[]) => [
  {
    ticket_type_id: world.theatre.stall,
    seat_ids: labels.map((label) => world.theatre.seats[label] as number),
  },
];
const waitingFor = async (items: Parameters<typeof fill>[1]) => {
  const ctx = world.buyer();
  const cart = await fill(ctx, items);
  return { ctx, cart, payment: await payByToken(ctx, cart.id, 'requires_action') };
};
/** The buyer approves at the bank, but the confirmation takes its time. */
const approve = (id: string) => world.sql("UPDATE sandbox_charge SET status = 'captured' WHERE id = $1", id);
const liveTickets = (cart_id: string) =>
  world.sql("SELECT id FROM ticket WHERE cart_id = $1 AND status = 'valid'", cart_id);

for (const swept of [true, false])
  describe(`a payment confirmed after the hold ran out, ${swept ? '' : 'not '}swept yet`, () => {
    const lapse = (id: string) => (swept ? world.lapse(id).then(() => world.clear()) : world.lapse(id));

    it('takes what the cart held again while all of it is free', async () => {
      const row = swept ? 'A' : 'B';
      const { payment, cart, ctx } = await waitingFor([
        ...seats(`${row}1`, `${row}2`),
        { product_id: world.theatre.programme, quantity: 2 },
      ]);
      await lapse(cart.id);
      await approve(payment.id);
      await tell(world.system, payment, 'captured');
      expect(await getCart(ctx, cart.id)).toMatchObject({
        ...{ status: 'paid', totals: { paid: payment.amount, refunded: 0 } },
      });
      expect(await liveTickets(cart.id)).toHaveLength(2);
      expect((await getPayment(ctx, cart.id, payment.id)).status).toBe('captured');
      expect((await getJob(ctx, payment.job_id as string)).status).toBe('succeeded');
    });

    it('goes back in full when the user has bought as many as a person may meanwhile', async () => {
      const items = [{ ticket_type_id: world.festival.limited, quantity: 2 }];
      const ctx = world.buyer({ user_id: swept ? world.ana : world.ben });
      const cart = await fill(ctx, items);
      const payment = await payByToken(ctx, cart.id, 'requires_action');
      await lapse(cart.id);
      const second = await fill(ctx, items);
      await payByToken(ctx, second.id, 'approved');
      await approve(payment.id);
      await tell(world.system, payment, 'captured');
      expect((await getCart(ctx, cart.id)).status).toBe('expired');
      expect(await getPayment(ctx, cart.id, payment.id)).toMatchObject({ status: 'refunded' });
      expect(await liveTickets(cart.id)).toEqual([]);
    });

    it('goes back in full when any of it is gone, and takes nothing', async () => {
      const row = swept ? 'C' : 'D';
      const { payment, cart, ctx } = await waitingFor(seats(`${row}1`, `${row}2`, `${row}3`));
      await lapse(cart.id);
      await fill(world.buyer(), seats(`${row}2`));
      await approve(payment.id);
      await tell(world.system, payment, 'captured');
      expect(await getCart(ctx, cart.id)).toMatchObject({
        ...{ status: 'expired', totals: { paid: 0, refunded: 0 } },
      });
      expect(await getPayment(ctx, cart.id, payment.id)).toMatchObject({
        ...{ status: 'refunded', refunded: payment.amount, failure_reason: 'cart_expired' },
      });
      expect(await liveTickets(cart.id)).toEqual([]);
      expect(await getJob(ctx, payment.job_id as string)).toMatchObject({
        ...{ status: 'failed', error: { code: 'cart_expired', payment_id: payment.id } },
      });
      const free = await world.sql(
        `SELECT s.status FROM event_seat s WHERE s.seat_id = ANY($1) ORDER BY s.seat_id`,
        [`${row}1`, `${row}2`, `${row}3`].map((label) => world.theatre.seats[label]),
      );
      expect(free.map(({ status }) => status)).toEqual(['available', 'held', 'available']);
      await runAllJobs(world.system);
      expect(await world.sql('SELECT status FROM refund WHERE payment_id = $1', payment.id)).toEqual([
        { status: 'succeeded' },
      ]);
      expect(await sandboxFaults(world.system)).toEqual([]);
    });
  });

describe('a late confirmation', () => {
  it('of a cancelled cart takes it again, too: its buyer has paid', async () => {
    const { payment, cart, ctx } = await waitingFor(seats('E1'));
    await tell(world.system, payment, 'declined');
    await cancelCart(ctx, cart.id);
    await tell(world.system, payment, 'captured');
    expect((await getCart(ctx, cart.id)).status).toBe('paid');
  });

  it('takes no line that its buyer had taken out', async () => {
    const ctx = world.buyer();
    const cart = await fill(ctx, [
      ...seats('E2', 'E3'),
      { product_id: world.theatre.programme, quantity: 1 },
    ]);
    const removed = cart.sale_details.find((line) => line.kind === 'product');
    await deleteSaleDetail(ctx, cart.id, removed?.id as string);
    const payment = await payByToken(ctx, cart.id, 'requires_action');
    await world.lapse(cart.id);
    await world.clear();
    await tell(world.system, payment, 'captured');
    expect((await getCart(ctx, cart.id)).status).toBe('paid');
    expect(await liveTickets(cart.id)).toHaveLength(2);
  });

  it('takes the codes again, but none that is used up by then, and none taken off before', async () => {
    const { adult, codes } = world.festival;
    const adults = [{ ticket_type_id: adult, quantity: 1 }];
    const withCode = async () => {
      const ctx = world.buyer();
      const cart = await fill(ctx, adults);
      await applyCode(ctx, cart.id, 'FIVER');
      await removeCode(ctx, cart.id, 'FIVER');
      await applyCode(ctx, cart.id, 'ONCE');
      const payment = await payByToken(ctx, cart.id, 'requires_action');
      await world.lapse(cart.id);
      await world.clear();
      return { ctx, cart, payment };
    };
    const first = await withCode();
    const rival = await withCode(); // the only use is free again
    await tell(world.system, first.payment, 'captured');
    expect((await getCart(first.ctx, first.cart.id)).status).toBe('paid');
    const uses = await world.sql('SELECT code, held, used FROM code WHERE id = ANY($1) ORDER BY code', [
      codes.FIVER,
      codes.ONCE,
    ]);
    expect(uses).toEqual([
      { code: 'FIVER', held: 0, used: 0 },
      { code: 'ONCE', held: 0, used: 1 },
    ]);
    await tell(world.system, rival.payment, 'captured');
    expect(await getPayment(rival.ctx, rival.cart.id, rival.payment.id)).toMatchObject({
      status: 'refunded',
    });
    expect((await getCart(rival.ctx, rival.cart.id)).status).toBe('expired');
  });

  it('of general admission counts the places', async () => {
    const { adult, balcony } = world.festival;
    const { payment, cart, ctx } = await waitingFor([
      { ticket_type_id: adult, quantity: 4, section_id: balcony },
    ]);
    const lost = await waitingFor([{ ticket_type_id: adult, quantity: 1, section_id: balcony }]);
    await world.lapse();
    await tell(world.system, payment, 'captured');
    expect((await getCart(ctx, cart.id)).status).toBe('paid');
    await pay(
      world.seller(),
      (await fill(world.seller(), [{ ticket_type_id: adult, quantity: 1, section_id: balcony }])).id,
      {
        method: 'cash',
      },
    );
    await tell(world.system, lost.payment, 'captured');
    expect((await getCart(lost.ctx, lost.cart.id)).status).toBe('expired');
    const counts = await world.sql('SELECT held, sold FROM event_section WHERE section_id = $1', balcony);
    expect(counts).toEqual([{ held: 0, sold: 5 }]);
  });

  it('within the request itself: the hold ran out during the call', async () => {
    const ctx = world.buyer();
    const cart = await fill(ctx, seats('E4'));
    const back = instead(world.system, {
      charge: async (_system, { payment_id }) => {
        await world.lapse(cart.id);
        await fill(world.buyer(), seats('E4'));
        return { status: 'captured', reference: `ch_${payment_id}` };
      },
    });
    expect(await codeOf(payByToken(ctx, cart.id, 'approved'))).toBe('cart_expired');
    back();
    expect((await getCart(ctx, cart.id)).totals.paid).toBe(0);
  });

  it('of the last part of a split: the first went back when the cart expired, so this one does, too', async () => {
    const ctx = world.seller();
    const cart = await fill(ctx, seats('E5'));
    await pay(ctx, cart.id, { method: 'cash', amount: 1_000 });
    const card = await pay(ctx, cart.id, { method: 'card', card: { token: 'sandbox_requires_action' } });
    await world.lapse(cart.id);
    await tell(world.system, card, 'captured');
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'expired', totals: { paid: 0 } });
    expect((await getPayment(ctx, cart.id, card.id)).status).toBe('refunded');
  });
});
