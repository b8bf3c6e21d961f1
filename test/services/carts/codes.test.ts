import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { applyCode, removeCode } from '../../../src/services/carts/codes.ts';
import { sweep } from '../../../src/services/carts/expire.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail } from '../../../src/services/carts/lines.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { stockKept } from '../../helpers/kept-world.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import type { CODES, SalesWorld } from '../../helpers/sales-world.ts';
import { salesRows } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
stockKept((made) => {
  world = made;
});

type Items = AddSaleDetails['items'];
type CodeName = keyof typeof CODES;
const adults = (quantity: number): Items => [{ ticket_type_id: world.festival.adult, quantity }];
const opened = async (items?: Items, ctx: Context = world.buyer()) =>
  (await openCart(ctx, items ? { items } : {})).id;
const uses = async (code: CodeName) => {
  const [row] = await world.sql('SELECT held, used FROM code WHERE id = $1', world.festival.codes[code]);
  return row;
};
const reasonOf = async (promise: Promise<unknown>) => {
  const { code, facts } = await refusalOf(promise);
  expect(code).toBe('code_not_applicable');
  return facts.reason;
};

describe('what a code does', () => {
  const prices: [CodeName, number, number][] = [
    // discount and total of one adult: 50.00, fee 1.00 and 5 % of what is left
    ['TENOFF', 500, 4_500 + 100 + 225],
    ['FIVER', 500, 4_500 + 100 + 225],
    ['FLAT', 2_000, 3_000 + 100 + 150],
  ];
  it.each(prices)('%s: %i off, %i to pay', async (code, discount, total) => {
    const id = await opened(adults(2));
    const cart = await applyCode(world.buyer(), id, code);
    expect(cart.codes).toEqual([code]);
    expect(cart.totals).toMatchObject({ subtotal: 10_000, discount: 2 * discount, total: 2 * total });
    for (const line of cart.sale_details)
      expect(line.price_trace).toContainEqual({ rule: 'code', name: code, amount: -discount, included: 0 });
    expect(await uses(code)).toEqual({ held: 1, used: 0 });
  });

  it('is for its ticket types only', async () => {
    const id = await opened([...adults(1), { ticket_type_id: world.festival.child, quantity: 1 }]);
    const { sale_details } = await applyCode(world.buyer(), id, 'KIDS');
    expect(sale_details.map((line) => line.discount)).toEqual([0, 1_250]);
  });

  it('goes for what is added later, too', async () => {
    const id = await opened();
    await applyCode(world.buyer(), id, 'TENOFF');
    const [line] = await addSaleDetails(world.buyer(), id, { items: adults(1) });
    expect(line).toMatchObject({ discount: 500, total: 4_825 });
    expect((await getCart(world.buyer(), id)).totals).toMatchObject({ discount: 500, total: 4_825 });
  });

  it('is found whatever its case, and shown as the organiser wrote it', async () => {
    const id = await opened(adults(1));
    expect((await applyCode(world.buyer(), id, 'tenoff')).codes).toEqual(['TENOFF']);
    const other = await opened(adults(1));
    expect(await applyCode(world.buyer(), other, 'MIXED')).toMatchObject({
      codes: ['Mixed'],
      totals: { discount: 100 },
    });
  });

  it('touches no product', async () => {
    const id = await opened([...adults(1), { product_id: world.festival.shirt, quantity: 1 }]);
    const { sale_details } = await applyCode(world.buyer(), id, 'TENOFF');
    expect(sale_details.map((line) => line.discount)).toEqual([500, 0]);
  });

  it('of one event leaves the tickets of another alone', async () => {
    const { stall, seats } = world.theatre;
    const id = await opened([...adults(1), { ticket_type_id: stall, seat_ids: [seats.A1 as number] }]);
    const { sale_details } = await applyCode(world.buyer(), id, 'SEATS');
    expect(sale_details.map((line) => line.discount)).toEqual([0, 800]);
  });
});

describe('what a code is refused for', () => {
  const refused = async (id: string, code: string, reason: string, ctx = world.buyer()) => {
    const before = await salesRows(world.system);
    expect(await reasonOf(applyCode(ctx, id, code))).toBe(reason);
    expect(await salesRows(world.system)).toEqual(before);
  };

  it('does not exist', async () => {
    const id = await opened(adults(1));
    expect(await codeOf(applyCode(world.buyer(), id, 'NONE'))).toBe('not_found');
  });

  it.each([
    ['LATE', 'not_yet_valid'],
    ['GONE', 'not_valid'],
    ['OFF', 'not_valid'],
    ['DEAR', 'no_effect'],
    ['SEATS', 'other_event'],
    ['KIDS', 'no_effect'],
  ])('%s: %s', async (code, reason) => refused(await opened(adults(1)), code, reason));

  it('is applied already', async () => {
    const id = await opened(adults(1));
    await applyCode(world.buyer(), id, 'FIVER');
    await refused(id, 'fiver', 'already_applied');
  });

  it('does not stack, unless both do', async () => {
    const id = await opened(adults(1));
    await applyCode(world.buyer(), id, 'TENOFF');
    await refused(id, 'FIVER', 'not_stackable');
    const stacked = await opened(adults(1));
    await applyCode(world.buyer(), stacked, 'FIVER');
    await refused(stacked, 'TENOFF', 'not_stackable');
    const cart = await applyCode(world.buyer(), stacked, 'STACK');
    expect(cart.codes).toEqual(['FIVER', 'STACK']);
    expect(cart.totals.discount).toBe(500 + 900);
  });

  it('is spent, as long as another cart has the last use', async () => {
    const [first, second] = [await opened(adults(1)), await opened(adults(1))];
    await applyCode(world.buyer(), first, 'ONCE');
    await refused(second, 'ONCE', 'spent');
    await cancelCart(world.buyer(), first);
    expect((await applyCode(world.buyer(), second, 'ONCE')).codes).toEqual(['ONCE']);
    expect(await uses('ONCE')).toEqual({ held: 1, used: 0 });
  });

  it('is spent by its user, who must be known', async () => {
    const [ana, ben] = [world.buyer({ user_id: world.ana }), world.buyer({ user_id: world.ben })];
    await refused(await opened(adults(1)), 'MINE', 'user_required');
    const [first, second] = [await opened(adults(1), ana), await opened(adults(1), ana)];
    await applyCode(ana, first, 'MINE');
    await refused(second, 'MINE', 'spent_by_user', ana);
    expect((await applyCode(ben, await opened(adults(1), ben), 'MINE')).codes).toEqual(['MINE']);
    await world.lapse(first);
    expect((await applyCode(ana, second, 'MINE')).codes).toEqual(['MINE']);
  });

  it('belongs to an event of another interface', async () => {
    await world.sql(
      "INSERT INTO code (company_id, event_id, code, kind, value) VALUES ($1, $2, 'BOX', 'fixed', 100)",
      world.company_id,
      world.elsewhere.event_id,
    );
    const id = await opened(adults(1));
    expect(await codeOf(applyCode(world.buyer(), id, 'BOX'))).toBe('not_found');
  });
});

describe('overdue carts do not keep a use', () => {
  it('of a code, swept or not', async () => {
    const [first, second] = [await opened(adults(1)), await opened(adults(1))];
    await applyCode(world.buyer(), first, 'ONCE');
    await world.lapse(first);
    expect((await applyCode(world.buyer(), second, 'ONCE')).codes).toEqual(['ONCE']);
    expect(await uses('ONCE')).toEqual({ held: 1, used: 0 });
  });

  it('of a code that is all they have', async () => {
    const first = await opened();
    await applyCode(world.buyer(), first, 'ONCE');
    await world.lapse(first);
    const second = await opened(adults(1));
    expect((await applyCode(world.buyer(), second, 'ONCE')).codes).toEqual(['ONCE']);
  });
});

describe('access codes', () => {
  const hidden = (): Items => [{ ticket_type_id: world.festival.hidden, quantity: 1 }];

  it('unlock the types that they are for', async () => {
    const id = await opened();
    const refusal = await refusalOf(addSaleDetails(world.buyer(), id, { items: hidden() }));
    expect(refusal).toMatchObject({
      code: 'code_not_applicable',
      facts: { reason: 'access_code_required', ticket_type_id: world.festival.hidden },
    });
    expect((await applyCode(world.buyer(), id, 'secret')).codes).toEqual(['SECRET']);
    expect(await addSaleDetails(world.buyer(), id, { items: hidden() })).toMatchObject([{ total: 1_000 }]);
  });

  it('are not those of another type or another event', async () => {
    await world.sql(
      `INSERT INTO code (company_id, event_id, code, kind, ticket_type_ids)
       VALUES ($1, $2, 'WRONG', 'access', ARRAY[$3::int]), ($1, $4, 'ABROAD', 'access', '{}')`,
      world.company_id,
      world.festival.event_id,
      world.festival.adult,
      world.abroad.event_id,
    );
    for (const code of ['WRONG', 'ABROAD']) {
      const id = await opened();
      await applyCode(world.buyer(), id, code);
      expect(await reasonOf(addSaleDetails(world.buyer(), id, { items: hidden() }))).toBe(
        'access_code_required',
      );
    }
  });

  it('stack with promotions', async () => {
    const id = await opened();
    await applyCode(world.buyer(), id, 'SECRET');
    await addSaleDetails(world.buyer(), id, { items: hidden() });
    expect(await applyCode(world.buyer(), id, 'TENOFF')).toMatchObject({
      codes: ['SECRET', 'TENOFF'],
      totals: { discount: 100 },
    });
  });

  it('stay while tickets need them', async () => {
    const id = await opened();
    await applyCode(world.buyer(), id, 'SECRET');
    const [line] = await addSaleDetails(world.buyer(), id, { items: hidden() });
    const refusal = await refusalOf(removeCode(world.buyer(), id, 'SECRET'));
    expect(refusal).toMatchObject({ code: 'conflict', facts: { sale_detail_ids: [line?.id] } });
    await deleteSaleDetail(world.buyer(), id, line?.id as string);
    await removeCode(world.buyer(), id, 'SECRET');
    expect((await getCart(world.buyer(), id)).codes).toEqual([]);
    expect(await uses('SECRET')).toEqual({ held: 0, used: 0 });
  });
});

describe('taking a code off', () => {
  it('prices the cart as before and frees the use', async () => {
    const id = await opened(adults(2));
    const before = await getCart(world.buyer(), id);
    await applyCode(world.buyer(), id, 'TENOFF');
    await removeCode(world.buyer(), id, 'TenOff');
    const after = await getCart(world.buyer(), id);
    expect(after.totals).toEqual(before.totals);
    expect(after.sale_details.map((l) => l.price_trace)).toEqual(
      before.sale_details.map((l) => l.price_trace),
    );
    expect(await uses('TENOFF')).toEqual({ held: 0, used: 0 });
    expect((await applyCode(world.buyer(), id, 'TENOFF')).codes).toEqual(['TENOFF']);
    expect(await uses('TENOFF')).toEqual({ held: 1, used: 0 });
  });

  it('takes nothing off that is not there', async () => {
    const id = await opened(adults(1));
    expect(await codeOf(removeCode(world.buyer(), id, 'TENOFF'))).toBe('not_found');
    await applyCode(world.buyer(), id, 'TENOFF');
    await removeCode(world.buyer(), id, 'TENOFF');
    expect(await codeOf(removeCode(world.buyer(), id, 'TENOFF'))).toBe('not_found');
  });

  it('is not undone when the cart ends: an ended cart shows the codes that it ended with', async () => {
    const id = await opened(adults(1));
    await applyCode(world.buyer(), id, 'FIVER');
    await applyCode(world.buyer(), id, 'STACK');
    await removeCode(world.buyer(), id, 'FIVER');
    await world.lapse(id);
    expect(await getCart(world.buyer(), id)).toMatchObject({ status: 'expired', codes: ['STACK'] });
    await sweep(world.system);
    expect(await getCart(world.buyer(), id)).toMatchObject({ status: 'expired', codes: ['STACK'] });
    expect(await uses('STACK')).toEqual({ held: 0, used: 0 });
  });

  it('takes off both of two codes that differ in case alone', async () => {
    await world.sql(
      `INSERT INTO code (company_id, event_id, code, kind, value, stackable)
       VALUES ($1, $2, 'Twin', 'fixed', 100, true), ($1, $2, 'TWIN', 'fixed', 200, true)`,
      world.company_id,
      world.festival.event_id,
    );
    const id = await opened(adults(1));
    await applyCode(world.buyer(), id, 'twin');
    await removeCode(world.buyer(), id, 'twin');
    expect((await getCart(world.buyer(), id)).codes).toEqual([]);
  });
});

describe('carts that are not open', () => {
  it('take no code and let none go', async () => {
    const id = await opened(adults(1));
    await applyCode(world.buyer(), id, 'FIVER');
    await world.lapse(id);
    expect(await codeOf(applyCode(world.buyer(), id, 'STACK'))).toBe('cart_expired');
    expect(await codeOf(removeCode(world.buyer(), id, 'FIVER'))).toBe('cart_expired');
    const gone = await opened(adults(1));
    await cancelCart(world.buyer(), gone);
    expect(await codeOf(applyCode(world.buyer(), gone, 'FIVER'))).toBe('cart_not_open');
    expect(await codeOf(applyCode(world.buyer({ client_id: 'other' }), id, 'STACK'))).toBe('not_found');
  });
});
