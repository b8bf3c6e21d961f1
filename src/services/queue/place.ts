import { type Context, seesEverything } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { QueuePlace } from '../../schemas/queues.ts';
import { runRound } from './admit.ts';
import { type PlaceRow, SELECT_PLACES } from './row.ts';

// By its key alone: a plan made when nobody waited would rather look through all of an event.
const GET = statement('queue_place_get', `${SELECT_PLACES} WHERE p.company_id = $1 AND p.id = $2`);
const LEAVE = statement(
  'queue_place_leave',
  `UPDATE queue_place SET status = 'left', ended_at = now()
   WHERE company_id = $1 AND id = $2 AND status IN ('waiting', 'admitted')`,
);

/** A round of each gate a process and second is done by those who ask for their place: no other process need be alive. */
const ROUND_MS = 1_000;
const POLL_MIN = 2;
const POLL_MAX = 60;
const POLL_PAUSED = 30;

/** Whose is a place: a user's own, or by its id what a client took for nobody, as with carts. */
export const mayUsePlace = (
  ctx: Context,
  place: Pick<PlaceRow, 'interface_id' | 'client_id' | 'user_id'>,
): boolean =>
  place.interface_id === ctx.interface.id &&
  (place.user_id === null ? place.client_id === ctx.client_id : place.user_id === ctx.user_id);

async function find(
  ctx: Context,
  event_id: number,
  place_id: string,
  reader: Tx | Database = ctx.system.db,
): Promise<PlaceRow> {
  const [place] = await reader.query<PlaceRow>(GET, [ctx.company_id, place_id]);
  const seen =
    place?.event_id === event_id &&
    place.interface_id === ctx.interface.id &&
    (seesEverything(ctx) || mayUsePlace(ctx, place));
  if (!seen) throw notFound('Place');
  return place;
}

/**
 * A place, as those who wait ask for it again and again: rows by their keys, in one statement.
 * @throws AppError not_found
 */
export async function getPlace(ctx: Context, event_id: number, place_id: string): Promise<QueuePlace> {
  const place = await find(ctx, event_id, place_id);
  if (place.status !== 'waiting' || !isRoundDue(ctx, event_id)) return presentPlace(place, ctx.now);
  try {
    await runRound(ctx.system, ctx.company_id, event_id);
  } catch (err) {
    ctx.system.log.warn({ err }, 'nobody was let in by this round; the next one tries again');
  }
  return presentPlace(await find(ctx, event_id, place_id), ctx.now);
}

function isRoundDue({ system, company_id }: Context, event_id: number): boolean {
  const key = `${company_id} ${event_id}`;
  const now = performance.now();
  if (now - (system.queueRounds.get(key) ?? Number.NEGATIVE_INFINITY) < ROUND_MS) return false;
  system.queueRounds.set(key, now);
  return true;
}

/**
 * Gives a place up, and its pass. A cart that was opened under it goes on. Once more is no fault.
 * @throws AppError not_found
 */
export function leaveQueue(ctx: Context, event_id: number, place_id: string): Promise<void> {
  return transaction(ctx, async (tx) => {
    await find(ctx, event_id, place_id, tx);
    await tx.execute(LEAVE, [ctx.company_id, place_id]);
  });
}

/** A place as its owner sees it. */
export function presentPlace(place: PlaceRow, now: Date): QueuePlace {
  const waiting = place.status === 'waiting';
  const position = waiting && place.rank !== null ? Math.max(1, place.rank - place.served) : null;
  const wait = waiting ? waitOf(place, position, now) : null;
  const {
    inflow: _,
    served: _s,
    rank: _r,
    client_id: _c,
    user_id: _u,
    interface_id: _i,
    drawn_at,
    ...shown
  } = place;
  return {
    ...shown,
    draw: drawn_at && place.draw,
    position,
    ahead: position && position - 1,
    estimated_wait: wait,
    retry_after: waiting ? retryAfter(place, wait) : null,
  };
}

/** Seconds until it is let in: those until the start, and those that the ones ahead of it take. */
function waitOf(place: PlaceRow, position: number | null, now: Date): number | null {
  if (place.paused || place.inflow === 0) return null;
  const start = Math.max(0, Math.ceil((place.starts_at.getTime() - now.getTime()) / 1_000));
  return start + queueTime(position ?? 1, place.inflow);
}

/** Seconds that an inflow a minute takes to let so many in. */
export const queueTime = (places: number, inflow: number): number => Math.ceil((places * 60) / inflow);

/** A quarter of the wait, so that few ask long before their time, and nobody hears of it late. */
const retryAfter = ({ paused }: PlaceRow, wait: number | null): number =>
  wait === null || paused ? POLL_PAUSED : Math.min(POLL_MAX, Math.max(POLL_MIN, Math.ceil(wait / 4)));
