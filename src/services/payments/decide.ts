import type { CartRow } from '../carts/row.ts';
import type { PaymentRow } from './row.ts';
import { canMove, isUnderWay, type PaymentStatus } from './transitions.ts';

/** What is told of a charge. */
export interface Told {
  status: PaymentStatus;
  reference: string | null;
}

/**
 * What is to be done about news of a payment:
 * - `ignore`: nothing new, or out of order
 * - `wait`: the buyer or the bank has yet to act
 * - `refuse`: no money was taken; its cart can be paid again
 * - `capture`: the money is for a cart that still holds its lines
 * - `capture_late`: the hold is over; what it held is taken again if it is still free, else the money goes back
 * - `give_back`: the cart needs this money no more (it was paid otherwise, or changed): back it goes
 */
export type Decision = 'ignore' | 'wait' | 'refuse' | 'capture' | 'capture_late' | 'give_back';

/** Decides from the rows as they stand under their locks. */
export function decide(payment: PaymentRow, cart: CartRow, { status: to, reference }: Told): Decision {
  if (!canMove(payment.status, to)) return 'ignore';
  if (to === payment.status && (!reference || payment.provider_reference)) return 'ignore'; // nothing learnt
  if (isUnderWay(to)) return 'wait';
  if (to !== 'captured') return 'refuse';

  if (cart.status === 'pending_payment' && !isWaitedFor(payment, cart)) return 'give_back'; // another is under way
  if (cart.status === 'expired' || cart.status === 'cancelled' || cart.overdue) return 'capture_late';
  const payable = cart.status === 'open' || cart.status === 'pending_payment';
  return payable && payment.amount <= cart.total - cart.paid ? 'capture' : 'give_back';
}

/** Is this the payment that its cart is in `pending_payment` for? There is one at most. */
export const isWaitedFor = (payment: PaymentRow, cart: CartRow): boolean =>
  cart.status === 'pending_payment' && isUnderWay(payment.status);
