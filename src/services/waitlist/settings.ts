import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import type { PatchWaitlist, WaitlistSettings } from '../../schemas/waitlist.ts';
import { recordAudit } from '../audit.ts';
import { haveEventAlone } from '../events/lock.ts';
import { bumpEvent } from '../events/manage/touch.ts';
import { loadEvent } from '../events/row.ts';
import { assertFresh } from '../fresh.ts';

type SettingsView = z.output<typeof WaitlistSettings>;

// An event has a list from the start; its row comes with the first party, or with the first setting.
const READ = statement(
  'waitlist_settings',
  `SELECT e.id AS event_id, coalesce(w.enabled, true) AS enabled, coalesce(w.offer_minutes, 30) AS offer_minutes,
     coalesce(w.head_start, true) AS head_start, coalesce(w.reserved, false) AS reserved,
     coalesce(w.updated_at, e.created_at) AS updated_at
   FROM event e LEFT JOIN waitlist w ON w.company_id = e.company_id AND w.event_id = e.id
   WHERE e.company_id = $1 AND e.id = $2`,
);
const CREATE = statement(
  'waitlist_create',
  `INSERT INTO waitlist (company_id, event_id, updated_at)
   SELECT e.company_id, e.id, e.created_at FROM event e WHERE e.company_id = $1 AND e.id = $2 ON CONFLICT DO NOTHING`,
);
const LOCK = statement(
  'waitlist_lock',
  'SELECT updated_at FROM waitlist WHERE company_id = $1 AND event_id = $2 FOR UPDATE',
);
const UPDATE = statement(
  'waitlist_update',
  `UPDATE waitlist SET enabled = coalesce($3, enabled), offer_minutes = coalesce($4, offer_minutes),
     head_start = coalesce($5, head_start), looked_at = NULL,
     reserved = reserved AND coalesce($3, enabled) AND coalesce($5, head_start),
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND event_id = $2`,
);

/** A list with whether it has what comes free to itself at this moment. */
export interface ListState extends SettingsView {
  reserved: boolean;
}

/** The settings of an event's list, whether or not it has a row. */
export async function settingsOf(
  reader: Tx | Database,
  company_id: number,
  event_id: number,
): Promise<ListState> {
  const [row] = await (reader as Tx).query<ListState>(READ, [company_id, event_id]);
  return row as ListState;
}

/** Sees to it that an event's list has a row. */
export const createList = (tx: Tx, company_id: number, event_id: number): Promise<number> =>
  tx.execute(CREATE, [company_id, event_id]);

/** What the event offers is another from now on: every hold reads it anew. The caller holds the lock of the list. */
export async function offerChanges(tx: Tx, company_id: number, event_id: number): Promise<void> {
  await haveEventAlone(tx, company_id, event_id);
  await bumpEvent(tx, company_id, event_id);
}

const shown = ({ reserved: _, ...view }: ListState): SettingsView => view;

/**
 * The settings of an event's list.
 * @throws AppError not_found
 */
export async function getSettings(ctx: Context, event_id: number): Promise<SettingsView> {
  await loadEvent(ctx, event_id);
  return shown(await settingsOf(ctx.system.db, ctx.company_id, event_id));
}

/**
 * Changes the settings of an event's list. Switched off, or without its head start, it lets buyers have what is free.
 * @throws AppError not_found, precondition_failed
 */
export async function updateSettings(
  ctx: Context,
  event_id: number,
  { enabled, offer_minutes, head_start }: PatchWaitlist,
): Promise<SettingsView> {
  await loadEvent(ctx, event_id);
  const { company_id } = ctx;
  const after = await transaction(ctx, async (tx) => {
    await createList(tx, company_id, event_id);
    const [row] = await tx.query<{ updated_at: Date }>(LOCK, [company_id, event_id]);
    assertFresh(ctx, (row as { updated_at: Date }).updated_at);
    const before = await settingsOf(tx, company_id, event_id);
    await tx.execute(UPDATE, [
      ...[company_id, event_id, enabled ?? null, offer_minutes ?? null, head_start ?? null],
    ]);
    const state = await settingsOf(tx, company_id, event_id);
    if (state.reserved !== before.reserved) await offerChanges(tx, company_id, event_id);
    await recordAudit(tx, ctx, {
      ...{ action: 'waitlist.update', subject_type: 'event', subject_id: String(event_id) },
      ...{ before: { ...before }, after: { ...state } },
    });
    return shown(state);
  });
  ctx.system.offers.drop(company_id, event_id);
  return after;
}
