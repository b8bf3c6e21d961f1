import { Readable } from 'node:stream';
import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { VERSION_PATTERN } from '../../schemas/maps.ts';
import { type MapMirror, mirrorOf } from './availability.ts';
import { availability, momentOf } from './changes.ts';
import type { Moment } from './look.ts';
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
  const since = last !== undefined && VERSION_PATTERN.test(last) ? await momentOf(mirror, last) : undefined;
  const first = `retry: ${RETRY_MS}\n${message(mirror, since)}`;
  return ctx.system.streams.open(mirror, first, seconds * 1_000);
}

/** One event: the changes after a moment, or the whole state. */
function message(mirror: MapMirror, since?: Moment): string {
  const data = availability(mirror, since);
  return `id: ${data.version}\nevent: availability\ndata: ${JSON.stringify({ availability: data })}\n\n`;
}

/** The listeners of this process: those of one map share one poller, whatever their number. */
export class AvailabilityStreams {
  private readonly hubs = new Map<MapMirror, Hub>();
  private listeners = 0;
  private closed = false;

  /** How many listen. */
  get size(): number {
    return this.listeners;
  }

  /**
   * @param first what the listener is sent at once
   * @throws AppError service_unavailable
   */
  open(mirror: MapMirror, first: string, lifeMs: number): Readable {
    if (this.closed || this.listeners >= MAX_LISTENERS)
      throw new AppError(
        'service_unavailable',
        'No room for one more listener; try again.',
        {},
        { 'retry-after': '1' },
      );
    const hub = this.hubs.get(mirror) ?? new Hub(mirror);
    this.hubs.set(mirror, hub);
    const listener = hub.join(first, lifeMs);
    this.listeners++;
    listener.once('close', () => {
      this.listeners--;
      if (hub.leave(listener)) this.hubs.delete(mirror);
    });
    return listener;
  }

  /** Ends all streams, so that the server can close. */
  close(): void {
    this.closed = true;
    for (const hub of this.hubs.values()) hub.end();
  }
}

class Hub {
  private readonly listeners = new Set<Readable>();
  private readonly mirror: MapMirror;
  /** What the listeners know. */
  private told: Moment;
  private poll: NodeJS.Timeout;
  private readonly keepAlive: NodeJS.Timeout;
  private done = false;

  constructor(mirror: MapMirror) {
    this.mirror = mirror;
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
      if (version !== this.told) {
        this.send(message(this.mirror, this.told));
        this.told = version;
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
