import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { AppError } from '../../../errors.ts';
import type { EventCancel } from '../../../schemas/event-management.ts';
import type { Job } from '../../../schemas/jobs.ts';
import { startSteps } from '../../jobs/steps.ts';
import { moveEvent } from '../state.ts';
import { CANCELLATION } from './cancellation.ts';
import { auditEvent, changeEvent, requireLive, tellOfEvent } from './touch.ts';

// What the job will give back: lines that are paid, and tickets that nobody paid for.
const TO_DO = statement(
  'event_cancel_total',
  `SELECT
     (SELECT count(DISTINCT l.id) FROM ledger_entry e
      JOIN sale_detail l ON l.company_id = e.company_id AND l.id = e.sale_detail_id
      WHERE e.company_id = $1 AND e.event_id = $2 AND e.kind = 'sale' AND l.status = 'paid')
     + (SELECT count(*) FROM ticket t
        WHERE t.company_id = $1 AND t.event_id = $2 AND t.status IN ('valid', 'used') AND t.sale_detail_id IS NULL)
     AS total`,
);

const UNDER_WAY = statement(
  'event_cancel_under_way',
  `SELECT id FROM job WHERE company_id = $1 AND kind = $3 AND finished_at IS NULL AND (input ->> 'event_id')::int = $2`,
);

/**
 * Calls an event off: nothing of it is sold from the moment this returns. A job ends its unpaid carts, and refunds and
 * voids everything that was sold. Of an event that was called off before, a new job does what is left, if anything is.
 * @returns the job
 * @throws AppError not_found; conflict for an event that is a draft or ended, that is being called off, or of which
 *   nothing is left to refund
 */
export function cancelEvent(ctx: Context, event_id: number, { reason }: EventCancel): Promise<Job> {
  return changeEvent(
    ctx,
    event_id,
    async (tx, event) => {
      const again = event.status === 'cancelled';
      const total = await toDo(tx, ctx, event_id);
      if (again) {
        await requireIdle(tx, ctx, event_id);
        if (!total) requireLive(event);
      } else {
        await moveEvent(tx, event, 'cancelled');
        await tellOfEvent(tx, ctx, event_id, { status: 'cancelled' });
      }
      await auditEvent(tx, ctx, {
        ...{ action: 'event.cancel', subject_type: 'event', subject_id: event_id },
        ...{ before: { status: event.status }, after: { status: 'cancelled', reason } },
      });
      return startSteps(tx, ctx, CANCELLATION, { input: { event_id, reason }, total });
    },
    (event) => event.status === 'cancelled' || requireLive(event),
  );
}

async function toDo(tx: Tx, { company_id }: Context, event_id: number): Promise<number> {
  const [row] = await tx.query<{ total: number }>(TO_DO, [company_id, event_id]);
  return (row as { total: number }).total;
}

/** Two jobs would do no harm, but report each other's work. */
async function requireIdle(tx: Tx, { company_id }: Context, event_id: number): Promise<void> {
  const [job] = await tx.query<{ id: string }>(UNDER_WAY, [company_id, event_id, CANCELLATION.kind]);
  if (job)
    throw new AppError('conflict', 'This event is being called off by a job that has not ended yet.', {
      event_status: 'cancelled',
      job_id: job.id,
    });
}
