import type { Context } from '../../context.ts';
import { AppError, fieldError, insufficientScope } from '../../errors.ts';
import type { PaymentRequest } from '../../schemas/payments.ts';
import { type CartRow, requireOpen } from '../carts/row.ts';

/** Methods whose money this server never sees: only a seller's word stands for it. */
const SELLERS_ONLY: readonly PaymentRequest['method'][] = ['cash', 'external'];

/**
 * May the caller pay this way through this interface?
 * @throws AppError insufficient_scope; validation_failed where the interface does not offer the method
 */
export function requireMethod(ctx: Context, { method }: PaymentRequest): void {
  if (SELLERS_ONLY.includes(method) && !ctx.scopes.has('sell')) throw insufficientScope('sell');
  // Credit is owed by the organiser, whatever the interface.
  if (method !== 'credit' && !ctx.interface.payment_methods.includes(method))
    throw fieldError('/method', `This interface does not offer ${method}.`, 'not_offered');
}

/**
 * What the difference of an exchange takes, whose new places this cart holds.
 * @throws AppError cart_expired, cart_not_open
 */
export function differenceToPay(hold: CartRow, { amount }: { amount: number }): number {
  requireOpen(hold);
  return amount;
}

/**
 * What a payment of this cart takes, in minor units.
 * @param taken what earlier payments of the same batch took of the cart; undefined when there were none
 * @param credit what is left of the credit of the cart's user
 * @throws AppError cart_expired, cart_not_open, cart_empty, amount_mismatch
 */
export function amountToPay(
  ctx: Context,
  cart: CartRow,
  request: PaymentRequest,
  taken?: number,
  credit = 0,
): number {
  requireOpen(cart);
  const rest = cart.total - cart.paid - (taken ?? 0);
  if (taken !== undefined && rest === 0)
    throw new AppError('cart_not_open', 'This cart is paid.', { cart_status: 'paid' });
  if (!cart.line_count) throw new AppError('cart_empty', 'There is nothing in this cart to pay for.');
  const facts = { amount_due: rest, currency: cart.currency };
  const refuse = (detail: string): never => {
    throw new AppError('amount_mismatch', detail, facts);
  };
  if (rest < 0) refuse('More was paid than this cart costs now: refund the difference first.');
  if (request.method === 'free') return rest === 0 ? 0 : refuse('This cart is not free.');
  if (rest === 0) refuse('Nothing is left to pay: use the method free.');
  if (request.method === 'credit') return creditToUse(request.amount, rest, credit, cart);
  const amount = request.amount ?? rest;
  if (amount > rest) refuse('More than is left to pay.');
  if (amount < rest && !ctx.scopes.has('sell'))
    refuse('Pay all that is left; split payments are for sellers.');
  return amount;
}

/** Credit pays as far as it goes: what is left is paid otherwise. */
function creditToUse(asked: number | undefined, rest: number, credit: number, cart: CartRow): number {
  const amount = asked ?? Math.min(rest, credit);
  if (amount > 0 && amount <= rest && amount <= credit) return amount;
  const why = amount > rest ? 'More than is left to pay.' : 'There is not so much credit.';
  throw new AppError('amount_mismatch', why, { amount_due: rest, credit, currency: cart.currency });
}
