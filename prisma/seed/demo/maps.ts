import type { MapImport, RowImport } from '../../../src/services/maps/import.ts';
import {
  column,
  curvedRows,
  onEllipse,
  seated,
  standing,
  standRows,
  withAccessibleEnds,
} from './geometry.ts';

const numbers = (count: number, of: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => of(i));

/** 1,200 seats: stalls and circle curve around the stage, boxes of five line both sides. One unit is about 4 cm. */
export function theatreMap(venue_id: number): MapImport {
  const centre = { x: 500, y: -300 };
  const stalls = curvedRows({
    ...{ centre, radius: 480, rowPitch: 17, seatPitch: 14, aisles: 2 },
    rows: numbers(20, (row) => (row < 10 ? 26 : 25) + row), // 700 seats
  });
  const circle = curvedRows({
    ...{ centre, radius: 850, rowPitch: 17, seatPitch: 14, aisles: 3 },
    rows: numbers(8, () => 50), // 400 seats
  });
  return {
    name: 'Main hall',
    venue_id,
    width: 1_000,
    height: 720,
    focal_point: { x: 500, y: 80 },
    sections: [
      seated('Stalls', accessibleAt(stalls, [19, 2], [0, 1]), 10),
      seated('Circle', accessibleAt(circle, [0, 2]), 10),
      column('Boxes left', boxes(1, 70, -1), 14),
      column('Boxes right', boxes(11, 930, 1), 14),
    ],
  };
}

/** @param rows index of each row and how many wheelchair places each of its ends has */
const accessibleAt = (all: RowImport[], ...rows: [index: number, pairs: number][]): RowImport[] =>
  all.map((row, i) =>
    rows.reduce((made, [at, pairs]) => (at === i ? withAccessibleEnds(made, pairs) : made), row),
  );

/** Ten boxes of five seats along a wall: three in front, two behind them. */
function boxes(first: number, x: number, outward: 1 | -1): RowImport[] {
  return Array.from({ length: 10 }, (_, i) => {
    const y = 120 + i * 36;
    const places = [
      [0, -10],
      [0, 0],
      [0, 10],
      [14 * outward, -6],
      [14 * outward, 6],
    ] as const;
    return {
      label: `Box ${first + i}`,
      seats: places.map(([dx, dy], s) => ({ number: String(s + 1), x: x + dx, y: y + dy })),
    };
  });
}

const STAND = { centre: { x: 1_400, y: 1_220 }, rowPitch: 8 };

/** 50,000 seats in two tiers around a pitch on which 10,000 stand; the stage is at its northern end. In decimetres. */
export function stadiumMap(venue_id: number): MapImport {
  return {
    name: 'Stadium, end stage',
    venue_id,
    width: 2_800,
    height: 2_440,
    focal_point: { x: 1_400, y: 760 },
    sections: [
      ...tier('Lower', 101, 24, { rows: 25, seatsPerRow: 30, axes: { x: 720, y: 540 } }),
      ...tier('Upper', 201, 32, { rows: 40, seatsPerRow: 25, axes: { x: 980, y: 800 } }),
      standing('Pitch', 10_000, [
        [880, 860],
        [1_920, 860],
        [1_920, 1_600],
        [880, 1_600],
      ]),
    ],
  };
}

/** Blocks of equal angle, with stairs between them. */
function tier(
  name: string,
  first: number,
  blocks: number,
  block: { rows: number; seatsPerRow: number; axes: { x: number; y: number } },
) {
  const turn = (2 * Math.PI) / blocks;
  const stairs = turn * 0.06;
  return Array.from({ length: blocks }, (_, i) => {
    const rows = standRows({ ...STAND, ...block, from: i * turn + stairs, to: (i + 1) * turn - stairs });
    return seated(`${name} ${first + i}`, i % 4 === 0 ? accessibleAt(rows, [0, 2]) : rows, 6);
  });
}

/** An open field for 10,000. In metres. */
export function festivalMap(venue_id: number): MapImport {
  const field = Array.from({ length: 24 }, (_, i) => {
    const { x, y } = onEllipse({ x: 200, y: 150 }, { x: 180, y: 120 }, (i / 24) * 2 * Math.PI);
    return [x, y] as [number, number];
  });
  return {
    name: 'Festival ground',
    venue_id,
    width: 400,
    height: 300,
    focal_point: { x: 200, y: 20 },
    sections: [standing('Festival ground', 10_000, field)],
  };
}

/** A club where everybody stands. In decimetres. */
export function clubMap(venue_id: number, capacity: number): MapImport {
  return {
    name: `Club, ${capacity} places`,
    venue_id,
    width: 200,
    height: 150,
    focal_point: { x: 100, y: 10 },
    sections: [
      standing('Floor', capacity, [
        [20, 30],
        [180, 30],
        [180, 140],
        [20, 140],
      ]),
    ],
  };
}
