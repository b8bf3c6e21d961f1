import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { type Language, notFound } from '../../errors.ts';
import type { EventStatus, SalesWindow } from './sales.ts';

// Holds share an event while they are carried out; a change of what it offers has it alone. So no hold can be committed
// on an offer that is no longer, and nobody counts what is sold while more is being held. These are locks in memory, in
// the order cart, event, stock: they cost the many nothing, and unlike locks of rows let nobody wait for ever.

const SHARE = statement(
  'event_share',
  'SELECT pg_advisory_xact_lock_shared($1::int, e.id) FROM unnest($2::int[]) AS e (id)',
);
const ALONE = statement('event_alone', 'SELECT pg_advisory_xact_lock($1::int, $2::int)');
const LOCK = statement(
  'event_lock',
  `SELECT e.* FROM event e
   JOIN event_interface i ON i.company_id = e.company_id AND i.event_id = e.id AND i.interface_id = $3
   WHERE e.company_id = $1 AND e.id = $2 FOR UPDATE OF e`,
);

/** Name and description in other languages. */
export type Translations = Partial<Record<Language, { name?: string; description?: string }>>;

/** An event as its table has it. */
export interface EventRecord extends SalesWindow {
  company_id: number;
  id: number;
  name: string;
  slug: string;
  description: string | null;
  translations: Translations;
  status: EventStatus;
  seating: 'general' | 'seated' | 'mixed';
  currency: string;
  category_id: number | null;
  venue_id: number | null;
  series_id: number | null;
  image_url: string | null;
  time_zone: string;
  starts_at: Date;
  ends_at: Date | null;
  doors_at: Date | null;
  orphan_rule: boolean;
  max_per_cart: number;
  rotating_codes: boolean;
  holder_change_until: Date | null;
  exchange_until: Date | null;
  accessible_until: Date | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

/** Keeps events as they are until the transaction ends; whoever changes one waits for it. */
export const shareEvents = (tx: Tx, company_id: number, event_ids: readonly number[]): Promise<unknown> =>
  tx.query(SHARE, [company_id, event_ids.toSorted((a, b) => a - b)]);

/** Waits until nobody sells or changes an event, and keeps it so until the transaction ends. */
export const haveEventAlone = (tx: Tx, company_id: number, event_id: number): Promise<unknown> =>
  tx.query(ALONE, [company_id, event_id]);

/**
 * Takes an event that sells on the caller's interface for a change of it: no hold is under way, and none begins.
 * @throws AppError not_found
 */
export async function lockEvent(tx: Tx, ctx: Context, event_id: number): Promise<EventRecord> {
  await haveEventAlone(tx, ctx.company_id, event_id);
  const [event] = await tx.query<EventRecord>(LOCK, [ctx.company_id, event_id, ctx.interface.id]);
  if (!event) throw notFound('Event');
  return event;
}
