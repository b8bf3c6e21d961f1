/**
 * Every step a payment can take, as data. Confirmations come late, twice and out of order: one that is no step from
 * where the payment stands says nothing new and is passed over. Money that was taken is always believed, even after the
 * payment was declined or given up; nothing that says otherwise is believed after it.
 */
export const PAYMENT_TRANSITIONS = {
  pending: ['pending', 'requires_action', 'captured', 'declined', 'failed'],
  requires_action: ['pending', 'captured', 'declined', 'failed'],
  declined: ['captured'],
  failed: ['captured', 'declined'],
  captured: ['partially_refunded', 'refunded'],
  partially_refunded: ['partially_refunded', 'refunded'],
  refunded: [],
} as const satisfies Record<string, readonly string[]>;

export type PaymentStatus = keyof typeof PAYMENT_TRANSITIONS;

export const canMove = (from: PaymentStatus, to: PaymentStatus): boolean =>
  (PAYMENT_TRANSITIONS[from] as readonly PaymentStatus[]).includes(to);

/** Its outcome is open: the cart waits for it in `pending_payment`. */
export const isUnderWay = (status: PaymentStatus): boolean =>
  status === 'pending' || status === 'requires_action';
