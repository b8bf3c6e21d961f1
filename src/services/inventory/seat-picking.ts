/** A row of seats as the picker sees it: neighbours have positions that differ by one; a gap is an aisle. */
export interface PickRow {
  section_id: number;
  /** Not above the rank of any of its seats: a row that cannot beat what is found already is not looked at. */
  lowest_rank: number;
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
  /** Accessible places and those of companions are sold like any other by now. */
  released?: boolean;
  /** true: side by side or not at all; null: side by side if possible; false: just the best. */
  together: boolean | null;
}

/** Leaving one lone seat behind costs more than any rank: it happens only where there is no other way. */
const ORPHAN_COST = 1e9;

/**
 * Picks the best free seats.
 * @param rows rows in which the ticket type may sit, seats in order of position
 * @param isFree whether a seat is free at this moment
 * @param leavesAlone whether seats may not be had because one would be left alone: only the very best ones, wherever they
 *   are, can do that. Blocks never do where there is another way
 * @returns ids of the seats, side by side first; undefined when the ask cannot be met
 */
export function pickBest(
  rows: readonly PickRow[],
  isFree: (seat_id: number) => boolean,
  ask: PickAsk,
  leavesAlone: (seat_ids: readonly number[]) => boolean = () => false,
): number[] | undefined {
  const suits: Suits = (seat) => isOfStock(seat, ask.accessible, ask.released) && isFree(seat.id);
  if (ask.together !== false) {
    const block = bestBlock(rows, suits, ask.quantity, ask.released);
    if (block || ask.together) return block;
  }
  const blocks = () => fewestBlocks(rows, suits, ask);
  const singles = () => bestSingles(rows, suits, ask);
  if (ask.together === null) return blocks() ?? singles();
  const best = singles();
  if (!best || !leavesAlone(best)) return best;
  return bestBlock(rows, suits, ask.quantity, ask.released) ?? blocks() ?? best;
}

/** Accessible places and those of their companions are a stock of their own. */
export const isOfStock = (seat: PickSeat, accessible: boolean, released = false): boolean =>
  (released && !accessible) || accessible === (seat.accessible || seat.companion_of !== null);

type Suits = (seat: PickSeat) => boolean;

/** The best run of `quantity` neighbours: lowest sum of ranks, and no lone seat left beside it if that can be. */
function bestBlock(
  rows: readonly PickRow[],
  suits: Suits,
  quantity: number,
  released = false,
): number[] | undefined {
  let best: { row: PickRow; start: number; cost: number } | undefined;
  for (const row of rows) {
    if (best && row.lowest_rank * quantity >= best.cost) continue;
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
      if (!released && !pairsAreWhole(seats, start, i)) continue;
      const cost = ranks + ORPHAN_COST * orphansBeside(seats, start, i, suits);
      if (!best || cost < best.cost) best = { row, start, cost };
    }
  }
  return best?.row.seats.slice(best.start, best.start + quantity).map((seat) => seat.id);
}

/** A companion's place goes with the place it belongs to, never without. */
function pairsAreWhole(seats: readonly PickSeat[], from: number, to: number): boolean {
  for (let i = from; i <= to; i++) {
    const { companion_of } = seats[i] as PickSeat;
    if (companion_of === null) continue;
    if (!seats.some((seat, k) => k >= from && k <= to && seat.id === companion_of)) return false;
  }
  return true;
}

/**
 * Lone free seats that taking seats `from`..`to` of a row would leave: a free neighbour beyond which there is no other
 * free neighbour.
 * @param isFree free, and of the same stock: an accessible place keeps nobody company who may not sit there
 */
export function orphansBeside(
  seats: readonly PickSeat[],
  from: number,
  to: number,
  isFree: (seat: PickSeat) => boolean,
): number {
  const freeNeighbour = (i: number, step: 1 | -1): boolean => {
    const here = seats[i] as PickSeat;
    const next = seats[i + step];
    return next !== undefined && next.position === here.position + step && isFree(next);
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
  { quantity, released }: PickAsk,
): number[] | undefined {
  const picked = new Set<number>();
  const still: Suits = (seat) => !picked.has(seat.id) && suits(seat);
  for (let size = quantity - 1; picked.size < quantity; ) {
    size = Math.min(size, quantity - picked.size);
    if (size < 1) return undefined;
    const block = bestBlock(rows, still, size, released);
    if (block) for (const id of block) picked.add(id);
    else size--;
  }
  return [...picked];
}

function bestSingles(
  rows: readonly PickRow[],
  suits: Suits,
  { quantity, released }: PickAsk,
): number[] | undefined {
  const free = rows.flatMap((row) => row.seats.filter(suits));
  free.sort((a, b) => a.rank - b.rank || a.id - b.id);
  if (released) return free.length < quantity ? undefined : free.slice(0, quantity).map((seat) => seat.id);
  const places = free.filter((seat) => seat.companion_of === null).slice(0, quantity);
  const ids = new Set(places.map((seat) => seat.id));
  const companions = free.filter((seat) => seat.companion_of !== null && ids.has(seat.companion_of));
  const picked = [...places, ...companions].slice(0, quantity).map((seat) => seat.id);
  return picked.length === quantity ? picked : undefined;
}
