import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { applyCode } from '../../../src/services/carts/codes.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { cancelExchange } from '../../../src/services/exchanges/cancel.ts';
import { getExchange } from '../../../src/services/exchanges/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { expectBooksAgree } from '../../helpers/books-agree.ts';
import { exchanging } from '../../helpers/exchanges.ts';
import { fill } from '../../helpers/payments.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let ctx: Context;
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.seller();
});
afterEach(async () => {
  await expectBooksAgree(world.system);
  await world.clear();
});
afterAll(() => world.close());

const { stalls, boxes, sold, idsOf, quote, commit, card, statusOf } = exchanging(() => world);

describe('a quote', () => {
  it('that expired or was given up holds nothing any more', async () => {
    const cart = await sold(stalls('E1'));
    const first = await quote(cart, { items: stalls('E3') });
    await world.lapse();
    expect(await getExchange(ctx, cart.id, first.id)).toMatchObject({ status: 'expired' });
    expect((await refusalOf(commit(first))).code).toBe('cart_expired');
    const second = await quote(cart, { items: stalls('E3') });
    await cancelExchange(ctx, cart.id, second.id);
    expect([await statusOf('E3'), (await getExchange(ctx, cart.id, second.id)).status]).toEqual([
      'available',
      'cancelled',
    ]);
    expect((await refusalOf(cancelExchange(ctx, cart.id, second.id))).code).toBe('conflict');
    const third = await quote(cart, { items: stalls('E4') });
    const fourth = await quote(cart, { items: stalls('E5') });
    expect([await statusOf('E4'), await statusOf('E5')]).toEqual(['available', 'held']);
    expect((await refusalOf(commit(third))).code).toBe('conflict');
    await commit(fourth);
    const told = await world.sql("SELECT type FROM change WHERE type IN ('cart.expired', 'cart.cancelled')");
    expect(told).toEqual([]); // of carts that hold for exchanges nobody knows
  });

  it('goes by the codes of the cart, for as many tickets as are given', async () => {
    const { adult, child, balcony } = world.festival;
    const cart = await fill(ctx, [{ ticket_type_id: adult, quantity: 2 }]);
    await applyCode(ctx, cart.id, 'TENOFF');
    await pay(ctx, cart.id, { method: 'cash' });
    const paid = await getCart(ctx, cart.id);
    const [line] = paid.sale_details;
    const upstairs = (quantity: number) => [{ ticket_type_id: adult, quantity, section_id: balcony }];
    const one = { sale_detail_ids: [line?.id as string] };
    const same = await quote(paid, { ...one, items: upstairs(1) });
    expect(same).toMatchObject({ credit: line?.total, price: line?.total, amount_due: 0, refund_due: 0 });
    expect(same.new_sale_details).toMatchObject([{ discount: line?.discount, unit_price: 5_000 }]);
    expect(same.new_sale_details[0]?.price_trace).toContainEqual(
      expect.objectContaining({ rule: 'code', name: 'TENOFF', amount: -500 }),
    );
    const cheaper = await quote(paid, { ...one, ticket_type_id: child });
    expect(cheaper.new_sale_details).toMatchObject([{ unit_price: 2_500, discount: 250 }]);
    // A code that was used for one ticket does not become one for three.
    const more = await quote(paid, { ...one, items: upstairs(3) });
    expect(more.new_sale_details.map(({ discount }) => discount)).toEqual([0, 0, 0]);
    const both = await quote(paid, { items: upstairs(2) });
    expect(both).toMatchObject({ amount_due: 0, refund_due: 0 });
    await commit(both);
    const after = await getCart(ctx, cart.id);
    expect(after.sale_details.filter(({ status }) => status === 'paid')).toMatchObject([
      ...[{ discount: 500 }, { discount: 500 }],
    ]);
    expect(after.codes).toEqual(['TENOFF']);
  });

  it('is outdated when the old tickets are worth less than they were', async () => {
    const cart = await sold(stalls('E6'));
    const quoted = await quote(cart, { items: stalls('E8') });
    await refundCart(ctx, cart.id, { amount: 100, reason: 'late' });
    expect(await refusalOf(commit(quoted))).toMatchObject({
      code: 'conflict',
      facts: { reason: 'quote_outdated' },
    });
    expect(await quote(cart, { items: stalls('E8') })).toMatchObject({ credit: 7_900, amount_due: 100 });
  });

  it('is for tickets that were paid and not used', async () => {
    const open = await fill(ctx, stalls('E9'));
    expect((await refusalOf(quote(open, { items: stalls('A2') }))).code).toBe('conflict');
    const cart = await sold([...stalls('A5'), { product_id: world.theatre.programme, quantity: 1 }]);
    const [ticket, product] = idsOf(cart) as [string, string];
    expect(
      (await refusalOf(quote(cart, { sale_detail_ids: [ticket, product], items: stalls('A6') }))).code,
    ).toBe('validation_failed');
    await world.sql("UPDATE ticket SET status = 'used', entries = 1, inside = 1 WHERE cart_id = $1", cart.id);
    expect(await refusalOf(quote(cart, { sale_detail_ids: [ticket], items: stalls('A6') }))).toMatchObject({
      code: 'conflict',
      facts: { used_ticket_ids: [expect.any(String)] },
    });
    const forced = await quote(cart, { sale_detail_ids: [ticket], items: stalls('A6'), force: true });
    await world.sql(
      "UPDATE ticket SET status = 'valid', entries = 0, inside = 0 WHERE cart_id = $1",
      cart.id,
    );
    await commit(forced);
  });

  it('cart and hidden cart: the one is listed, the other is nobody’s', async () => {
    const cart = await sold(stalls('A8'));
    const quoted = await quote(cart, { items: stalls('A9') });
    const [row] = await world.sql<{ hold_cart_id: string }>(
      'SELECT hold_cart_id FROM exchange WHERE id = $1',
      quoted.id,
    );
    const hidden = row?.hold_cart_id as string;
    expect((await refusalOf(getCart(ctx, hidden))).code).toBe('not_found');
    expect((await refusalOf(pay(ctx, hidden, { method: 'cash' }))).code).toBe('not_found');
  });
});

describe('a buyer', () => {
  it('exchanges own tickets, while the event lets buyers', async () => {
    const ana = world.buyer({ user_id: world.ana });
    const ben = world.buyer({ user_id: world.ben });
    const cart = await sold(stalls('B3'), ana);
    expect(await refusalOf(quote(cart, { items: stalls('B5') }, ana))).toMatchObject({
      code: 'conflict',
      facts: { reason: 'exchange_not_allowed' },
    });
    await world.sql(
      "UPDATE event SET exchange_until = now() + interval '1 hour' WHERE id = $1",
      world.theatre.event_id,
    );
    expect((await refusalOf(quote(cart, { items: stalls('B5') }, ben))).code).toBe('not_found');
    expect((await refusalOf(quote(cart, { items: stalls('B5'), force: true }, ana))).code).toBe(
      'insufficient_scope',
    );
    const quoted = await quote(cart, { items: boxes('F2') }, ana);
    expect((await refusalOf(commit(quoted, { method: 'cash' }, ana))).code).toBe('insufficient_scope');
    expect(await commit(quoted, card('approved'), ana)).toMatchObject({ status: 'completed' });
    await world.sql('UPDATE ticket SET user_id = $1 WHERE cart_id = $2', world.ben, cart.id);
    const again = { sale_detail_ids: [quoted.new_sale_details[0]?.id as string], items: stalls('B6') };
    expect(await refusalOf(quote(cart, again, ana))).toMatchObject({ facts: { reason: 'not_the_holder' } });
    await world.sql('UPDATE event SET exchange_until = NULL WHERE id = $1', world.theatre.event_id);
  });

  it('keeps to the limit a person: an exchange of the same type counts once', async () => {
    const { festival } = world;
    const ana = { user_id: world.ana };
    const by = world.buyer(ana);
    const cart = await sold(
      [{ ticket_type_id: festival.limited, quantity: 2, section_id: festival.floor }],
      by,
    );
    const balcony = [{ ticket_type_id: festival.limited, quantity: 2, section_id: festival.balcony }];
    await refundAll();
    const done = await commit(await quote(cart, { items: balcony }));
    expect(done.status).toBe('completed');
    const three = [{ ticket_type_id: festival.limited, quantity: 3 }];
    expect(
      (
        await refusalOf(
          quote(cart, { sale_detail_ids: done.new_sale_details.map(({ id }) => id), items: three }),
        )
      ).code,
    ).toBe('limit_exceeded');
  });
});

/** Puts the balcony on sale again. */
async function refundAll(): Promise<void> {
  const carts = await world.sql<{ id: string }>(
    `SELECT DISTINCT c.id FROM cart c JOIN sale_detail l ON l.cart_id = c.id
     WHERE l.section_id = $1 AND l.status = 'paid'`,
    world.festival.balcony,
  );
  for (const { id } of carts) await refundCart(ctx, id, { reason: 'room' });
}
