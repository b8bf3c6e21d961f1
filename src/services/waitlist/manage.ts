import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { PatchEntry } from '../../schemas/waitlist.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { holdParty } from './hold-party.ts';
import { lockWaiting, makeOffer, PartyGone, partyOf } from './offer.ts';
import { type EntryView, findEntry, notNow, type PartyRow, presentEntry, writeLog } from './row.ts';
import { settingsOf } from './settings.ts';

const LOCK = statement(
  'waitlist_entry_lock_any',
  'SELECT updated_at FROM waitlist_entry WHERE company_id = $1 AND id = $2 FOR UPDATE',
);
const PRIORITY = statement(
  'waitlist_entry_priority',
  `UPDATE waitlist_entry SET priority = $3, tried_at = NULL,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'waiting'`,
);

/**
 * Moves a party forward or back in the line.
 * @throws AppError not_found, precondition_failed, conflict when it does not wait
 */
export function changeEntry(
  ctx: Context,
  event_id: number,
  id: string,
  { priority }: PatchEntry,
): Promise<EntryView> {
  return transaction(ctx, async (tx) => {
    await tx.query(LOCK, [ctx.company_id, id]);
    const before = await findEntry(ctx, event_id, id, tx);
    assertFresh(ctx, before.updated_at);
    if (!(await tx.execute(PRIORITY, [ctx.company_id, id, priority]))) throw notNow(before);
    const data = { before: before.priority, after: priority };
    await writeLog(tx, [{ entry: before, what: 'priority', data }]);
    await recordAudit(tx, ctx, {
      ...{ action: 'waitlist_entry.update', subject_type: 'waitlist_entry', subject_id: id },
      ...{ before: { priority: before.priority }, after: { priority } },
    });
    return presentEntry(ctx, await findEntry(ctx, event_id, id, tx));
  });
}

/**
 * Offers to a party now, whoever is before it in the line.
 * @throws AppError not_found, conflict when it does not wait, sold_out with the reason when nothing suits it
 */
export async function offerByHand(ctx: Context, event_id: number, id: string): Promise<EntryView> {
  const entry = await findEntry(ctx, event_id, id);
  if (entry.shown !== 'waiting') throw notNow(entry);
  const { company_id, system } = ctx;
  const party = (await partyOf(system.db, company_id, id)) as PartyRow;
  const { offer_minutes } = await settingsOf(system.db, company_id, event_id);
  try {
    const outcome = await holdParty<EntryView>(system, party, {
      ...{ minutes: offer_minutes, listed: true },
      run: (work) => transaction(ctx, work),
      guard: (tx) => lockWaiting(tx, party),
      keep: async (tx, held) => {
        await makeOffer(tx, system, party, held, true);
        await recordAudit(tx, ctx, {
          ...{ action: 'waitlist_entry.offer', subject_type: 'waitlist_entry', subject_id: id },
          ...{ before: { status: 'waiting' }, after: { status: 'offered', cart_id: held.cart.id } },
        });
        return presentEntry(ctx, await findEntry(ctx, event_id, id, tx));
      },
    });
    if ('held' in outcome) return outcome.held;
    const { reason, data } = outcome.passed;
    throw new AppError('sold_out', 'Nothing that suits this party is free.', { ...data, reason });
  } catch (error) {
    if (error instanceof PartyGone) throw notNow(await findEntry(ctx, event_id, id));
    throw error;
  }
}
