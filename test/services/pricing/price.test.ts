import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { priceCart, priceLine, priceOf } from '../../../src/services/pricing/price.ts';
import { code, terms, ticket } from './arbitraries.ts';

const MAX = 2 ** 31 - 1;

describe('fees and tax', () => {
  test('the buyer pays the fixed parts, of the interface too, and the rate on the price', () => {
    const price = priceLine(
      ticket({ quantity: 3, terms: terms({ fee_fixed: 150, fee_rate: 250, extra_fee: 50 }) }),
      [],
    );
    expect(price).toEqual({
      unit_price: 10_000,
      discount: 0,
      fee: 1_350,
      tax: 0,
      total: 31_350,
      price_trace: [
        { rule: 'base', name: 'ticket_type 1', amount: 30_000, included: 0 },
        { rule: 'fee', name: 'fixed', amount: 450, included: 0 },
        { rule: 'fee', name: '2.5 %', amount: 750, included: 0 },
        { rule: 'fee', name: 'interface', amount: 150, included: 0 },
      ],
    });
  });

  test('a fee that the organiser bears is named and not charged', () => {
    const price = priceLine(ticket({ terms: terms({ fee_fixed: 150, fee_payer: 'organiser' }) }), []);
    expect(price).toMatchObject({ fee: 0, total: 10_000 });
    expect(price.price_trace.at(-1)).toEqual({ rule: 'fee', name: 'organiser', amount: 0, included: 0 });
  });

  test('the rate of the fee is of the discounted price', () => {
    expect(priceLine(ticket({ terms: terms({ fee_rate: 1_000 }) }), [code({ value: 5_000 })]).fee).toBe(500);
  });

  test.each([
    ['a base price of 0', ticket({ terms: terms({ base_price: 0, fee_fixed: 150, extra_fee: 50 }) }), []],
    ['a code of 100 %', ticket({ terms: terms({ fee_fixed: 150 }) }), [code({ value: 10_000 })]],
    [
      'a complimentary ticket',
      ticket({ terms: terms({ fee_fixed: 150 }), override: { unit_price: 0, reason: 'press' } }),
      [],
    ],
  ])('%s has no fee', (_, line, codes) => {
    const price = priceLine(line, codes);
    expect(price).toMatchObject({ fee: 0, tax: 0, total: 0 });
    expect(price.price_trace.at(-1)).toEqual({ rule: 'fee', name: 'waived', amount: 0, included: 0 });
  });

  test('exclusive tax comes on top of the discounted price, not of the fee', () => {
    const line = ticket({
      quantity: 2,
      terms: terms({ fee_fixed: 1_000, tax_rate: 2_100, tax_inclusive: false }),
    });
    const price = priceLine(line, [code({ value: 1_000 })]);
    expect(price).toMatchObject({ discount: 2_000, fee: 2_000, tax: 3_780, total: 23_780 });
    expect(price.price_trace.at(-1)).toEqual({ rule: 'tax', name: '21 %', amount: 3_780, included: 0 });
  });

  test('inclusive tax is the part inside the discounted price', () => {
    const price = priceLine(ticket({ terms: terms({ base_price: 12_100, tax_rate: 2_100 }) }), []);
    expect(price).toMatchObject({ tax: 2_100, total: 12_100 });
    expect(price.price_trace.at(-1)).toEqual({ rule: 'tax', name: '21 %', amount: 0, included: 2_100 });
  });

  test('halves round up, for each unit', () => {
    const line = ticket({ quantity: 3, terms: terms({ base_price: 5, fee_rate: 1_000 }) });
    expect(priceLine(line, []).fee).toBe(3); // 0.5 → 1, three times
    expect(priceLine({ ...line, terms: terms({ base_price: 4, fee_rate: 1_000 }) }, []).fee).toBe(0);
  });
});

describe('codes', () => {
  test('of codes that do not stack the best for the buyer counts, line by line', () => {
    const tenth = code({ value: 1_000 });
    const five = code({ kind: 'fixed', value: 500 });
    const cheap = ticket({ id: 'cheap', terms: terms({ base_price: 2_000 }) });
    const { lines, totals } = priceCart([ticket(), cheap], [tenth, five]);
    expect(lines.map(({ id, discount }) => [id, discount])).toEqual([
      ['a', 1_000],
      ['cheap', 500],
    ]);
    expect(totals).toEqual({ subtotal: 12_000, discount: 1_500, fee: 0, tax: 0, total: 10_500 });
  });

  test('stackable ones come after it, in the order of application', () => {
    const half = code({ value: 5_000 });
    const tenth = code({ value: 1_000, stackable: true });
    const five = code({ kind: 'fixed', value: 500, stackable: true });
    const amounts = (codes: (typeof half)[]) =>
      priceLine(ticket(), codes).price_trace.map(({ name, amount }) => [name, amount]);
    expect(amounts([tenth, half, five])).toEqual([
      ['ticket_type 1', 10_000],
      [half.code, -5_000],
      [tenth.code, -500],
      [five.code, -500],
    ]);
    expect(amounts([five, tenth, half]).slice(2)).toEqual([
      [five.code, -500],
      [tenth.code, -450],
    ]);
  });

  test('a code that overrides the price is a discount, and only when it is lower', () => {
    const member = code({ kind: 'price_override', value: 7_000 });
    expect(priceLine(ticket(), [member])).toMatchObject({
      unit_price: 10_000,
      discount: 3_000,
      total: 7_000,
    });
    const cheap = ticket({ terms: terms({ base_price: 6_000 }) });
    expect(priceLine(cheap, [member])).toMatchObject({ unit_price: 6_000, discount: 0, total: 6_000 });
  });

  test('a stackable price override comes before what reduces a price, whenever it was applied', () => {
    const half = code({ value: 5_000, stackable: true });
    const member = code({ kind: 'price_override', value: 7_000, stackable: true });
    expect(priceLine(ticket(), [half, member]).total).toBe(3_500);
    expect(priceLine(ticket(), [member, half]).total).toBe(3_500);
  });

  test('codes are for tickets of their types only', () => {
    const forTwo = code({ ticket_type_ids: [2, 3] });
    const forAll = code();
    expect(priceLine(ticket({ ticket_type_id: 1 }), [forTwo]).discount).toBe(0);
    expect(priceLine(ticket({ ticket_type_id: 2 }), [forTwo]).discount).toBe(1_000);
    expect(priceLine(ticket({ kind: 'product', ticket_type_id: null }), [forAll]).discount).toBe(0);
    expect(priceLine(ticket({ kind: 'plan', ticket_type_id: null }), [forAll]).discount).toBe(0);
  });

  test('the best code is judged on the price that a stackable price override leaves', () => {
    const member = code({ kind: 'price_override', value: 1_000, stackable: true });
    const half = code({ value: 5_000 });
    const six = code({ kind: 'fixed', value: 600 });
    expect(priceLine(ticket(), [half, six]).total).toBe(5_000);
    expect(priceLine(ticket(), [half, six, member]).total).toBe(400);
  });

  test.each([
    ['a fixed code', code({ kind: 'fixed', value: 99_999 })],
    ['a percentage above 100 %', code({ value: 20_000 })],
  ])('%s never takes more than the price', (_, generous) => {
    expect(priceLine(ticket({ quantity: 2 }), [generous])).toMatchObject({ discount: 20_000, total: 0 });
  });

  test('an access code leaves the price and the other codes alone', () => {
    const access = code({ kind: 'access', value: 0 });
    const tenth = code({ value: 1_000 });
    expect(priceLine(ticket(), [access, tenth])).toEqual(priceLine(ticket(), [tenth]));
  });

  test('of equals the lowest id is named, whatever the order', () => {
    const [first, second] = [code({ id: 4 }), code({ id: 11 })];
    expect(priceLine(ticket(), [second, first])).toEqual(priceLine(ticket(), [first, second]));
    expect(priceLine(ticket(), [second, first]).price_trace[1]?.name).toBe(first.code);
  });
});

describe('override of a seller', () => {
  test('replaces the unit price, up or down, and gives its reason; codes go on from it', () => {
    const override = { unit_price: 12_000, reason: 'better view' };
    expect(priceLine(ticket({ quantity: 2, override }), [code({ value: 5_000 })])).toEqual({
      unit_price: 12_000,
      discount: 12_000,
      fee: 0,
      tax: 0,
      total: 12_000,
      price_trace: [
        { rule: 'base', name: 'ticket_type 1', amount: 20_000, included: 0 },
        { rule: 'override', name: 'better view', amount: 4_000, included: 0 },
        { rule: 'code', name: expect.any(String), amount: -12_000, included: 0 },
      ],
    });
    expect(priceLine(ticket({ override: { unit_price: 1, reason: 'staff' } }), []).total).toBe(1);
  });
});

describe('limits', () => {
  const refused = (work: () => unknown) => {
    expect(work).toThrow(AppError);
    expect(work).toThrow(expect.objectContaining({ code: 'limit_exceeded', facts: { limit: MAX } }));
  };

  test('the largest amount passes, one more does not', () => {
    expect(priceLine(ticket({ terms: terms({ base_price: MAX }) }), []).total).toBe(MAX);
    refused(() => priceLine(ticket({ terms: terms({ base_price: MAX, fee_fixed: 1 }) }), []));
    refused(() => priceLine(ticket({ quantity: 1_000, terms: terms({ base_price: MAX }) }), []));
  });

  test('a discount does not hide a subtotal that is too large', () => {
    const line = ticket({ quantity: 2, terms: terms({ base_price: 1_200_000_000 }) });
    refused(() => priceLine(line, [code({ value: 5_000 })]));
  });

  test('the lines of a cart are within the limit together', () => {
    const most = ticket({ terms: terms({ base_price: MAX - 1 }) });
    const one = ticket({ id: 'b', terms: terms({ base_price: 1 }) });
    expect(priceCart([most, one], []).totals.total).toBe(MAX);
    refused(() => priceCart([most, one, one], []));
  });

  test('an empty cart costs nothing', () => {
    expect(priceCart([], [code()])).toEqual({
      lines: [],
      totals: { subtotal: 0, discount: 0, fee: 0, tax: 0, total: 0 },
    });
  });
});

describe('price of the catalogue', () => {
  test('shows the parts of one', () => {
    const offer = terms({ fee_fixed: 150, fee_rate: 250, tax_rate: 2_100, tax_inclusive: false });
    expect(priceOf(offer)).toEqual({ price: 10_000, fee: 400, tax: 2_100, total: 12_500 });
    expect(priceOf(offer, 2)).toEqual({ price: 20_000, fee: 800, tax: 4_200, total: 25_000 });
  });

  test('does not fail on a price that nobody could pay', () => {
    expect(priceOf(terms({ base_price: MAX, fee_fixed: MAX })).total).toBe(2 * MAX);
  });
});
