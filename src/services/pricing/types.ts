/**
 * What a held line locks of its price: everything needed to price it again, whatever the catalogue says by then.
 * Amounts are minor units of ONE ticket or product, 0 to 2^31-1; rates are hundredths of a percent (750 = 7.5 %).
 */
export interface PriceTerms {
  base_price: number;
  fee_fixed: number;
  /** Part of the price after discounts. */
  fee_rate: number;
  fee_payer: 'buyer' | 'organiser';
  tax_rate: number;
  /** The tax is inside the price; otherwise it comes on top. */
  tax_inclusive: boolean;
  /** What the interface adds to the fee of one; 0 where it adds nothing. */
  extra_fee: number;
  /** What made the base price: `ticket_type 12`, `price_phase early bird`. */
  rule: string;
  /** The quantity rules of its event that are about its type; absent where there are none. */
  rules?: readonly QuantityRule[];
  /** What a subscription of the buyer takes off, in hundredths of a percent, before any code. */
  benefit?: { rate: number; plan: string };
}

/** What a group of tickets costs together. */
export interface QuantityRule {
  id: number;
  name: string;
  /** Rules of lower position come first. */
  position: number;
  definition: QuantityRuleDefinition;
}

/**
 * multi_buy: of each `take` tickets the `pay` dearest are paid for. bundle: so many of each type for `price`, in minor
 * units. volume: from so many tickets on, `rate` off each, in hundredths of a percent.
 * Empty `ticket_type_ids`: every type of the event.
 */
export type QuantityRuleDefinition =
  | { kind: 'multi_buy'; ticket_type_ids: readonly number[]; take: number; pay: number }
  | {
      kind: 'bundle';
      parts: readonly { ticket_type_id: number; quantity: number }[];
      price: number;
    }
  | { kind: 'volume'; ticket_type_ids: readonly number[]; from: number; rate: number };

export type CodeKind = 'percentage' | 'fixed' | 'price_override' | 'access';

/** A code on a cart. */
export interface AppliedCode {
  id: number;
  code: string;
  kind: CodeKind;
  /** percentage: hundredths of a percent; fixed and price_override: minor units of each ticket; access: 0. */
  value: number;
  /** Empty: every ticket type. */
  ticket_type_ids: readonly number[];
  stackable: boolean;
}

/** The price of one that a seller set by hand, and why. */
export interface PriceOverride {
  unit_price: number;
  reason: string;
}

/** A line of a cart as pricing sees it. */
export interface PriceableLine {
  id: string;
  kind: 'ticket' | 'product' | 'plan';
  ticket_type_id: number | null;
  /** 1 to 1000. */
  quantity: number;
  terms: PriceTerms;
  override?: PriceOverride | null;
}

/** One rule that made a price. The `amount`s of all entries of a line add up to its total. */
export interface TraceEntry {
  rule: 'base' | 'override' | 'quantity' | 'benefit' | 'code' | 'fee' | 'tax';
  /** Which one: the locked rule, the seller's reason, the quantity rule, the plan, the code, the kind of fee, the rate of the tax. */
  name: string;
  /** What it adds to the total of the line, signed, in minor units. */
  amount: number;
  /** Minor units that it puts inside the price instead of on top of it (inclusive tax); else 0. */
  included: number;
}

/** The parts of a price without codes, as the catalogue shows them. */
export interface CataloguePrice {
  price: number;
  fee: number;
  tax: number;
  total: number;
}

/** The price of a line: `unit_price` of one, all else of the whole line; minor units. */
export interface LinePrice {
  unit_price: number;
  discount: number;
  fee: number;
  tax: number;
  total: number;
  price_trace: TraceEntry[];
}

/** Sums over the lines of a cart, in minor units; `subtotal` is unit price times quantity, before discounts. */
export interface CartTotals {
  subtotal: number;
  discount: number;
  fee: number;
  tax: number;
  total: number;
}

export interface CartPrice {
  /** In the order of the lines given. */
  lines: (LinePrice & { id: string })[];
  totals: CartTotals;
}
