import type { MapGeometry } from '../maps/geometry.ts';

// The one rule about seats that are left alone. Who chooses seats, whom seats are picked for, who exchanges them and who
// is offered others is judged by `loneSeats`.
//
// A run of free seats, from one taken seat or aisle to the next, may lose any of its seats as long as none is left with
// nobody free beside it. Where only one seat of the run would be left at all, there is no other way, and it may be left.
// What was alone before is nobody's fault. So the two seats to either side of a choice decide, and no others: a rest of
// two or more seats that lie together is no lone seat, however many they are.

/** How far the seats lie from a choice that decide about it. */
const REACH = 2;

/** Seats of the general stock, by number: accessible places and those of companions keep nobody company before they are released. */
export const isGeneral = ({ accessible, companionOf }: MapGeometry, n: number, released: boolean): boolean =>
  released || (accessible[n] === 0 && companionOf[n] === 0);

/**
 * The seats that decide about a choice: those up to two places away in the row, without the chosen ones.
 * @param chosen numbers of seats
 * @returns numbers of seats
 */
export function seatsAround(map: MapGeometry, chosen: Iterable<number>): Set<number> {
  const around = new Set<number>();
  for (const row of rowsOf(map, chosen).values()) {
    const { seats, picked } = row;
    for (const [i, n] of seats.entries()) {
      if (!picked.has(n)) continue;
      for (const step of [-1, 1]) {
        for (let k = 1; k <= REACH; k++) {
          const next = seats[i + step * k];
          if (next === undefined || map.position[next] !== (map.position[n] as number) + step * k) break;
          if (!picked.has(next)) around.add(next);
        }
      }
    }
  }
  return around;
}

/**
 * The seats that a choice would leave alone although there is another way.
 * @param chosen numbers of seats
 * @param isFree whether a seat can be had by whoever chooses; asked of seats around the choice
 * @param released accessible places are sold like any other by now
 * @param atAll also those that are left whatever is chosen of their run: who may sit anywhere need not leave them
 * @returns numbers of seats, in the order of their rows
 */
export function loneSeats(
  map: MapGeometry,
  chosen: Iterable<number>,
  isFree: (n: number) => boolean,
  released: boolean,
  atAll = false,
): number[] {
  const lone: number[] = [];
  for (const { seats, picked } of rowsOf(map, chosen).values()) {
    let run: number[] = [];
    const close = () => {
      const left = run.filter((n) => !picked.has(n));
      if (left.length > (atAll ? 0 : 1) && left.length < run.length)
        for (const [i, n] of run.entries())
          if (!picked.has(n) && isTakenAt(run[i - 1]) && isTakenAt(run[i + 1])) lone.push(n);
      run = [];
    };
    const isTakenAt = (n: number | undefined) => n === undefined || picked.has(n);
    for (const n of seats) {
      const last = run.at(-1);
      if (last !== undefined && map.position[n] !== (map.position[last] as number) + 1) close();
      if (isGeneral(map, n, released) && (picked.has(n) || isFree(n))) run.push(n);
      else close();
    }
    close();
  }
  return lone;
}

/** The rows that seats lie in, with those of the seats that do. */
function rowsOf(map: MapGeometry, chosen: Iterable<number>) {
  const rows = new Map<number, { seats: Int32Array; picked: Set<number> }>();
  for (const n of chosen) {
    const index = map.row[n] as number;
    const row = rows.get(index) ?? { seats: map.rows[index]?.seats as Int32Array, picked: new Set<number>() };
    row.picked.add(n);
    rows.set(index, row);
  }
  return rows;
}
