import { AppError, fieldError } from '../../errors.ts';
import type { RefundRequest } from '../../schemas/payments.ts';
import type { CartRow, LineRow } from '../carts/row.ts';

/** What a refund takes off each line, and which lines it ends. */
export interface RefundPlan {
  amount: number;
  shares: { line: LineRow; amount: number }[];
  /** Lines that are over: their tickets become void, their places go back on sale. */
  closed: LineRow[];
}

/**
 * Decides what is refunded of a paid cart: all of it, lines, or an amount. An amount is spread over the lines by what is
 * left of each, and ends none of them, unless it is all that is left.
 * @param lines of the cart, those refunded before included
 * @throws AppError refund_exceeds_paid; validation_failed for a line of another cart
 */
export function planRefund(cart: CartRow, lines: readonly LineRow[], request: RefundRequest): RefundPlan {
  const paid = lines.filter((line) => line.status === 'paid');
  const left = cart.paid - cart.refunded;
  const { sale_detail_ids, amount } = request;
  if (sale_detail_ids)
    return close(sale_detail_ids.map((id, i) => lineToRefund(lines, id, `/sale_detail_ids/${i}`)));
  if (!paid.length) throw exceeds('All of this cart was refunded already.', left);
  if (amount === undefined || amount === left) return close(paid);
  if (amount > left) throw exceeds('That is more than is left of what was paid.', left);
  const parts = spread(amount, paid.map(leftOf));
  const shares = paid.map((line, i) => ({ line, amount: parts[i] as number }));
  return { amount, shares: shares.filter((share) => share.amount > 0), closed: [] };
}

function close(lines: LineRow[]): RefundPlan {
  const shares = lines.map((line) => ({ line, amount: leftOf(line) }));
  return { amount: shares.reduce((sum, share) => sum + share.amount, 0), shares, closed: lines };
}

const leftOf = (line: LineRow): number => line.total - line.refunded;

function lineToRefund(lines: readonly LineRow[], id: string, pointer: string): LineRow {
  const line = lines.find((l) => l.id === id);
  if (!line) throw fieldError(pointer, 'This cart has no such sale detail.', 'not_found');
  if (line.status !== 'paid')
    throw new AppError('refund_exceeds_paid', 'This line was refunded already.', { sale_detail_id: id });
  return line;
}

const exceeds = (detail: string, left: number): AppError =>
  new AppError('refund_exceeds_paid', detail, { refundable: left });

/**
 * Splits an amount in proportion to weights, in whole minor units that add up exactly; no part is larger than its
 * weight.
 * @param amount from 0 to the sum of the weights
 */
export function spread(amount: number, weights: readonly number[]): number[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  if (!whole) return weights.map(() => 0);
  // What the first n together get, rounded down, grows with n: its steps are the parts.
  let weight = 0;
  let given = 0;
  return weights.map((w) => {
    weight += w;
    const due = Number((BigInt(amount) * BigInt(weight)) / BigInt(whole));
    const part = due - given;
    given = due;
    return part;
  });
}
