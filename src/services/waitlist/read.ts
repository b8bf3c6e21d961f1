import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { EntriesQuery, WaitlistLogEntry } from '../../schemas/waitlist.ts';
import { loadEvent } from '../events/row.ts';
import { ownUserId } from '../users/row.ts';
import {
  ENTRIES,
  ENTRY_COLUMNS,
  type EntryView,
  findEntry,
  presentEntry,
  SHOWN,
  type ShownRow,
} from './row.ts';

const matching = (whose: string) => `FROM ${ENTRIES}
  WHERE w.company_id = $1 AND w.event_id = $2 AND w.interface_id = $3 AND ${whose} AND ($5::text[] IS NULL OR ${SHOWN} = ANY($5))
  AND ($6::boolean IS NULL OR $6 = (${SHOWN} IN ('waiting', 'offered', 'accepted')))`;
const statements = (name: string, whose: string) => ({
  list: statement(
    `waitlist_${name}_list`,
    `SELECT ${ENTRY_COLUMNS} ${matching(whose)}
     ORDER BY (w.status = 'waiting') DESC, w.priority DESC, w.line LIMIT $7 OFFSET $8`,
  ),
  count: statement(`waitlist_${name}_count`, `SELECT count(*)::int AS total ${matching(whose)}`),
});
const ALL = statements('entry', '$4::int IS NULL');
const OF_USER = statements('user_entry', 'w.user_id = $4');
const LOG = statement(
  'waitlist_log_list',
  `SELECT what, reason, data, times, created_at, last_at FROM waitlist_log
   WHERE company_id = $1 AND entry_id = $2 ORDER BY id`,
);

/**
 * An entry, with its place in the line.
 * @throws AppError not_found
 */
export async function getEntry(ctx: Context, event_id: number, id: string): Promise<EntryView> {
  return presentEntry(ctx, await findEntry(ctx, event_id, id));
}

/**
 * The entries of an event on this interface: the line in its order, then the rest. Users see their own.
 * @throws AppError not_found, user_required
 */
export async function listEntries(
  ctx: Context,
  event_id: number,
  { status, user_id, live }: EntriesQuery,
  page: PageRequest,
): Promise<Page<EntryView>> {
  const whose = seesEverything(ctx) ? (user_id ?? null) : ownUserId(ctx);
  await loadEvent(ctx, event_id);
  const values = [ctx.company_id, event_id, ctx.interface.id, whose, status ?? null, live ?? null];
  const { db } = ctx.system;
  const { list, count } = whose === null ? ALL : OF_USER;
  const read = whose === null ? db.scan : db.query;
  const [counted] = await read<{ total: number }>(count, values);
  const rows = await read<ShownRow>(list, [...values, page.limit, page.offset]);
  return { items: rows.map((row) => presentEntry(ctx, row)), total: counted?.total ?? 0 };
}

/**
 * What became of an entry, oldest first.
 * @throws AppError not_found
 */
export async function listLog(
  ctx: Context,
  event_id: number,
  id: string,
): Promise<z.output<typeof WaitlistLogEntry>[]> {
  await findEntry(ctx, event_id, id);
  return ctx.system.db.query(LOG, [ctx.company_id, id]);
}
