import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { type Language, notFound } from '../../errors.ts';
import type { Event } from '../../schemas/events.ts';
import { priceOf } from '../pricing/price.ts';
import type { EventRecord, Translations } from './lock.ts';
import { availabilityLevel, type SalesWindow, salesStatus, salesWindow } from './sales.ts';
import { type EventStock, leftOfEvent, stockFor } from './stock.ts';
import { type Phase, type Priced, ticketTerms } from './terms.ts';

export type EventView = z.output<typeof Event>;

/** An event as one interface sells it. */
export interface EventRow extends Omit<EventRecord, 'company_id' | 'version'> {
  map_ids: number[];
  /** When this interface sells, and what it adds to the fee of a ticket. */
  channel_start: Date | null;
  channel_end: Date | null;
  extra_fee: number;
  ticket_types: TicketTypeRow[];
}

export interface TicketTypeRow extends Priced, SalesWindow {
  id: number;
  description: string | null;
  translations: Translations;
  section_ids: number[];
  min_per_cart: number;
  max_per_cart: number;
  max_per_user: number | null;
  access_code_required: boolean;
  members_only: boolean;
  phases: Phase[];
  /** Tickets that count for its phases. */
  counted: number;
}

// How many are held or sold already, of types whose price depends on it (the same count as services/inventory/phases.ts).
const COUNTED = `(SELECT count(*) FROM sale_detail l WHERE l.company_id = t.company_id AND l.ticket_type_id = t.id
  AND l.price_phase_id IS NOT NULL AND (l.status IN ('held', 'paid') OR l.stock_kept))`;

const LOAD = statement(
  'event_load',
  `SELECT e.id, e.name, e.slug, e.description, e.translations, e.status, e.seating, e.currency, e.category_id,
     e.venue_id, e.series_id, e.image_url, e.time_zone, e.starts_at, e.ends_at, e.doors_at, e.sales_start, e.sales_end,
     e.max_per_cart, e.created_at, e.updated_at, e.orphan_rule, e.rotating_codes, e.holder_change_until,
     e.exchange_until, e.accessible_until,
     ARRAY(SELECT m.map_id FROM event_map m WHERE m.company_id = e.company_id AND m.event_id = e.id ORDER BY m.map_id)
       AS map_ids,
     i.sales_start AS channel_start, i.sales_end AS channel_end, i.extra_fee,
     (SELECT coalesce(json_agg(to_jsonb(t) || jsonb_build_object('phases',
         (SELECT coalesce(jsonb_agg(p ORDER BY p.position, p.id), '[]') FROM price_phase p
           WHERE p.company_id = t.company_id AND p.ticket_type_id = t.id),
         'counted', ${COUNTED}) ORDER BY t.position, t.id), '[]')
       FROM ticket_type t WHERE t.company_id = e.company_id AND t.event_id = e.id) AS ticket_types
   FROM event e JOIN event_interface i ON i.company_id = e.company_id AND i.event_id = e.id AND i.interface_id = $2
   WHERE e.company_id = $1 AND e.id = ANY($3::int[]) AND (e.status <> 'draft' OR $4)`,
);

/** The events among the given ones that the caller may see on this interface, in the order asked. */
export async function loadEvents(
  ctx: Context,
  ids: readonly number[],
  reader: Tx | Database = ctx.system.db,
): Promise<EventRow[]> {
  const values = [ctx.company_id, ctx.interface.id, ids, ctx.scopes.has('admin')];
  const rows = await reader.query<EventRow>(LOAD, values);
  const byId = new Map(
    rows.map((row) => [row.id, { ...row, ticket_types: row.ticket_types.map(withDates) }]),
  );
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/**
 * An event that the caller may see: it sells on this interface and is no draft (drafts are for `admin`).
 * @throws AppError not_found
 */
export async function loadEvent(
  ctx: Context,
  event_id: number,
  reader: Tx | Database = ctx.system.db,
): Promise<EventRow> {
  const [event] = await loadEvents(ctx, [event_id], reader);
  if (!event) throw notFound('Event');
  return event;
}

/** Inside JSON an instant is text. */
function withDates(type: TicketTypeRow): TicketTypeRow {
  const date = (value: Date | string | null) => (value === null ? null : new Date(value));
  return {
    ...type,
    section_ids: type.section_ids ?? [], // the column may be null
    sales_start: date(type.sales_start),
    sales_end: date(type.sales_end),
    phases: type.phases.map((p) => ({ ...p, starts_at: date(p.starts_at), ends_at: date(p.ends_at) })),
  };
}

/**
 * The figures of events as the interface may sell them: exact and of this moment for those who are told numbers.
 * @param code_ids codes whose allotments count as well
 */
export async function stockOf(
  ctx: Context,
  ids: readonly number[],
  code_ids: readonly number[] = [],
): Promise<Map<number, EventStock>> {
  const stocks = await ctx.system.stock.of(ctx.system, ctx.company_id, ids, seesEverything(ctx));
  const asker = { interface_id: ctx.interface.id, code_ids, now: ctx.now };
  return new Map([...stocks].map(([id, stock]) => [id, stockFor(stock, asker)]));
}

/** Name and description in the language of the request, as far as they are translated. */
export function translated(
  thing: { name: string; description: string | null; translations: Translations },
  language: Language,
): { name: string; description: string | null } {
  const { name = thing.name, description = thing.description } = thing.translations[language] ?? {};
  return { name, description };
}

/** Who asks whether something is sold, and when. */
export const saleTo = ({ now, scopes }: Context) => ({ now, boxOffice: scopes.has('sell') });

/** When the event sells on this interface. */
export const eventWindow = (event: EventRow): SalesWindow =>
  salesWindow(event, { sales_start: event.channel_start, sales_end: event.channel_end });

/** An event as the API shows it, without expansions. */
export function presentEvent(ctx: Context, event: EventRow, stock: EventStock): EventView {
  const { translations, channel_start: _1, channel_end: _2, extra_fee, ticket_types, ...rest } = event;
  const { orphan_rule, rotating_codes, holder_change_until, exchange_until, accessible_until, ...other } =
    rest;
  const { map_ids, ...columns } = other;
  const window = eventWindow(event);
  const { remaining, capacity } = leftOfEvent(stock, ticket_types);
  const totals = ticket_types
    .filter((type) => !type.access_code_required)
    .map((type) => priceOf(ticketTerms(type, extra_fee, ctx.now, type.counted)).total);
  return {
    ...columns,
    ...translated(event, ctx.language),
    ...window,
    sales_status: salesStatus(event, window, remaining, saleTo(ctx)),
    availability: availabilityLevel(remaining, capacity),
    price_range: totals.length ? { min: Math.min(...totals), max: Math.max(...totals) } : null,
    ...(seesEverything(ctx) && { remaining }),
    ...(ctx.scopes.has('admin') && {
      settings: {
        ...{
          translations,
          orphan_rule,
          rotating_codes,
          holder_change_until,
          exchange_until,
          accessible_until,
        },
        map_ids,
      },
    }),
  };
}
