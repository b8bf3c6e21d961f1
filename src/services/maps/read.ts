import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { Seat, SeatStatus } from '../../schemas/maps.ts';
import type { OfferBlock } from '../events/offer.ts';
import { type EventRow, loadEvent } from '../events/row.ts';
import { ticketTerms } from '../events/terms.ts';
import { knownTypes } from '../events/ticket-types.ts';
import { shareOfEvent } from '../inventory/allotments.ts';
import { priceOf } from '../pricing/price.ts';
import { freshMirror } from './changes.ts';
import { requireMap } from './visible.ts';

export type SeatView = z.output<typeof Seat>;
type Prices = SeatView['prices'];

export interface SeatFilters {
  status?: SeatStatus[] | undefined;
  section_id?: number | undefined;
  accessible?: boolean | undefined;
}

/**
 * A map with its sections, rows and seats: what does not change while tickets sell.
 * @returns the body of the answer, `{"map": …}`, as JSON text: 50,000 seats are written once and not for each reader
 * @throws AppError not_found
 */
export async function getMap(ctx: Context, event_id: number, map_id: number): Promise<string> {
  const version = await requireMap(ctx, event_id, map_id);
  const { geometries } = ctx.system.mirrors;
  return geometries.text(await geometries.of(ctx.system, ctx.company_id, map_id, version));
}

/**
 * The seats of a map with live status and prices, by id.
 * @throws AppError not_found
 */
export async function listSeats(
  ctx: Context,
  event_id: number,
  map_id: number,
  { status, section_id, accessible }: SeatFilters,
): Promise<SeatView[]> {
  await requireMap(ctx, event_id, map_id);
  const [event, mirror] = await Promise.all([loadEvent(ctx, event_id), freshMirror(ctx, event_id, map_id)]);
  const map = mirror.geometry;
  const share = mirror.shareOf(ctx.interface.id);
  const prices = pricesBySection(ctx, event);
  const seats: SeatView[] = [];
  for (let i = 0; i < map.seatIds.length; i++) {
    const section = map.sections[map.section[i] as number] as (typeof map.sections)[number];
    const now = mirror.statusAt(i, share);
    if (status && !status.includes(now)) continue;
    if (section_id !== undefined && section.id !== section_id) continue;
    if (accessible !== undefined && accessible !== (map.accessible[i] === 1)) continue;
    seats.push({
      id: map.seatIds[i] as number,
      section_id: section.id,
      section: section.name,
      row: map.rows[map.row[i] as number]?.label as string,
      number: map.number[i] as string,
      status: now,
      accessible: map.accessible[i] === 1,
      companion_of: map.companionOf[i] || null,
      prices: prices(section.id),
    });
  }
  return seats;
}

const SEAT = statement(
  'event_seat_read',
  `SELECT s.id, s.section_id, x.name AS section, r.label AS row, s.number,
     CASE WHEN e.seat_id IS NULL THEN 'blocked'
       WHEN e.status = 'held' AND e.hold_expires_at <= now()
         THEN CASE WHEN e.block_id IS NULL THEN 'available' ELSE 'blocked' END
       ELSE e.status::text END AS status,
     s.accessible, s.companion_of, e.block_id,
     (SELECT coalesce(json_agg(b), '[]') FROM block b WHERE b.company_id = m.company_id AND b.event_id = m.event_id
       AND b.kind = 'allotment' AND b.released_at IS NULL AND b.interface_id = $4) AS allotments
   FROM event_map m JOIN seat s ON s.company_id = m.company_id AND s.map_id = m.map_id
   JOIN seat_row r ON r.company_id = s.company_id AND r.id = s.row_id
   JOIN section x ON x.company_id = s.company_id AND x.id = s.section_id
   LEFT JOIN event_seat e ON e.company_id = s.company_id AND e.event_id = m.event_id AND e.seat_id = s.id
   WHERE m.company_id = $1 AND m.event_id = $2 AND s.id = $3`,
);

interface SeatRow extends Omit<SeatView, 'prices'> {
  block_id: number | null;
  allotments: OfferBlock[];
}

/**
 * One seat of an event, as it is at this moment to the caller's interface.
 * @throws AppError not_found
 */
export async function getSeat(ctx: Context, event_id: number, seat_id: number): Promise<SeatView> {
  const [event, [seat]] = await Promise.all([
    loadEvent(ctx, event_id),
    ctx.system.db.query<SeatRow>(SEAT, [ctx.company_id, event_id, seat_id, ctx.interface.id]),
  ]);
  if (!seat) throw notFound('Seat');
  const { block_id, allotments, ...rest } = seat;
  const blocks = allotments.map((b) => ({ ...b, release_at: b.release_at && new Date(b.release_at) }));
  const share = shareOfEvent(blocks, { interface_id: ctx.interface.id, code_ids: [], now: ctx.now });
  const { status } = seat;
  const own = status === 'blocked' && block_id !== null && share.own.has(block_id);
  const barred = status === 'available' && share.only.has(seat.section_id);
  return {
    ...rest,
    status: own ? 'available' : barred ? 'blocked' : status,
    prices: pricesBySection(ctx, event)(seat.section_id),
  };
}

/** What a seat of a section costs, by the ticket types that the caller may know of; one list for all its seats. */
function pricesBySection(ctx: Context, event: EventRow): (section_id: number) => Prices {
  const totals = knownTypes(ctx, event).map((type) => ({
    section_ids: type.section_ids,
    price: {
      ticket_type_id: type.id,
      total: priceOf(ticketTerms(type, event.extra_fee, ctx.now, type.counted)).total,
    },
  }));
  const known = new Map<number, Prices>();
  return (section_id) => {
    let prices = known.get(section_id);
    if (!prices) {
      prices = totals.flatMap(({ section_ids, price }) => (section_ids.includes(section_id) ? price : []));
      known.set(section_id, prices);
    }
    return prices;
  };
}
