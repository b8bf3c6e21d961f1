import { LRUCache } from 'lru-cache';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { type Asker, shareOfEvent } from '../inventory/allotments.ts';
import type { OfferBlock } from './offer.ts';
import { mostTickets } from './places.ts';

/** Places of a section at an event. Seats and places whose hold has run out count as available. */
export interface SectionStock {
  id: number;
  map_id: number;
  name: string;
  kind: 'seated' | 'general';
  capacity: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
}

/** A counter of a ticket type or product; a null capacity means that it has no limit of its own. */
export interface CounterStock {
  capacity: number | null;
  held: number;
  sold: number;
}

export interface EventStock {
  sections: Map<number, SectionStock>;
  ticket_types: Map<number, CounterStock>;
  products: Map<number, CounterStock>;
  /** Allotments that are not released: a part of what sections have blocked. */
  allotments: AllotmentStock[];
}

/** An allotment, and what it has in each of its sections. */
export interface AllotmentStock extends OfferBlock {
  parts: { section_id: number; capacity: number; left: number }[];
}

/** What is left of something, and of how many. Null: no limit. */
export interface Left<Limit = number> {
  remaining: Limit;
  capacity: Limit;
}

// Holds that are overdue but not swept yet still stand in the counters; the few carts they belong to are found by
// their own index and taken off again. What they held of an allotment goes back there: it is blocked, not available.
const STOCK = statement(
  'event_stock',
  `WITH clock AS MATERIALIZED (SELECT coalesce($3::timestamptz, now()) AS at),
   overdue AS MATERIALIZED (
     SELECT d.event_id, d.section_id, d.seat_id, d.ticket_type_id, d.product_id, d.block_id, d.quantity
     FROM clock, cart c JOIN sale_detail d ON d.company_id = c.company_id AND d.cart_id = c.id
     WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment') AND c.expires_at <= clock.at
       AND d.status = 'held' AND d.event_id = ANY($2::int[])),
   of_blocks AS MATERIALIZED (
     SELECT event_id, section_id, block_id, count(*) AS capacity,
       count(*) FILTER (WHERE status = 'available' OR (ended AND block_id IS NULL)) AS available,
       count(*) FILTER (WHERE status = 'held' AND NOT ended) AS held,
       count(*) FILTER (WHERE status = 'sold') AS sold,
       count(*) FILTER (WHERE status = 'blocked' OR (ended AND block_id IS NOT NULL)) AS blocked
     FROM (SELECT s.event_id, s.section_id, s.status, s.block_id,
             s.status = 'held' AND s.hold_expires_at <= (SELECT at FROM clock) AS ended
           FROM event_seat s WHERE s.company_id = $1 AND s.event_id = ANY($2::int[])) AS s
     GROUP BY event_id, section_id, block_id),
   seats AS (
     SELECT event_id, section_id, sum(capacity) AS capacity, sum(available) AS available, sum(held) AS held,
       sum(sold) AS sold, sum(blocked) AS blocked FROM of_blocks GROUP BY event_id, section_id),
   places AS (
     SELECT g.event_id, g.section_id, g.capacity, g.capacity - h.held - g.sold - h.blocked AS available,
       h.held, g.sold, h.blocked
     FROM event_section g, LATERAL (
       SELECT g.held - coalesce(sum(o.quantity), 0) AS held,
         g.blocked + coalesce(sum(o.quantity) FILTER (WHERE o.block_id IS NOT NULL), 0) AS blocked
       FROM overdue o
       WHERE o.event_id = g.event_id AND o.section_id = g.section_id AND o.seat_id IS NULL) AS h
     WHERE g.company_id = $1 AND g.event_id = ANY($2::int[]))
   SELECT w.event_id,
     (SELECT coalesce(json_agg(json_build_object('id', s.id, 'map_id', s.map_id, 'name', s.name, 'kind', s.kind,
         'capacity', coalesce(q.capacity, g.capacity, 0), 'available', coalesce(q.available, g.available, 0),
         'held', coalesce(q.held, g.held, 0), 'sold', coalesce(q.sold, g.sold, 0),
         'blocked', coalesce(q.blocked, g.blocked, 0)) ORDER BY m.map_id, s.position, s.id), '[]')
       FROM event_map m JOIN section s ON s.company_id = m.company_id AND s.map_id = m.map_id
       LEFT JOIN seats q ON s.kind = 'seated' AND q.event_id = m.event_id AND q.section_id = s.id
       LEFT JOIN places g ON s.kind = 'general' AND g.event_id = m.event_id AND g.section_id = s.id
       WHERE m.company_id = $1 AND m.event_id = w.event_id) AS sections,
     (SELECT coalesce(json_agg(json_build_object('id', t.id, 'capacity', t.capacity, 'sold', t.sold, 'held', t.held -
         (SELECT coalesce(sum(o.quantity), 0) FROM overdue o WHERE o.ticket_type_id = t.id AND t.capacity IS NOT NULL))), '[]')
       FROM ticket_type t WHERE t.company_id = $1 AND t.event_id = w.event_id) AS ticket_types,
     (SELECT coalesce(json_agg(json_build_object('id', p.id, 'capacity', p.capacity, 'sold', p.sold, 'held', p.held -
         (SELECT coalesce(sum(o.quantity), 0) FROM overdue o WHERE o.product_id = p.id AND p.capacity IS NOT NULL))), '[]')
       FROM product p WHERE p.company_id = $1 AND p.event_id = w.event_id) AS products,
     (SELECT coalesce(json_agg(json_build_object('id', b.id, 'kind', b.kind, 'section_id', b.section_id,
         'section_ids', b.section_ids, 'interface_id', b.interface_id, 'code_id', b.code_id, 'overflow', b.overflow,
         'release_at', b.release_at, 'parts', CASE WHEN b.section_id IS NULL
           THEN (SELECT coalesce(json_agg(json_build_object('section_id', s.section_id, 'capacity', s.capacity,
               'left', s.blocked)), '[]') FROM of_blocks s WHERE s.event_id = b.event_id AND s.block_id = b.id)
           ELSE json_build_array(json_build_object('section_id', b.section_id, 'capacity', b.quantity, 'left',
             b.quantity - b.taken + (SELECT coalesce(sum(o.quantity), 0) FROM overdue o WHERE o.block_id = b.id)))
           END)), '[]')
       FROM block b WHERE b.company_id = $1 AND b.event_id = w.event_id AND b.kind = 'allotment'
         AND b.released_at IS NULL) AS allotments
   FROM unnest($2::int[]) AS w (event_id)`,
);

interface StockRow {
  event_id: number;
  sections: SectionStock[];
  ticket_types: (CounterStock & { id: number })[];
  products: (CounterStock & { id: number })[];
  allotments: AllotmentStock[];
}

/** Counting a stadium's seats takes milliseconds: for readers of the coarse level it may take this part of the time. */
const SHARE = 100;
const FRESH_MS = 500;
const STALE_MS = 30_000;

interface Entry {
  until: number;
  stock: Promise<EventStock>;
}

/** The figures of events that a process remembers for the many who only ask how much is left. */
export class StockFigures {
  private readonly entries = new LRUCache<string, Entry>({ max: 10_000 });

  /**
   * The stock of events, counted by one statement for all that are not known or no longer fresh.
   * @param exact count now: for those who are told numbers
   */
  async of(
    system: System,
    company_id: number,
    event_ids: readonly number[],
    exact: boolean,
  ): Promise<Map<number, EventStock>> {
    const now = performance.now();
    const key = (id: number) => `${company_id} ${id}`;
    const known = (id: number) => {
      const entry = exact ? undefined : this.entries.get(key(id));
      return entry && entry.until > now ? entry.stock : undefined;
    };
    const missing = event_ids.filter((id) => !known(id));
    if (missing.length) {
      const counted = countStock(system.db, company_id, missing);
      for (const id of missing) this.remember(key(id), id, counted, now);
    }
    const stocks = event_ids.map(
      async (id) => [id, (await this.entries.get(key(id))?.stock) as EventStock] as const,
    );
    return new Map(await Promise.all(stocks));
  }

  /** Forgets everything: for services, after the commit of a change that figures show. */
  clear(): void {
    this.entries.clear();
  }

  private remember(key: string, id: number, counted: Promise<Map<number, EventStock>>, asked: number): void {
    const stock = counted.then((stocks) => stocks.get(id) as EventStock);
    const entry = { until: Number.POSITIVE_INFINITY, stock }; // whoever asks meanwhile waits for the same count
    this.entries.set(key, entry);
    stock.then(
      () => {
        const took = performance.now() - asked;
        entry.until = performance.now() + Math.min(STALE_MS, Math.max(FRESH_MS, took * SHARE));
      },
      () => {
        if (this.entries.peek(key) === entry) this.entries.delete(key);
      },
    );
  }
}

/**
 * Counts the stock of events as the database has it at this moment.
 * @param at when holds that end are over; absent: now
 */
export async function countStock(
  reader: Tx | Database,
  company_id: number,
  event_ids: readonly number[],
  at?: Date,
): Promise<Map<number, EventStock>> {
  const rows = await reader.query<StockRow>(STOCK, [company_id, event_ids, at ?? null]);
  const byId = <T extends { id: number }>(list: T[]) => new Map(list.map((item) => [item.id, item]));
  return new Map(
    rows.map((row) => [
      row.event_id,
      {
        ...{ sections: byId(row.sections), ticket_types: byId(row.ticket_types) },
        ...{ products: byId(row.products), allotments: row.allotments.map(withDate) },
      },
    ]),
  );
}

/** Inside JSON an instant is text. */
const withDate = (allotment: AllotmentStock): AllotmentStock => ({
  ...allotment,
  release_at: allotment.release_at && new Date(allotment.release_at),
});

/**
 * The stock of an event as one asker may have it: what is free, and what allotments keep for them; where they may take
 * from nothing else, only that.
 */
export function stockFor(stock: EventStock, asker: Asker): EventStock {
  if (!stock.allotments.length) return stock;
  const { own, only } = shareOfEvent(stock.allotments, asker);
  if (!own.size) return stock;
  const parts = stock.allotments.flatMap((each) => (own.has(each.id) ? each.parts : []));
  const sections = new Map(
    [...stock.sections.values()].map((section) => {
      const here = parts.filter(({ section_id }) => section_id === section.id);
      const left = here.reduce((n, part) => n + Math.max(0, part.left), 0);
      const mine = only.has(section.id)
        ? { available: left, capacity: here.reduce((n, part) => n + part.capacity, 0) }
        : { available: section.available + left };
      return [section.id, { ...section, ...mine }];
    }),
  );
  return { ...stock, sections };
}

/** What is left of a ticket type: of its own limit and of the places of its sections, whichever is less. */
export function leftOfType(stock: EventStock, type: { id: number; section_ids: readonly number[] }): Left {
  const counter = stock.ticket_types.get(type.id);
  const own = leftOfCounter(counter);
  const sections = type.section_ids.flatMap((id) => stock.sections.get(id) ?? []);
  const sum = (field: 'available' | 'capacity') => sections.reduce((n, section) => n + section[field], 0);
  return {
    remaining: Math.min(own.remaining ?? Number.POSITIVE_INFINITY, sum('available')),
    capacity: Math.min(own.capacity ?? Number.POSITIVE_INFINITY, sum('capacity')),
  };
}

/** What is left of a counter with a limit of its own. */
export function leftOfCounter(counter: CounterStock | undefined): Left<number | null> {
  if (!counter || counter.capacity === null) return { remaining: null, capacity: null };
  return {
    remaining: Math.max(0, counter.capacity - counter.held - counter.sold),
    capacity: counter.capacity,
  };
}

/** What is left of an event: as many tickets as its types, with the limits they have, find places for. */
export function leftOfEvent(
  stock: EventStock,
  types: readonly { id: number; section_ids: readonly number[] }[],
): Left {
  const most = (limit: 'remaining' | 'capacity', places: 'available' | 'capacity') =>
    mostTickets(
      types.map(({ id, section_ids }) => ({
        limit: leftOfCounter(stock.ticket_types.get(id))[limit],
        section_ids,
      })),
      new Map([...stock.sections.values()].map((section) => [section.id, section[places]])),
    );
  return { remaining: most('remaining', 'available'), capacity: most('capacity', 'capacity') };
}
