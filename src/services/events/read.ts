import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { insufficientScope } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import { EVENT_STATUSES, type EventFilters, type EventSort } from '../../schemas/events.ts';
import { mapsOf } from '../maps/outline.ts';
import { productsOf } from './products.ts';
import { type EventRow, type EventView, loadEvent, loadEvents, presentEvent, stockOf } from './row.ts';
import { searchPatterns } from './search.ts';
import type { EventStock } from './stock.ts';
import { presentTicketTypes } from './ticket-types.ts';

/** Allotments of the interface, and the sections where it may take from nothing else (as services/inventory/allotments.ts). */
const OWN = `b.company_id = e.company_id AND b.event_id = e.id AND b.kind = 'allotment' AND b.released_at IS NULL
  AND b.interface_id = $2 AND b.code_id IS NULL AND (b.release_at IS NULL OR b.release_at > now())`;
const ONLY = `ARRAY(SELECT unnest(b.section_ids) FROM block b WHERE ${OWN} AND NOT b.overflow)`;

/** What `sales_status` on_sale means, as SQL over an event and its channel: a window is open and a place is left. */
const ON_SALE = `(e.status = 'published' AND (e.ends_at IS NULL OR e.ends_at > now())
  AND (e.ends_at IS NOT NULL OR e.sales_end IS NOT NULL OR i.sales_end IS NOT NULL
    OR e.starts_at > now() - CASE WHEN $15 THEN interval '24 hours' ELSE interval '0' END)
  AND (e.sales_start IS NULL OR e.sales_start <= now()) AND (i.sales_start IS NULL OR i.sales_start <= now())
  AND (e.sales_end IS NULL OR e.sales_end > now()) AND (i.sales_end IS NULL OR i.sales_end > now())
  AND EXISTS (
    SELECT FROM ticket_type t WHERE t.company_id = e.company_id AND t.event_id = e.id
      AND (t.capacity IS NULL OR t.held + t.sold < t.capacity)
      AND (EXISTS (SELECT FROM event_section s JOIN section x ON x.company_id = s.company_id AND x.id = s.section_id
             WHERE s.company_id = e.company_id AND s.event_id = e.id AND s.section_id = ANY(t.section_ids)
             AND x.kind = 'general' AND s.held + s.sold + s.blocked < s.capacity AND s.section_id <> ALL(${ONLY}))
           OR EXISTS (SELECT FROM event_seat s WHERE s.company_id = e.company_id AND s.event_id = e.id
             AND s.section_id = ANY(t.section_ids) AND s.section_id <> ALL(${ONLY})
             AND (s.status = 'available' OR (s.status = 'held' AND s.hold_expires_at <= now() AND s.block_id IS NULL)))
           OR EXISTS (SELECT FROM block b WHERE ${OWN} AND b.section_ids && t.section_ids
             AND (b.taken < b.quantity OR EXISTS (
               SELECT FROM event_seat s WHERE s.company_id = b.company_id AND s.event_id = b.event_id AND s.block_id = b.id
                 AND s.section_id = ANY(t.section_ids)
                 AND (s.status = 'blocked' OR (s.status = 'held' AND s.hold_expires_at <= now()))))))))`;

const ORDERS: Record<EventSort, string> = {
  starts_at: 'starts_at, id',
  '-starts_at': 'starts_at DESC, id DESC',
  name: 'lower(name), id',
  '-popularity': 'popularity DESC, id',
};

const find = (name: string, order: string) =>
  statement(
    `event_find_${name}`,
    `WITH found AS (
       SELECT e.id, e.starts_at, e.name, e.popularity
       FROM event e JOIN event_interface i ON i.company_id = e.company_id AND i.event_id = e.id AND i.interface_id = $2
       LEFT JOIN venue v ON v.company_id = e.company_id AND v.id = e.venue_id
       WHERE e.company_id = $1 AND e.status = ANY($3::event_status[])
         AND ($4::text[] IS NULL OR e.search_text LIKE ALL ($4))
         AND ($5::int IS NULL OR e.category_id = $5) AND ($6::int IS NULL OR e.venue_id = $6)
         AND ($7::int IS NULL OR v.country_id = $7) AND ($8::int IS NULL OR v.state_id = $8)
         AND ($9::timestamptz IS NULL OR e.starts_at >= $9) AND ($10::timestamptz IS NULL OR e.starts_at <= $10)
         AND ($11::int[] IS NULL OR e.id = ANY($11)) AND ($12::boolean IS NULL OR $12 = ${ON_SALE}))
     SELECT (SELECT count(*) FROM found) AS total,
       ARRAY(SELECT id FROM found ORDER BY ${order} LIMIT $13 OFFSET $14) AS ids`,
  );

const FIND: Record<EventSort, ReturnType<typeof find>> = {
  starts_at: find('starts_at', ORDERS.starts_at),
  '-starts_at': find('starts_at_desc', ORDERS['-starts_at']),
  name: find('name', ORDERS.name),
  '-popularity': find('popularity_desc', ORDERS['-popularity']),
};

type Expansion = NonNullable<EventFilters['expand']>[number];

/**
 * One event that the caller may see on this interface.
 * @throws AppError not_found
 */
export async function getEvent(ctx: Context, event_id: number, expand: Expansion[] = []): Promise<EventView> {
  const [event, stocks] = await Promise.all([loadEvent(ctx, event_id), stockOf(ctx, [event_id])]);
  return (await present(ctx, [event], stocks, expand))[0] as EventView;
}

/**
 * The events that the caller may see on this interface, a page at a time.
 * @throws AppError insufficient_scope when drafts are asked for without `admin`
 */
export async function listEvents(
  ctx: Context,
  filters: EventFilters,
  page: PageRequest,
): Promise<Page<EventView>> {
  const { total, ids } = await findEvents(ctx, filters, page);
  if (!ids.length) return { items: [], total };
  const [events, stocks] = await Promise.all([loadEvents(ctx, ids), stockOf(ctx, ids)]);
  return { items: await present(ctx, events, stocks, filters.expand ?? []), total };
}

async function findEvents(
  ctx: Context,
  filters: EventFilters,
  page: PageRequest,
): Promise<{ total: number; ids: number[] }> {
  const {
    q,
    category_id,
    venue_id,
    country_id,
    state_id,
    from,
    to,
    ids,
    on_sale,
    sort = 'starts_at',
  } = filters;
  const [found] = await ctx.system.db.query<{ total: number; ids: number[] }>(FIND[sort], [
    ctx.company_id,
    ctx.interface.id,
    statusesOf(ctx, filters),
    q === undefined ? null : searchPatterns(q),
    category_id ?? null,
    venue_id ?? null,
    country_id ?? null,
    state_id ?? null,
    from ?? null,
    to ?? null,
    ids ?? null,
    on_sale ?? null,
    page.limit,
    page.offset,
    ctx.scopes.has('sell'),
  ]);
  return found as { total: number; ids: number[] };
}

function statusesOf(ctx: Context, { status }: EventFilters): string[] {
  if (status?.includes('draft') && !ctx.scopes.has('admin')) throw insufficientScope('admin');
  return status ?? EVENT_STATUSES.filter((name) => name !== 'draft');
}

async function present(
  ctx: Context,
  events: EventRow[],
  stocks: ReadonlyMap<number, EventStock>,
  expand: Expansion[],
): Promise<EventView[]> {
  const ids = events.map((event) => event.id);
  const [venues, products, maps] = await Promise.all([
    expand.includes('venue') ? venuesOf(ctx, events) : undefined,
    expand.includes('products') ? productsOf(ctx, events, stocks) : undefined,
    expand.includes('maps') ? mapsOf(ctx, ids) : undefined,
  ]);
  return events.map((event) => {
    const stock = stocks.get(event.id) as EventStock;
    return {
      ...presentEvent(ctx, event, stock),
      ...(venues && { venue: venues.find((venue) => venue.id === event.venue_id) ?? null }),
      ...(expand.includes('ticket_types') && { ticket_types: presentTicketTypes(ctx, event, stock) }),
      ...(products && { products: products.get(event.id) ?? [] }),
      ...(maps && { maps: maps.get(event.id) ?? [] }),
    };
  });
}

function venuesOf(ctx: Context, events: readonly EventRow[]) {
  const ids = events.flatMap((event) => event.venue_id ?? []);
  return ctx.system.db.prisma.venue.findMany({
    omit: { company_id: true },
    where: { company_id: ctx.company_id, id: { in: ids } },
  });
}
