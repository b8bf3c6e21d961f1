import type { z } from 'zod';
import { type Context, type SalesChannel, seesEverything } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, type Language, notFound } from '../../errors.ts';
import type { WaitlistChange } from '../../schemas/changes.ts';
import type { ENTRY_STATUSES, WaitlistEntry } from '../../schemas/waitlist.ts';
import { type Change, recordChanges } from '../changes.ts';

export type EntryView = z.output<typeof WaitlistEntry>;
export type EntryStatus = (typeof ENTRY_STATUSES)[number];

export interface EntryRow {
  company_id: number;
  id: string;
  event_id: number;
  interface_id: number;
  client_id: string;
  user_id: number | null;
  email: string | null;
  person: string;
  language: Language;
  /** As the table has it: never `accepted`. */
  status: Exclude<EntryStatus, 'accepted'>;
  party_size: number;
  ticket_type_ids: number[];
  max_price: number | null;
  together: boolean;
  priority: number;
  line: number;
  cart_id: string | null;
  offered_at: Date | null;
  offer_expires_at: Date | null;
  tried_at: Date | null;
  created_at: Date;
  updated_at: Date;
  closed_at: Date | null;
}

/** An entry with what its cart and the line make of it at this moment. */
export interface ShownRow extends EntryRow {
  shown: EntryStatus;
  place: number | null;
  currency: string;
}

/** An entry with the channel that it joined on: what it takes to act for it. */
export interface PartyRow extends EntryRow {
  channel: SalesChannel;
}

/**
 * How an offer has ended, by its cart, as SQL over `c`: whether or not anything has written that down. A hold is worth
 * nothing from the second it expires; what is paid late after all is fulfilled.
 */
export const END_OF_OFFER = `CASE WHEN c.status IN ('paid', 'partially_refunded', 'refunded') THEN 'fulfilled'
  WHEN c.status = 'cancelled' THEN 'declined'
  WHEN c.status = 'expired' OR c.expires_at <= now() THEN 'expired' END`;

/** Over `w` and its cart `c`. */
export const SHOWN = `CASE WHEN w.status = 'offered' THEN coalesce(${END_OF_OFFER},
    CASE WHEN c.status = 'pending_payment' THEN 'accepted' END, 'offered')
  WHEN w.status = 'expired' AND c.status IN ('paid', 'partially_refunded', 'refunded') THEN 'fulfilled'
  ELSE w.status END`;

export const ENTRIES = `waitlist_entry w JOIN event e ON e.company_id = w.company_id AND e.id = w.event_id
  LEFT JOIN cart c ON c.company_id = w.company_id AND c.id = w.cart_id`;

export const ENTRY_COLUMNS = `w.*, e.currency, ${SHOWN} AS shown,
  CASE WHEN w.status = 'waiting' THEN 1 + (SELECT count(*)::int FROM waitlist_entry o
    WHERE o.company_id = w.company_id AND o.event_id = w.event_id AND o.status = 'waiting' AND o.priority > w.priority)
    + (SELECT count(*)::int FROM waitlist_entry o
    WHERE o.company_id = w.company_id AND o.event_id = w.event_id AND o.status = 'waiting' AND o.priority = w.priority
      AND o.line < w.line) END AS place`;

/** Who may reach an entry, as SQL over `w`: as for a cart (carts/row.ts). Parameters $1 to $5 are those of `accessOf`. */
export const ENTRY_ACCESS = `w.company_id = $1 AND w.interface_id = $2
  AND ($3 OR w.user_id = $4 OR (w.user_id IS NULL AND w.client_id = $5))`;

export const accessOf = (ctx: Context): unknown[] => [
  ctx.company_id,
  ctx.interface.id,
  seesEverything(ctx),
  ctx.user_id ?? null,
  ctx.client_id,
];

const FIND = statement(
  'waitlist_entry_find',
  `SELECT ${ENTRY_COLUMNS} FROM ${ENTRIES} WHERE ${ENTRY_ACCESS} AND w.event_id = $6 AND w.id = $7`,
);

/**
 * An entry that the caller may reach.
 * @throws AppError not_found
 */
export async function findEntry(
  ctx: Context,
  event_id: number,
  id: string,
  reader: Tx | Database = ctx.system.db,
): Promise<ShownRow> {
  const [row] = await (reader as Tx).query<ShownRow>(FIND, [...accessOf(ctx), event_id, id]);
  if (!row) throw notFound('Waitlist entry');
  return row;
}

/** An entry as the API shows it. */
export function presentEntry(ctx: Context, row: ShownRow): EntryView {
  const { company_id: _1, client_id: _2, person: _3, line: _4, tried_at: _5, status: _6, ...rest } = row;
  const { shown, priority, ...columns } = rest;
  return { ...columns, status: shown, ...(seesEverything(ctx) && { priority }) };
}

const LOG = statement(
  'waitlist_log_insert',
  `INSERT INTO waitlist_log (company_id, event_id, entry_id, what, reason, data)
   SELECT r.company_id, r.event_id, r.entry_id, r.what, r.reason, r.data
   FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::jsonb[])
     AS r (company_id, event_id, entry_id, what, reason, data)`,
);

/** Something that became of an entry. */
export interface Happening<What = string> {
  entry: Pick<EntryRow, 'company_id' | 'event_id' | 'id' | 'interface_id' | 'cart_id'>;
  what: What;
  reason?: string;
  data?: Record<string, unknown>;
}

/** Writes into the logs of entries, and tells it: `waitlist.offered`, `waitlist.expired`, … */
export async function recordHappenings(
  tx: Tx,
  happenings: readonly Happening<WaitlistChange>[],
): Promise<void> {
  if (!happenings.length) return;
  await writeLog(tx, happenings);
  await recordChanges(
    tx,
    happenings.map(
      ({ entry, what }): Change => ({
        ...{ company_id: entry.company_id, type: `waitlist.${what}`, interface_id: entry.interface_id },
        ...{ event_id: entry.event_id, subject_id: entry.id },
        data: { waitlist_entry_id: entry.id, event_id: entry.event_id, cart_id: entry.cart_id },
      }),
    ),
  );
}

/** Writes into the logs of entries without telling it. */
export async function writeLog(tx: Tx, happenings: readonly Happening[]): Promise<void> {
  await tx.execute(LOG, [
    happenings.map(({ entry }) => entry.company_id),
    happenings.map(({ entry }) => entry.event_id),
    happenings.map(({ entry }) => entry.id),
    happenings.map(({ what }) => what),
    happenings.map(({ reason }) => reason ?? null),
    happenings.map(({ data }) => JSON.stringify(data ?? {})),
  ]);
}

const MOVE = statement(
  'waitlist_entry_move',
  `UPDATE waitlist_entry SET status = $4, closed_at = now(),
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = $3`,
);

/** The refusal of what an entry cannot do as it stands. */
export const notNow = ({ shown }: ShownRow): AppError =>
  new AppError('conflict', `This entry is ${shown}.`, { waitlist_entry_status: shown });

/**
 * Ends an entry.
 * @throws AppError conflict when it is no longer in the state that it was seen in
 */
export async function endEntry(tx: Tx, entry: EntryRow, to: 'declined' | 'left' | 'removed'): Promise<void> {
  if (!(await tx.execute(MOVE, [entry.company_id, entry.id, entry.status, to])))
    throw new AppError('conflict', 'The entry has changed meanwhile; read it again.');
  await recordHappenings(tx, [{ entry, what: to }]);
}
