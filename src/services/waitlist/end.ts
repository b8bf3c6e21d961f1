import type { Context } from '../../context.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import { endCarts } from '../carts/expire.ts';
import { lockCarts } from '../carts/row.ts';
import { assertFresh } from '../fresh.ts';
import { type EntryView, endEntry, findEntry, notNow, presentEntry, type ShownRow } from './row.ts';

/**
 * Declines what is on offer to a party: its cart is cancelled, and the next in line may have what it held.
 * @throws AppError not_found, conflict when nothing is on offer
 */
export function declineOffer(ctx: Context, event_id: number, id: string): Promise<EntryView> {
  return transaction(ctx, async (tx) => {
    const entry = await findEntry(ctx, event_id, id, tx);
    if (entry.shown !== 'offered') throw notNow(entry);
    await cancelOffer(tx, entry);
    await endEntry(tx, entry, 'declined');
    return presentEntry(ctx, await findEntry(ctx, event_id, id, tx));
  });
}

/**
 * Ends an entry: its party leaves, or is removed by an organiser. What is on offer to it goes to the next.
 * @throws AppError not_found, precondition_failed; conflict when it is over already, or its offer is being paid
 */
export function leaveWaitlist(ctx: Context, event_id: number, id: string): Promise<void> {
  return transaction(ctx, async (tx) => {
    const entry = await findEntry(ctx, event_id, id, tx);
    assertFresh(ctx, entry.updated_at);
    if (entry.shown !== 'waiting' && entry.shown !== 'offered') throw notNow(entry);
    if (entry.shown === 'offered') await cancelOffer(tx, entry);
    const removed = ctx.scopes.has('admin');
    await endEntry(tx, entry, removed ? 'removed' : 'left');
    if (!removed) return;
    await recordAudit(tx, ctx, {
      ...{ action: 'waitlist_entry.remove', subject_type: 'waitlist_entry', subject_id: id },
      ...{ before: { status: entry.shown, event_id }, after: { status: 'removed', event_id } },
    });
  });
}

/** Gives back what an offer holds. @throws AppError conflict when it is being paid, or is over */
async function cancelOffer(tx: Tx, entry: ShownRow): Promise<void> {
  const [cart] = await lockCarts(tx, entry.company_id, [entry.cart_id as string]);
  if (cart?.status !== 'open' || cart.overdue || cart.paid > cart.refunded)
    throw new AppError('conflict', 'The offer is being paid, or is over: read the entry again.');
  await endCarts(tx, entry.company_id, [cart], 'cancelled');
}
