import { LRUCache } from 'lru-cache';
import { SEAT_STATUSES, type SeatStatus } from '../../schemas/maps.ts';
import type { System } from '../../system.ts';
import { EVERYBODY, type EventShare, shareOfEvent } from '../inventory/allotments.ts';
import { Geometries, type MapGeometry } from './geometry.ts';
import { type Allotment, BEGINNING, isAfter, type Look, lookAt, type Moment } from './look.ts';

interface SectionLeft {
  readonly id: number;
  readonly available: number;
}

/** Numbers of seats (their places in `seatIds`, ascending) by status. */
export type SeatsByStatus = Record<SeatStatus, number[]>;

const AVAILABLE = SEAT_STATUSES.indexOf('available');
const HELD = SEAT_STATUSES.indexOf('held');
const BLOCKED = SEAT_STATUSES.indexOf('blocked');

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
  private blocks = new Int32Array(0);
  private allotments: readonly Allotment[] = [];
  private places = new Map<number, number>();
  private nextExpiry = Number.POSITIVE_INFINITY;
  private left: { version: Moment; byShare: Map<string, readonly SectionLeft[]> } | undefined;

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
   * @param share of whom it is told: what is kept for them is available, what they may not have is blocked
   */
  statusAt(i: number, share: EventShare = EVERYBODY): SeatStatus {
    return SEAT_STATUSES[this.codeFor(i, share)] as SeatStatus;
  }

  /** The status of every seat at this moment, as its index in SEAT_STATUSES. */
  statuses(share: EventShare = EVERYBODY): Uint8Array {
    return this.status.map((_, i) => this.codeFor(i, share));
  }

  /** Whether a seat can be had: what `statusAt` calls available. */
  isFree(i: number, share: EventShare = EVERYBODY): boolean {
    return this.codeFor(i, share) === AVAILABLE;
  }

  /** What allotments make of this map for an interface and codes, as they were when the state was read. */
  shareOf(interface_id: number, code_ids: readonly number[] = []): EventShare {
    if (!this.allotments.length) return EVERYBODY;
    return shareOfEvent(this.allotments, { interface_id, code_ids, now: new Date(this.moment.clock) });
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

  /** The seats that have changed after a moment, by status. With BEGINNING: all of them. */
  changes(since: Moment, share: EventShare = EVERYBODY): SeatsByStatus {
    const { status, holds, versions, moment } = this;
    const seats: SeatsByStatus = { available: [], held: [], sold: [], blocked: [] };
    for (let i = 0; i < status.length; i++) {
      const written = isAfter(versions[i] as number, since);
      if (written || (status[i] === HELD && isBetween(holds[i] as number, since.clock, moment.clock)))
        seats[this.statusAt(i, share)].push(i);
    }
    return seats;
  }

  /** Places left in each section of the map, in the organiser's order. */
  sectionsLeft(share: EventShare = EVERYBODY): readonly SectionLeft[] {
    if (this.left?.version !== this.version) this.left = { version: this.version, byShare: new Map() };
    let left = this.left.byShare.get(share.key);
    if (!left) {
      left = this.countLeft(share);
      this.left.byShare.set(share.key, left);
    }
    return left;
  }

  private countLeft(share: EventShare): SectionLeft[] {
    const { sections, section } = this.geometry;
    const free = new Int32Array(sections.length);
    for (let i = 0; i < this.status.length; i++)
      if (this.isFree(i, share)) (free[section[i] as number] as number)++;
    return sections.map(({ id, kind }, s) => ({
      id,
      available: kind === 'seated' ? (free[s] as number) : this.placesLeft(id, share),
    }));
  }

  private placesLeft(section_id: number, { own, only }: EventShare): number {
    let left = only.has(section_id) ? 0 : (this.places.get(section_id) ?? 0);
    for (const allotment of this.allotments)
      if (allotment.section_id === section_id && own.has(allotment.id)) left += allotment.left ?? 0;
    return left;
  }

  /** A hold that has run out is worth nothing: its seat is free, or its block's. */
  private codeFor(i: number, { own, only }: EventShare): number {
    let code = this.status[i] as number;
    const block = this.blocks[i] as number;
    if (code === HELD && (this.holds[i] as number) <= this.moment.clock) code = block ? BLOCKED : AVAILABLE;
    if (code === BLOCKED && own.has(block)) return AVAILABLE;
    if (code !== AVAILABLE || !only.size) return code;
    return only.has(this.geometry.sections[this.geometry.section[i] as number]?.id as number)
      ? BLOCKED
      : code;
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
    let seen = this.map && (await this.query(this.moment));
    if (!seen || seen.map_version !== this.map?.version) {
      const { system, company_id, map_id } = this;
      const map = await system.mirrors.geometries.of(
        system,
        company_id,
        map_id,
        seen?.map_version ?? undefined,
      );
      seen = await this.query(BEGINNING);
      this.begin(map);
    }
    this.take(seen);
  }

  private query(since: Moment): Promise<Look> {
    return lookAt(this.system, this.company_id, this.event_id, this.map_id, since);
  }

  /** A map that was edited starts anew: everything about it has changed. */
  private begin(map: MapGeometry): void {
    const { length } = map.seatIds;
    this.map = map;
    this.status = new Uint8Array(length).fill(BLOCKED);
    this.holds = new Float64Array(length);
    this.versions = new Float64Array(length);
    this.blocks = new Int32Array(length);
    this.version = BEGINNING;
  }

  private take({ moment, seats, places, allotments }: Look): void {
    const { clock } = moment;
    const seatsChanged = this.takeSeats(...seats);
    const lapsed = clock >= this.nextExpiry;
    const placesChanged = this.takePlaces(places, allotments);
    this.moment = moment;
    if (placesChanged) this.placesChanged = clock;
    if (seatsChanged || lapsed) this.nextExpiry = this.firstExpiry(clock);
    if (seatsChanged || lapsed || placesChanged || this.version === BEGINNING) this.version = this.moment;
  }

  private takeSeats(...[ids, statuses, holds, versions, blocks]: Look['seats']): boolean {
    let changed = false;
    ids?.forEach((id, k) => {
      const i = this.geometry.index.get(id);
      if (i === undefined || this.versions[i] === versions[k]) return; // read before
      this.status[i] = statuses[k] as number;
      this.holds[i] = holds[k] as number;
      this.versions[i] = versions[k] as number;
      this.blocks[i] = blocks[k] as number;
      changed = true;
    });
    return changed;
  }

  private takePlaces(places: Look['places'], allotments: readonly Allotment[]): boolean {
    const changed = places.some(([id, available]) => this.places.get(id) !== available);
    if (changed) this.places = new Map(places);
    const shared = JSON.stringify(allotments) !== JSON.stringify(this.allotments);
    if (shared) this.allotments = allotments;
    return changed || shared;
  }

  /** When the first of the holds that still stand runs out. */
  private firstExpiry(now: number): number {
    const { status, holds } = this;
    let first = Number.POSITIVE_INFINITY;
    for (let i = 0; i < status.length; i++) {
      const hold = holds[i] as number;
      if (status[i] === HELD && hold > now && hold < first) first = hold;
    }
    return first;
  }
}

/** Has a hold run out after one moment, and by the other? */
const isBetween = (hold: number, after: number, until: number): boolean => hold > after && hold <= until;

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
