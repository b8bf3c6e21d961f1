import fc from 'fast-check';
import type {
  AppliedCode,
  PriceableLine,
  PriceOverride,
  PriceTerms,
} from '../../../src/services/pricing/types.ts';

/** Terms without fee or tax of a ticket of 100.00, changed as the test needs. */
export const terms = (changes: Partial<PriceTerms> = {}): PriceTerms => ({
  base_price: 10_000,
  fee_fixed: 0,
  fee_rate: 0,
  fee_payer: 'buyer',
  tax_rate: 0,
  tax_inclusive: true,
  extra_fee: 0,
  rule: 'ticket_type 1',
  ...changes,
});

export const ticket = (changes: Partial<PriceableLine> = {}): PriceableLine => ({
  id: 'a',
  kind: 'ticket',
  ticket_type_id: 1,
  quantity: 1,
  terms: terms(),
  ...changes,
});

let lastId = 0;
export const code = (changes: Partial<AppliedCode> = {}): AppliedCode => {
  lastId += 1;
  return {
    id: lastId,
    code: `CODE${lastId}`,
    kind: 'percentage',
    value: 1_000,
    ticket_type_ids: [],
    stackable: false,
    ...changes,
  };
};

/** Small odd amounts, where rounding shows, and ordinary ones. */
const anyPrice = fc.oneof(fc.nat(30), fc.nat(200_000));
const anyRate = fc.oneof(fc.constant(0), fc.nat(10_000));

const anyTerms: fc.Arbitrary<PriceTerms> = fc.record({
  base_price: anyPrice,
  fee_fixed: fc.nat(500),
  fee_rate: anyRate,
  fee_payer: fc.constantFrom('buyer', 'organiser'),
  tax_rate: anyRate,
  tax_inclusive: fc.boolean(),
  extra_fee: fc.nat(300),
  rule: fc.constantFrom('ticket_type 1', 'price_phase early bird'),
});

const anyOverride: fc.Arbitrary<PriceOverride | null> = fc.option(
  fc.record({ unit_price: anyPrice, reason: fc.constant('press') }),
);

export const anyLine: fc.Arbitrary<PriceableLine> = fc.record({
  id: fc.uuid(),
  kind: fc.constantFrom('ticket', 'ticket', 'ticket', 'product', 'plan'),
  ticket_type_id: fc.constantFrom(1, 2, 3),
  quantity: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 100 })),
  terms: anyTerms,
  override: anyOverride,
});

const anyCodeBody = fc.oneof(
  fc.record({ kind: fc.constant('percentage' as const), value: fc.nat(10_000) }),
  fc.record({ kind: fc.constantFrom('fixed' as const, 'price_override' as const), value: anyPrice }),
  fc.record({ kind: fc.constant('access' as const), value: fc.constant(0) }),
);

/** A list of codes, each with its own id. */
export const anyCodes: fc.Arbitrary<AppliedCode[]> = fc.uniqueArray(
  fc
    .tuple(
      anyCodeBody,
      fc.record({
        id: fc.integer({ min: 1, max: 1_000 }),
        ticket_type_ids: fc.subarray([1, 2, 3]),
        stackable: fc.boolean(),
      }),
    )
    .map(([body, rest]) => ({ ...body, ...rest, code: `CODE${rest.id}` })),
  { maxLength: 6, selector: ({ id }) => id },
);

export const anyCode = anyCodes.filter((codes) => codes.length > 0).map((codes) => codes[0] as AppliedCode);
