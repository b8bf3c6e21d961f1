import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { enqueue } from '../jobs/queue.ts';
import { answerWithin } from '../payments/charge.ts';
import type { RefundState } from '../payments/provider.ts';
import { providerOf } from '../payments/providers.ts';
import type { RefundRow } from './row.ts';
import { REFUND_TASK } from './task.ts';

type Pending = RefundRow & { provider: string; charge: string | null };

const FIND = statement(
  'refund_pending',
  `SELECT r.*, p.provider, p.provider_reference AS charge FROM refund r
   JOIN payment p ON p.company_id = r.company_id AND p.id = r.payment_id
   WHERE r.company_id = $1 AND r.id = $2 AND r.status = 'pending'`,
);
const CONCLUDE = statement(
  'refund_conclude',
  `UPDATE refund SET status = $3::refund_status, provider_reference = $4, failure_reason = $5, updated_at = now()
   WHERE company_id = $1 AND id = $2 AND status = 'pending' AND coalesce(provider_key, id) = $6`,
);

/** A provider has not given the money back yet: the worker asks again, ever more rarely. */
export class RefundUnderWay extends Error {}

/**
 * Has the provider of a payment give money back. May be run any number of times: the provider knows each try by a key of
 * its own and gives nothing twice.
 * @throws RefundUnderWay, or whatever the call failed with: the worker tries again
 */
export async function refundAtProvider(
  system: System,
  { company_id, refund_id }: { company_id: number; refund_id: string },
): Promise<void> {
  const [refund] = await system.db.query<Pending>(FIND, [company_id, refund_id]);
  if (!refund) return;
  const provider = providerOf(system, refund.provider);
  const key = refund.provider_key ?? refund.id;
  const state = await answerWithin(provider.timeout, (signal) =>
    provider.refund(
      system,
      {
        refund_id: key,
        payment_id: refund.payment_id,
        reference: refund.charge,
        amount: refund.amount,
        currency: refund.currency,
      },
      signal,
    ),
  );
  if (state.status === 'pending') throw new RefundUnderWay(`refund ${refund_id} is under way`);
  if (state.status === 'failed')
    system.log.error(
      { refund_id, reason: state.reason },
      'a provider refuses to give money back: try it again, or pay it by hand',
    );
  await inTransaction(system.db, (tx) => concludeRefund(tx, refund, key, state));
}

/** What was said of another try is no word about this one. */
const concludeRefund = (
  tx: Tx,
  { company_id, id }: RefundRow,
  key: string,
  state: RefundState,
): Promise<number> =>
  tx.execute(CONCLUDE, [
    ...[company_id, id, state.status],
    'reference' in state ? state.reference : null,
    'reason' in state ? state.reason : null,
    key,
  ]);

const STRAY = statement(
  'refund_stray',
  `SELECT r.company_id, r.id FROM refund r
   WHERE r.status = 'pending' AND r.updated_at < now() - interval '1 minute'
     AND NOT EXISTS (SELECT FROM graphile_worker.jobs j
       WHERE j.key = 'refund:' || r.id AND j.attempts < j.max_attempts
         AND (j.locked_at IS NULL OR j.locked_at > now() - interval '2 minutes'))
   ORDER BY r.updated_at LIMIT 1000`,
);

/** Has every pending refund looked after, even if a worker died with it. */
export async function recoverRefunds(system: System): Promise<void> {
  const strays = await system.db.query<{ company_id: number; id: string }>(STRAY);
  await inTransaction(system.db, (tx) =>
    enqueue(
      tx,
      strays.map(({ company_id, id }) => ({
        name: REFUND_TASK,
        payload: { company_id, refund_id: id },
        key: `refund:${id}`,
      })),
    ),
  );
}
