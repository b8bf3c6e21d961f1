import type { Payment } from '../../schemas/payments.ts';
import type { System } from '../../system.ts';
import { type Batcher, batcher } from '../batcher.ts';
import { type CardPayment, executeBegin } from './begin.ts';
import { type Conclusion, executeConclusions } from './conclude.ts';
import { type DirectPayment, executeDirect } from './direct.ts';
import type { PaymentRow } from './row.ts';

/** Payments of this process that wait for their batch (services/batcher.ts). */
export interface PaymentQueues {
  direct: Batcher<DirectPayment, Payment>;
  begin: Batcher<CardPayment, PaymentRow>;
  conclude: Batcher<Conclusion, PaymentRow>;
}

/** Carts rarely meet on a row but those of one section: two batches of a kind at once keep the database busy. */
const LIMITS = { maxInFlight: 2, maxSize: 64 };

export const paymentQueues = (getSystem: () => System): PaymentQueues => ({
  direct: batcher({ ...LIMITS, execute: (commands) => executeDirect(getSystem(), commands) }),
  begin: batcher({ ...LIMITS, execute: (commands) => executeBegin(getSystem(), commands) }),
  conclude: batcher({ ...LIMITS, execute: (conclusions) => executeConclusions(getSystem(), conclusions) }),
});
