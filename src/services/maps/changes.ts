import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import type { Availability } from '../../schemas/maps.ts';
import { codeIds } from '../events/codes.ts';
import type { EventShare } from '../inventory/allotments.ts';
import { type MapMirror, mirrorOf } from './availability.ts';
import { BEGINNING, type Moment } from './look.ts';
import { requireMap } from './visible.ts';

export type AvailabilityView = z.output<typeof Availability>;

/** How old the state may be that readers are given who cannot sell; sellers see their own writes at once. */
const MAX_AGE_MS = 250;

/**
 * The live status of all seats of a map, compact.
 * @param since the `version` of an earlier answer: only what has changed after it
 * @param code what is kept for it is available
 * @throws AppError not_found
 */
export async function getAvailability(
  ctx: Context,
  event_id: number,
  map_id: number,
  { since, code }: { since?: string | undefined; code?: string | undefined },
): Promise<AvailabilityView> {
  await requireMap(ctx, event_id, map_id);
  const codes = await codeIds(ctx, event_id, code);
  const mirror = await freshMirror(ctx, event_id, map_id);
  const share = () => mirror.shareOf(ctx.interface.id, codes);
  if (since === undefined) return availability(mirror, share());
  const moment = await momentOf(mirror, since, share);
  return availability(mirror, share(), moment);
}

/** The mirror of a map, as fresh as the caller needs it. */
export async function freshMirror(ctx: Context, event_id: number, map_id: number): Promise<MapMirror> {
  const mirror = mirrorOf(ctx.system, ctx.company_id, event_id, map_id);
  await mirror.refresh(seesEverything(ctx) ? 0 : MAX_AGE_MS);
  return mirror;
}

/** The state of a map for whom it is told, whole or what has changed after a moment, as the API tells it. */
export function availability(mirror: MapMirror, share: EventShare, since?: Moment): AvailabilityView {
  const seats = mirror.changes(since ?? BEGINNING, share);
  const { held, sold, blocked, available } = seats;
  const gaps = (numbers: number[]) => idGaps(numbers, mirror.seatIds);
  const unchanged =
    since && Object.values(seats).every((list) => !list.length) && mirror.placesChanged <= since.clock;
  return {
    // Nothing new: the caller's version still tells the truth, also where it came from another process.
    version: versionOf(unchanged ? since : mirror.version, share),
    seats: {
      held: gaps(held),
      sold: gaps(sold),
      blocked: gaps(blocked),
      ...(since && { available: gaps(available) }),
    },
    sections: [...mirror.sectionsLeft(share)],
  };
}

/** A version names at most so many running transactions; with more of them it is vague, and seats are told twice. */
const MAX_RUNNING = 60;

/**
 * A moment as the API writes it: opaque, and good for every process on the same database. Whom allotments are about is
 * told another truth once these change: their versions end with a mark of what they may have, which no number can be.
 */
function versionOf({ xmin, xmax, running, clock }: Moment, share: EventShare): string {
  const named = running.size <= MAX_RUNNING ? [...running].map((xid) => xid - xmin) : [];
  const span = running.size <= MAX_RUNNING ? xmax - xmin : 0;
  const parts = [xmin, span, clock, ...named].map((number) => number.toString(36));
  return [...parts, ...markOf(share)].join('-');
}

const MARK = /^0[0-9a-f]{11}$/;
const markOf = ({ key }: EventShare): string[] =>
  key === '' ? [] : [`0${createHash('sha256').update(key).digest('hex').slice(0, 11)}`];

/**
 * The moment that a version names. One ahead of us comes from another process, which has looked later: we look again.
 * One that stays ahead is not of this database (restored from elsewhere, say): then everything counts as changed, as it
 * does when other allotments are the interface's than then.
 */
export async function momentOf(mirror: MapMirror, version: string, share: () => EventShare): Promise<Moment> {
  const parts = version.split('-');
  const mark = MARK.test(parts.at(-1) ?? '') ? parts.splice(-1) : [];
  const [xmin = 0, span = 0, clock = 0, ...named] = parts.map((part) => Number.parseInt(part, 36));
  const moment = { xmin, xmax: xmin + span, running: new Set(named.map((more) => xmin + more)), clock };
  const ahead = () => moment.xmax > mirror.moment.xmax || clock > mirror.moment.clock;
  if (ahead()) await mirror.refresh();
  const shared = markOf(share()).join() === mark.join();
  return ahead() || !shared ? BEGINNING : moment;
}

/** Ids of seats, each as the difference to the one before: small numbers, which also compress well. */
export function idGaps(numbers: readonly number[], seatIds: Int32Array): number[] {
  let before = 0;
  return numbers.map((i) => {
    const id = seatIds[i] as number;
    const gap = id - before;
    before = id;
    return gap;
  });
}
