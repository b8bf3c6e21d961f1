import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import type { EventRecord } from '../lock.ts';
import { searchable } from '../search.ts';

/** Columns that an organiser writes. */
const COLUMNS = [
  ...['name', 'slug', 'description', 'translations', 'search_text', 'seating', 'currency', 'category_id'],
  ...['venue_id', 'series_id', 'image_url', 'time_zone', 'starts_at', 'ends_at', 'doors_at', 'sales_start'],
  ...['sales_end', 'orphan_rule', 'max_per_cart', 'rotating_codes', 'holder_change_until'],
  ...['exchange_until', 'accessible_until'],
].join(', ');
const OF_ROW = COLUMNS.replaceAll(/\w+/g, 'r.$&');

const INSERT = statement(
  'event_insert',
  `INSERT INTO event (company_id, ${COLUMNS})
   SELECT $1, ${OF_ROW} FROM jsonb_populate_recordset(NULL::event, $2::jsonb) AS r RETURNING *`,
);
const UPDATE = statement(
  'event_update',
  `UPDATE event e SET (${COLUMNS}) = (SELECT ${OF_ROW} FROM jsonb_populate_record(e, $3::jsonb) AS r),
     version = version + 1, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 RETURNING *`,
);
const SET_MAPS = statement(
  'event_set_maps',
  `WITH gone AS (DELETE FROM event_map WHERE company_id = $1 AND event_id = $2 AND map_id <> ALL ($3::int[]))
   INSERT INTO event_map (company_id, event_id, map_id)
   SELECT $1, $2, m.id FROM unnest($3::int[]) AS m (id) ON CONFLICT DO NOTHING`,
);
const SLUGS = statement(
  'event_slugs',
  "SELECT slug FROM event WHERE company_id = $1 AND (slug = $2 OR slug LIKE $2 || '-%')",
);

export type NewEvent = Omit<
  EventRecord,
  'company_id' | 'id' | 'status' | 'version' | 'created_at' | 'updated_at'
> & {
  search_text: string;
};

/** Writes drafts, in the order given. */
export async function insertEvents(
  tx: Tx,
  company_id: number,
  events: readonly NewEvent[],
): Promise<EventRecord[]> {
  const rows = await tx.query<EventRecord>(INSERT, [company_id, JSON.stringify(events)]);
  return rows.toSorted((a, b) => a.id - b.id);
}

/** Changes columns of an event, and leaves those that are not named. */
export async function updateEventRow(
  tx: Tx,
  { company_id, id }: EventRecord,
  changes: Record<string, unknown>,
): Promise<EventRecord> {
  return (await tx.query<EventRecord>(UPDATE, [company_id, id, JSON.stringify(changes)]))[0] as EventRecord;
}

export const setMaps = (
  tx: Tx,
  company_id: number,
  event_id: number,
  map_ids: readonly number[],
): Promise<number> => tx.execute(SET_MAPS, [company_id, event_id, map_ids]);

/** Addresses for events of one name that no event of the company has yet: `gala`, `gala-2`, `gala-3`. */
export async function freeSlugs(tx: Tx, company_id: number, name: string, n: number): Promise<string[]> {
  const base = slugOf(name);
  const taken = new Set(
    (await tx.query<{ slug: string }>(SLUGS, [company_id, base])).map(({ slug }) => slug),
  );
  const free: string[] = [];
  for (let i = 1; free.length < n; i++) {
    const slug = i === 1 ? base : `${base}-${i}`;
    if (!taken.has(slug)) free.push(slug);
  }
  return free;
}

const slugOf = (name: string): string =>
  searchable(name)
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 100)
    .replace(/^-+|-+$/g, '') || 'event';

/** What `q` looks in. */
export const searchText = (
  { name, translations }: Pick<NewEvent, 'name' | 'translations'>,
  venue: { name: string; city: string | null } | null,
): string => {
  const names = [name, ...Object.values(translations).flatMap((words) => words?.name ?? [])];
  return searchable([...new Set(names), venue?.name ?? '', venue?.city ?? ''].join(' '));
};
