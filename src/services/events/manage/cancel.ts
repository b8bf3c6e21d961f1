import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import type { EventCancel } from '../../../schemas/event-management.ts';
import type { Job } from '../../../schemas/jobs.ts';
import { startSteps } from '../../jobs/steps.ts';
import { moveEvent } from '../state.ts';
import { CANCELLATION } from './cancellation.ts';
import { auditEvent, changeEvent, tellOfEvent } from './touch.ts';

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

/**
 * Calls an event off: nothing of it is sold from the moment this returns. A job ends its unpaid carts, and refunds and
 * voids everything that was sold.
 * @returns the job
 * @throws AppError not_found; conflict for an event that is neither published nor paused
 */
export function cancelEvent(ctx: Context, event_id: number, { reason }: EventCancel): Promise<Job> {
  return changeEvent(ctx, event_id, async (tx, event) => {
    await moveEvent(tx, event, 'cancelled');
    await tellOfEvent(tx, ctx, event_id, { status: 'cancelled' });
    await auditEvent(tx, ctx, {
      ...{ action: 'event.cancel', subject_type: 'event', subject_id: event_id },
      ...{ before: { status: event.status }, after: { status: 'cancelled', reason } },
    });
    const [{ total }] = (await tx.query<{ total: number }>(TO_DO, [ctx.company_id, event_id])) as [
      { total: number },
    ];
    return startSteps(tx, ctx, CANCELLATION, { input: { event_id, reason }, total });
  });
}
