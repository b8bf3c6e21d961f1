import type { z } from 'zod';
import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { AppError, notFound } from '../../../errors.ts';
import type { EventCreate, EventInterface, EventInterfacePut } from '../../../schemas/event-management.ts';
import { assertFresh } from '../../fresh.ts';
import { loadEvent } from '../row.ts';
import { inOrder, refuseFaults } from './check.ts';
import { requireUnsold } from './sold.ts';
import { auditEvent, changeEvent, touchEvent } from './touch.ts';

export type EventInterfaceView = z.output<typeof EventInterface>;

const COLUMNS = 'event_id, interface_id, sales_start, sales_end, extra_fee, created_at, updated_at';

const INSERT = statement(
  'event_interface_insert',
  `INSERT INTO event_interface (company_id, event_id, interface_id, sales_start, sales_end, extra_fee)
   SELECT $1, $2, r.interface_id, r.sales_start, r.sales_end, coalesce(r.extra_fee, 0)
   FROM jsonb_populate_recordset(NULL::event_interface, $3::jsonb) AS r`,
);
const LIST = statement(
  'event_interface_list',
  `SELECT ${COLUMNS} FROM event_interface WHERE company_id = $1 AND event_id = $2 ORDER BY interface_id`,
);
const GET = statement(
  'event_interface_get',
  `SELECT ${COLUMNS} FROM event_interface WHERE company_id = $1 AND event_id = $2 AND interface_id = $3`,
);
const ACTIVE = statement(
  'event_interface_active',
  'SELECT id FROM interface WHERE company_id = $1 AND id = $2 AND active',
);
const PUT = statement(
  'event_interface_put',
  `INSERT INTO event_interface AS i (company_id, event_id, interface_id, sales_start, sales_end, extra_fee)
   VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (company_id, event_id, interface_id) DO UPDATE SET sales_start = $4, sales_end = $5, extra_fee = $6,
     updated_at = greatest(now(), i.updated_at + interval '1 millisecond')
   RETURNING ${COLUMNS}`,
);
const REMOVE = statement(
  'event_interface_remove',
  'DELETE FROM event_interface WHERE company_id = $1 AND event_id = $2 AND interface_id = $3',
);

/** Has a new event sell on interfaces. */
export const insertChannels = (
  tx: Tx,
  company_id: number,
  event_id: number,
  interfaces: NonNullable<EventCreate['interfaces']>,
): Promise<number> => tx.execute(INSERT, [company_id, event_id, JSON.stringify(interfaces)]);

/**
 * The interfaces an event sells on.
 * @throws AppError not_found
 */
export async function listEventInterfaces(ctx: Context, event_id: number): Promise<EventInterfaceView[]> {
  await loadEvent(ctx, event_id);
  return ctx.system.db.query<EventInterfaceView>(LIST, [ctx.company_id, event_id]);
}

/**
 * How an event sells on one interface.
 * @throws AppError not_found
 */
export async function getEventInterface(
  ctx: Context,
  event_id: number,
  interface_id: number,
): Promise<EventInterfaceView> {
  await loadEvent(ctx, event_id);
  const values = [ctx.company_id, event_id, interface_id];
  const [row] = await ctx.system.db.query<EventInterfaceView>(GET, values);
  if (!row) throw notFound('Interface');
  return row;
}

/**
 * Has an event sell on an interface, or sell there otherwise: what is not given is as if it never had been.
 * Lines that carts hold already keep their price.
 * @throws AppError not_found, precondition_failed, validation_failed; conflict for an event that is over
 */
export function putEventInterface(
  ctx: Context,
  event_id: number,
  interface_id: number,
  { sales_start = null, sales_end = null, extra_fee = 0 }: EventInterfacePut,
): Promise<EventInterfaceView> {
  return changeEvent(ctx, event_id, async (tx) => {
    const where = [ctx.company_id, event_id, interface_id];
    if (!(await tx.query(ACTIVE, [ctx.company_id, interface_id])).length) throw notFound('Interface');
    const [before] = await tx.query<EventInterfaceView>(GET, where);
    assertFresh(ctx, before?.updated_at ?? new Date(0));
    refuseFaults(inOrder([sales_start, 'sales_start'], [sales_end, 'sales_end']));
    const [after] = (await tx.query<EventInterfaceView>(PUT, [
      ...where,
      sales_start,
      sales_end,
      extra_fee,
    ])) as [EventInterfaceView];
    await auditEvent(tx, ctx, {
      ...{ action: 'event.interface_put', subject_type: 'event', subject_id: event_id },
      ...{ ...(before && { before }), after },
    });
    await touchEvent(tx, ctx, event_id, { interface_id });
    return after;
  });
}

/**
 * Has an event no longer sell on an interface: it does not exist there any more.
 * @throws AppError not_found, precondition_failed; conflict when something is held or was sold there, or it is the last
 */
export function removeEventInterface(ctx: Context, event_id: number, interface_id: number): Promise<void> {
  return changeEvent(ctx, event_id, async (tx) => {
    const rows = await tx.query<EventInterfaceView>(LIST, [ctx.company_id, event_id]);
    const before = rows.find((row) => row.interface_id === interface_id);
    if (!before) throw notFound('Interface');
    assertFresh(ctx, before.updated_at);
    if (rows.length === 1)
      throw new AppError(
        'conflict',
        'An event sells on one interface at least: pause it, or delete the draft.',
      );
    const detail = 'Something of this event is held or was sold on this interface; close its window instead.';
    await requireUnsold(tx, ctx.company_id, event_id, { interface_id }, detail);
    await tx.execute(REMOVE, [ctx.company_id, event_id, interface_id]);
    await auditEvent(tx, ctx, {
      ...{ action: 'event.interface_remove', subject_type: 'event', subject_id: event_id, before },
    });
    await touchEvent(tx, ctx, event_id, { interface_id });
  });
}
