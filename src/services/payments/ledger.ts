import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { uuidv7 } from '../../uuid.ts';
import type { StockLine } from '../inventory/stock.ts';

/**
 * A line of the books. Amounts of sales and payments are positive, those of refunds (money) and reversals (sales) are
 * negative: per cart, sales and reversals add up to what payments and refunds do.
 */
export interface Entry {
  kind: 'sale' | 'payment' | 'refund' | 'reversal';
  cart_id: string;
  interface_id: number;
  currency: string;
  amount: number;
  sale_detail_id?: string;
  payment_id?: string;
  refund_id?: string;
  exchange_id?: string | undefined;
  event_id?: number | null;
  ticket_type_id?: number | null;
  product_id?: number | null;
  section_id?: number | null;
  quantity?: number;
  discount?: number;
  fee?: number;
  tax?: number;
}

/** What of a line's price the books keep. */
export interface Priced {
  total: number;
  discount: number;
  fee: number;
  tax: number;
}

const ENTER = statement(
  'ledger_enter',
  `INSERT INTO ledger_entry (company_id, id, kind, cart_id, interface_id, currency, amount, sale_detail_id, payment_id,
     refund_id, exchange_id, event_id, ticket_type_id, product_id, section_id, quantity, discount, fee, tax)
   SELECT $1, r.*
   FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::text[], $7::int[], $8::uuid[], $9::uuid[],
     $10::uuid[], $11::uuid[], $12::int[], $13::int[], $14::int[], $15::int[], $16::int[], $17::int[], $18::int[],
     $19::int[]) AS r`,
);

/** Writes the books, in the transaction of what they tell. Nothing in them is ever changed. */
export async function enter(tx: Tx, company_id: number, entries: readonly Entry[]): Promise<void> {
  if (!entries.length) return;
  const column = <T>(value: (entry: Entry) => T): T[] => entries.map(value);
  await tx.execute(ENTER, [
    company_id,
    column(() => uuidv7()),
    column((e) => e.kind),
    column((e) => e.cart_id),
    column((e) => e.interface_id),
    column((e) => e.currency),
    column((e) => e.amount),
    column((e) => e.sale_detail_id ?? null),
    column((e) => e.payment_id ?? null),
    column((e) => e.refund_id ?? null),
    column((e) => e.exchange_id ?? null),
    column((e) => e.event_id ?? null),
    column((e) => e.ticket_type_id ?? null),
    column((e) => e.product_id ?? null),
    column((e) => e.section_id ?? null),
    column((e) => e.quantity ?? 0),
    column((e) => e.discount ?? 0),
    column((e) => e.fee ?? 0),
    column((e) => e.tax ?? 0),
  ]);
}

/** What of a line the books name. */
export type Sold = Pick<
  StockLine,
  'id' | 'cart_id' | 'event_id' | 'ticket_type_id' | 'product_id' | 'section_id' | 'quantity'
>;

/** Which line of which cart an entry is about. */
export const aboutLine = (line: Sold, cart: { interface_id: number; currency: string }) => ({
  cart_id: line.cart_id,
  interface_id: cart.interface_id,
  currency: cart.currency,
  sale_detail_id: line.id,
  event_id: line.event_id,
  ticket_type_id: line.ticket_type_id,
  product_id: line.product_id,
  section_id: line.section_id,
});
