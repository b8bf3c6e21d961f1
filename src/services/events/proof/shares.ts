import type { z } from 'zod';
import type { Stock } from '../../../schemas/stock.ts';
import type { CounterStock, EventStock } from '../stock.ts';
import type { BlockRow, CapacityRow, LineRow } from './rows.ts';

export type StockView = z.output<typeof Stock>;

/** What lines and courtesies have taken, by what they took and who gave it. */
export interface Taken extends LineRow {
  courtesy: number;
}

export type SectionView = StockView['sections'][number];
export type TypeView = StockView['ticket_types'][number];
export type ProductView = StockView['products'][number];

export const sumOf = <Row>(rows: readonly Row[], value: (row: Row) => number): number =>
  rows.reduce((sum, row) => sum + value(row), 0);

/** What some rows took together. */
export const takenBy = (rows: readonly Taken[]) => ({
  held: sumOf(rows, (row) => row.held),
  sold: sumOf(rows, (row) => row.sold),
  kept: sumOf(rows, (row) => row.kept),
  courtesy: sumOf(rows, (row) => row.courtesy),
});

/** What is known of now only: null of another time. */
const unlessThen = (now: boolean, value: number): number | null => (now ? value : null);

/**
 * The places of each section, from the rows: what there is by its map, less what lines, courtesies and blocks take.
 * @param blocks null: of another time
 */
export function sectionStocks({
  counters,
  capacities,
  taken,
  blocks,
}: {
  counters: EventStock;
  capacities: readonly CapacityRow[];
  taken: readonly Taken[];
  blocks: readonly BlockRow[] | null;
}): SectionView[] {
  const capacityOf = new Map(capacities.map((row) => [row.section_id, row.capacity]));
  return [...counters.sections.values()].map((counter) => {
    const { id, name, kind } = counter;
    const { held, ...given } = takenBy(
      taken.filter((row) => row.product_id === null && row.section_id === id),
    );
    const capacity = capacityOf.get(id) ?? counter.capacity;
    const blocked = sumOf(blocks?.filter((block) => block.section_id === id) ?? [], (block) => block.left);
    const now = blocks !== null;
    return {
      ...{ section_id: id, name, kind, capacity },
      available: unlessThen(now, capacity - held - given.sold - given.courtesy - blocked),
      ...{ held: unlessThen(now, held), ...given, blocked: unlessThen(now, blocked) },
      counters: now
        ? {
            ...{ capacity: counter.capacity, held: counter.held, sold: counter.sold },
            blocked: counter.blocked,
          }
        : null,
    };
  });
}

/** All sections together. */
export function totalOf(sections: readonly SectionView[]): StockView['totals'] {
  const total = (field: 'available' | 'held' | 'blocked') =>
    sections.some((section) => section[field] === null)
      ? null
      : sumOf(sections, (section) => section[field] as number);
  return {
    capacity: sumOf(sections, (section) => section.capacity),
    available: total('available'),
    held: total('held'),
    sold: sumOf(sections, (section) => section.sold),
    kept: sumOf(sections, (section) => section.kept),
    blocked: total('blocked'),
    courtesy: sumOf(sections, (section) => section.courtesy),
  };
}

interface Parts {
  counters: EventStock;
  taken: readonly Taken[];
  /** Or of another time. */
  now: boolean;
}

/**
 * What each ticket type has taken and may still take, of its own limit and of the places of its sections, whichever is
 * less. Places that it took in sections which are no longer its own were within its reach then.
 */
export function typeStocks(
  types: readonly { id: number; name: string; section_ids: readonly number[] }[],
  { counters, sections, taken, now }: Parts & { sections: readonly SectionView[] },
): TypeView[] {
  return types.map(({ id, name, section_ids }) => {
    const mine = taken.filter((row) => row.ticket_type_id === id);
    const { held, ...given } = takenBy(mine);
    const all = held + given.sold + given.courtesy;
    const elsewhere = takenBy(mine.filter((row) => !section_ids.includes(row.section_id ?? -1)));
    const reach = sections.filter((section) => section_ids.includes(section.section_id));
    const counter = counters.ticket_types.get(id);
    const limit = counter?.capacity ?? null;
    const capacity = Math.min(
      limit ?? Number.POSITIVE_INFINITY,
      sumOf(reach, (section) => section.capacity) + elsewhere.held + elsewhere.sold + elsewhere.courtesy,
    );
    const free = sumOf(reach, (section) => section.available ?? 0);
    const available = Math.max(0, Math.min((limit ?? Number.POSITIVE_INFINITY) - all, free));
    return {
      ...{ ticket_type_id: id, name, limit, capacity },
      available: unlessThen(now, available),
      ...{ held: unlessThen(now, held), ...given },
      blocked: unlessThen(now, capacity - all - available),
      counters: now ? countersOf(counter) : null,
    };
  });
}

/** What was taken and is left of each product. */
export function productStocks(
  products: readonly { id: number; name: string }[],
  { counters, taken, now }: Parts,
): ProductView[] {
  return products.map(({ id, name }) => {
    const { held, sold, kept } = takenBy(taken.filter((row) => row.product_id === id));
    const counter = counters.products.get(id);
    const capacity = counter?.capacity ?? null;
    return {
      ...{ product_id: id, name, capacity },
      available: capacity === null ? null : unlessThen(now, capacity - held - sold),
      ...{ held: unlessThen(now, held), sold, kept },
      counters: now ? countersOf(counter) : null,
    };
  });
}

/** Without a limit there is no counter. */
const countersOf = (counter: CounterStock | undefined) =>
  counter && counter.capacity !== null ? { held: counter.held, sold: counter.sold } : null;
