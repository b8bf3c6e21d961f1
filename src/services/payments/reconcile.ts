import { statement } from '../../db/client.ts';
import type { Keyed } from '../../db/idempotency.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { enqueue } from '../jobs/queue.ts';
import { answerWithin } from './charge.ts';
import type { News } from './conclude.ts';
import { firstLookUp, type LookUp } from './look-up.ts';
import { conclude } from './pay.ts';
import { providerOf } from './providers.ts';
import type { PaymentRow } from './row.ts';
import { isUnderWay } from './transitions.ts';

interface Doubtful extends PaymentRow {
  /** The hold of its cart is over, swept or not. */
  hold_over: boolean;
}

const FIND = statement(
  'payment_doubtful',
  `SELECT p.*, c.status NOT IN ('open', 'pending_payment') OR c.expires_at <= now() AS hold_over
   FROM payment p JOIN cart c ON c.company_id = p.company_id AND c.id = p.cart_id
   WHERE p.company_id = $1 AND p.id = $2`,
);

/**
 * Asks the provider how a payment stands and concludes it: one whose process died during the call, or that is under way.
 * Nobody is charged by it. The request that died is answered under its Idempotency-Key, so that a repetition of it
 * gets the end of the payment.
 */
export async function reconcilePayment(system: System, lookUp: LookUp): Promise<void> {
  const { company_id, payment_id, attempt, key } = lookUp;
  const [payment] = await system.db.query<Doubtful>(FIND, [company_id, payment_id]);
  if (!payment) return;
  const provider = providerOf(system, payment.provider);
  const found = await answerWithin(provider.timeout, (signal) => provider.lookUp(system, payment_id, signal));
  const asker: Keyed | undefined = key && {
    company_id,
    client_id: key.client_id,
    idempotency: { key: key.key, fingerprint: Buffer.alloc(0), state: 'claimed' },
  };
  await conclude(system, { payment, news: newsOf(payment, found), asker, lookedUp: attempt });
}

/** A charge that was never made, or that nobody acted upon while the hold lasted, has failed as far as we can tell. */
function newsOf({ hold_over }: Doubtful, found: News | undefined): News {
  if (!found) return { status: 'failed', reference: null, reason: 'not_charged' };
  if (hold_over && isUnderWay(found.status)) return { status: 'failed', reference: null, reason: 'expired' };
  return found;
}

// A worker that dies keeps its jobs locked for hours. Whatever has no other job to look after it gets one.
const STRAY_PAYMENTS = statement(
  'payment_stray',
  `SELECT p.company_id, p.id FROM payment p
   WHERE p.status IN ('requires_action', 'pending') AND p.updated_at < now() - interval '1 minute'
     AND NOT EXISTS (SELECT FROM graphile_worker.jobs j
       WHERE j.key = 'payment:' || p.id AND j.attempts < j.max_attempts
         AND (j.locked_at IS NULL OR j.locked_at > now() - interval '2 minutes'))
   ORDER BY p.updated_at LIMIT 1000`,
);

/** Has every payment under way looked after, even if a worker died with its look-up. */
export async function recoverPayments(system: System): Promise<void> {
  const strays = await system.db.query<{ company_id: number; id: string }>(STRAY_PAYMENTS);
  await inTransaction(system.db, (tx) =>
    enqueue(
      tx,
      strays.map((payment) => ({ ...firstLookUp(payment, undefined), delay: 0 })),
    ),
  );
}
