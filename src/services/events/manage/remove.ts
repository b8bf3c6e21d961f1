import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import { AppError } from '../../../errors.ts';
import { assertFresh } from '../../fresh.ts';
import { requireUnsold } from './sold.ts';
import { auditEvent, changeEvent, tellOfEvent } from './touch.ts';

// Types, products, interfaces and maps go with their event; these have no reference to it.
const GATES = statement('event_delete_gates', 'DELETE FROM gate WHERE company_id = $1 AND event_id = $2');
const CODES = statement('event_delete_codes', 'DELETE FROM code WHERE company_id = $1 AND event_id = $2');
const EVENT = statement('event_delete', 'DELETE FROM event WHERE company_id = $1 AND id = $2');

/**
 * Deletes a draft of which nothing was ever sold.
 * @throws AppError not_found, precondition_failed; conflict for anything but such a draft
 */
export function deleteEvent(ctx: Context, event_id: number): Promise<void> {
  return changeEvent(ctx, event_id, async (tx, event) => {
    assertFresh(ctx, event.updated_at);
    if (event.status !== 'draft')
      throw new AppError(
        'conflict',
        `Only a draft can be deleted; this event is ${event.status}: cancel it.`,
        {
          event_status: event.status,
        },
      );
    await requireUnsold(tx, ctx.company_id, event_id, {}, 'Something of it is held or was sold.');
    for (const remove of [GATES, CODES, EVENT]) await tx.execute(remove, [ctx.company_id, event_id]);
    await auditEvent(tx, ctx, {
      ...{ action: 'event.delete', subject_type: 'event', subject_id: event_id, before: event },
    });
    await tellOfEvent(tx, ctx, event_id, { deleted: true });
  });
}
