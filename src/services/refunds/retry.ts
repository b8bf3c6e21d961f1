import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { Refund, RefundRetry } from '../../schemas/payments.ts';
import { recordAudit } from '../audit.ts';
import { lockCart } from '../carts/row.ts';
import { recordCash } from '../cash/record.ts';
import { enqueue } from '../jobs/queue.ts';
import { presentRefund, type RefundRow } from './row.ts';
import { REFUND_TASK } from './task.ts';

const OF_STEP = statement(
  'refund_of_step',
  `SELECT * FROM refund WHERE company_id = $1 AND cart_id = $2 AND step_id = $3 ORDER BY id FOR UPDATE`,
);
// Each try has a key of its own: under the old one a provider would only repeat what it said.
const ASK_AGAIN = statement(
  'refund_ask_again',
  `UPDATE refund SET status = 'pending', provider_key = gen_random_uuid(), failure_reason = NULL, updated_at = now()
   WHERE company_id = $1 AND id = ANY($2::uuid[]) AND status = 'failed' RETURNING *`,
);
const PAID_BY_HAND = statement(
  'refund_paid_by_hand',
  `UPDATE refund SET status = 'succeeded', paid_by = $3, provider_reference = $4, updated_at = now()
   WHERE company_id = $1 AND id = ANY($2::uuid[]) AND status = 'failed' RETURNING *`,
);

/**
 * Gives back what a provider refused to give back: asks it anew, or writes down that it was paid by hand. The books have
 * said since the refund that the money is the buyer's, so nothing is booked again. Only what has failed is touched, and
 * only once: a failure is final at the provider, and the first who asks for the money gets it.
 * @param refund_id as the API names the refund
 * @throws AppError not_found; conflict when nothing of it has failed
 */
export function retryRefund(
  ctx: Context,
  cart_id: string,
  refund_id: string,
  request: RefundRetry,
): Promise<Refund> {
  return transaction(ctx, async (tx) => {
    const { company_id, interface_id } = await lockCart(tx, ctx, cart_id);
    const parts = await tx.query<RefundRow>(OF_STEP, [company_id, cart_id, refund_id]);
    if (!parts.length) throw new AppError('not_found', 'This cart has no such refund.');
    const failed = parts.filter(({ status }) => status === 'failed');
    if (!failed.length)
      throw new AppError('conflict', 'Nothing of this refund has failed.', {
        refund_status: presentRefund(parts).status,
      });
    const ids = failed.map(({ id }) => id);
    const tried =
      request.method === 'card'
        ? await askAgain(tx, company_id, ids)
        : await tx.query<RefundRow>(PAID_BY_HAND, [
            ...[company_id, ids, request.method],
            'reference' in request ? request.reference : null,
          ]);
    if (request.method === 'cash')
      await recordCash(
        tx,
        company_id,
        tried.map(({ id, amount, currency }) => ({
          ...{ client_id: ctx.client_id, interface_id, currency, kind: 'refund', id, amount: -amount },
        })),
      );
    await recordAudit(tx, ctx, {
      ...{ action: 'refund.retry', subject_type: 'cart', subject_id: cart_id },
      before: { refund_id, failure_reasons: failed.map(({ failure_reason }) => failure_reason) },
      after: { ...request, amount: tried.reduce((sum, { amount }) => sum + amount, 0) },
    });
    return presentRefund(parts.map((part) => tried.find(({ id }) => id === part.id) ?? part));
  });
}

async function askAgain(tx: Tx, company_id: number, ids: readonly string[]): Promise<RefundRow[]> {
  const asked = await tx.query<RefundRow>(ASK_AGAIN, [company_id, ids]);
  await enqueue(
    tx,
    asked.map(({ id }) => ({
      ...{ name: REFUND_TASK, payload: { company_id, refund_id: id }, key: `refund:${id}` },
    })),
  );
  return asked;
}
