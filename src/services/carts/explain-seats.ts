import type { Context } from '../../context.ts';
import { isReleased, type Offer } from '../events/offer.ts';
import { loneSeats } from '../inventory/lone-seats.ts';
import { nearestBlock } from '../inventory/nearest-block.ts';
import { type MapMirror, mirrorOf } from '../maps/availability.ts';

/** Something else that could be had, as a refusal tells it. */
export interface Alternative {
  kind: 'adjacent_seats' | 'with_accessible_seat' | 'section' | 'date';
  [fact: string]: unknown;
}

/** Seats side by side in the same section, as near as can be to those that were chosen, by the rule that these are judged by. */
export async function adjacentSeats(
  ctx: Context,
  offer: Offer,
  chosen: readonly number[],
): Promise<Alternative[]> {
  const released = isReleased(offer, ctx.now);
  for (const mirror of mirrorsOf(ctx, offer)) {
    await mirror.refresh(); // one look for all who are refused at this moment
    if (!chosen.some((id) => mirror.index.has(id))) continue;
    const share = mirror.shareOf(ctx.interface.id);
    const isFree = (n: number) => mirror.isFree(n, share);
    const block = nearestBlock(
      mirror.geometry,
      isFree,
      chosen,
      (ids) =>
        !offer.orphan_rule || !loneSeats(mirror.geometry, numbersIn(mirror, ids), isFree, released).length,
    );
    return block ? [await alternative(ctx, offer, 'adjacent_seats', block)] : [];
  }
  return [];
}

/** What was chosen, with the accessible seats that it lacks, where these are free. */
export async function completePairs(
  ctx: Context,
  offer: Offer,
  chosen: readonly number[],
  lacking: readonly number[],
): Promise<Alternative[]> {
  for (const mirror of mirrorsOf(ctx, offer)) {
    await mirror.refresh();
    const numbers = numbersIn(mirror, lacking);
    if (numbers.length !== lacking.length) continue;
    const share = mirror.shareOf(ctx.interface.id);
    if (!numbers.every((n) => mirror.isFree(n, share))) return [];
    return [await alternative(ctx, offer, 'with_accessible_seat', [...chosen, ...lacking])];
  }
  return [];
}

async function alternative(
  { system }: Context,
  { company_id }: Offer,
  kind: Alternative['kind'],
  seat_ids: readonly number[],
): Promise<Alternative> {
  const labels = await system.seatLabels.of(system.db, company_id, seat_ids);
  return { kind, seat_ids, seats: seat_ids.map((id) => labels.get(id) ?? { id }) };
}

const numbersIn = (mirror: MapMirror, seat_ids: readonly number[]): number[] =>
  seat_ids.flatMap((id) => mirror.index.get(id) ?? []);

const mirrorsOf = ({ system }: Context, { company_id, event_id, sections }: Offer): MapMirror[] => {
  const seated = [...sections.values()].flatMap(({ kind, map_id }) => (kind === 'seated' ? [map_id] : []));
  return [...new Set(seated)].map((map_id) => mirrorOf(system, company_id, event_id, map_id));
};
