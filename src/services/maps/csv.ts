import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { AppError, type FieldFault } from '../../errors.ts';
import { MAX_FAULTS } from '../../schemas/faults.ts';
import { Turns } from '../../turns.ts';
import type { MapImport, RowImport, SectionImport } from './import.ts';

const REQUIRED = ['section', 'row', 'number', 'x', 'y'] as const;
const COLUMNS = new Set<string>([...REQUIRED, 'accessible']);
/** Room around the outermost seats, as a part of the map. */
const MARGIN = 0.05;

export interface CsvMap {
  name: string;
  venue_id?: number | null | undefined;
  width?: number | undefined;
  height?: number | undefined;
  focal_point?: { x: number; y: number } | undefined;
  csv: string;
}

interface Line {
  info: { lines: number };
  record: Record<string, string>;
}

/** A map of seats that came as CSV, and the line that each pointer into it comes from. */
export interface MapOfCsv {
  map: MapImport;
  lineOf(pointer: string): number;
}

/**
 * Makes a map of lines of seats: sections and rows in the order in which they first appear.
 * @throws AppError validation_failed naming every faulty line and field
 */
export async function mapOfCsv({ csv, name, venue_id = null, ...given }: CsvMap): Promise<MapOfCsv> {
  const faults: FieldFault[] = [];
  const sections = new Map<string, Map<string, { seats: RowImport['seats']; lines: number[] }>>();
  let right = 0;
  let bottom = 0;
  for await (const { info, record } of read(csv)) {
    const seat = seatOf(record, info.lines, faults);
    if (!seat) continue;
    const { section = '', row = '' } = record;
    const rows = sections.get(section) ?? new Map();
    sections.set(section, rows);
    const { seats, lines } = rows.get(row) ?? { seats: [], lines: [] };
    rows.set(row, { seats, lines });
    seats.push(seat);
    lines.push(info.lines);
    right = Math.max(right, seat.x);
    bottom = Math.max(bottom, seat.y);
  }
  if (faults.length) throw refusal(faults);
  if (!sections.size)
    throw refusal([{ pointer: '/csv', code: 'empty', message: 'There is no line of a seat.' }]);
  const { width = right * (1 + MARGIN) || 1, height = bottom * (1 + MARGIN) || 1 } = given;
  const { focal_point = { x: width / 2, y: 0 } } = given;
  const lines = [...sections.values()].map((rows) => [...rows.values()].map((row) => row.lines));
  return {
    map: {
      ...{ name, venue_id, width, height, focal_point },
      sections: [...sections].map(
        ([section, rows]): SectionImport => ({
          name: section,
          kind: 'seated',
          rows: [...rows].map(([label, { seats }]) => ({ label, seats })),
        }),
      ),
    },
    lineOf(pointer) {
      const [, , i, , j, , k] = pointer.split('/');
      const rows = lines[Number(i ?? 0)] ?? [];
      return rows[Number(j ?? 0)]?.[Number(k ?? 0)] ?? 1;
    },
  };
}

/** Faults of the map as faults of the lines that it was made of. */
export const faultsOfLines = (faults: readonly FieldFault[], { lineOf }: MapOfCsv): FieldFault[] =>
  faults.map(({ pointer, code, message }) => {
    const line = lineOf(pointer);
    const field = /\/seats\/\d+\/(\w+)$/.exec(pointer)?.[1];
    return { pointer: `/csv/${line}${field ? `/${field}` : ''}`, code, message: `Line ${line}: ${message}` };
  });

/** Bytes that are parsed at once. */
const SLICE = 16_384;

/** The lines of a table, in turns. */
async function* read(csv: string): AsyncGenerator<Line> {
  const parser = parse({
    ...{ bom: true, info: true, trim: true, skip_empty_lines: true, relax_column_count: false },
    columns: (names: string[]) => checkedNames(names.map((name) => name.trim().toLowerCase())),
  });
  const slices = Readable.from(slicesOf(csv)).on('error', (error) => parser.destroy(error));
  try {
    yield* slices.pipe(parser) as AsyncIterable<Line>;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { lines } = error as { lines?: number };
    if (lines === undefined) throw error;
    const message = `Line ${lines} cannot be read: its quotes or its number of columns are wrong.`;
    throw refusal([{ pointer: `/csv/${lines}`, code: 'malformed', message }]);
  }
}

async function* slicesOf(csv: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(csv);
  const turns = new Turns();
  for (let from = 0; from < bytes.length; from += SLICE) {
    if (turns.over) await turns.next();
    yield bytes.subarray(from, from + SLICE);
  }
}

function checkedNames(names: string[]): string[] {
  const faults = REQUIRED.filter((name) => !names.includes(name)).map((name) => ({
    ...{ pointer: `/csv/1/${name}`, code: 'required', message: `Line 1: the column ${name} is missing.` },
  }));
  for (const [i, name] of names.entries())
    if (!COLUMNS.has(name) || names.indexOf(name) !== i)
      faults.push({
        pointer: `/csv/1/${name.slice(0, 50)}`,
        code: COLUMNS.has(name) ? 'duplicate' : 'unknown_field',
        message: `Line 1: the columns are ${[...COLUMNS].join(', ')}, each once.`,
      });
  if (faults.length) throw refusal(faults);
  return names;
}

const FLAGS: Record<string, boolean> = {
  ...{ '': false, '0': false, no: false, false: false, n: false },
  ...{ '1': true, yes: true, true: true, y: true },
};
const LONGEST = { section: 100, row: 50, number: 20 } as const;
const NUMBER = /^\d{1,7}(\.\d{1,6})?$/;

function seatOf(record: Record<string, string>, line: number, faults: FieldFault[]) {
  const before = faults.length;
  const wrong = (field: string, code: string, message: string) =>
    faults.push({ pointer: `/csv/${line}/${field}`, code, message: `Line ${line}: ${message}` });
  for (const [field, max] of Object.entries(LONGEST)) {
    const value = record[field] ?? '';
    if (!value) wrong(field, 'required', `${field} is empty.`);
    else if (value.length > max) wrong(field, 'too_big', `${field} has more than ${max} characters.`);
  }
  for (const field of ['x', 'y'] as const)
    if (!NUMBER.test(record[field] ?? ''))
      wrong(field, 'invalid_type', `${field} is not a number from 0 on.`);
  const accessible = FLAGS[(record.accessible ?? '').toLowerCase()];
  if (accessible === undefined) wrong('accessible', 'invalid_value', 'accessible is yes or no.');
  if (faults.length > before) return undefined;
  return {
    number: record.number ?? '',
    x: Number(record.x),
    y: Number(record.y),
    accessible: accessible ?? false,
  };
}

function refusal(all: FieldFault[]): AppError {
  return new AppError(
    'validation_failed',
    `The CSV has ${all.length === 1 ? 'a fault' : `${all.length} faults`}; nothing was written.`,
    {
      errors: all.slice(0, MAX_FAULTS),
    },
  );
}
