import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  orphansBeside,
  type PickAsk,
  type PickRow,
  type PickSeat,
  pickBest,
} from '../../../src/services/inventory/seat-picking.ts';

const RUNS = 3_000;

/** Small houses: up to three rows of up to eight seats with aisles, accessible and companion seats, some taken. */
const house = fc
  .array(
    fc.array(
      fc.record({
        aisle: fc.constantFrom(false, false, false, true),
        kind: fc.constantFrom('seat', 'seat', 'seat', 'accessible', 'companion'),
        free: fc.constantFrom(true, true, true, false),
        rank: fc.integer({ min: 1, max: 30 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((rows) => {
    let id = 0;
    const free = new Set<number>();
    const made = rows.map((seats, r): PickRow => {
      let position = 0;
      let accessible: number | null = null;
      return {
        section_id: r + 1,
        lowest_rank: Math.min(...seats.map(({ rank }) => rank)),
        seats: seats.map(({ aisle, kind, free: isFree, rank }): PickSeat => {
          id += 1;
          position += aisle ? 2 : 1;
          if (isFree) free.add(id);
          const companion_of = kind === 'companion' ? accessible : null;
          accessible = kind === 'accessible' ? id : null;
          return { id, position, rank, accessible: kind === 'accessible', companion_of };
        }),
      };
    });
    return { rows: made, isFree: (seat_id: number) => free.has(seat_id) };
  });

const ask = fc.record({
  quantity: fc.integer({ min: 1, max: 6 }),
  accessible: fc.constantFrom(false, false, true),
  together: fc.constantFrom(true, false, null),
});

// The model: what the contract says, found by looking at every block there is.

/** Accessible places and those of their companions are a stock of their own. */
const ofStock = ({ accessible }: Pick<PickAsk, 'accessible'>, seat: PickSeat): boolean =>
  accessible === (seat.accessible || seat.companion_of !== null);

const wholePairs = (seats: readonly PickSeat[]): boolean =>
  seats.every((s) => s.companion_of === null || seats.some((other) => other.id === s.companion_of));

const adjacent = (seats: readonly PickSeat[]): boolean =>
  seats.every((seat, i) => i === 0 || seat.position === (seats[i - 1] as PickSeat).position + 1);

type House = { rows: readonly PickRow[]; isFree: (id: number) => boolean };

/** Free seats of the stock that have no free neighbour of it once `taken` are gone, but had one before. */
function orphansLeft({ rows, isFree }: House, wanted: PickAsk, taken: readonly PickSeat[]): number {
  const left = (seat: PickSeat) => isFree(seat.id) && ofStock(wanted, seat) && !taken.includes(seat);
  const lone = (row: PickRow, seat: PickSeat, free: (s: PickSeat) => boolean) =>
    !row.seats.some((other) => Math.abs(other.position - seat.position) === 1 && free(other));
  const before = (seat: PickSeat) => isFree(seat.id) && ofStock(wanted, seat);
  return rows.flatMap((row) =>
    row.seats.filter((seat) => left(seat) && lone(row, seat, left) && !lone(row, seat, before)),
  ).length;
}

function blocks({ rows, isFree }: House, wanted: PickAsk): PickSeat[][] {
  return rows.flatMap(({ seats }) =>
    seats.flatMap((_, from) => {
      const block = seats.slice(from, from + wanted.quantity);
      const good =
        block.length === wanted.quantity &&
        block.every((seat) => isFree(seat.id) && ofStock(wanted, seat)) &&
        adjacent(block) &&
        wholePairs(block);
      return good ? [block] : [];
    }),
  );
}

const rankOf = (seats: readonly PickSeat[]): number => seats.reduce((sum, seat) => sum + seat.rank, 0);

/** Lengths of the runs of free neighbours, longest first. */
function runs({ rows, isFree }: House, wanted: PickAsk): number[] {
  const lengths: number[] = [];
  for (const { seats } of rows) {
    let last = Number.NEGATIVE_INFINITY;
    for (const seat of seats) {
      if (!isFree(seat.id) || !ofStock(wanted, seat)) continue;
      if (seat.position === last + 1) (lengths[lengths.length - 1] as number)++;
      else lengths.push(1);
      last = seat.position;
    }
  }
  return lengths.sort((a, b) => b - a);
}

const seatsOf = ({ rows }: House, ids: readonly number[]): PickSeat[] => {
  const all = new Map(rows.flatMap((row) => row.seats.map((seat) => [seat.id, seat])));
  return ids.map((id) => all.get(id) as PickSeat);
};

describe('the best free seats', () => {
  const check = (test: (h: House, wanted: PickAsk, picked: PickSeat[] | undefined) => void) =>
    fc.assert(
      fc.property(house, ask, (h, wanted) => {
        const ids = pickBest(h.rows, h.isFree, wanted);
        test(h, wanted, ids && seatsOf(h, ids));
      }),
      { numRuns: RUNS },
    );

  it('are as many as asked, each once, each free, and of the stock that was asked for', () => {
    check((h, wanted, picked) => {
      if (!picked) return;
      expect(new Set(picked).size).toBe(wanted.quantity);
      for (const seat of picked) {
        expect(h.isFree(seat.id)).toBe(true);
        expect(ofStock(wanted, seat)).toBe(true);
      }
    });
  });

  it("never hold a companion's place without the place it belongs to", () => {
    check((_, __, picked) => {
      if (picked) expect(wholePairs(picked)).toBe(true);
    });
  });

  it('are side by side if they must be or can be', () => {
    check((h, wanted, picked) => {
      if (wanted.together === false) return;
      const possible = blocks(h, wanted).length > 0;
      if (possible) expect(picked && adjacent(picked)).toBe(true);
      else if (wanted.together) expect(picked).toBeUndefined();
    });
  });

  it('leave as few lone seats as can be, and are then the best by rank', () => {
    check((h, wanted, picked) => {
      if (wanted.together === false) return;
      const all = blocks(h, wanted).map((block) => [orphansLeft(h, wanted, block), rankOf(block)] as const);
      if (!all.length || !picked) return;
      const [best] = all.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect([orphansLeft(h, wanted, picked), rankOf(picked)]).toEqual(best);
    });
  });

  it('are found whenever there are enough, in as few blocks as can be', () => {
    check((h, wanted, picked) => {
      if (wanted.together || wanted.accessible) return;
      const lengths = runs(h, wanted);
      const enough = lengths.reduce((sum, n) => sum + n, 0) >= wanted.quantity;
      expect(picked !== undefined).toBe(enough);
      if (!picked || wanted.together === false) return;
      let needed = 0;
      for (let rest = wanted.quantity; rest > 0; needed++) rest -= lengths[needed] as number;
      expect(
        runs({ ...h, isFree: (id) => picked.some((s) => s.id === id) }, wanted).length,
      ).toBeLessThanOrEqual(needed);
    });
  });

  it('are the best one by one where neighbours are not asked for', () => {
    check((h, wanted, picked) => {
      if (wanted.together !== false || wanted.accessible || !picked) return;
      const ranks = h.rows
        .flatMap((row) => row.seats.filter((seat) => h.isFree(seat.id) && ofStock(wanted, seat)))
        .map((seat) => seat.rank)
        .sort((a, b) => a - b);
      expect(rankOf(picked)).toBe(ranks.slice(0, wanted.quantity).reduce((sum, n) => sum + n, 0));
    });
  });

  it('hold an accessible place whenever one is asked for and free', () => {
    check((h, wanted, picked) => {
      if (!wanted.accessible) return;
      const free = h.rows.flatMap((row) => row.seats.filter((seat) => seat.accessible && h.isFree(seat.id)));
      if (picked) expect(picked.some((seat) => seat.accessible)).toBe(true);
      else if (!wanted.together) expect(free.length).toBeLessThan(wanted.quantity);
    });
  });
});

describe('examples', () => {
  /** `.` free, `x` taken, `A` accessible, `C` companion of the place before it, a space an aisle. */
  const row = (plan: string): House => {
    const seats: PickSeat[] = [];
    [...plan].forEach((sign, i) => {
      if (sign === ' ') return;
      const companion_of = sign === 'C' ? i : null;
      seats.push({ id: i + 1, position: i + 1, rank: i + 1, accessible: sign === 'A', companion_of });
    });
    return { rows: [{ section_id: 1, lowest_rank: 1, seats }], isFree: (id) => plan[id - 1] !== 'x' };
  };
  const pick = (plan: string, quantity: number, more: Partial<PickAsk> = {}) => {
    const { rows, isFree } = row(plan);
    return pickBest(rows, isFree, { quantity, accessible: false, together: null, ...more });
  };

  it.each([
    ['.....', 2, [1, 2]],
    ['....', 3, [1, 2, 3]], // one is left over whatever is done
    ['... ..', 2, [5, 6]], // rather the worse row than a lone seat
    ['...', 2, [1, 2]],
    ['. .x..', 2, [5, 6]],
    ['A..x..', 2, [2, 3]], // the accessible place is no neighbour to count on
    ['A...', 2, [2, 3]], // seat 4 would be lone, or seat 2
    ['AC', 1, undefined],
  ])('%s: %i', (plan, quantity, seats) => {
    expect(pick(plan, quantity)).toEqual(seats);
  });

  it.each([
    ['AC AC', 2, [1, 2]],
    ['xC AC', 2, [4, 5]],
    ['xC A', 2, undefined],
    ['AC A', 1, [4]], // the companion of the first would be left alone
    ['....', 1, undefined],
  ])('accessible, %s: %i', (plan, quantity, seats) => {
    expect(pick(plan, quantity, { accessible: true })).toEqual(seats);
  });
});

describe('lone seats beside a block', () => {
  it.each([
    ['...', 0, 1, 1],
    ['....', 1, 2, 2],
    ['.....', 0, 1, 0],
    ['. ..', 1, 2, 0], // across the aisle is no neighbour
    ['.x..', 2, 3, 0],
  ])('%s %i–%i: %i', (plan, from, to, orphans) => {
    const seats = [...plan].flatMap((sign, i) =>
      sign === ' ' ? [] : [{ id: i, position: i, rank: 1, accessible: false, companion_of: null, sign }],
    );
    const isFree = (seat: { id: number }) => plan[seat.id] === '.';
    expect(orphansBeside(seats, from, to, isFree)).toBe(orphans);
  });
});
