import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { SEAT_STATUSES, type Seat, type SeatStatus } from '../../schemas/maps.ts';
import { inTurns } from '../../turns.ts';
import { findCode } from '../events/codes.ts';
import { loadEvent } from '../events/row.ts';
import type { MapMirror } from './availability.ts';
import { freshMirror } from './changes.ts';
import { type Prices, pricesBySection } from './seat-prices.ts';
import { requireMap } from './visible.ts';

type SeatView = z.output<typeof Seat>;

export interface SeatFilters {
  status?: SeatStatus[] | undefined;
  section_id?: number | undefined;
  accessible?: boolean | undefined;
  /** What is kept for it is available, and costs what its types do. */
  code?: string | undefined;
  /** Pages are lists; without either, all seats come as text. */
  page?: number | undefined;
  per_page?: number | undefined;
}

/**
 * The seats of a map with live status and prices, by id.
 * @returns all of them as the body of the answer, `{"seats": …}` in JSON: 50,000 seats are written in turns and never are as many objects. For pages a list.
 * @throws AppError not_found
 */
export async function listSeats(
  ctx: Context,
  event_id: number,
  map_id: number,
  filters: SeatFilters,
): Promise<SeatView[] | Buffer> {
  await requireMap(ctx, event_id, map_id);
  const [event, mirror] = await Promise.all([loadEvent(ctx, event_id), freshMirror(ctx, event_id, map_id)]);
  const code = await findCode(ctx, event_id, filters.code);
  const prices = pricesBySection(ctx, event, code);
  const statuses = mirror.statuses(mirror.shareOf(ctx.interface.id, code && [code.id]));
  const asked = { geometry: mirror.geometry, statuses, prices, filters };
  if (filters.page !== undefined || filters.per_page !== undefined)
    return Array.from(wanted(asked), (i) => seatOf(asked, i));
  return inTurns(written(asked));
}

interface Asked {
  geometry: MapMirror['geometry'];
  /** Of every seat, as it was at one moment. */
  statuses: Uint8Array;
  prices: (section_id: number) => Prices;
  filters: SeatFilters;
}

const sectionOf = ({ sections, section }: MapMirror['geometry'], i: number) =>
  sections[section[i] as number] as MapMirror['geometry']['sections'][number];

/** Numbers of the seats that were asked for. */
function* wanted({ geometry, statuses, filters }: Asked): Generator<number> {
  const { status, section_id, accessible } = filters;
  const codes = status && new Set(status.map((each) => SEAT_STATUSES.indexOf(each)));
  for (let i = 0; i < geometry.seatIds.length; i++) {
    if (codes && !codes.has(statuses[i] as number)) continue;
    if (section_id !== undefined && sectionOf(geometry, i).id !== section_id) continue;
    if (accessible !== undefined && accessible !== (geometry.accessible[i] === 1)) continue;
    yield i;
  }
}

function seatOf({ geometry: map, statuses, prices }: Asked, i: number): SeatView {
  const { id, name } = sectionOf(map, i);
  return {
    id: map.seatIds[i] as number,
    section_id: id,
    section: name,
    row: map.rows[map.row[i] as number]?.label as string,
    number: map.number[i] as string,
    status: SEAT_STATUSES[statuses[i] as number] as SeatStatus,
    accessible: map.accessible[i] === 1,
    companion_of: map.companionOf[i] || null,
    prices: prices(id),
  };
}

/** Seats that are written without looking at the clock. */
const AT_ONCE = 500;

/** Writes the seats as JSON, exactly as `seatOf` makes them. What those of a row have in common is written once. */
function* written(asked: Asked): Generator<void, Buffer> {
  const { geometry: map, statuses, prices } = asked;
  const parts: Buffer[] = [];
  let text = '{"seats":[';
  let count = 0;
  let row = -1;
  let [place, price] = ['', ''];
  for (const i of wanted(asked)) {
    if (map.row[i] !== row) {
      row = map.row[i] as number;
      const { id, name } = sectionOf(map, i);
      place = `,"section_id":${id},"section":${JSON.stringify(name)},"row":${JSON.stringify(map.rows[row]?.label)}`;
      price = `,"prices":${JSON.stringify(prices(id))}}`;
    }
    text +=
      `${count ? ',' : ''}{"id":${map.seatIds[i]}${place},"number":${JSON.stringify(map.number[i])}` +
      `,"status":"${SEAT_STATUSES[statuses[i] as number]}","accessible":${map.accessible[i] === 1}` +
      `,"companion_of":${map.companionOf[i] || null}${price}`;
    if (++count % AT_ONCE) continue;
    parts.push(Buffer.from(text));
    text = '';
    yield;
  }
  return Buffer.concat([...parts, Buffer.from(`${text}]}`)]);
}
