import type { MapGeometry } from '../maps/geometry.ts';

/**
 * As many free seats side by side, in a section of the seats that were chosen and as near to them as can be. Accessible
 * places and those of companions are nobody's alternative.
 * @param isFree whether a seat, by its number, can be had
 * @param may whether a block will do
 * @returns ids of the seats; undefined when no row of the section has so many
 */
export function nearestBlock(
  geometry: MapGeometry,
  isFree: (n: number) => boolean,
  chosen: readonly number[],
  may: (seat_ids: readonly number[]) => boolean = () => true,
): number[] | undefined {
  const { rows, section, position, x, y, accessible, companionOf, seatIds, index } = geometry;
  const numbers = chosen.flatMap((id) => index.get(id) ?? []);
  if (!numbers.length) return undefined;
  const middle = (of: Float64Array) =>
    numbers.reduce((sum, n) => sum + (of[n] as number), 0) / numbers.length;
  const [cx, cy] = [middle(x), middle(y)];
  const sections = new Set(numbers.map((n) => section[n]));
  const suits = (n: number) => isFree(n) && !accessible[n] && !companionOf[n];
  const size = chosen.length;
  let best: { seats: number[]; distance: number } | undefined;
  for (const row of rows) {
    if (!sections.has(row.section)) continue;
    let run: number[] = [];
    for (const n of row.seats) {
      const last = run.at(-1);
      const joined = last !== undefined && (position[last] as number) + 1 === position[n];
      run = suits(n) ? (joined ? [...run, n] : [n]) : [];
      if (run.length < size) continue;
      const seats = run.slice(-size);
      const distance = seats.reduce(
        (sum, s) => sum + Math.hypot((x[s] as number) - cx, (y[s] as number) - cy),
        0,
      );
      if ((!best || distance < best.distance) && may(seats.map((s) => seatIds[s] as number)))
        best = { seats, distance };
    }
  }
  return best?.seats.map((n) => seatIds[n] as number);
}
