import { AppError } from '../../errors.ts';
import { MAX_INT } from '../../schemas/common.ts';
import { appliesTo, reductions } from './codes.ts';
import { percent, portion, WHOLE } from './portion.ts';
import { type GroupDiscount, quantityDiscounts } from './quantity.ts';
import type {
  AppliedCode,
  CartPrice,
  CartTotals,
  CataloguePrice,
  LinePrice,
  PriceableLine,
  PriceTerms,
  TraceEntry,
} from './types.ts';

/**
 * The price without codes, for the catalogue. It refuses nothing, so that one absurd price cannot break a list.
 * @param quantity 1 to 1000
 */
export function priceOf(terms: PriceTerms, quantity = 1): CataloguePrice {
  const charges = chargesOn(terms, terms.base_price, quantity);
  return totalled(terms.base_price * quantity, charges);
}

/**
 * Prices one line. Every part is rounded for one unit and then multiplied, so a line of three costs what three lines
 * of one cost, and a part of a line can be given back exactly.
 *
 * - `unit_price`: the seller's override, else the locked base price. Benefits of a subscription and codes never change
 *   it: what they take off, a price override too, is `discount`. A seller's price is not reduced by a subscription.
 * - Quantity rules come first, then benefits, then codes: each reduces what the one before leaves.
 * - `fee`: the fixed parts plus the rate on the discounted price; 0 when the organiser bears it, and waived when
 *   nothing is left to pay (a base price of 0 or codes worth the whole price).
 * - `tax`: on the discounted price alone, not on the fee. Inclusive tax is shown and not added.
 * - `total` = unit_price × quantity − discount + fee + exclusive tax = the sum of the trace.
 * @param codes those of the cart, in order of application; the ones meant for other lines are passed over
 * @param group what a quantity rule takes off this one for the company it is in
 * @throws AppError limit_exceeded when an amount is more than 2^31-1
 */
export function priceLine(
  line: PriceableLine,
  codes: readonly AppliedCode[],
  group?: GroupDiscount,
): LinePrice {
  const { terms, quantity, override } = line;
  const unit_price = override ? override.unit_price : terms.base_price;
  const trace = [entry('base', terms.rule, terms.base_price * quantity)];
  if (override) trace.push(entry('override', override.reason, (unit_price - terms.base_price) * quantity));

  let price = unit_price;
  if (group) {
    price -= group.amount;
    trace.push(entry('quantity', group.rule, -group.amount));
  }
  if (terms.benefit && !override) {
    const off = portion(price, terms.benefit.rate);
    price -= off;
    if (off) trace.push(entry('benefit', terms.benefit.plan, -off * quantity));
  }
  const applicable = codes.filter((code) => appliesTo(code, line));
  for (const { code, amount } of reductions(price, applicable)) {
    price -= amount;
    trace.push(entry('code', code.code, -amount * quantity));
  }

  const charges = chargesOn(terms, price, quantity);
  const { fee, tax, total } = totalled(price * quantity, charges);
  const discount = (unit_price - price) * quantity;
  assertWithinLimit({ subtotal: unit_price * quantity, discount, fee, tax, total });
  return { unit_price, discount, fee, tax, total, price_trace: [...trace, ...charges] };
}

/**
 * Prices every line of a cart and adds them up.
 * @param codes those applied to the cart, in order of application
 * @throws AppError limit_exceeded when an amount of a line or of the cart is more than 2^31-1
 */
export function priceCart(lines: readonly PriceableLine[], codes: readonly AppliedCode[]): CartPrice {
  const totals: CartTotals = { subtotal: 0, discount: 0, fee: 0, tax: 0, total: 0 };
  const groups = groupDiscounts(lines);
  const priced = lines.map((line) => {
    const price = priceLine(line, codes, groups?.get(line.id));
    totals.subtotal += price.unit_price * line.quantity;
    totals.discount += price.discount;
    totals.fee += price.fee;
    totals.tax += price.tax;
    totals.total += price.total;
    return { id: line.id, ...price };
  });
  assertWithinLimit(totals);
  return { lines: priced, totals };
}

/** What quantity rules take off the lines of a cart. A line of several tickets keeps no company. */
function groupDiscounts(lines: readonly PriceableLine[]): Map<string, GroupDiscount> | undefined {
  if (!lines.some((line) => line.terms.rules?.length)) return undefined;
  return quantityDiscounts(
    lines.flatMap(({ id, kind, ticket_type_id, quantity, terms, override }) =>
      kind === 'ticket' && ticket_type_id !== null && quantity === 1 && terms.rules?.length
        ? [{ id, ticket_type_id, price: override?.unit_price ?? terms.base_price, rules: terms.rules }]
        : [],
    ),
  );
}

/** Fees and tax of a line, from the price of one after discounts. */
function chargesOn(terms: PriceTerms, price: number, quantity: number): TraceEntry[] {
  return [...feesOn(terms, price, quantity), ...taxOn(terms, price, quantity)];
}

function feesOn(terms: PriceTerms, price: number, quantity: number): TraceEntry[] {
  const parts = [
    entry('fee', 'fixed', terms.fee_fixed * quantity),
    entry('fee', percent(terms.fee_rate), portion(price, terms.fee_rate) * quantity),
    entry('fee', 'interface', terms.extra_fee * quantity),
  ].filter(({ amount }) => amount > 0);
  if (parts.length === 0) return [];
  // Named without its amount: what the organiser pays is not the buyer's to see.
  if (terms.fee_payer === 'organiser') return [entry('fee', 'organiser', 0)];
  if (price === 0) return [entry('fee', 'waived', 0)];
  return parts;
}

function taxOn(terms: PriceTerms, price: number, quantity: number): TraceEntry[] {
  const { tax_rate, tax_inclusive } = terms;
  const amount = portion(price, tax_rate, tax_inclusive ? WHOLE + tax_rate : WHOLE) * quantity;
  if (amount === 0) return [];
  return [
    tax_inclusive ? entry('tax', percent(tax_rate), 0, amount) : entry('tax', percent(tax_rate), amount),
  ];
}

function entry(rule: TraceEntry['rule'], name: string, amount: number, included = 0): TraceEntry {
  return { rule, name, amount, included };
}

function totalled(price: number, charges: readonly TraceEntry[]): CataloguePrice {
  const parts = { price, fee: 0, tax: 0, total: price };
  for (const { rule, amount, included } of charges) {
    if (rule === 'fee') parts.fee += amount;
    else parts.tax += amount + included;
    parts.total += amount;
  }
  return parts;
}

/** The totals of two parts of a cart together. */
export const addTotals = (a: CartTotals, b: CartTotals): CartTotals => ({
  subtotal: a.subtotal + b.subtotal,
  discount: a.discount + b.discount,
  fee: a.fee + b.fee,
  tax: a.tax + b.tax,
  total: a.total + b.total,
});

/** What is left of totals without a part of them; every part of the result may be negative. */
export const lessTotals = (a: CartTotals, b: CartTotals): CartTotals => ({
  subtotal: a.subtotal - b.subtotal,
  discount: a.discount - b.discount,
  fee: a.fee - b.fee,
  tax: a.tax - b.tax,
  total: a.total - b.total,
});

/** @throws AppError limit_exceeded when an amount is more than 2^31-1 */
export function assertWithinLimit(totals: CartTotals): void {
  if (Object.values(totals).every((amount) => amount <= MAX_INT)) return;
  throw new AppError('limit_exceeded', 'The amount is too large for one cart: buy in several.', {
    limit: MAX_INT,
  });
}
