/** A row of seats as the picker sees it: neighbours have positions that differ by one; a gap is an aisle. */
export interface PickRow {
  section_id: number;
  seats: readonly PickSeat[];
}

export interface PickSeat {
  id: number;
  position: number;
  /** Lower is better. */
  rank: number;
  accessible: boolean;
  /** The accessible seat that this one accompanies. */
  companion_of: number | null;
}

export interface PickAsk {
  quantity: number;
  /** Only places for wheelchairs and their companions; otherwise never those. */
  accessible: boolean;
  /** true: side by side or not at all; null: side by side if possible; false: just the best. */
  together: boolean | null;
}

/** Leaving one lone seat behind costs more than any rank: it happens only where there is no other way. */
const ORPHAN_COST = 1e9;

/**
 * Picks the best free seats.
 * @param rows rows in which the ticket type may sit, seats in order of position
 * @param isFree whether a seat is free at this moment
 * @returns ids of the seats, side by side first; undefined when the ask cannot be met
 */
export function pickBest(
  rows: readonly PickRow[],
  isFree: (seat_id: number) => boolean,
  ask: PickAsk,
): number[] | undefined {
  const suits = ask.accessible
    ? (seat: PickSeat) => (seat.accessible || seat.companion_of !== null) && isFree(seat.id)
    : (seat: PickSeat) => !seat.accessible && seat.companion_of === null && isFree(seat.id);
  if (ask.together !== false) {
    const block = bestBlock(rows, suits, isFree, ask, ask.quantity);
    if (block || ask.together) return block;
  }
  return ask.together === null ? fewestBlocks(rows, suits, isFree, ask) : bestSingles(rows, suits, ask);
}

type Suits = (seat: PickSeat) => boolean;

/** The best run of `quantity` neighbours: lowest sum of ranks, and no lone seat left beside it if that can be. */
function bestBlock(
  rows: readonly PickRow[],
  suits: Suits,
  isFree: (seat_id: number) => boolean,
  ask: PickAsk,
  quantity: number,
): number[] | undefined {
  let best: { row: PickRow; start: number; cost: number } | undefined;
  for (const row of rows) {
    const { seats } = row;
    let run = 0; // neighbours that suit, up to and including this seat
    let ranks = 0; // sum over the last `quantity` of them
    for (let i = 0; i < seats.length; i++) {
      const seat = seats[i] as PickSeat;
      if (!suits(seat)) {
        run = 0;
        ranks = 0;
        continue;
      }
      const joined = run > 0 && (seats[i - 1] as PickSeat).position + 1 === seat.position;
      run = joined ? run + 1 : 1;
      ranks = joined ? ranks + seat.rank : seat.rank;
      if (run > quantity) ranks -= (seats[i - quantity] as PickSeat).rank;
      if (run < quantity || (best && ranks >= best.cost)) continue;
      const start = i - quantity + 1;
      if (ask.accessible && !seats.slice(start, i + 1).some((s) => s.accessible)) continue;
      const cost = ranks + ORPHAN_COST * orphansBeside(seats, start, i, isFree);
      if (!best || cost < best.cost) best = { row, start, cost };
    }
  }
  return best?.row.seats.slice(best.start, best.start + quantity).map((seat) => seat.id);
}

/**
 * Lone free seats that taking seats `from`..`to` of a row would leave: a free neighbour beyond which there is no other
 * free neighbour.
 */
export function orphansBeside(
  seats: readonly PickSeat[],
  from: number,
  to: number,
  isFree: (seat_id: number) => boolean,
): number {
  const freeNeighbour = (i: number, step: 1 | -1): boolean => {
    const here = seats[i] as PickSeat;
    const next = seats[i + step];
    return next !== undefined && next.position === here.position + step && isFree(next.id);
  };
  let orphans = 0;
  if (freeNeighbour(from, -1) && !freeNeighbour(from - 1, -1)) orphans++;
  if (freeNeighbour(to, 1) && !freeNeighbour(to + 1, 1)) orphans++;
  return orphans;
}

/** No run is long enough: the longest ones that fit, best first. */
function fewestBlocks(
  rows: readonly PickRow[],
  suits: Suits,
  isFree: (seat_id: number) => boolean,
  ask: PickAsk,
): number[] | undefined {
  const picked = new Set<number>();
  const still: Suits = (seat) => !picked.has(seat.id) && suits(seat);
  for (let size = ask.quantity - 1; picked.size < ask.quantity; ) {
    size = Math.min(size, ask.quantity - picked.size);
    if (size < 1) return undefined;
    const block = bestBlock(rows, still, (id) => !picked.has(id) && isFree(id), ask, size);
    if (block) for (const id of block) picked.add(id);
    else size--;
  }
  return [...picked];
}

function bestSingles(rows: readonly PickRow[], suits: Suits, ask: PickAsk): number[] | undefined {
  const free = rows.flatMap((row) => row.seats.filter(suits));
  // A companion's place goes with an accessible one, never alone.
  if (ask.accessible && !free.some((seat) => seat.accessible)) return undefined;
  free.sort((a, b) => Number(b.accessible) - Number(a.accessible) || a.rank - b.rank || a.id - b.id);
  return free.length < ask.quantity ? undefined : free.slice(0, ask.quantity).map((seat) => seat.id);
}
