import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { FeedPage } from '../../routing/answers.ts';
import type { Change, ChangesQuery } from '../../schemas/changes.ts';
import { invalidToken } from '../oauth/challenge.ts';
import { sequenceChanges } from './sequence.ts';
import { ofTypes } from './types.ts';

export type ChangeView = z.output<typeof Change>;

/** Which changes a reader wants, of those it may see. */
export interface ChangeFilter {
  types: readonly string[] | null;
  /** Null: of every interface. */
  interface_id: number | null;
}

/** How a change is told, in the feed and to webhooks, as SQL over `e` (feed_entry) and `c` (change). */
export const CHANGE_COLUMNS = `c.id, e.sequence, c.type, c.created_at AS timestamp, c.interface_id, c.event_id,
  c.subject_id, c.data`;

/** Entries that are looked at by one statement, whether or not they are wanted. */
const BLOCK = 5_000;

const BOUNDS = statement(
  'feed_bounds',
  `SELECT coalesce((SELECT sequence FROM feed WHERE company_id = $1), 0) AS latest,
     (SELECT min(sequence) FROM feed_entry WHERE company_id = $1) AS oldest`,
);
// What belongs to no interface is told to those on whose interface its event sells.
const READ = statement(
  'feed_read',
  `SELECT ${CHANGE_COLUMNS}
   FROM feed_entry e JOIN change c ON c.company_id = e.company_id AND c.id = e.change_id
   WHERE e.company_id = $1 AND e.sequence > $2 AND e.sequence <= $3 AND ($4::text[] IS NULL OR ${ofTypes('c.type', '$4::text[]')})
     AND ($5::int IS NULL OR c.interface_id = $5 OR (c.interface_id IS NULL AND EXISTS (
       SELECT FROM event_interface i
       WHERE i.company_id = c.company_id AND i.event_id = c.event_id AND i.interface_id = $5)))
   ORDER BY e.sequence LIMIT $6`,
);

/**
 * The changes after one that the reader has seen, oldest first. Nothing is ever put before what was given once, so a
 * reader that goes on from the last number misses nothing.
 * @throws AppError conflict when changes after `since` are no longer kept; validation_failed for a number that the feed
 *   has not reached; invalid_token when the access ends while it waits
 */
export async function listChanges(ctx: Context, query: ChangesQuery): Promise<FeedPage<ChangeView>> {
  const filter = filterOf(ctx, query);
  const limit = query.limit ?? 100;
  const deadline = Date.now() + (query.wait ?? 0) * 1_000;
  let from = await startOf(ctx, query.since);
  const { signal, release } = ctx.system.accessWatch.watch(ctx);
  try {
    for (;;) {
      const page = await readChanges(ctx, from, filter, limit);
      const left = deadline - Date.now();
      if (signal.aborted) throw invalidToken();
      if (page.items.length || left <= 0 || ctx.system.feed.released) return page;
      from = page.next;
      await ctx.system.feed.until({ company_id: ctx.company_id, beyond: from }, left, signal);
    }
  } finally {
    release();
  }
}

/**
 * `admin` sees every interface, or the one it names; `sell` sees its own.
 * @throws AppError validation_failed when `sell` names another
 */
export function filterOf(
  ctx: Context,
  { types, interface_id }: Pick<ChangesQuery, 'types' | 'interface_id'>,
): ChangeFilter {
  if (ctx.scopes.has('admin')) return { types: types ?? null, interface_id: interface_id ?? null };
  if (interface_id !== undefined && interface_id !== ctx.interface.id)
    throw fieldError('/query/interface_id', 'Changes of other interfaces are for the scope admin.');
  return { types: types ?? null, interface_id: ctx.interface.id };
}

/**
 * Where a reader goes on.
 * @throws AppError conflict, validation_failed
 */
export async function startOf(ctx: Context, since: number | undefined): Promise<number> {
  const [bounds] = await ctx.system.db.query<{ latest: number; oldest: number | null }>(BOUNDS, [
    ctx.company_id,
  ]);
  const { latest, oldest } = bounds as { latest: number; oldest: number | null };
  const first = (oldest ?? latest + 1) - 1;
  if (!since) return first;
  if (since > latest) throw fieldError('/query/since', `The feed has come to ${latest}.`);
  if (since < first)
    throw new AppError(
      'conflict',
      'Changes after this one are kept no longer: read anew what you follow, then go on from oldest_sequence.',
      { oldest_sequence: first },
    );
  return since;
}

/** What comes after a number, of what has numbers already. `next` goes on behind all that was looked at. */
export async function readChanges(
  { system, company_id }: Pick<Context, 'system' | 'company_id'>,
  since: number,
  { types, interface_id }: ChangeFilter,
  limit: number,
): Promise<FeedPage<ChangeView>> {
  await sequenceChanges(system, [company_id]);
  const [bounds] = await system.db.query<{ latest: number }>(BOUNDS, [company_id]);
  const latest = bounds?.latest ?? 0;
  const items: ChangeView[] = [];
  let next = since;
  while (next < latest && items.length < limit) {
    const end = Math.min(latest, next + BLOCK);
    const most = limit - items.length;
    const found = await system.db.query<ChangeView>(READ, [company_id, next, end, types, interface_id, most]);
    items.push(...found);
    next = found.length === most ? (found.at(-1) as ChangeView).sequence : end;
  }
  return { items, next };
}
