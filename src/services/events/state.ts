import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { EventStatus } from './sales.ts';

/**
 * Every step an event can take, as data. From draft to published it goes by services/inventory/publish.ts; to ended, when
 * its time is over, by end.ts.
 */
export const EVENT_TRANSITIONS = {
  draft: ['published'],
  published: ['paused', 'cancelled', 'ended'],
  paused: ['published', 'cancelled', 'ended'],
  cancelled: [],
  ended: [],
} as const satisfies Record<EventStatus, readonly EventStatus[]>;

const MOVE = statement(
  'event_move',
  `UPDATE event SET status = $4::event_status, version = version + 1,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = $3::event_status`,
);

/**
 * Moves an event from one state to the next, as somebody asks for it.
 * @throws AppError conflict for a step that it cannot take, naming those it can
 */
export async function moveEvent(
  tx: Tx,
  { company_id, id, status }: { company_id: number; id: number; status: EventStatus },
  to: Exclude<EventStatus, 'ended'>,
): Promise<void> {
  const steps: readonly EventStatus[] = EVENT_TRANSITIONS[status].filter((step) => step !== 'ended');
  if (status === 'draft' || !steps.includes(to))
    throw new AppError('conflict', `An event that is ${status} cannot become ${to}.`, {
      event_status: status,
      possible: steps,
    });
  if ((await tx.execute(MOVE, [company_id, id, status, to])) !== 1)
    throw new Error('an event changed under its lock');
}
