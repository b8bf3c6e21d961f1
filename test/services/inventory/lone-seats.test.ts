import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loneSeats, seatsAround } from '../../../src/services/inventory/lone-seats.ts';
import { type PickRow, pickBest } from '../../../src/services/inventory/seat-picking.ts';
import type { MapGeometry } from '../../../src/services/maps/geometry.ts';

// A plan of rows: `.` free, `x` taken, `o` chosen, `A` accessible, `C` its companion, both free; a space is an aisle.

interface House {
  map: MapGeometry;
  chosen: number[];
  isFree: (n: number) => boolean;
}

function house(...plan: string[]): House {
  const seats = plan.flatMap((row, r) =>
    [...row].flatMap((sign, position) => (sign === ' ' ? [] : [{ r, position, sign }])),
  );
  const map = {
    rows: plan.map((_, r) => ({
      ...{ id: r + 1, label: String(r), section: 0 },
      seats: Int32Array.from(seats.flatMap((seat, n) => (seat.r === r ? [n] : []))),
    })),
    row: Int32Array.from(seats, ({ r }) => r),
    position: Int32Array.from(seats, ({ position }) => position),
    accessible: Uint8Array.from(seats, ({ sign }) => Number(sign === 'A')),
    companionOf: Int32Array.from(seats, ({ sign }) => Number(sign === 'C')),
  } as unknown as MapGeometry;
  const signs = seats.map(({ sign }) => sign);
  return {
    map,
    chosen: signs.flatMap((sign, n) => (sign === 'o' ? [n] : [])),
    isFree: (n) => '.AC'.includes(signs[n] as string),
  };
}

const lone = (plan: string, released = false) => {
  const { map, chosen, isFree } = house(plan);
  return loneSeats(map, chosen, isFree, released);
};

describe('seats left alone', () => {
  it.each([
    ['oo...', []],
    ['.oo..', [0]],
    ['.oo.', [0, 3]],
    ['o.o..', [1]],
    ['o.oo.', [1, 4]],
    ['.o.o.', [0, 2, 4]],
    ['..oo..', []],
    ['..oo.', [4]],
    ['x.oo..x', [1]],
    ['. oo..', []], // alone before, and nobody's fault
    ['oo. ..', []], // one of its run is left whatever is chosen
    ['.oo x', []],
    ['oo.', []],
    ['o.o', []],
    ['x.o', []],
    ['oo.x..', []],
    ['.ooA.', []], // the accessible place is no neighbour: the first run has one seat left
    ['oo.A', []],
    ['..o.AC', [3]],
    ['ooAC', []],
  ])('%s: %j', (plan, seats) => {
    expect(lone(plan)).toEqual(seats);
  });

  it('accessible places count like any other once they are released', () => {
    expect(lone('oo.A', true)).toEqual([]);
    expect(lone('.ooA.', true)).toEqual([0]);
  });

  it('at all: also those that cannot be helped', () => {
    const { map, chosen, isFree } = house('oo.', '.o', '..o');
    expect(loneSeats(map, chosen, isFree, false, true)).toEqual([2, 3]);
  });

  it('each row is judged by itself', () => {
    const { map, chosen, isFree } = house('oo...', '.o...', 'o....');
    expect(loneSeats(map, chosen, isFree, false)).toEqual([5]);
  });
});

const plans = fc.array(
  fc
    .array(fc.constantFrom('.', '.', '.', 'o', 'o', 'x', ' ', 'A', 'C'), { minLength: 1, maxLength: 10 })
    .map((signs) => signs.join('')),
  { minLength: 1, maxLength: 3 },
);

/** What the contract says, found by trying every choice of as many seats of each run. */
function model(plan: string, released: boolean): number[] {
  const general = (sign: string) => '.o'.includes(sign) || (released && 'AC'.includes(sign));
  const seats: { n: number; sign: string }[] = [];
  const runs: { n: number; sign: string }[][] = [];
  let n = -1;
  let run: { n: number; sign: string }[] | undefined;
  for (const sign of plan) {
    if (sign !== ' ') n++;
    if (sign === ' ' || !general(sign)) {
      run = undefined;
      continue;
    }
    if (!run) {
      run = [];
      runs.push(run);
    }
    run.push({ n, sign });
    seats.push({ n, sign });
  }
  const alone = (taken: readonly boolean[]) =>
    taken.flatMap((is, i) => (!is && taken[i - 1] !== false && taken[i + 1] !== false ? [i] : []));
  return runs.flatMap((each) => {
    const taken = each.map(({ sign }) => sign === 'o');
    const quantity = taken.filter(Boolean).length;
    if (!quantity) return [];
    const ways = Array.from({ length: 2 ** each.length }, (_, bits) =>
      each.map((_, i) => Boolean(bits & (1 << i))),
    ).filter((way) => way.filter(Boolean).length === quantity);
    const best = Math.min(...ways.map((way) => alone(way).length));
    return alone(taken).length > best ? alone(taken).map((i) => each[i]?.n as number) : [];
  });
}

it('are those that another choice of as many seats of the run would not have left', () => {
  fc.assert(
    fc.property(plans, fc.boolean(), ([plan], released) => {
      expect(lone(plan as string, released)).toEqual(model(plan as string, released));
    }),
    { numRuns: 2_000 },
  );
});

it('the seats two places to either side decide: others may be anything', () => {
  fc.assert(
    fc.property(plans, (rows) => {
      const { map, chosen, isFree } = house(...rows);
      const around = seatsAround(map, chosen);
      const whole = loneSeats(map, chosen, isFree, false);
      expect(loneSeats(map, chosen, (n) => around.has(n) && isFree(n), false)).toEqual(whole);
    }),
    { numRuns: 2_000 },
  );
});

it('best available is never refused for them', () => {
  const ask = fc.record({
    quantity: fc.integer({ min: 1, max: 6 }),
    together: fc.constantFrom(true, false, null),
    ranks: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 30, maxLength: 30 }),
  });
  fc.assert(
    fc.property(plans, ask, (plan, { quantity, together, ranks }) => {
      const { map, isFree } = house(...plan);
      const rows: PickRow[] = map.rows.map((row, r) => ({
        section_id: r + 1,
        lowest_rank: 1,
        seats: Array.from(row.seats, (n) => ({
          ...{ id: n, position: map.position[n] as number, rank: ranks[n] as number },
          ...{ accessible: map.accessible[n] === 1, companion_of: map.companionOf[n] ? 999 : null },
        })),
      }));
      const leavesAlone = (seats: readonly number[]) => loneSeats(map, seats, isFree, false, true).length > 0;
      const picked = pickBest(rows, isFree, { quantity, accessible: false, together }, leavesAlone);
      if (picked) expect(loneSeats(map, picked, isFree, false)).toEqual([]);
    }),
    { numRuns: 4_000 },
  );
});
