import fc from 'fast-check';
import { expect, test } from 'vitest';
import { portion } from '../../../src/services/pricing/portion.ts';
import { priceCart, priceLine, priceOf } from '../../../src/services/pricing/price.ts';
import type { AppliedCode, PriceableLine } from '../../../src/services/pricing/types.ts';
import { anyCode, anyCodes, anyLine, terms, ticket } from './arbitraries.ts';

const RUNS = { numRuns: 1_000 };
const MAX = 2 ** 31 - 1;
const anyLines = fc.array(anyLine, { maxLength: 6 });

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

function check<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  property: (...values: Values) => void,
) {
  fc.assert(
    fc.property(fc.tuple<Values>(...arbitraries), (values) => property(...values)),
    RUNS,
  );
}

test('the totals are the sums of the lines, in their order', () => {
  check<[PriceableLine[], AppliedCode[]]>([anyLines, anyCodes], (lines, codes) => {
    const cart = priceCart(lines, codes);
    expect(cart.lines.map(({ id }) => id)).toEqual(lines.map(({ id }) => id));
    for (const part of ['discount', 'fee', 'tax', 'total'] as const) {
      expect(cart.totals[part]).toBe(sum(cart.lines.map((line) => line[part])));
    }
    expect(cart.totals.subtotal).toBe(
      sum(
        lines.map(({ terms, quantity, override }) => (override?.unit_price ?? terms.base_price) * quantity),
      ),
    );
  });
});

test('the trace adds up to the total, and so do the parts', () => {
  check<[PriceableLine, AppliedCode[]]>([anyLine, anyCodes], (line, codes) => {
    const price = priceLine(line, codes);
    const trace = (rule: string) => price.price_trace.filter((entry) => entry.rule === rule);
    const amounts = (rule: string) => sum(trace(rule).map(({ amount }) => amount));
    expect(sum(price.price_trace.map(({ amount }) => amount))).toBe(price.total);
    expect(amounts('base') + amounts('override')).toBe(price.unit_price * line.quantity);
    expect(amounts('code') + price.discount).toBe(0);
    expect(amounts('fee')).toBe(price.fee);
    expect(amounts('tax') + sum(trace('tax').map(({ included }) => included))).toBe(price.tax);
    const onTop = line.terms.tax_inclusive ? 0 : price.tax;
    expect(price.total).toBe(price.unit_price * line.quantity - price.discount + price.fee + onTop);
  });
});

test('nothing is negative or broken, and no discount is more than its line', () => {
  check<[PriceableLine, AppliedCode[]]>([anyLine, anyCodes], (line, codes) => {
    const { price_trace, ...parts } = priceLine(line, codes);
    for (const amount of Object.values(parts)) {
      expect(Number.isInteger(amount)).toBe(true);
      expect(Math.sign(amount)).not.toBe(-1);
      expect(Object.is(amount, -0)).toBe(false);
    }
    expect(parts.discount).toBeLessThanOrEqual(parts.unit_price * line.quantity);
    for (const { amount, included } of price_trace) {
      expect(Object.is(amount, -0) || Object.is(included, -0)).toBe(false);
    }
  });
});

test('one more code, wherever it is put, never raises the total of a line', () => {
  check<[PriceableLine, AppliedCode[], AppliedCode, number]>(
    [anyLine, anyCodes, anyCode, fc.nat(6)],
    (line, codes, extra, position) => {
      const more = codes.toSpliced(position, 0, { ...extra, id: 5_000 });
      expect(priceLine(line, more).total).toBeLessThanOrEqual(priceLine(line, codes).total);
    },
  );
});

test('the order of codes that do not stack means nothing', () => {
  const shuffled = anyCodes
    .map((codes) => codes.map((code) => ({ ...code, stackable: false })))
    .chain((codes) =>
      fc.tuple(
        fc.constant(codes),
        fc.shuffledSubarray(codes, { minLength: codes.length, maxLength: codes.length }),
      ),
    );
  check<[PriceableLine, [AppliedCode[], AppliedCode[]]]>([anyLine, shuffled], (line, [one, other]) => {
    expect(priceLine(line, other)).toEqual(priceLine(line, one));
  });
});

test('of codes that do not stack only one counts, and none alone would be better', () => {
  check<[PriceableLine, AppliedCode[]]>([anyLine, anyCodes], (line, codes) => {
    const rivals = codes.map((code) => ({ ...code, stackable: false }));
    const price = priceLine(line, rivals);
    expect(price.price_trace.filter(({ rule }) => rule === 'code').length).toBeLessThanOrEqual(1);
    const alone = rivals.map((code) => priceLine(line, [code]).total);
    expect(price.total).toBe(Math.min(priceLine(line, []).total, ...alone));
  });
});

test('pricing again gives the same and changes nothing that it was given', () => {
  check<[PriceableLine[], AppliedCode[]]>([anyLines, anyCodes], (lines, codes) => {
    const before = structuredClone({ lines, codes });
    const first = priceCart(lines, codes);
    expect(priceCart(lines, codes)).toEqual(first);
    expect({ lines, codes }).toEqual(before);
    // Locked terms are kept as JSON: coming back from the database, they price alike.
    expect(priceCart(JSON.parse(JSON.stringify(lines)), codes)).toEqual(first);
  });
});

test('a code of 100 % leaves nothing to pay for a ticket', () => {
  const full: AppliedCode = {
    id: 9_999,
    code: 'FREE',
    kind: 'percentage',
    value: 10_000,
    ticket_type_ids: [],
    stackable: false,
  };
  check<[PriceableLine, AppliedCode[], boolean]>(
    [anyLine, anyCodes, fc.boolean()],
    (line, codes, stackable) => {
      const free = priceLine({ ...line, kind: 'ticket' }, [...codes, { ...full, stackable }]);
      expect(free).toMatchObject({ fee: 0, tax: 0, total: 0, discount: free.unit_price * line.quantity });
    },
  );
});

test('codes change nothing for products and plans', () => {
  const notATicket = fc
    .tuple(anyLine, fc.constantFrom('product' as const, 'plan' as const))
    .map(([line, kind]) => ({ ...line, kind }));
  check<[PriceableLine, AppliedCode[]]>([notATicket, anyCodes], (line, codes) => {
    expect(priceLine(line, codes)).toEqual(priceLine(line, []));
  });
});

test('a line of n costs what n lines of one cost', () => {
  check<[PriceableLine, AppliedCode[]]>([anyLine, anyCodes], (line, codes) => {
    const one = priceLine({ ...line, quantity: 1 }, codes);
    const all = priceLine(line, codes);
    for (const part of ['discount', 'fee', 'tax', 'total'] as const) {
      expect(all[part]).toBe(one[part] * line.quantity);
    }
  });
});

test('the catalogue shows what a line without codes costs', () => {
  check<[PriceableLine]>([anyLine.map((line) => ({ ...line, override: null }))], (line) => {
    const { unit_price, fee, tax, total } = priceLine(line, []);
    const price = unit_price * line.quantity;
    expect(priceOf(line.terms, line.quantity)).toEqual({ price, fee, tax, total });
  });
});

test('a portion is the nearest whole number, halves up, for every size', () => {
  const amount = fc.oneof(fc.nat(50), fc.nat(MAX));
  const part = fc.oneof(fc.nat(10_000), fc.nat(MAX));
  check<[number, number, boolean]>([amount, part, fc.boolean()], (amount, part, inside) => {
    const whole = inside ? 10_000 + part : 10_000;
    const rounded = portion(amount, part, whole);
    // rounded - 1/2 <= amount * part / whole < rounded + 1/2, in integers of any size
    const exact = 2n * BigInt(amount) * BigInt(part);
    const [low, high] = [2n * BigInt(rounded) - 1n, 2n * BigInt(rounded) + 1n].map((n) => n * BigInt(whole));
    expect(low !== undefined && low <= exact).toBe(true);
    expect(high !== undefined && exact < high).toBe(true);
  });
});

test('a percentage code takes exactly its part of each unit, of large prices too', () => {
  check<[number, number, number]>(
    [fc.nat(MAX), fc.nat(10_000), fc.integer({ min: 1, max: 1_000 })],
    (price, value, quantity) => {
      const base_price = Math.floor(price / quantity);
      const code = {
        id: 1,
        code: 'PART',
        kind: 'percentage',
        value,
        ticket_type_ids: [],
        stackable: true,
      } as const;
      const line = priceLine(ticket({ quantity, terms: terms({ base_price }) }), [code]);
      const unit = (BigInt(base_price) * BigInt(value) + 5_000n) / 10_000n;
      expect(BigInt(line.discount)).toBe(unit * BigInt(quantity));
    },
  );
});

test('large values are priced exactly, or refused when an amount does not fit', () => {
  const amount = fc.oneof(fc.nat(100), fc.nat(MAX));
  const rate = fc.oneof(fc.nat(10_000), fc.nat(MAX));
  const large = fc.record({ base_price: amount, fee_fixed: amount, fee_rate: rate, tax_rate: rate });
  const quantity = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1_000 }));
  const line = fc
    .tuple(large, quantity, fc.boolean())
    .map(([values, quantity, tax_inclusive]) =>
      ticket({ quantity, terms: terms({ ...values, tax_inclusive }) }),
    );
  check<[PriceableLine]>([line], (line) => {
    const model = modelOf(line);
    if (Object.values(model).every((amount) => amount <= BigInt(MAX))) {
      const { fee, tax, total } = priceLine(line, []);
      expect({ fee: BigInt(fee), tax: BigInt(tax), total: BigInt(total) }).toEqual(model);
    } else {
      expect(() => priceLine(line, [])).toThrow(
        expect.objectContaining({ code: 'limit_exceeded', status: 409 }),
      );
    }
  });
});

/** The price of a line without codes or a fee of the interface, in integers of any size. */
function modelOf({ terms, quantity }: PriceableLine) {
  const [price, count] = [BigInt(terms.base_price), BigInt(quantity)];
  const halfUp = (dividend: bigint, divisor: bigint) => {
    const rest = dividend % divisor;
    return (dividend - rest) / divisor + (rest * 2n >= divisor ? 1n : 0n);
  };
  const rate = BigInt(terms.tax_rate);
  const fee = price === 0n ? 0n : BigInt(terms.fee_fixed) + halfUp(price * BigInt(terms.fee_rate), 10_000n);
  const tax = halfUp(price * rate, terms.tax_inclusive ? 10_000n + rate : 10_000n);
  const total = price + fee + (terms.tax_inclusive ? 0n : tax);
  return { fee: fee * count, tax: tax * count, total: total * count };
}
