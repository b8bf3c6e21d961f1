import type { PriceTerms, QuantityRule } from '../pricing/types.ts';

/** What of a ticket type or product makes its price. */
export interface Priced {
  name: string;
  price: number;
  fee_fixed: number;
  fee_rate: number;
  fee_payer: 'buyer' | 'organiser';
  tax_rate: number;
  tax_inclusive: boolean;
}

export interface Phase {
  id: number;
  name: string;
  price: number;
  starts_at: Date | null;
  ends_at: Date | null;
  /** Over once so many tickets of the type are held or sold. */
  until_sold: number | null;
}

interface PricedType extends Priced {
  /** In order: the first one that runs counts. */
  phases: readonly Phase[];
  rules?: readonly QuantityRule[];
}

/** Does the price of a type depend on how many of it are sold? */
export const isCounted = (type: { phases: readonly Pick<Phase, 'until_sold'>[] }): boolean =>
  type.phases.some((phase) => phase.until_sold !== null);

/**
 * The first phase that runs.
 * @param sold tickets of the type that are held or sold before the one to be priced
 */
export const phaseAt = (
  { phases }: { phases: readonly Phase[] },
  now: Date,
  sold: number,
): Phase | undefined =>
  phases.find(
    (p) =>
      (!p.starts_at || p.starts_at <= now) &&
      (!p.ends_at || p.ends_at > now) &&
      (p.until_sold === null || sold < p.until_sold),
  );

/**
 * The price of one ticket at a moment: that of the first phase that runs, else the type's own.
 * @param extra_fee what the interface adds to the fee, minor units
 * @param sold tickets of the type that are held or sold; asked for by phases until a number is sold
 */
export function ticketTerms(type: PricedType, extra_fee: number, now: Date, sold = 0): PriceTerms {
  const phase = phaseAt(type, now, sold);
  const terms = phase
    ? termsOf(type, `price_phase ${phase.name}`, phase.price, extra_fee)
    : termsOf(type, `ticket_type ${type.name}`, type.price, extra_fee);
  return type.rules?.length ? { ...terms, rules: type.rules } : terms;
}

/** The price of one product; interfaces add no fee to products. */
export const productTerms = (product: Priced): PriceTerms =>
  termsOf(product, `product ${product.name}`, product.price, 0);

function termsOf(thing: Priced, rule: string, base_price: number, extra_fee: number): PriceTerms {
  const { fee_fixed, fee_rate, fee_payer, tax_rate, tax_inclusive } = thing;
  return { base_price, fee_fixed, fee_rate, fee_payer, tax_rate, tax_inclusive, extra_fee, rule };
}
