import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, type FieldFault, fieldError, notFound } from '../../errors.ts';
import type { Queue, QueueSettings, QueueSettingsPut } from '../../schemas/queues.ts';
import { refuseFaults } from '../events/manage/check.ts';
import { auditEvent, changeEvent, touchEvent } from '../events/manage/touch.ts';
import { loadEvent } from '../events/row.ts';
import { assertFresh } from '../fresh.ts';
import { newSeed, seedHash } from './draw.ts';
import { addLanes, clockOf, lockQueue, type QueueRow } from './row.ts';

const GET = statement('queue_get', 'SELECT * FROM queue WHERE company_id = $1 AND event_id = $2');
const CHANNELS = statement(
  'queue_channels',
  `SELECT c.interface_id, coalesce(i.inflow, q.inflow) AS inflow, coalesce(i.max_inside, q.max_inside) AS max_inside,
     i.inflow AS own_inflow, i.max_inside AS own_max_inside
   FROM event_interface c
   JOIN queue q ON q.company_id = c.company_id AND q.event_id = c.event_id
   LEFT JOIN queue_interface i ON i.company_id = c.company_id AND i.event_id = c.event_id AND i.interface_id = c.interface_id
   WHERE c.company_id = $1 AND c.event_id = $2 ORDER BY c.interface_id`,
);
const SOLD_ON = statement(
  'queue_sold_on',
  'SELECT interface_id FROM event_interface WHERE company_id = $1 AND event_id = $2 ORDER BY interface_id',
);
const PUT = statement(
  'queue_put',
  `INSERT INTO queue AS q (company_id, event_id, opens_at, starts_at, inflow, max_inside, pass_seconds, paused, seed,
     created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
   ON CONFLICT (company_id, event_id) DO UPDATE SET opens_at = $3, starts_at = $4, inflow = $5, max_inside = $6,
     pass_seconds = $7, paused = $8, updated_at = greatest($10, q.updated_at + interval '1 millisecond')
   RETURNING *`,
);
const SET_LANES = statement(
  'queue_interface_put',
  `UPDATE queue_interface i SET inflow = r.inflow, max_inside = r.max_inside
   FROM unnest($3::int[], $4::int[], $5::int[]) AS r (interface_id, inflow, max_inside)
   WHERE i.company_id = $1 AND i.event_id = $2 AND i.interface_id = r.interface_id`,
);
const REMOVE = statement('queue_delete', 'DELETE FROM queue WHERE company_id = $1 AND event_id = $2');

const DEFAULT_PASS_SECONDS = 600;

interface Channel {
  interface_id: number;
  inflow: number;
  max_inside: number | null;
  own_inflow: number | null;
  own_max_inside: number | null;
}

/** The gate of an event, as far as anybody may know of it. */
const presentQueue = (queue: QueueRow, now: Date): Queue => ({
  event_id: queue.event_id,
  status: statusOf(queue, now),
  opens_at: queue.opens_at,
  starts_at: queue.starts_at,
  drawn_at: queue.drawn_at,
  seed_hash: seedHash(queue.seed),
  seed: queue.drawn_at && queue.seed,
});

/** What goes on at a gate. */
export function statusOf(queue: QueueRow, now: Date): Queue['status'] {
  if (now < queue.opens_at) return 'scheduled';
  if (now < queue.starts_at) return 'pre_queue';
  return queue.paused ? 'paused' : 'running';
}

/**
 * The gate of an event that the caller may see.
 * @throws AppError not_found, also for an event without one
 */
export async function loadQueue(ctx: Context, event_id: number): Promise<QueueRow> {
  await loadEvent(ctx, event_id);
  const [queue] = await ctx.system.db.query<QueueRow>(GET, [ctx.company_id, event_id]);
  if (!queue) throw notFound('Queue');
  return queue;
}

/**
 * What everybody may know of the gate of an event.
 * @throws AppError not_found, also for an event without one
 */
export const getQueue = async (ctx: Context, event_id: number): Promise<Queue> =>
  presentQueue(await loadQueue(ctx, event_id), ctx.now);

/**
 * How the gate of an event is set.
 * @throws AppError not_found
 */
export const getQueueSettings = async (ctx: Context, event_id: number): Promise<QueueSettings> =>
  presentSettings(ctx, await loadQueue(ctx, event_id), ctx.system.db);

async function presentSettings(
  ctx: Context,
  queue: QueueRow,
  reader: Tx | Database,
  now = ctx.now,
): Promise<QueueSettings> {
  const channels = await reader.query<Channel>(CHANNELS, [ctx.company_id, queue.event_id]);
  return {
    ...presentQueue(queue, now),
    inflow: queue.inflow,
    max_inside: queue.max_inside,
    pass_seconds: queue.pass_seconds,
    paused: queue.paused,
    interfaces: channels.map(({ interface_id, inflow, max_inside }) => ({
      interface_id,
      inflow,
      max_inside,
    })),
    created_at: queue.created_at,
    updated_at: queue.updated_at,
  };
}

/**
 * Puts an event behind a gate, or sets the gate it has; whoever waits keeps the place. From then on buyers hold nothing of
 * the event without a pass; carts that hold something of it already go on with that, and must queue for more.
 * @throws AppError not_found, precondition_failed, validation_failed; conflict for an event that is over, and for another
 *   start once the draw was held
 */
export function putQueueSettings(
  ctx: Context,
  event_id: number,
  body: QueueSettingsPut,
): Promise<QueueSettings> {
  return changeEvent(ctx, event_id, async (tx) => {
    const before = await lockQueue(tx, ctx.company_id, event_id);
    assertFresh(ctx, before?.updated_at ?? new Date(0));
    const at = await clockOf(tx); // not when the transaction began: what was held before goes without a pass
    const starts_at = body.starts_at ?? before?.starts_at;
    if (!starts_at) throw fieldError('/starts_at', 'A new gate needs the start of the sale.', 'required');
    const opens_at = body.opens_at ?? before?.opens_at ?? earlier(at, starts_at);
    const times = { opens_at, starts_at };
    const sold = await tx.query<{ interface_id: number }>(SOLD_ON, [ctx.company_id, event_id]);
    const own = body.interfaces ?? [];
    refuseFaults(faultsOf(body, times, new Set(sold.map(({ interface_id }) => interface_id))));
    requireSameStart(before, times);
    const beforeView = before && (await presentSettings(ctx, before, tx));
    const [queue] = await tx.query<QueueRow>(PUT, [
      ...[ctx.company_id, event_id, opens_at, starts_at, body.inflow, body.max_inside ?? null],
      ...[body.pass_seconds ?? DEFAULT_PASS_SECONDS, body.paused ?? false, newSeed(), at],
    ]);
    const ids = sold.map(({ interface_id }) => interface_id);
    await addLanes(tx, ctx.company_id, event_id, ids);
    const ownOf = (interface_id: number) => own.find((each) => each.interface_id === interface_id);
    await tx.execute(SET_LANES, [
      ...[ctx.company_id, event_id, ids],
      ids.map((interface_id) => ownOf(interface_id)?.inflow ?? null),
      ids.map((interface_id) => ownOf(interface_id)?.max_inside ?? null),
    ]);
    const after = await presentSettings(ctx, queue as QueueRow, tx, at);
    await auditEvent(tx, ctx, {
      ...{ action: 'event.queue_put', subject_type: 'event', subject_id: event_id },
      ...{ ...(beforeView && { before: beforeView }), after },
    });
    await touchEvent(tx, ctx, event_id, { queue: after.status });
    return after;
  });
}

const earlier = (a: Date, b: Date): Date => (a < b ? a : b);

type Times = Pick<QueueRow, 'opens_at' | 'starts_at'>;

function faultsOf(
  body: QueueSettingsPut,
  { opens_at, starts_at }: Times,
  sold: ReadonlySet<number>,
): FieldFault[] {
  const faults: FieldFault[] = [];
  if (opens_at > starts_at)
    faults.push({ pointer: '/starts_at', code: 'invalid', message: 'Not before opens_at.' });
  const seen = new Set<number>();
  for (const [i, { interface_id }] of (body.interfaces ?? []).entries()) {
    const pointer = `/interfaces/${i}/interface_id`;
    if (!sold.has(interface_id))
      faults.push({ pointer, code: 'not_found', message: 'The event does not sell on this interface.' });
    if (seen.has(interface_id)) faults.push({ pointer, code: 'duplicate', message: 'Named twice.' });
    seen.add(interface_id);
  }
  return faults;
}

/** After the draw who came before the start is settled. */
function requireSameStart(before: QueueRow | undefined, { opens_at, starts_at }: Times): void {
  if (!before?.drawn_at) return;
  if (+before.starts_at !== +starts_at || +before.opens_at !== +opens_at)
    throw new AppError('conflict', 'The order was drawn: opens_at and starts_at stay as they were.', {
      drawn_at: before.drawn_at.toISOString(),
    });
}

/**
 * Takes the gate of an event away: places and passes go with it, and anybody may buy.
 * @throws AppError not_found, precondition_failed; conflict for an event that is over
 */
export function deleteQueue(ctx: Context, event_id: number): Promise<void> {
  return changeEvent(ctx, event_id, async (tx) => {
    const queue = await lockQueue(tx, ctx.company_id, event_id);
    if (!queue) throw notFound('Queue');
    assertFresh(ctx, queue.updated_at);
    const before = await presentSettings(ctx, queue, tx);
    await tx.execute(REMOVE, [ctx.company_id, event_id]);
    await auditEvent(tx, ctx, {
      ...{ action: 'event.queue_remove', subject_type: 'event', subject_id: event_id, before },
    });
    await touchEvent(tx, ctx, event_id, { queue: null });
  });
}
