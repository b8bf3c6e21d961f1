import { Readable } from 'node:stream';
import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { VERSION_PATTERN } from '../../schemas/maps.ts';
import type { EventShare } from '../inventory/allotments.ts';
import { type MapMirror, mirrorOf } from './availability.ts';
import { availability, momentOf } from './changes.ts';
import { BEGINNING, type Moment } from './look.ts';
import { requireMap } from './visible.ts';

const POLL_MS = 250;
const KEEP_ALIVE_MS = 15_000;
/** A stream ends after this long; the client comes back by itself, with a token that is looked at anew. */
export const STREAM_SECONDS = 300;
const RETRY_MS = 1_000;
const MAX_LISTENERS = 10_000;
/** A reader this far behind is let go: it resumes where it stopped, at the price of one answer. */
const MAX_BACKLOG = 1_048_576;

/**
 * Server-Sent Events (WHATWG HTML section 9.2) of a map: at once what has changed since the last event that the client
 * has, or all, and then every change as it happens. The id of an event is the `version` it leads to.
 * @param last id of the last event received, or a `version`; anything else starts from the beginning
 * @param seconds after which the stream ends, at most STREAM_SECONDS
 * @throws AppError not_found; service_unavailable when this process has no room for one more
 */
export async function streamAvailability(
  ctx: Context,
  event_id: number,
  map_id: number,
  last?: string,
  seconds = STREAM_SECONDS,
): Promise<Readable> {
  await requireMap(ctx, event_id, map_id);
  const mirror = mirrorOf(ctx.system, ctx.company_id, event_id, map_id);
  await mirror.refresh();
  const { id } = ctx.interface;
  const since =
    last !== undefined && VERSION_PATTERN.test(last) ? await momentOf(mirror, last, id) : undefined;
  const first = `retry: ${RETRY_MS}\n${message(mirror, mirror.shareOf(id), since)}`;
  return ctx.system.streams.open(mirror, id, first, seconds * 1_000);
}

/** One event: the changes after a moment, or the whole state. */
function message(mirror: MapMirror, share: EventShare, since?: Moment): string {
  const data = availability(mirror, share, since);
  return `id: ${data.version}\nevent: availability\ndata: ${JSON.stringify({ availability: data })}\n\n`;
}

/** The listeners of this process: those of one map on one interface share one poller, whatever their number. */
export class AvailabilityStreams {
  private readonly hubs = new Map<MapMirror, Map<number, Hub>>();
  private listeners = 0;
  private closed = false;

  /** How many listen. */
  get size(): number {
    return this.listeners;
  }

  /**
   * @param interface_id of whom it is told
   * @param first what the listener is sent at once
   * @throws AppError service_unavailable
   */
  open(mirror: MapMirror, interface_id: number, first: string, lifeMs: number): Readable {
    if (this.closed || this.listeners >= MAX_LISTENERS)
      throw new AppError(
        'service_unavailable',
        'No room for one more listener; try again.',
        {},
        { 'retry-after': '1' },
      );
    const hubs = this.hubs.get(mirror) ?? new Map<number, Hub>();
    const hub = hubs.get(interface_id) ?? new Hub(mirror, interface_id);
    this.hubs.set(mirror, hubs.set(interface_id, hub));
    const listener = hub.join(first, lifeMs);
    this.listeners++;
    listener.once('close', () => {
      this.listeners--;
      if (hub.leave(listener)) this.forget(mirror, interface_id);
    });
    return listener;
  }

  /** Ends all streams, so that the server can close. */
  close(): void {
    this.closed = true;
    for (const hubs of this.hubs.values()) for (const hub of hubs.values()) hub.end();
  }

  private forget(mirror: MapMirror, interface_id: number): void {
    const hubs = this.hubs.get(mirror);
    hubs?.delete(interface_id);
    if (!hubs?.size) this.hubs.delete(mirror);
  }
}

class Hub {
  private readonly listeners = new Set<Readable>();
  private readonly mirror: MapMirror;
  private readonly interface_id: number;
  private share: EventShare;
  /** What the listeners know. */
  private told: Moment;
  private poll: NodeJS.Timeout;
  private readonly keepAlive: NodeJS.Timeout;
  private done = false;

  constructor(mirror: MapMirror, interface_id: number) {
    this.mirror = mirror;
    this.interface_id = interface_id;
    this.share = mirror.shareOf(interface_id);
    this.told = mirror.version;
    this.poll = setTimeout(() => this.look(), POLL_MS);
    this.keepAlive = setInterval(() => this.send(': keep-alive\n\n'), KEEP_ALIVE_MS);
  }

  join(first: string, lifeMs: number): Readable {
    const listener = new Readable({ read() {} });
    const end = setTimeout(() => this.dismiss(listener), lifeMs);
    listener.once('close', () => clearTimeout(end));
    listener.push(first);
    this.listeners.add(listener);
    return listener;
  }

  /** @returns true when nobody is left, and the hub is done */
  leave(listener: Readable): boolean {
    this.listeners.delete(listener);
    if (this.listeners.size) return false;
    this.done = true;
    clearTimeout(this.poll);
    clearInterval(this.keepAlive);
    return true;
  }

  end(): void {
    for (const listener of [...this.listeners]) this.dismiss(listener);
  }

  private dismiss(listener: Readable): void {
    this.listeners.delete(listener);
    listener.push(null);
  }

  private async look(): Promise<void> {
    try {
      await this.mirror.refresh();
      const { version } = this.mirror;
      const share = this.mirror.shareOf(this.interface_id);
      if (version !== this.told || share.key !== this.share.key) {
        // With other allotments all may be otherwise than it was told.
        this.send(message(this.mirror, share, share.key === this.share.key ? this.told : BEGINNING));
        this.told = version;
        this.share = share;
      }
    } catch (error) {
      this.mirror.system.log.warn({ err: error }, 'changes of a map could not be read; trying again');
    }
    if (!this.done) this.poll = setTimeout(() => this.look(), POLL_MS);
  }

  private send(text: string): void {
    const bytes = Buffer.from(text);
    for (const listener of this.listeners) {
      if (listener.readableLength > MAX_BACKLOG) listener.destroy();
      else listener.push(bytes);
    }
  }
}
