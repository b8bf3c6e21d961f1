import type { RowImport, SectionImport } from '../../../src/services/maps/import.ts';

export interface Point {
  x: number;
  y: number;
}

/** Rows on circles around a point above the stage, as in a theatre: the stage is at the top, rows go downwards. */
export interface CurvedBlock {
  centre: Point;
  /** From the centre to the first row. */
  radius: number;
  rowPitch: number;
  seatPitch: number;
  /** Seats of each row, front to back. */
  rows: readonly number[];
  /** Aisles in each row: each is a gap as wide as a seat. */
  aisles: number;
}

/** Rows A, B, … with seats 1, 2, … from left to right. */
export function curvedRows({ centre, radius, rowPitch, seatPitch, rows, aisles }: CurvedBlock): RowImport[] {
  return rows.map((count, r) => {
    const around = radius + r * rowPitch;
    const slots = count + aisles;
    const seats = Array.from({ length: count }, (_, s) => {
      const slot = s + Math.floor((s * (aisles + 1)) / count); // the gaps before it
      const angle = ((slot - (slots - 1) / 2) * seatPitch) / around;
      return { number: String(s + 1), position: slot + 1, ...onCircle(centre, around, angle) };
    });
    return { label: letters(r), seats };
  });
}

/** Rows on growing ellipses, between two angles, as in a stadium. Angles in radians, clockwise from the top. */
export interface StandBlock {
  centre: Point;
  /** Half axes of the first row. */
  axes: Point;
  rowPitch: number;
  rows: number;
  seatsPerRow: number;
  from: number;
  to: number;
}

/** Rows 1, 2, … with seats 1, 2, … clockwise. */
export function standRows({ centre, axes, rowPitch, rows, seatsPerRow, from, to }: StandBlock): RowImport[] {
  const step = (to - from) / seatsPerRow;
  return Array.from({ length: rows }, (_, r) => {
    const around = { x: axes.x + r * rowPitch, y: axes.y + r * rowPitch };
    const seats = Array.from({ length: seatsPerRow }, (_, s) => ({
      number: String(s + 1),
      ...onEllipse(centre, around, from + (s + 0.5) * step),
    }));
    return { label: String(r + 1), seats };
  });
}

/** The polygon around the rows of a section: along its front, and back along its rear. */
export function outline(rows: readonly RowImport[], margin: number): [number, number][] {
  const [front, rear] = [rows[0]?.seats ?? [], rows.at(-1)?.seats ?? []];
  const [ahead, behind] = [middle(front), middle(rear)];
  const forward = rows.length > 1 ? { x: ahead.x - behind.x, y: ahead.y - behind.y } : undefined;
  return [...edge(front, margin, forward, 1), ...edge(rear, margin, forward, -1).reverse()];
}

/** A line along a row, some way before (1) or behind it (-1), that goes as far beyond its ends. */
function edge(
  seats: readonly Point[],
  margin: number,
  forward: Point | undefined,
  side: 1 | -1,
): [number, number][] {
  const every = Math.max(1, Math.floor(seats.length / 8));
  return seats.flatMap((seat, i): [number, number][] => {
    const last = i === seats.length - 1;
    if (i % every && !last) return [];
    const [a, b] = [seats[Math.max(0, i - 1)] as Point, seats[Math.min(seats.length - 1, i + 1)] as Point];
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const along = { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
    const across = { x: along.y, y: -along.x };
    const facing = forward && across.x * forward.x + across.y * forward.y < 0 ? -side : side;
    const beyond = i === 0 ? -1 : last ? 1 : 0;
    return [
      [
        round(seat.x + margin * (across.x * facing + along.x * beyond)),
        round(seat.y + margin * (across.y * facing + along.y * beyond)),
      ],
    ];
  });
}

const middle = (points: readonly Point[]): Point => ({
  x: points.reduce((sum, p) => sum + p.x, 0) / points.length,
  y: points.reduce((sum, p) => sum + p.y, 0) / points.length,
});

/**
 * Makes places for wheelchairs at both ends of a row, each with a companion's seat beside it.
 * @param pairs at each end
 */
export function withAccessibleEnds(row: RowImport, pairs: number): RowImport {
  const seats = row.seats.map((seat) => ({ ...seat }));
  for (let i = 0; i < pairs; i++) {
    for (const [place, beside] of [
      [2 * i, 2 * i + 1],
      [seats.length - 1 - 2 * i, seats.length - 2 - 2 * i],
    ] as const) {
      const [wheelchair, companion] = [seats[place], seats[beside]];
      if (!wheelchair || !companion) throw new Error(`row ${row.label} is too short`);
      wheelchair.accessible = true;
      companion.companion_of = wheelchair.number;
    }
  }
  return { ...row, seats };
}

/** Turns a list of rows into a seated section with its outline. */
export const seated = (name: string, rows: RowImport[], margin: number): SectionImport => ({
  name,
  kind: 'seated',
  shape: outline(rows, margin),
  rows,
});

/** The same for rows that stand in a column, one behind the other's end: a rectangle around them. */
export function column(name: string, rows: RowImport[], margin: number): SectionImport {
  const seats = rows.flatMap((row) => row.seats);
  const [xs, ys] = [seats.map(({ x }) => x), seats.map(({ y }) => y)];
  const [left, right] = [Math.min(...xs) - margin, Math.max(...xs) + margin].map(round) as [number, number];
  const [top, bottom] = [Math.min(...ys) - margin, Math.max(...ys) + margin].map(round) as [number, number];
  return {
    ...{ name, kind: 'seated', rows },
    shape: [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ],
  };
}

/** A general-admission section. */
export const standing = (name: string, capacity: number, shape: [number, number][]): SectionImport => ({
  name,
  kind: 'general',
  capacity,
  shape,
  rows: [],
});

const onCircle = (centre: Point, radius: number, angle: number): Point => ({
  x: round(centre.x + radius * Math.sin(angle)),
  y: round(centre.y + radius * Math.cos(angle)),
});

/** A point of an ellipse; angle 0 is its top, and angles grow clockwise. */
export const onEllipse = (centre: Point, axes: Point, angle: number): Point => ({
  x: round(centre.x + axes.x * Math.sin(angle)),
  y: round(centre.y - axes.y * Math.cos(angle)),
});

const round = (value: number): number => Math.round(value * 100) / 100;

const letters = (index: number): string =>
  index < 26 ? String.fromCharCode(65 + index) : letters(Math.floor(index / 26) - 1) + letters(index % 26);
