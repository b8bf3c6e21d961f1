import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { CartRow, LineRow } from '../carts/row.ts';
import { aboutLine, type Entry, enter } from '../payments/ledger.ts';
import { portion } from '../pricing/portion.ts';
import type { RefundPlan } from './plan.ts';

const BOOKED = statement(
  'ledger_of_lines',
  `SELECT e.sale_detail_id, sum(e.quantity)::int AS quantity, sum(e.amount)::int AS amount,
     sum(e.discount)::int AS discount, sum(e.fee)::int AS fee, sum(e.tax)::int AS tax
   FROM ledger_entry e
   WHERE e.company_id = $1 AND e.cart_id = $2 AND e.kind IN ('sale', 'reversal') GROUP BY e.sale_detail_id`,
);

interface Booked {
  sale_detail_id: string;
  quantity: number;
  amount: number;
  discount: number;
  fee: number;
  tax: number;
}

/**
 * Takes a refund off the books of its lines: in proportion for a part of a line, and exactly what they still say for a
 * line that is over, so that every line ends at nothing. An exchange takes its old lines off in the same way.
 */
export async function reverseLines(
  tx: Tx,
  cart: CartRow,
  plan: RefundPlan,
  refund_id: string | undefined,
  exchange_id?: string,
): Promise<void> {
  const rows = await tx.query<Booked>(BOOKED, [cart.company_id, cart.id]);
  const booked = new Map(rows.map((row) => [row.sale_detail_id, row]));
  const closed = new Set(plan.closed);
  await enter(
    tx,
    cart.company_id,
    plan.shares.map(({ line, amount }): Entry => {
      const rest = booked.get(line.id);
      const parts = closed.has(line) && rest ? negative(rest) : partOf(line, amount);
      return {
        kind: 'reversal',
        ...aboutLine(line, cart),
        ...(refund_id && { refund_id }),
        exchange_id,
        ...parts,
      };
    }),
  );
}

const negative = ({ quantity, amount, discount, fee, tax }: Booked) => ({
  quantity: -quantity,
  amount: -amount,
  discount: -discount,
  fee: -fee,
  tax: -tax,
});

const partOf = ({ total, discount, fee, tax }: LineRow, amount: number) => ({
  quantity: 0,
  amount: -amount,
  discount: -portion(discount, amount, total),
  fee: -portion(fee, amount, total),
  tax: -portion(tax, amount, total),
});
