import type { Task } from '../jobs/queue.ts';
import type { PaymentRow } from './row.ts';

// When the provider is asked how a payment stands: after a call that nobody came back from, and again and again, ever
// more rarely, while it is under way.

/** Longer than any provider is waited for: whoever made the call has concluded it by then, or is no more. */
export const CALL_IS_OVER_SECONDS = 15;
const FIRST_SECONDS = 3;
const LONGEST_SECONDS = 3_600;

export const LOOK_UP_TASK = 'look_up_payment';

export interface LookUp {
  company_id: number;
  payment_id: string;
  /** How often it has been looked up before. */
  attempt: number;
  /** The Idempotency-Key that still waits for an answer, should the request have died. */
  key?: { client_id: string; key: string } | undefined;
}

type Named = Pick<PaymentRow, 'company_id' | 'id'>;

export const lookUpKey = (payment_id: string): string => `payment:${payment_id}`;

/** The look-up that concludes a payment whose process died during the call. */
export const firstLookUp = (payment: Named, key: LookUp['key']): Task =>
  task({ company_id: payment.company_id, payment_id: payment.id, attempt: 0, key }, CALL_IS_OVER_SECONDS);

/** The next look-up of a payment that is under way: after 3 s, 6 s, 12 s, … at most an hour. */
export const nextLookUp = (payment: Named, attempt: number): Task =>
  task(
    { company_id: payment.company_id, payment_id: payment.id, attempt: attempt + 1 },
    Math.min(FIRST_SECONDS * 2 ** attempt, LONGEST_SECONDS),
  );

const task = (lookUp: LookUp, delay: number): Task => ({
  name: LOOK_UP_TASK,
  payload: { ...lookUp },
  key: lookUpKey(lookUp.payment_id),
  delay,
});
