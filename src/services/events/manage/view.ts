import type { Context } from '../../../context.ts';
import type { Tx } from '../../../db/transaction.ts';
import { notFound } from '../../../errors.ts';
import { type EventView, loadEvents, presentEvent } from '../row.ts';
import { countStock, type EventStock, stockFor } from '../stock.ts';

/**
 * Events as their change leaves them: the answer of the change, and what its Idempotency-Key keeps.
 * @throws AppError not_found for one that does not sell on the caller's interface
 */
export async function eventsAfter(tx: Tx, ctx: Context, ids: readonly number[]): Promise<EventView[]> {
  const events = await loadEvents(ctx, ids, tx);
  if (events.length !== ids.length) throw notFound('Event');
  const stocks = await countStock(tx, ctx.company_id, ids);
  const asker = { interface_id: ctx.interface.id, code_ids: [], now: ctx.now };
  return events.map((event) => presentEvent(ctx, event, stockFor(stocks.get(event.id) as EventStock, asker)));
}

export const eventAfter = async (tx: Tx, ctx: Context, id: number): Promise<EventView> =>
  (await eventsAfter(tx, ctx, [id]))[0] as EventView;
