import type { DRIFTS } from '../../../schemas/stock.ts';
import type { BlockRow } from './rows.ts';
import type { ProductView, SectionView, TypeView } from './shares.ts';

export interface Drift {
  what: (typeof DRIFTS)[number];
  id: number;
  counter: number;
  rows: number;
}

/** Every place where what stock is sold by and what the rows add up to are not the same, and where more is taken than there is. */
export function driftOf({
  sections,
  ticket_types,
  products,
  blocks,
}: {
  sections: readonly SectionView[];
  ticket_types: readonly TypeView[];
  products: readonly ProductView[];
  blocks: readonly BlockRow[];
}): Drift[] {
  return [
    ...sections.flatMap((section) => sectionDrift(section)),
    ...ticket_types.flatMap(({ ticket_type_id, limit, counters, held, sold, courtesy }) =>
      limitDrift('ticket_type', ticket_type_id, { limit, counters, held, sold: sold + courtesy }),
    ),
    ...products.flatMap(({ product_id, capacity, counters, held, sold }) =>
      limitDrift('product', product_id, { limit: capacity, counters, held, sold }),
    ),
    ...blocks.flatMap(({ id, taken, lines }) =>
      taken === null || lines === null
        ? []
        : [{ what: 'block.taken' as const, id, counter: taken, rows: lines }],
    ),
  ].filter(({ counter, rows }) => counter !== rows);
}

function sectionDrift(section: SectionView): Drift[] {
  const { section_id: id, capacity, held, sold, courtesy, blocked, available, counters } = section;
  if (!counters) return [];
  const all = (held ?? 0) + sold + courtesy + (blocked ?? 0);
  return [
    { what: 'section.capacity', id, counter: counters.capacity, rows: capacity },
    { what: 'section.held', id, counter: counters.held, rows: held ?? 0 },
    { what: 'section.sold', id, counter: counters.sold, rows: sold + courtesy },
    { what: 'section.blocked', id, counter: counters.blocked, rows: blocked ?? 0 },
    ...((available ?? 0) < 0
      ? [{ what: 'section.overfull' as const, id, counter: capacity, rows: all }]
      : []),
  ];
}

function limitDrift(
  of: 'ticket_type' | 'product',
  id: number,
  {
    limit,
    counters,
    held,
    sold,
  }: {
    limit: number | null;
    counters: { held: number; sold: number } | null;
    held: number | null;
    sold: number;
  },
): Drift[] {
  if (limit === null || !counters) return [];
  const all = (held ?? 0) + sold;
  return [
    { what: `${of}.held`, id, counter: counters.held, rows: held ?? 0 },
    { what: `${of}.sold`, id, counter: counters.sold, rows: sold },
    ...(all > limit ? [{ what: `${of}.overfull` as const, id, counter: limit, rows: all }] : []),
  ];
}
