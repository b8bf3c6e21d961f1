import type { PriceTerms } from '../pricing/types.ts';

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
  name: string;
  price: number;
  starts_at: Date | null;
  ends_at: Date | null;
}

/**
 * The price of one ticket at a moment: that of the first phase that runs, else the type's own.
 * @param extra_fee what the interface adds to the fee, minor units
 */
export function ticketTerms(
  type: Priced & { phases: readonly Phase[] },
  extra_fee: number,
  now: Date,
): PriceTerms {
  const phase = type.phases.find(
    (p) => (!p.starts_at || p.starts_at <= now) && (!p.ends_at || p.ends_at > now),
  );
  return phase
    ? termsOf(type, `price_phase ${phase.name}`, phase.price, extra_fee)
    : termsOf(type, `ticket_type ${type.name}`, type.price, extra_fee);
}

/** The price of one product; interfaces add no fee to products. */
export const productTerms = (product: Priced): PriceTerms =>
  termsOf(product, `product ${product.name}`, product.price, 0);

function termsOf(thing: Priced, rule: string, base_price: number, extra_fee: number): PriceTerms {
  const { fee_fixed, fee_rate, fee_payer, tax_rate, tax_inclusive } = thing;
  return { base_price, fee_fixed, fee_rate, fee_payer, tax_rate, tax_inclusive, extra_fee, rule };
}
