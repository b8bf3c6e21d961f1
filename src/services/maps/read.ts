import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { Seat } from '../../schemas/maps.ts';
import { findCode } from '../events/codes.ts';
import type { OfferBlock } from '../events/offer.ts';
import { loadEvent } from '../events/row.ts';
import { shareOfEvent } from '../inventory/allotments.ts';
import { pricesBySection } from './seat-prices.ts';
import { requireMap } from './visible.ts';

export type SeatView = z.output<typeof Seat>;

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

const SEAT = statement(
  'event_seat_read',
  `SELECT s.id, s.section_id, x.name AS section, r.label AS row, s.number,
     CASE WHEN e.seat_id IS NULL THEN 'blocked'
       WHEN e.status = 'held' AND e.hold_expires_at <= now()
         THEN CASE WHEN e.block_id IS NULL THEN 'available' ELSE 'blocked' END
       ELSE e.status::text END AS status,
     s.accessible, s.companion_of, e.block_id,
     (SELECT coalesce(json_agg(b), '[]') FROM block b WHERE b.company_id = m.company_id AND b.event_id = m.event_id
       AND b.kind = 'allotment' AND b.released_at IS NULL AND (b.interface_id IS NULL OR b.interface_id = $4)) AS allotments
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
 * One seat of an event, as it is at this moment to the caller's interface, and to whoever has the named code.
 * @throws AppError not_found
 */
export async function getSeat(
  ctx: Context,
  event_id: number,
  seat_id: number,
  named?: string,
): Promise<SeatView> {
  const code = await findCode(ctx, event_id, named);
  const [event, [seat]] = await Promise.all([
    loadEvent(ctx, event_id),
    ctx.system.db.query<SeatRow>(SEAT, [ctx.company_id, event_id, seat_id, ctx.interface.id]),
  ]);
  if (!seat) throw notFound('Seat');
  const { block_id, allotments, ...rest } = seat;
  const blocks = allotments.map((b) => ({ ...b, release_at: b.release_at && new Date(b.release_at) }));
  const share = shareOfEvent(blocks, {
    interface_id: ctx.interface.id,
    code_ids: code ? [code.id] : [],
    now: ctx.now,
  });
  const { status } = seat;
  const own = status === 'blocked' && block_id !== null && share.own.has(block_id);
  const barred = status === 'available' && share.only.has(seat.section_id);
  return {
    ...rest,
    status: own ? 'available' : barred ? 'blocked' : status,
    prices: pricesBySection(ctx, event, code)(seat.section_id),
  };
}
