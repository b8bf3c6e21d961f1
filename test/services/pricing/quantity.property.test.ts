import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceCart } from '../../../src/services/pricing/price.ts';
import { quantityDiscounts, type Unit } from '../../../src/services/pricing/quantity.ts';
import type { QuantityRule, QuantityRuleDefinition } from '../../../src/services/pricing/types.ts';
import { anyCodes, terms, ticket } from './arbitraries.ts';

const anyDefinition: fc.Arbitrary<QuantityRuleDefinition> = fc.oneof(
  fc
    .record({ types: fc.subarray([1, 2, 3]), take: fc.integer({ min: 2, max: 4 }), pay: fc.nat(3) })
    .map(({ types, take, pay }) => ({
      ...{ kind: 'multi_buy', ticket_type_ids: types, take, pay: Math.min(pay, take - 1) },
    })) as fc.Arbitrary<QuantityRuleDefinition>,
  fc
    .record({ types: fc.subarray([1, 2, 3], { minLength: 1 }), price: fc.nat(3_000) })
    .map(({ types, price }) => ({
      ...{
        kind: 'bundle',
        parts: types.map((ticket_type_id, i) => ({ ticket_type_id, quantity: i + 1 })),
        price,
      },
    })) as fc.Arbitrary<QuantityRuleDefinition>,
  fc
    .record({ types: fc.subarray([1, 2, 3]), from: fc.integer({ min: 1, max: 5 }), rate: fc.nat(10_000) })
    .map(({ types, from, rate }) => ({
      ...{ kind: 'volume', ticket_type_ids: types, from, rate },
    })) as fc.Arbitrary<QuantityRuleDefinition>,
);
const anyRules: fc.Arbitrary<QuantityRule[]> = fc
  .array(anyDefinition, { maxLength: 3 })
  .map((all) => all.map((definition, i) => ({ id: i + 1, name: `rule ${i}`, position: i % 2, definition })));

const anyUnits: fc.Arbitrary<Unit[]> = fc
  .tuple(anyRules, fc.array(fc.tuple(fc.constantFrom(1, 2, 3), fc.nat(2_000)), { maxLength: 12 }))
  .map(([rules, all]) =>
    all.map(([ticket_type_id, price], i) => ({
      id: `unit ${i}`,
      ticket_type_id,
      price,
      rules: about(rules, ticket_type_id),
    })),
  );
const about = (rules: QuantityRule[], type: number) =>
  rules.filter(({ definition: d }) =>
    d.kind === 'bundle'
      ? d.parts.some((part) => part.ticket_type_id === type)
      : !d.ticket_type_ids.length || d.ticket_type_ids.includes(type),
  );

const lineOf = ({ id, ticket_type_id, price, rules }: Unit) =>
  ticket({ id, ticket_type_id, terms: terms({ base_price: price, rules }) });

describe('whatever the rules and tickets', () => {
  it('no discount is negative or above its ticket, and the order of the tickets does not matter', () => {
    fc.assert(
      fc.property(anyUnits, (units) => {
        const discounts = quantityDiscounts(units);
        for (const unit of units) {
          const amount = discounts.get(unit.id)?.amount ?? 1;
          expect(amount).toBeGreaterThan(0);
          if (discounts.has(unit.id)) expect(amount).toBeLessThanOrEqual(unit.price);
        }
        expect(new Map(quantityDiscounts(units.toReversed()))).toEqual(discounts);
      }),
    );
  });

  it('the trace of each line adds up to its total, and codes never make it dearer', () => {
    fc.assert(
      fc.property(anyUnits, anyCodes, (units, codes) => {
        const cart = priceCart(units.map(lineOf), codes);
        for (const line of cart.lines) {
          expect(line.price_trace.reduce((n, { amount }) => n + amount, 0)).toBe(line.total);
          expect(line.total).toBeGreaterThanOrEqual(0);
        }
        expect(cart.totals.total).toBeLessThanOrEqual(priceCart(units.map(lineOf), []).totals.total);
      }),
    );
  });

  it('a group of a bundle costs its price exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(999), { minLength: 3, maxLength: 3 }), fc.nat(900), (prices, price) => {
        const definition = { kind: 'bundle', parts: [{ ticket_type_id: 1, quantity: 3 }], price } as const;
        const rules = [{ id: 1, name: 'three', position: 0, definition }];
        const units = prices.map((p, i) => ({ id: `${i}`, ticket_type_id: 1, price: p, rules }));
        const { totals } = priceCart(units.map(lineOf), []);
        expect(totals.total).toBe(Math.min(price, totals.subtotal));
      }),
    );
  });

  it('of each three the cheapest is free, and groups are made of the dearest first', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { maxLength: 10 }), (prices) => {
        const definition = { kind: 'multi_buy', ticket_type_ids: [], take: 3, pay: 2 } as const;
        const rules = [{ id: 1, name: '3 for 2', position: 0, definition }];
        const units = prices.map((price, i) => ({ id: `${i}`, ticket_type_id: 1, price, rules }));
        const free = prices.toSorted((a, b) => b - a).filter((_, i) => i % 3 === 2);
        const { totals } = priceCart(units.map(lineOf), []);
        expect(totals.discount).toBe(free.reduce((a, b) => a + b, 0));
      }),
    );
  });
});

it('a rule that changed does not count tickets that locked its older self', () => {
  const rule = (take: number): QuantityRule => ({
    ...{ id: 1, name: '2 for 1', position: 0 },
    definition: { kind: 'multi_buy', ticket_type_ids: [], take, pay: 1 },
  });
  const unit = (id: string, take: number) => ({ id, ticket_type_id: 1, price: 100, rules: [rule(take)] });
  expect(quantityDiscounts([unit('a', 2), unit('b', 3)])).toEqual(new Map());
  expect([...quantityDiscounts([unit('a', 2), unit('b', 3), unit('c', 2)]).keys()]).toEqual(['a', 'c']);
});
