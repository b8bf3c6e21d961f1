import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { System } from '../../system.ts';
import { LATE_WITHOUT_END_MS } from '../events/sales.ts';

/** What the door must know of an event to judge a scan; of its tickets it knows nothing. */
export interface Door {
  event_id: number;
  cancelled: boolean;
  /** Codes are good for seconds. */
  rotating: boolean;
  interface_ids: ReadonlySet<number>;
  gate_ids: ReadonlySet<number>;
  /** The zones that those of them behind the outer ones lead to: of a gate without one, by its name. */
  zones: ReadonlyMap<number, string>;
  /** Inner gates that let in again who was not scanned out. */
  open_gates: ReadonlySet<number>;
  admissions: ReadonlyMap<number, Admission>;
  /** For a ticket without a type: the event's own times, one entry. */
  standard: Admission;
}

/** How tickets of one type let in. */
export interface Admission {
  /** An exit gives its entry back. */
  re_entry: boolean;
  /** Entries at most: more than 1 for a ticket that admits several, or several times. */
  max_entries: number;
  /** Empty: any gate. */
  gate_ids: readonly number[];
  valid_from: Date;
  valid_until: Date;
}

interface DoorRow {
  event_id: number;
  status: string;
  rotating_codes: boolean;
  starts_at: Date;
  ends_at: Date | null;
  doors_at: Date | null;
  interface_ids: number[];
  gate_ids: number[];
  inner_gates: { id: number; zone: string; multi_entry: boolean }[];
  ticket_types: TypeRow[];
}

interface TypeRow {
  id: number;
  re_entry: boolean;
  max_entries: number;
  gate_ids: number[];
  valid_from: string | null;
  valid_until: string | null;
}

const LOAD = statement(
  'door_load',
  `SELECT e.id AS event_id, e.status, e.rotating_codes, e.starts_at, e.ends_at, e.doors_at,
     ARRAY (SELECT i.interface_id FROM event_interface i
       WHERE i.company_id = e.company_id AND i.event_id = e.id) AS interface_ids,
     ARRAY (SELECT g.id FROM gate g WHERE g.company_id = e.company_id AND g.event_id = e.id) AS gate_ids,
     (SELECT coalesce(json_agg(json_build_object('id', g.id, 'zone', coalesce(g.zone, g.name),
         'multi_entry', g.multi_entry)), '[]')
       FROM gate g WHERE g.company_id = e.company_id AND g.event_id = e.id AND g."inner") AS inner_gates,
     (SELECT coalesce(json_agg(json_build_object('id', t.id, 're_entry', t.re_entry, 'max_entries', t.max_entries,
         'gate_ids', coalesce(t.gate_ids, '{}'), 'valid_from', t.valid_from, 'valid_until', t.valid_until)), '[]')
       FROM ticket_type t WHERE t.company_id = e.company_id AND t.event_id = e.id) AS ticket_types
   FROM event e WHERE e.company_id = $1 AND e.id = $2`,
);

/** A change of an event's rules reaches its doors within a second. */
const FRESH_MS = 1_000;

const HOUR = 3_600_000;

/** Without times of its own a ticket is good from so long before the doors open (or the event starts) … */
const EARLY_MS = 6 * HOUR;
/** … until so long after the event ends. (Without an end it may go on for LATE_WITHOUT_END_MS.) */
const LATE_MS = 6 * HOUR;

/** The doors that a process remembers. One load at a time an event, whatever the number of gates. */
export class Doors {
  readonly #entries = new Map<string, { loadedAt: number; door: Promise<Door> }>();

  /**
   * The door of an event, at most a second old.
   * @throws AppError not_found when there is no such event in the company
   */
  of(system: System, company_id: number, event_id: number): Promise<Door> {
    const key = `${company_id} ${event_id}`;
    const known = this.#entries.get(key);
    if (known && performance.now() - known.loadedAt < FRESH_MS) return known.door;
    const entry = { loadedAt: performance.now(), door: load(system, company_id, event_id) };
    this.#entries.set(key, entry);
    entry.door.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.door;
  }

  /** Forgets an event that has changed: this process goes by the change at once. */
  drop(company_id: number, event_id: number): void {
    this.#entries.delete(`${company_id} ${event_id}`);
  }
}

async function load(system: System, company_id: number, event_id: number): Promise<Door> {
  const [row] = await system.db.query<DoorRow>(LOAD, [company_id, event_id]);
  if (!row) throw notFound('Event');
  const { starts_at, ends_at, doors_at } = row;
  const times = {
    valid_from: new Date((doors_at ?? starts_at).getTime() - EARLY_MS),
    valid_until: new Date(ends_at ? ends_at.getTime() + LATE_MS : starts_at.getTime() + LATE_WITHOUT_END_MS),
  };
  return {
    event_id,
    cancelled: row.status === 'cancelled',
    rotating: row.rotating_codes,
    interface_ids: new Set(row.interface_ids),
    gate_ids: new Set(row.gate_ids),
    zones: new Map(row.inner_gates.map(({ id, zone }) => [id, zone])),
    open_gates: new Set(row.inner_gates.flatMap(({ id, multi_entry }) => (multi_entry ? id : []))),
    admissions: new Map(
      row.ticket_types.map(({ id, valid_from, valid_until, ...type }) => [
        id,
        {
          ...type,
          valid_from: valid_from ? new Date(valid_from) : times.valid_from,
          valid_until: valid_until ? new Date(valid_until) : times.valid_until,
        },
      ]),
    ),
    standard: { re_entry: false, max_entries: 1, gate_ids: [], ...times },
  };
}
