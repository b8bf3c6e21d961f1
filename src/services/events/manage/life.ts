import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { AppError } from '../../../errors.ts';
import { publishEvent as materialise } from '../../inventory/publish.ts';
import { keepAtOpening } from '../../subscriptions/keep.ts';
import { issueToSeasons } from '../../subscriptions/season-dates.ts';
import type { EventRecord } from '../lock.ts';
import type { EventView } from '../row.ts';
import { moveEvent } from '../state.ts';
import { auditEvent, changeEvent, tellOfEvent } from './touch.ts';
import { eventAfter } from './view.ts';

// A map or a ticket type that nothing can be sold of would only show once the public is there.
const READY = statement(
  'event_ready',
  `SELECT EXISTS (SELECT FROM event_map m WHERE m.company_id = $1 AND m.event_id = $2) AS maps,
     EXISTS (SELECT FROM ticket_type t WHERE t.company_id = $1 AND t.event_id = $2) AS ticket_types,
     ARRAY (SELECT t.id FROM ticket_type t WHERE t.company_id = $1 AND t.event_id = $2
            AND NOT EXISTS (SELECT FROM event_map m JOIN section s ON s.company_id = m.company_id AND s.map_id = m.map_id
              WHERE m.company_id = $1 AND m.event_id = $2 AND s.id = ANY(t.section_ids)) ORDER BY t.id) AS placeless`,
);

async function requireReady(tx: Tx, { company_id, id }: EventRecord): Promise<void> {
  const [ready] = (await tx.query(READY, [company_id, id])) as [
    { maps: boolean; ticket_types: boolean; placeless: number[] },
  ];
  const missing = [...(ready.maps ? [] : ['maps']), ...(ready.ticket_types ? [] : ['ticket_types'])];
  if (missing.length || ready.placeless.length)
    throw new AppError(
      'conflict',
      missing.length
        ? `Before it is published it needs: ${missing.join(', ')}.`
        : 'Some ticket types have no section of its maps.',
      { missing, ticket_type_ids: ready.placeless },
    );
}

/**
 * Opens a draft: it is visible from now on, and every seat and section of its maps is stock. Places of
 * seasons that may be renewed are kept, and seasons that include it issue it to their holders by jobs.
 * @throws AppError not_found; conflict for anything but a draft, and for one without maps, ticket types or places for them
 */
export function publishEvent(ctx: Context, event_id: number): Promise<EventView> {
  return changeEvent(ctx, event_id, async (tx, event) => {
    if (event.status === 'draft') await requireReady(tx, event);
    await materialise(tx, ctx.company_id, event_id);
    await keepAtOpening(tx, ctx.company_id, event_id, ctx.now);
    await issueToSeasons(tx, ctx, event_id);
    return after(tx, ctx, event, 'publish');
  });
}

/**
 * Stops sales for a while. Carts keep what they hold, and can be paid.
 * @throws AppError not_found; conflict for an event that is not published
 */
export const pauseEvent = (ctx: Context, event_id: number): Promise<EventView> =>
  move(ctx, event_id, 'paused', 'pause');

/**
 * Goes on selling.
 * @throws AppError not_found; conflict for an event that is not paused
 */
export const resumeEvent = (ctx: Context, event_id: number): Promise<EventView> =>
  move(ctx, event_id, 'published', 'resume');

const move = (ctx: Context, event_id: number, to: 'paused' | 'published', act: string): Promise<EventView> =>
  changeEvent(ctx, event_id, async (tx, event) => {
    await moveEvent(tx, event, to);
    await tellOfEvent(tx, ctx, event_id, { status: to });
    if (to === 'published') await issueToSeasons(tx, ctx, event_id); // to those who subscribed meanwhile
    return after(tx, ctx, event, act);
  });

async function after(tx: Tx, ctx: Context, event: EventRecord, act: string): Promise<EventView> {
  const view = await eventAfter(tx, ctx, event.id);
  await auditEvent(tx, ctx, {
    ...{ action: `event.${act}`, subject_type: 'event', subject_id: event.id },
    ...{ before: { status: event.status }, after: { status: view.status } },
  });
  return view;
}
