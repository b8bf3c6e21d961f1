import type { FieldFault } from '../../errors.ts';
import type { MapImport, RowImport, SeatImport, SectionImport } from './import.ts';
import type { RowRow, SeatRow, SectionRow } from './map-rows.ts';

interface Own {
  /** Which stored part it is. */
  id?: number | undefined;
}

/** A map as an organiser sends it to replace the one that is there: parts may say which one they are. */
export interface MapEdit extends Omit<MapImport, 'sections'> {
  sections: (Omit<SectionImport, 'rows'> &
    Own & { rows: (Omit<RowImport, 'seats'> & Own & { seats: (SeatImport & Own)[] })[] })[];
}

/** A map as it is stored, flat. */
export interface KnownMap {
  sections: Pick<SectionRow, 'id' | 'name' | 'kind' | 'capacity'>[];
  rows: RowRow[];
  seats: SeatRow[];
}

/** Which stored part each part of an edit is; null for a new one. Flat, in the order of the edit. */
export interface Matched {
  section_ids: (number | null)[];
  row_ids: (number | null)[];
  seat_ids: (number | null)[];
  /** Stored ones that the edit has no more. */
  gone: { sections: number[]; rows: number[]; seats: number[] };
  faults: FieldFault[];
}

/**
 * Finds out what is what: by `id` where it is given, else by what it is called (a section by its name, a row by its label
 * in the section, a seat by its number in the row). So parts can be called otherwise without becoming others. In turns.
 */
export function* matchMap(edit: MapEdit, known: KnownMap): Generator<void, Matched> {
  const faults: FieldFault[] = [];
  const sections = new Claims('section', known.sections, faults);
  const rows = new Claims('row', known.rows, faults);
  const seats = new Claims('seat', known.seats, faults);
  for (const [i, section] of edit.sections.entries()) {
    sections.claim(section.id, () => `/sections/${i}`);
    for (const [j, row] of section.rows.entries()) {
      rows.claim(row.id, () => `/sections/${i}/rows/${j}`);
      for (const [k, seat] of row.seats.entries())
        seats.claim(seat.id, () => `/sections/${i}/rows/${j}/seats/${k}`);
      yield;
    }
  }
  const matched: Matched = {
    section_ids: [],
    row_ids: [],
    seat_ids: [],
    gone: { sections: [], rows: [], seats: [] },
    faults,
  };
  yield;
  const byName = grouped(known.sections, (s) => s.name);
  const byLabel = grouped(known.rows, (r) => `${r.section_id} ${r.label}`);
  const byNumber = grouped(known.seats, (s) => `${s.row_id} ${s.number}`);
  yield;
  for (const [i, section] of edit.sections.entries()) {
    const at = `/sections/${i}`;
    const is = sections.match(section.id, byName.get(section.name));
    matched.section_ids.push(is?.id ?? null);
    if (is && is.kind !== section.kind)
      faults.push({ pointer: `${at}/kind`, code: 'immutable', message: `The section is ${is.kind}.` });
    for (const [j, row] of section.rows.entries()) {
      const isRow = rows.match(row.id, is && byLabel.get(`${is.id} ${row.label}`));
      matched.row_ids.push(isRow?.id ?? null);
      if (isRow && isRow.section_id !== is?.id) faults.push(elsewhere(`${at}/rows/${j}/id`, 'row'));
      for (const [k, seat] of row.seats.entries()) {
        const isSeat = seats.match(seat.id, isRow && byNumber.get(`${isRow.id} ${seat.number}`));
        matched.seat_ids.push(isSeat?.id ?? null);
        if (isSeat && isSeat.section_id !== is?.id)
          faults.push(elsewhere(`${at}/rows/${j}/seats/${k}/id`, 'seat'));
      }
      yield;
    }
  }
  matched.gone = { sections: sections.left(), rows: rows.left(), seats: seats.left() };
  return matched;
}

const elsewhere = (pointer: string, what: string): FieldFault => ({
  pointer,
  code: 'other_section',
  message: `This ${what} is one of another section, at the prices of that section.`,
});

/** Stored parts of a kind, each of which one part of the edit can be. */
class Claims<T extends { id: number }> {
  readonly #what: string;
  readonly #byId: Map<number, T>;
  readonly #claimed = new Set<number>();
  readonly #faults: FieldFault[];

  constructor(what: string, parts: readonly T[], faults: FieldFault[]) {
    this.#what = what;
    this.#byId = new Map(parts.map((part) => [part.id, part]));
    this.#faults = faults;
  }

  /** Notes that a part of the edit says by its id which one it is. */
  claim(id: number | undefined, at: () => string): void {
    if (id === undefined) return;
    const fault = (code: string, message: string) =>
      this.#faults.push({ pointer: `${at()}/id`, code, message });
    if (!this.#byId.has(id)) fault('not_found', `The map has no such ${this.#what}.`);
    else if (this.#claimed.has(id)) fault('duplicate', `Another ${this.#what} has this id.`);
    this.#claimed.add(id);
  }

  /** The part that it is: by its id, else the first one called so that nobody else is. */
  match(id: number | undefined, called: readonly T[] | undefined): T | undefined {
    if (id !== undefined) return this.#byId.get(id);
    const found = called?.find((part) => !this.#claimed.has(part.id));
    if (found) this.#claimed.add(found.id);
    return found;
  }

  left(): number[] {
    return [...this.#byId.keys()].filter((id) => !this.#claimed.has(id)).sort((a, b) => a - b);
  }
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
