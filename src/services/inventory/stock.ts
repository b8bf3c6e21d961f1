import type { Pair, StockRequest } from './locks.ts';

/** What inventory needs of a sale line. */
export interface StockLine {
  id: string;
  cart_id: string;
  kind: 'ticket' | 'product' | 'plan';
  event_id: number | null;
  ticket_type_id: number | null;
  product_id: number | null;
  section_id: number | null;
  seat_id: number | null;
  quantity: number;
  /** The allotment that the place is taken from; asked for by what takes stock. */
  block_id?: number | null;
}

/** Quantities by counter row, summed and in lock order: what a set-based statement takes. */
export interface Quantities {
  event_ids: number[];
  ids: number[];
  quantities: number[];
}

/** General admission: places by section. Seated lines have no counter; their seats are the stock. */
export const placesBySection = (lines: readonly StockLine[]): Quantities =>
  sum(
    lines.filter((l) => l.kind === 'ticket' && l.seat_id === null && l.section_id !== null),
    (l) => l.section_id,
  );

export const placesByTicketType = (lines: readonly StockLine[]): Quantities =>
  sum(
    lines.filter((l) => l.kind === 'ticket'),
    (l) => l.ticket_type_id,
  );

export const piecesByProduct = (lines: readonly StockLine[]): Quantities =>
  sum(
    lines.filter((l) => l.kind === 'product'),
    (l) => l.product_id,
  );

/** Seats in lock order. */
export function seatsOf<L extends StockLine>(lines: readonly L[]): L[] {
  return lines
    .filter((l) => l.seat_id !== null)
    .sort(
      (a, b) =>
        (a.event_id as number) - (b.event_id as number) || (a.seat_id as number) - (b.seat_id as number),
    );
}

function sum(lines: readonly StockLine[], idOf: (line: StockLine) => number | null): Quantities {
  const rows = new Map<string, [number, number, number]>();
  for (const line of lines) {
    const id = idOf(line) as number;
    const row = rows.get(`${line.event_id} ${id}`);
    if (row) row[2] += line.quantity;
    else rows.set(`${line.event_id} ${id}`, [line.event_id as number, id, line.quantity]);
  }
  const sorted = [...rows.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return {
    event_ids: sorted.map((r) => r[0]),
    ids: sorted.map((r) => r[1]),
    quantities: sorted.map((r) => r[2]),
  };
}

/** The rows that hold the stock of ticket lines, for a lock. */
export const stockOfLines = (lines: readonly StockLine[]): StockRequest => ({
  sections: pairsOf(placesBySection(lines)),
  ticket_types: pairsOf(placesByTicketType(lines)),
  products: pairsOf(piecesByProduct(lines)),
  seats: seatsOf(lines).map((l): Pair => [l.event_id as number, l.seat_id as number]),
});

const pairsOf = ({ event_ids, ids }: Quantities): Pair[] => ids.map((id, i) => [event_ids[i] as number, id]);
