import type { Readable } from 'node:stream';
import type { Context } from '../../context.ts';
import { VERSION_PATTERN } from '../../schemas/maps.ts';
import { codeIds } from '../events/codes.ts';
import type { EventShare } from '../inventory/allotments.ts';
import { type LiveStreams, STREAM_SECONDS, serverEvent } from '../live-streams.ts';
import { type MapMirror, mirrorOf } from './availability.ts';
import { availability, momentOf } from './changes.ts';
import { BEGINNING, type Moment } from './look.ts';
import { requireMap } from './visible.ts';

/** How far a stream has told: up to a moment, as an interface with such allotments sees it. */
interface Told {
  moment: Moment;
  share: EventShare;
}

export type AvailabilityStreams = LiveStreams<Told>;
export const AVAILABILITY_STREAMS = { pollMs: 250, maxListeners: 10_000 };

/**
 * Server-Sent Events (WHATWG HTML section 9.2) of a map: at once what has changed since the last event that the client
 * has, or all, and then every change as it happens. The id of an event is the `version` it leads to.
 * @param last id of the last event received, or a `version`; anything else starts from the beginning
 * @param seconds after which the stream ends, at most STREAM_SECONDS
 * @param code what is kept for it is available
 * @throws AppError not_found; service_unavailable when this process has no room for one more
 */
export async function streamAvailability(
  ctx: Context,
  event_id: number,
  map_id: number,
  last?: string,
  { seconds = STREAM_SECONDS, code }: { seconds?: number | undefined; code?: string | undefined } = {},
): Promise<Readable> {
  await requireMap(ctx, event_id, map_id);
  const codes = await codeIds(ctx, event_id, code);
  const mirror = mirrorOf(ctx.system, ctx.company_id, event_id, map_id);
  await mirror.refresh();
  const { id } = ctx.interface;
  const shareNow = () => mirror.shareOf(id, codes);
  const since =
    last !== undefined && VERSION_PATTERN.test(last) ? await momentOf(mirror, last, shareNow) : undefined;
  const share = shareNow(); // as it is once the moment was looked for, which may look at the map again
  return ctx.system.streams.open(
    {
      key: `${ctx.company_id} ${event_id} ${map_id} ${[id, ...codes]}`,
      version: { moment: mirror.version, share },
      async news(told) {
        const mirror = mirrorOf(ctx.system, ctx.company_id, event_id, map_id); // that of whoever joins now
        await mirror.refresh();
        const now: Told = { moment: mirror.version, share: mirror.shareOf(id, codes) };
        const same = now.share.key === told.share.key;
        if (same && now.moment === told.moment) return undefined;
        // With other allotments all may be otherwise than it was told.
        return { version: now, text: message(mirror, now.share, same ? told.moment : BEGINNING) };
      },
      common: (told) => told, // a first message is made of the same mirror, at the moment of joining
    },
    message(mirror, share, since),
    seconds,
    ctx.system.accessWatch.watch(ctx),
  );
}

/** One event: the changes after a moment, or the whole state. */
function message(mirror: MapMirror, share: EventShare, since?: Moment): string {
  const data = availability(mirror, share, since);
  return serverEvent('availability', data.version, { availability: data });
}
