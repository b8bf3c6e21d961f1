import { AppError } from '../../errors.ts';
import type { Payment } from '../../schemas/payments.ts';
import { type PaymentRow, presentPayment } from './row.ts';

/** Why money that was taken went straight back: kept as the payment's failure_reason. */
export type ReturnReason = 'cart_expired' | 'cart_not_open';

/** The problem that a payment ended with; undefined when it did not fail. */
export function refusalOf(payment: PaymentRow): AppError | undefined {
  const { id, status, failure_reason } = payment;
  const facts = { payment_id: id, reason: failure_reason, status };
  if (status === 'declined' || status === 'failed')
    return new AppError(
      'payment_declined',
      'The payment was not made; the cart can be paid again while its hold lasts.',
      facts,
    );
  if (status !== 'refunded') return undefined;
  return failure_reason === 'cart_not_open'
    ? new AppError('cart_not_open', 'The cart needed this payment no more; the money is given back.', facts)
    : new AppError(
        'cart_expired',
        'The payment was confirmed after the hold had run out, and what it held is gone; the money is given back.',
        facts,
      );
}

/** What its buyer is told of a payment: the payment, or the problem it ended with. */
export const answerOf = (payment: PaymentRow): Payment | AppError =>
  refusalOf(payment) ?? presentPayment(payment);
