import { portion } from './portion.ts';
import type { AppliedCode, PriceableLine } from './types.ts';

/** What one code takes off the price of one ticket, in minor units. */
export interface Reduction {
  code: AppliedCode;
  amount: number;
}

/** Whether a code is meant for a line at all: codes are for tickets, of their ticket types. */
export function appliesTo(code: AppliedCode, line: Pick<PriceableLine, 'kind' | 'ticket_type_id'>): boolean {
  if (line.kind !== 'ticket' || line.ticket_type_id === null) return false;
  return code.ticket_type_ids.length === 0 || code.ticket_type_ids.includes(line.ticket_type_id);
}

/**
 * What the codes take off one ticket, in the order in which they take it; codes that take nothing are left out.
 *
 * First stackable price overrides (they are a price; the others reduce a price), then of the codes that do not stack
 * the one best for the buyer (the lowest id of equals, so that the order of application never matters), then the other
 * stackable ones as they were applied, each from what the earlier ones left. No step raises the price or lets a
 * higher price come out lower, so one more code never makes a ticket dearer.
 * @param price minor units of one ticket
 * @param codes those that apply to the line, in order of application
 */
export function reductions(price: number, codes: readonly AppliedCode[]): Reduction[] {
  const taken: Reduction[] = [];
  let left = price;
  const take = (code: AppliedCode) => {
    const amount = left - priceWith(code, left);
    if (amount === 0) return;
    taken.push({ code, amount });
    left -= amount;
  };

  const stackable = codes.filter((code) => code.stackable);
  for (const code of stackable) if (code.kind === 'price_override') take(code);
  const best = bestOf(
    codes.filter((code) => !code.stackable),
    left,
  );
  if (best) take(best);
  for (const code of stackable) if (code.kind !== 'price_override') take(code);
  return taken;
}

function bestOf(codes: readonly AppliedCode[], price: number): AppliedCode | undefined {
  const order = (a: AppliedCode, b: AppliedCode) => priceWith(a, price) - priceWith(b, price) || a.id - b.id;
  return codes.toSorted(order)[0];
}

/** The price of one ticket with one code: between 0 and the price without it. */
function priceWith(code: AppliedCode, price: number): number {
  switch (code.kind) {
    case 'percentage':
      return Math.max(0, price - portion(price, code.value));
    case 'fixed':
      return Math.max(0, price - code.value);
    case 'price_override':
      return Math.min(price, code.value);
    case 'access':
      return price;
  }
}
