import { AppError } from '../../errors.ts';
import type { System } from '../../system.ts';
import type { Wanted } from '../carts/wanted.ts';
import { isReleased } from '../events/offer.ts';
import { mirrorOf } from '../maps/availability.ts';
import type { MapGeometry } from '../maps/geometry.ts';
import { loneSeats } from './lone-seats.ts';
import { isOfStock, type PickRow, pickBest } from './seat-picking.ts';
import type { SharedSeats } from './shared-seats.ts';

type WantedBest = Extract<Wanted, { form: 'best' }>;

/**
 * Picks the best seats for a want from this process's mirror of the event. Nothing is claimed by it: the lock that
 * follows proves the seats, and if one was lost the caller picks again.
 * @param taken seats that other commands of the same batch are about to take
 * @param share what blocks say of seats to this asker
 * @returns ids of the seats
 * @throws AppError sold_out when there are no such free seats
 */
export async function pickSeats(
  system: System,
  { offer, type, ask, item }: WantedBest,
  now: Date,
  taken: ReadonlySet<number>,
  share?: SharedSeats,
): Promise<number[]> {
  const section_ids = new Set(ask.section_id === null ? type.section_ids : [ask.section_id]);
  const maps = new Set([...section_ids].flatMap((id) => seatedMapOf(offer.sections.get(id))));
  const released = isReleased(offer, now);
  let available = 0;
  for (const map_id of maps) {
    const mirror = mirrorOf(system, offer.company_id, offer.event_id, map_id);
    await mirror.refresh();
    const { geometry } = mirror;
    const takenHere = new Set([...taken].map((id) => geometry.index.get(id)));
    const rows = rowsOf(geometry).filter((row) => section_ids.has(row.section_id));
    const own = new Set([...(share?.own ?? [])].map((id) => geometry.index.get(id)));
    const barred = new Set(
      rows.flatMap((row) => (share?.only.has(row.section_id) ? row.seats.map((seat) => seat.id) : [])),
    );
    const isFree = (n: number) => (own.has(n) || (mirror.isFree(n) && !barred.has(n))) && !takenHere.has(n);
    const leavesAlone = (seats: readonly number[]) =>
      offer.orphan_rule && loneSeats(geometry, seats, isFree, released, true).length > 0;
    const seats = pickBest(rows, isFree, { ...ask, released }, leavesAlone);
    if (seats) return seats.map((n) => geometry.seatIds[n] as number);
    available += rows.reduce(
      (sum, row) =>
        sum + row.seats.filter((seat) => isFree(seat.id) && isOfStock(seat, ask.accessible, released)).length,
      0,
    );
  }
  throw new AppError('sold_out', 'No such seats are left as asked; nothing was held.', {
    item,
    ticket_type_id: type.id,
    available,
  });
}

const seatedMapOf = (section: { kind: string; map_id: number } | undefined): number[] =>
  section?.kind === 'seated' ? [section.map_id] : [];

const known = new WeakMap<MapGeometry, PickRow[]>();

/** The rows of a map as the picker takes them; a seat goes by its number, which is its place in the mirror. */
function rowsOf(geometry: MapGeometry): PickRow[] {
  let rows = known.get(geometry);
  if (!rows) {
    rows = geometry.rows.map((row) => ({
      section_id: geometry.sections[row.section]?.id as number,
      lowest_rank: row.seats.reduce((lowest, n) => Math.min(lowest, geometry.rank[n] as number), Infinity),
      seats: Array.from(row.seats, (n) => ({
        id: n,
        position: geometry.position[n] as number,
        rank: geometry.rank[n] as number,
        accessible: geometry.accessible[n] === 1,
        companion_of: geometry.index.get(geometry.companionOf[n] as number) ?? null, // 0: nobody's
      })),
    }));
    known.set(geometry, rows);
  }
  return rows;
}
