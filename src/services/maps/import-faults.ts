import { AppError, type FieldFault } from '../../errors.ts';
import { MAX_FAULTS } from '../../schemas/faults.ts';
import type { MapImport, RowImport, SectionImport } from './import.ts';

/** Nobody can tell apart two seats that are nearer than this part of the map's longer side. */
const OVERLAP = 1 / 10_000;

/** More than a stadium. */
const MAX_SEATS = 100_000;

/**
 * Refuses a map that has faults, naming a hundred of them at most.
 * @throws AppError validation_failed
 */
export function refuseFaults(faults: readonly FieldFault[]): void {
  if (!faults.length) return;
  const detail = `The map has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}; nothing was written.`;
  throw new AppError('validation_failed', detail, { errors: faults.slice(0, MAX_FAULTS) });
}

/**
 * Finds everything that keeps a map from being imported; a large one takes a while, hence in turns (turns.ts).
 * @returns the faults, with RFC 6901 pointers into the map; empty when there are none
 */
export function* mapFaults(map: MapImport): Generator<void, FieldFault[]> {
  const faults: FieldFault[] = [];
  const seats = map.sections.reduce((n, s) => n + s.rows.reduce((m, row) => m + row.seats.length, 0), 0);
  if (seats > MAX_SEATS) faults.push(fault('/sections', 'too_big', `A map has at most ${MAX_SEATS} seats.`));
  if (!map.sections.length) faults.push(fault('/sections', 'empty', 'A map has at least one section.'));
  unique(
    map.sections,
    (s) => s.name,
    (i) => `/sections/${i}/name`,
    'Another section has this name.',
    faults,
  );
  for (const [i, section] of map.sections.entries()) yield* sectionFaults(section, `/sections/${i}`, faults);
  yield* placeFaults(map, faults);
  const { width, height, focal_point } = map;
  if (!(focal_point.x >= 0 && focal_point.x <= width && focal_point.y >= 0 && focal_point.y <= height))
    faults.push(fault('/focal_point', 'outside', 'The focal point lies on the map.'));
  return faults;
}

function* sectionFaults(section: SectionImport, at: string, faults: FieldFault[]): Generator<void> {
  const { kind, capacity, rows } = section;
  if (kind === 'general') {
    if (rows.length) faults.push(fault(`${at}/rows`, 'not_seated', 'A general section has no rows.'));
    if (capacity === undefined)
      faults.push(fault(`${at}/capacity`, 'required', 'A general section has a capacity.'));
    else if (capacity < 1) faults.push(fault(`${at}/capacity`, 'too_small', 'The capacity is at least 1.'));
    return;
  }
  if (!rows.length) faults.push(fault(`${at}/rows`, 'empty', 'A seated section has at least one row.'));
  const seats = rows.reduce((n, row) => n + row.seats.length, 0);
  if (capacity !== undefined && capacity !== seats)
    faults.push(fault(`${at}/capacity`, 'mismatch', `The section has ${seats} seats.`));
  unique(
    rows,
    (r) => r.label,
    (i) => `${at}/rows/${i}/label`,
    'Another row of the section has this label.',
    faults,
  );
  for (const [i, row] of rows.entries()) {
    rowFaults(row, `${at}/rows/${i}`, faults);
    yield;
  }
}

function rowFaults({ seats }: RowImport, at: string, faults: FieldFault[]): void {
  if (!seats.length) faults.push(fault(`${at}/seats`, 'empty', 'A row has at least one seat.'));
  const field = (name: string) => (i: number) => `${at}/seats/${i}/${name}`;
  unique(seats, (s) => s.number, field('number'), 'Another seat of the row has this number.', faults);
  const positions = positionsOf(seats);
  unique(positions, (p) => p, field('position'), 'Another seat of the row has this position.', faults);
  const byNumber = new Map(seats.map((seat) => [seat.number, seat]));
  seats.forEach(({ number, companion_of }, i) => {
    if (companion_of === undefined || companion_of === null) return;
    const beside = byNumber.get(companion_of);
    if (!beside || companion_of === number)
      faults.push(fault(field('companion_of')(i), 'not_found', 'No other seat of the row has this number.'));
    else if (!beside.accessible)
      faults.push(
        fault(field('companion_of')(i), 'not_accessible', 'A companion sits beside an accessible seat.'),
      );
  });
}

/** Every seat is on the map, and no two are on the same spot. */
function* placeFaults({ width, height, sections }: MapImport, faults: FieldFault[]): Generator<void> {
  const spots = new Spots(Math.max(width, height) * OVERLAP);
  for (const [i, section] of sections.entries())
    for (const [j, row] of section.rows.entries()) {
      row.seats.forEach(({ x, y }, k) => {
        const at = () => `/sections/${i}/rows/${j}/seats/${k}`;
        if (!(x >= 0 && x <= width))
          faults.push(fault(`${at()}/x`, 'outside', `x lies between 0 and ${width}.`));
        if (!(y >= 0 && y <= height))
          faults.push(fault(`${at()}/y`, 'outside', `y lies between 0 and ${height}.`));
        if (!spots.take(x, y)) faults.push(fault(at(), 'overlap', 'Another seat is on this spot.'));
      });
      yield;
    }
}

/** Points in cells as wide as the least distance between two: whoever is too near is in one of nine cells. */
class Spots {
  readonly #nearest: number;
  readonly #cells = new Map<number, { x: number; y: number }[]>();

  constructor(nearest: number) {
    this.#nearest = nearest;
  }

  /** Takes a spot; false when one too near was taken before. */
  take(x: number, y: number): boolean {
    const [column, line] = [Math.floor(x / this.#nearest), Math.floor(y / this.#nearest)];
    const free = this.#isFree(column, line, x, y);
    const here = this.#cells.get(key(column, line));
    if (here) here.push({ x, y });
    else this.#cells.set(key(column, line), [{ x, y }]);
    return free;
  }

  #isFree(column: number, line: number, x: number, y: number): boolean {
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++)
        for (const other of this.#cells.get(key(column + dx, line + dy)) ?? [])
          if (Math.hypot(other.x - x, other.y - y) < this.#nearest) return false;
    return true;
  }
}

/** One number for a cell: a map has some 10,000 cells a side. */
const key = (column: number, line: number): number => column * 1_000_000 + line;

/** Places in the row: the given ones; a seat without one comes right after the seat before it. */
export function positionsOf(seats: RowImport['seats']): number[] {
  let last = 0;
  return seats.map(({ position }) => {
    last = position ?? last + 1;
    return last;
  });
}

function unique<T>(
  items: readonly T[],
  keyOf: (item: T) => string | number,
  pointer: (index: number) => string,
  message: string,
  faults: FieldFault[],
): void {
  const seen = new Set<string | number>();
  items.forEach((item, i) => {
    const key = keyOf(item);
    if (seen.has(key)) faults.push(fault(pointer(i), 'duplicate', message));
    seen.add(key);
  });
}

const fault = (pointer: string, code: string, message: string): FieldFault => ({ pointer, code, message });
