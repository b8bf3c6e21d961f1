import { LRUCache } from 'lru-cache';
import { statement } from '../../db/client.ts';
import { SEAT_STATUSES, type SeatStatus } from '../../schemas/maps.ts';
import type { System } from '../../system.ts';
import { Geometries, type MapGeometry } from './geometry.ts';

/**
 * A moment in the life of a map: all transactions below `horizon` had ended and the database's clock (milliseconds) had
 * reached `clock`. Whoever knows the state of then catches up with every row written at `horizon` or later and every
 * hold that ran out after `clock`. Rows carry the transaction that wrote them (event_seat.version), so a transaction
 * that commits late is not missed, and no reader locks anything.
 */
export interface Moment {
  readonly horizon: number;
  readonly clock: number;
}

export const BEGINNING: Moment = { horizon: 0, clock: 0 };

/** Numbers of seats (their places in `seatIds`, ascending) by status. */
export type SeatsByStatus = Record<SeatStatus, number[]>;

const HELD = SEAT_STATUSES.indexOf('held');
const BLOCKED = SEAT_STATUSES.indexOf('blocked');

// Overdue carts stand in the counters of general sections until they are swept: their places are added again.
const LOOK = statement(
  'map_look',
  `WITH overdue AS MATERIALIZED (
     SELECT d.section_id, d.quantity FROM cart c
     JOIN sale_detail d ON d.company_id = c.company_id AND d.cart_id = c.id
     WHERE c.company_id = $1 AND c.status = 'open' AND c.expires_at <= now()
       AND d.status = 'held' AND d.event_id = $2 AND d.seat_id IS NULL)
   SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon,
     floor(extract(epoch FROM now()) * 1000)::bigint AS clock,
     (SELECT version FROM map WHERE company_id = $1 AND id = $3) AS map_version,
     (SELECT json_build_array(json_agg(seat_id), json_agg(array_position($5, status::text) - 1),
         json_agg(coalesce(floor(extract(epoch FROM hold_expires_at) * 1000), 0)), json_agg(version))
       FROM event_seat WHERE company_id = $1 AND event_id = $2 AND map_id = $3 AND version >= $4) AS seats,
     (SELECT coalesce(json_agg(json_build_array(g.section_id, g.capacity - g.held - g.sold - g.blocked
           + coalesce((SELECT sum(o.quantity) FROM overdue o WHERE o.section_id = g.section_id), 0))
         ORDER BY g.section_id), '[]')
       FROM event_section g JOIN section s ON s.company_id = g.company_id AND s.id = g.section_id
       WHERE g.company_id = $1 AND g.event_id = $2 AND g.map_id = $3 AND s.kind = 'general') AS places`,
);

interface LookRow extends Moment {
  map_version: number | null;
  /** Ids, statuses, ends of holds (milliseconds; 0 for none) and versions of the seats written since. */
  seats: [ids: number[] | null, statuses: number[], holds: number[], versions: number[]];
  places: [section_id: number, available: number][];
}

/** What a process knows of a map at an event: the status of every seat, kept up by reading what has changed. */
export class MapMirror {
  readonly system: System;
  readonly company_id: number;
  readonly event_id: number;
  readonly map_id: number;
  /** When the state below was read. */
  moment: Moment = BEGINNING;
  /** The first moment at which all was as it is now: stands still while nothing changes. */
  version: Moment = BEGINNING;
  /** When a general section last changed. */
  placesChanged = 0;

  private map: MapGeometry | undefined;
  private status = new Uint8Array(0);
  private holds = new Float64Array(0);
  private versions = new Float64Array(0);
  private places = new Map<number, number>();
  private nextExpiry = Number.POSITIVE_INFINITY;

  private lookedAt = Number.NEGATIVE_INFINITY;
  private looking: Promise<void> | undefined;
  private nextLook: Promise<void> | undefined;

  constructor(system: System, company_id: number, event_id: number, map_id: number) {
    this.system = system;
    this.company_id = company_id;
    this.event_id = event_id;
    this.map_id = map_id;
  }

  /** The map's sections, rows and seats. */
  get geometry(): MapGeometry {
    if (!this.map) throw new Error('a mirror shows nothing before its first refresh');
    return this.map;
  }

  /** Ids of all seats, ascending. */
  get seatIds(): Int32Array {
    return this.geometry.seatIds;
  }

  /** Number of a seat by its id. */
  get index(): ReadonlyMap<number, number> {
    return this.geometry.index;
  }

  /**
   * The status of a seat; a hold that has run out is worth nothing, a seat that is not stock of the event is blocked.
   * @param i number of the seat
   * @param now milliseconds; by default when the state was read, by the database's clock
   */
  statusAt(i: number, now = this.moment.clock): SeatStatus {
    return SEAT_STATUSES[this.codeAt(i, now)] as SeatStatus;
  }

  /** Whether a seat can be had: what `statusAt` calls available. */
  isFree(i: number): boolean {
    return this.codeAt(i, this.moment.clock) === 0;
  }

  /**
   * Reads what has changed. Whoever calls sees every change committed up to `maxAgeMs` before the call; all who call at
   * the same time share one statement.
   * @throws AppError not_found when there is no such map
   */
  refresh(maxAgeMs = 0): Promise<void> {
    const recent = this.lookedAt >= performance.now() - maxAgeMs;
    if (!this.looking) return recent ? Promise.resolve() : this.look();
    if (recent) return this.looking;
    // The look under way began before the call: one more, shared by all who call until it begins.
    this.nextLook ??= this.looking
      .catch(() => {})
      .then(() => {
        this.nextLook = undefined;
        return this.look();
      });
    return this.nextLook;
  }

  /** The seats that may have changed after a moment, by status. With BEGINNING: all of them. */
  changes(since: Moment): SeatsByStatus {
    const { clock } = this.moment;
    const seats: SeatsByStatus = { available: [], held: [], sold: [], blocked: [] };
    for (let i = 0; i < this.status.length; i++) {
      const written = (this.versions[i] as number) >= since.horizon;
      const hold = this.holds[i] as number;
      const lapsed = this.status[i] === HELD && hold > since.clock && hold <= clock;
      if (written || lapsed) seats[this.statusAt(i, clock)].push(i);
    }
    return seats;
  }

  /** Places left in each section of the map, in the organiser's order. */
  sectionsLeft(): { id: number; available: number }[] {
    const { sections, section } = this.geometry;
    const free = new Int32Array(sections.length);
    for (let i = 0; i < section.length; i++) {
      if (this.codeAt(i, this.moment.clock) === 0) (free[section[i] as number] as number)++;
    }
    return sections.map(({ id, kind }, s) => ({
      id,
      available: kind === 'seated' ? (free[s] as number) : (this.places.get(id) ?? 0),
    }));
  }

  private codeAt(i: number, now: number): number {
    const code = this.status[i] as number;
    return code === HELD && (this.holds[i] as number) <= now ? 0 : code;
  }

  private look(): Promise<void> {
    this.lookedAt = performance.now();
    this.looking = this.readChanges()
      .catch((error) => {
        this.lookedAt = Number.NEGATIVE_INFINITY;
        throw error;
      })
      .finally(() => {
        this.looking = undefined;
      });
    return this.looking;
  }

  private async readChanges(): Promise<void> {
    let seen = this.map && (await this.query(this.moment.horizon));
    if (!seen || seen.map_version !== this.map?.version) {
      const { system, company_id, map_id } = this;
      const map = await system.mirrors.geometries.of(
        system,
        company_id,
        map_id,
        seen?.map_version ?? undefined,
      );
      seen = await this.query(BEGINNING.horizon);
      this.begin(map);
    }
    this.take(seen);
  }

  private async query(horizon: number): Promise<LookRow> {
    const { system, company_id, event_id, map_id } = this;
    const values = [company_id, event_id, map_id, horizon, SEAT_STATUSES];
    return (await system.db.query<LookRow>(LOOK, values))[0] as LookRow;
  }

  /** A map that was edited starts anew: everything about it has changed. */
  private begin(map: MapGeometry): void {
    const { length } = map.seatIds;
    this.map = map;
    this.status = new Uint8Array(length).fill(BLOCKED);
    this.holds = new Float64Array(length);
    this.versions = new Float64Array(length);
    this.version = BEGINNING;
  }

  private take({ horizon, clock, seats, places }: LookRow): void {
    const seatsChanged = this.takeSeats(...seats);
    const lapsed = clock >= this.nextExpiry;
    const placesChanged = this.takePlaces(places);
    this.moment = { horizon, clock };
    if (placesChanged) this.placesChanged = clock;
    if (seatsChanged || lapsed) this.nextExpiry = this.firstExpiry(clock);
    if (seatsChanged || lapsed || placesChanged || this.version === BEGINNING) this.version = this.moment;
  }

  private takeSeats(ids: number[] | null, statuses: number[], holds: number[], versions: number[]): boolean {
    let changed = false;
    ids?.forEach((id, k) => {
      const i = this.geometry.index.get(id);
      if (i === undefined || this.versions[i] === versions[k]) return; // read before, by a horizon held back
      this.status[i] = statuses[k] as number;
      this.holds[i] = holds[k] as number;
      this.versions[i] = versions[k] as number;
      changed = true;
    });
    return changed;
  }

  private takePlaces(places: [number, number][]): boolean {
    const changed = places.some(([id, available]) => this.places.get(id) !== available);
    if (changed) this.places = new Map(places);
    return changed;
  }

  /** When the first of the holds that still stand runs out. */
  private firstExpiry(now: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.status.length; i++) {
      const hold = this.holds[i] as number;
      if (this.status[i] === HELD && hold > now && hold < first) first = hold;
    }
    return first;
  }
}

/** The mirrors that a process keeps; those nobody looks at give way to others. */
export class Mirrors {
  readonly geometries = new Geometries();
  private readonly known = new LRUCache<string, MapMirror>({ max: 64 });

  of(system: System, company_id: number, event_id: number, map_id: number): MapMirror {
    const key = `${company_id} ${event_id} ${map_id}`;
    let mirror = this.known.get(key);
    if (!mirror) {
      mirror = new MapMirror(system, company_id, event_id, map_id);
      this.known.set(key, mirror);
    }
    return mirror;
  }
}

/** The mirror of a map at an event. Call `refresh` before reading it. */
export const mirrorOf = (system: System, company_id: number, event_id: number, map_id: number): MapMirror =>
  system.mirrors.of(system, company_id, event_id, map_id);
