import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import { type Tx, transaction } from '../../../db/transaction.ts';
import { AppError } from '../../../errors.ts';
import { type AuditEntry, recordAudit } from '../../audit.ts';
import { recordChanges } from '../../changes.ts';
import { type EventRecord, lockEvent } from '../lock.ts';

const BUMP = statement(
  'event_bump',
  'UPDATE event SET version = version + 1 WHERE company_id = $1 AND id = $2',
);

/** What the event offers is another from now on: every hold reads it anew. */
export const bumpEvent = (tx: Tx, company_id: number, event_id: number): Promise<number> =>
  tx.execute(BUMP, [company_id, event_id]);

/**
 * Tells of a change of what an event offers: its version moves, so that no hold goes by the old offer, and the change
 * feed says so.
 * @param data what has changed, as far as the feed tells it
 */
export async function touchEvent(
  tx: Tx,
  ctx: Context,
  event_id: number,
  data: Record<string, unknown> = {},
): Promise<void> {
  await bumpEvent(tx, ctx.company_id, event_id);
  await tellOfEvent(tx, ctx, event_id, data);
}

/** Writes `event.updated` into the change feed. */
export const tellOfEvent = (
  tx: Tx,
  { company_id }: Pick<Context, 'company_id'>,
  event_id: number,
  data: Record<string, unknown> = {},
): Promise<void> =>
  recordChanges(tx, [
    {
      ...{ company_id, type: 'event.updated', interface_id: null, event_id },
      ...{ subject_id: String(event_id), data: { event_id, ...data } },
    },
  ]);

/**
 * Nothing changes any more about an event that was called off, or that is over and closed.
 * @throws AppError conflict
 */
export function requireLive({ status }: EventRecord): void {
  if (status === 'cancelled' || status === 'ended')
    throw new AppError('conflict', `This event is ${status}; nothing about it changes any more.`, {
      event_status: status,
    });
}

/**
 * Runs a change of an event, or of what hangs on it, as one transaction that has the event alone.
 * What this process remembers of it is forgotten afterwards.
 * @param require refuses events that the change is not for; absent: those that are cancelled or ended
 * @throws AppError not_found; conflict for an event that is refused
 */
export async function changeEvent<T>(
  ctx: Context,
  event_id: number,
  work: (tx: Tx, event: EventRecord) => Promise<T>,
  require: (event: EventRecord) => void = requireLive,
): Promise<T> {
  const result = await transaction(ctx, async (tx) => {
    const event = await lockEvent(tx, ctx, event_id);
    require(event);
    return work(tx, event);
  });
  forgetEvents(ctx, [event_id]);
  return result;
}

/** What this process remembers of events that have changed is read again; other processes do so within a second. */
export function forgetEvents(
  { system, company_id }: Pick<Context, 'system' | 'company_id'>,
  event_ids: readonly number[],
): void {
  for (const id of event_ids) {
    system.offers.drop(company_id, id);
    system.doors.drop(company_id, id);
    system.rotatingEvents.drop(company_id, id);
  }
  system.stock.clear();
  system.published.clear();
}

/** A row as the audit log keeps it. */
export const audited = (row: object): Record<string, unknown> => {
  const { company_id: _, ...columns } = row as Record<string, unknown>;
  return columns;
};

/** Writes down an act on an event or on something that hangs on it. */
export const auditEvent = (
  tx: Tx,
  ctx: Context,
  act: Pick<AuditEntry, 'action' | 'subject_type'> & { subject_id: number; before?: object; after?: object },
): Promise<void> =>
  recordAudit(tx, ctx, {
    ...{ action: act.action, subject_type: act.subject_type, subject_id: String(act.subject_id) },
    before: act.before ? audited(act.before) : null,
    after: act.after ? audited(act.after) : null,
  });
