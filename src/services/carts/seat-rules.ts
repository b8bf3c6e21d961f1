import type { Context } from '../../context.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, insufficientScope } from '../../errors.ts';
import type { SeatRulesOverride } from '../../schemas/carts.ts';
import type { System } from '../../system.ts';
import { recordAudit } from '../audit.ts';
import { isReleased, type Offer } from '../events/offer.ts';
import { type Pair, pairKey } from '../inventory/locks.ts';
import { loneSeats, seatsAround } from '../inventory/lone-seats.ts';
import type { MapGeometry } from '../maps/geometry.ts';
import { askerOf, type HoldStock, isOpenTo, seatsWanted } from './grant.ts';
import type { Case } from './judge.ts';
import { PickLost } from './picks.ts';
import type { Wanted } from './wanted.ts';

// Rules about which seats go together: none may be left alone (inventory/lone-seats.ts), and a companion's seat is sold
// with the accessible seat beside it. Both are judged under the locks of the seats and of those around them, so two carts
// cannot leave a seat alone together.

/** The maps of events by which seats are judged, by event; events that no rule is about have none. */
export type Grounds = ReadonlyMap<number, readonly MapGeometry[]>;

type WantedSeats = Extract<Wanted, { form: 'seats' | 'best' }>;

/** Seats of a plan are judged by nobody: who has one keeps it from season to season. */
const isJudged = (want: Wanted): want is WantedSeats =>
  (want.form === 'seats' || want.form === 'best') && !want.plan;

/**
 * Reads the maps of the events that seats are wanted of and a rule is about: all of them where no seat may be left alone,
 * otherwise only where a companion's seat is chosen. So the many that are neither wait for no map.
 */
export async function groundsOf(
  system: System,
  commands: readonly { wanted: readonly Wanted[] }[],
): Promise<Grounds> {
  const judged = commands.flatMap(({ wanted }) => wanted.filter(isJudged));
  const chosen = judged.flatMap((want) => (want.form === 'seats' && !want.offer.orphan_rule ? want : []));
  const companions = chosen[0]
    ? await system.seatLabels.companionsAmong(
        system.db,
        chosen[0].offer.company_id,
        chosen.flatMap((want) => want.seat_ids),
      )
    : new Set<number>();
  const grounds = new Map<number, readonly MapGeometry[]>();
  for (const want of judged) {
    const { offer } = want;
    const asksFor =
      offer.orphan_rule || (want.form === 'seats' && want.seat_ids.some((id) => companions.has(id)));
    if (asksFor && !grounds.has(offer.event_id)) grounds.set(offer.event_id, await mapsOf(system, offer));
  }
  return grounds;
}

function mapsOf(system: System, { company_id, maps, sections }: Offer): Promise<MapGeometry[]> {
  const seated = new Set([...sections.values()].flatMap((s) => (s.kind === 'seated' ? [s.map_id] : [])));
  return Promise.all(
    [...seated].map((map_id) => system.mirrors.geometries.of(system, company_id, map_id, maps.get(map_id))),
  );
}

/** The seats around those that a want takes, to be locked with them; none where no rule asks for it. */
export function neighboursOf(asked: Pick<Case, 'picks' | 'grounds'>, want: Wanted): Pair[] {
  if (!isJudged(want) || !want.offer.orphan_rule) return [];
  const { event_id } = want.offer;
  return (asked.grounds?.get(event_id) ?? []).flatMap((map) =>
    Array.from(
      seatsAround(map, numbersIn(map, seatsWanted(asked, want))),
      (n): Pair => [event_id, map.seatIds[n] as number],
    ),
  );
}

const numbersIn = (map: MapGeometry, seat_ids: readonly number[]): number[] =>
  seat_ids.flatMap((id) => map.index.get(id) ?? []);

/** A rule that a seller has set aside, and the seats that it is about. */
export interface SetAside {
  rule: 'orphan_seat' | 'companion_seat';
  event_id: number;
  seat_ids: number[];
}

/**
 * Judges the seats that are wanted, all that were chosen together and then each that was picked.
 * @returns what a seller has set aside
 * @throws AppError orphan_seat, companion_seat; PickLost when picked seats would leave one alone by now
 */
export function requireSeatRules(asked: Case, stock: HoldStock): SetAside[] {
  const wanted = asked.wanted.filter(isJudged);
  const aside: SetAside[] = [];
  const refuse = (rule: SetAside['rule'], { event_id }: Offer, seat_ids: number[], refusal: AppError) => {
    if (!asked.override) throw refusal;
    aside.push({ rule, event_id, seat_ids });
  };
  for (const [event_id, maps] of asked.grounds ?? []) {
    const here = wanted.filter((want) => want.offer.event_id === event_id);
    const [first] = here;
    if (!first) continue;
    const { offer } = first;
    const chosen = here.flatMap((want) => (want.form === 'seats' ? want.seat_ids : []));
    const released = isReleased(offer, asked.ctx.now);
    const alone = released ? [] : companionsAlone(asked, event_id, maps, chosen);
    if (alone.length)
      refuse(
        'companion_seat',
        offer,
        alone.map(({ id }) => id),
        companionSeat(offer, alone),
      );
    if (!offer.orphan_rule) continue;
    const taken = new Set<number>();
    const left = (want: WantedSeats, seat_ids: readonly number[]) => {
      const lone = leftAlone(asked, stock, want, maps, seat_ids, taken, released);
      for (const id of seat_ids) taken.add(id);
      return lone;
    };
    const lone = left(first, chosen);
    if (lone.length) refuse('orphan_seat', offer, lone, orphanSeat(offer, lone));
    for (const want of here)
      if (want.form === 'best' && left(want, seatsWanted(asked, want)).length && !asked.override)
        throw new PickLost();
  }
  return aside;
}

function leftAlone(
  asked: Case,
  stock: HoldStock,
  want: WantedSeats,
  maps: readonly MapGeometry[],
  seat_ids: readonly number[],
  taken: ReadonlySet<number>,
  released: boolean,
): number[] {
  const { event_id } = want.offer;
  const asker = askerOf(asked);
  return maps.flatMap((map) => {
    const isFree = (n: number) => {
      const id = map.seatIds[n] as number;
      if (taken.has(id)) return false;
      const key = pairKey(event_id, id);
      const seat = stock.seats.get(key);
      return seat !== undefined && (isOpenTo(asker, seat, want) || (asked.returning?.has(key) ?? false));
    };
    return loneSeats(map, numbersIn(map, seat_ids), isFree, released).map((n) => map.seatIds[n] as number);
  });
}

const orphanSeat = ({ event_id }: Offer, orphan_seat_ids: number[]): AppError =>
  new AppError('orphan_seat', 'A single free seat would be left between taken ones; nothing was held.', {
    event_id,
    orphan_seat_ids,
  });

interface Companion {
  id: number;
  accessible: number;
}

/** Companions' seats whose accessible seat is neither chosen with them nor the cart's already. */
function companionsAlone(
  { lines }: Case,
  event_id: number,
  maps: readonly MapGeometry[],
  chosen: readonly number[],
): Companion[] {
  return maps.flatMap((map) =>
    numbersIn(map, chosen).flatMap((n): Companion[] => {
      const accessible = map.companionOf[n] as number;
      if (accessible === 0 || chosen.includes(accessible)) return [];
      const has = lines.some(
        (line) =>
          line.event_id === event_id &&
          line.seat_id === accessible &&
          (line.status === 'held' || line.status === 'paid'),
      );
      return has ? [] : [{ id: map.seatIds[n] as number, accessible }];
    }),
  );
}

const companionSeat = ({ event_id }: Offer, alone: readonly Companion[]): AppError =>
  new AppError(
    'companion_seat',
    "A companion's seat is sold with the accessible seat beside it; nothing was held.",
    {
      event_id,
      companion_seat_ids: alone.map(({ id }) => id),
      accessible_seat_ids: [...new Set(alone.map(({ accessible }) => accessible))],
    },
  );

/** Only a seller sets rules about seats aside. @throws AppError insufficient_scope */
export function requireMayOverride(ctx: Context, override: SeatRulesOverride | undefined): void {
  if (override && !ctx.scopes.has('sell')) throw insufficientScope('sell');
}

/** Writes down which rules a seller set aside for a cart, and why; nothing where none was in the way. */
export async function recordSetAside(
  tx: Tx,
  ctx: Context,
  cart_id: string,
  override: SeatRulesOverride | undefined,
  aside: readonly SetAside[],
): Promise<void> {
  if (!override || !aside.length) return;
  await recordAudit(tx, ctx, {
    ...{ action: 'cart.override_seat_rules', subject_type: 'cart', subject_id: cart_id, before: null },
    after: { reason: override.reason, set_aside: aside },
  });
}
