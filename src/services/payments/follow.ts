import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { finishJobs, type JobEnd } from '../jobs/job.ts';
import { dequeue, enqueue } from '../jobs/queue.ts';
import { answerOf } from './answer.ts';
import { lookUpKey, nextLookUp } from './look-up.ts';
import type { PaymentRow } from './row.ts';
import { isUnderWay } from './transitions.ts';

/** For so long a payment that seems to have failed is still looked up: money that was taken after all must be found. */
const DOUBT_MS = 24 * 3_600_000;

export interface Followed {
  payment: PaymentRow;
  /** Did the payment take a step just now? */
  moved: boolean;
  lookedUp: number | undefined;
}

/** What follows from news of payments: the job of one that has ended ends with it; others are looked up again. */
export async function follow(tx: Tx, followed: readonly Followed[]): Promise<void> {
  const ended = followed.filter(({ payment, moved }) => moved && !isUnderWay(payment.status));
  await finishJobs(
    tx,
    ended.flatMap(({ payment }): JobEnd[] => {
      const { company_id, job_id } = payment;
      if (job_id === null) return [];
      const answer = answerOf(payment);
      return answer instanceof AppError
        ? [{ company_id, id: job_id, error: answer }]
        : [{ company_id, id: job_id, result: { payment: answer } }];
    }),
  );
  await dequeue(
    tx,
    ended.flatMap(({ payment: { id, status } }) => (status === 'failed' ? [] : [lookUpKey(id)])),
  );
  await enqueue(
    tx,
    followed.flatMap(({ payment, lookedUp }) =>
      lookedUp !== undefined && isDoubtful(payment) ? [nextLookUp(payment, lookedUp)] : [],
    ),
  );
}

const isDoubtful = ({ status, created_at }: PaymentRow): boolean =>
  isUnderWay(status) || (status === 'failed' && Date.now() - created_at.getTime() < DOUBT_MS);
