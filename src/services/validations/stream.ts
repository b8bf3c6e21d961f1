import { Readable } from 'node:stream';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError } from '../../errors.ts';
import type { System } from '../../system.ts';
import { doorAt } from './prepare.ts';
import { countScans, type Minutes } from './summary.ts';

const POLL_MS = 500;
const KEEP_ALIVE_MS = 15_000;
/** A stream ends after this long; the client comes back by itself, with a token that is looked at anew. */
const DOOR_STREAM_SECONDS = 300;
const RETRY_MS = 1_000;
const MAX_LISTENERS = 1_000;
/** A reader this far behind is let go: it resumes where it stopped. */
const MAX_BACKLOG = 1_048_576;
const HOUR_MS = 3_600_000;

/** How an event's id is written. */
const VERSION = /^v([0-9a-z]{1,11})$/;

// A scan that is written after a version has that version or a later one: of transactions that still run, the oldest
// bounds it. While none does, it stands still as long as the scans do.
const LOOK = statement(
  'door_stream_look',
  `SELECT least(pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
     1 + coalesce((SELECT max(v.version) FROM validation v WHERE v.company_id = $1 AND v.event_id = $2), 0)) AS version`,
);

/**
 * Server-Sent Events (WHATWG HTML section 9.2) of the doors of an event: the summary as it is at once, with the minutes
 * that have changed since the last event that the client has, or those of the last hour; then again at every change, with
 * the minutes that changed. The id of an event is the version it leads to.
 * @param last id of the last event received; anything else starts anew
 * @throws AppError not_found; service_unavailable when this process has no room for one more
 */
export async function streamDoor(
  ctx: Context,
  event_id: number,
  last?: string,
  seconds = DOOR_STREAM_SECONDS,
): Promise<Readable> {
  await doorAt(ctx, event_id, null);
  const { system, company_id } = ctx;
  const known = VERSION.exec(last ?? '')?.[1];
  const now = Date.now();
  const wanted = known
    ? { since: Number.parseInt(known, 36) }
    : { from: new Date(now - HOUR_MS), to: new Date(now + HOUR_MS) };
  const version = await versionOf(system, company_id, event_id);
  const first = `retry: ${RETRY_MS}\n${await message(system, company_id, event_id, version, wanted)}`;
  return system.doorStreams.open({ system, company_id, event_id, version }, first, seconds * 1_000);
}

async function versionOf(system: System, company_id: number, event_id: number): Promise<number> {
  const [row] = await system.db.query<{ version: number }>(LOOK, [company_id, event_id]);
  return row?.version ?? 0;
}

async function message(
  { db }: System,
  company_id: number,
  event_id: number,
  version: number,
  wanted: Minutes,
): Promise<string> {
  const summary = await countScans(db, company_id, event_id, wanted);
  return `id: v${version.toString(36)}\nevent: summary\ndata: ${JSON.stringify({ summary })}\n\n`;
}

interface Watched {
  system: System;
  company_id: number;
  event_id: number;
  /** What the listeners know. */
  version: number;
}

/** The listeners of this process: those of one event share one look at the database, whatever their number. */
export class DoorStreams {
  readonly #hubs = new Map<string, Hub>();
  #listeners = 0;
  #closed = false;

  /** How many listen. */
  get size(): number {
    return this.#listeners;
  }

  /**
   * @param first what the listener is sent at once
   * @throws AppError service_unavailable
   */
  open(watched: Watched, first: string, lifeMs: number): Readable {
    if (this.#closed || this.#listeners >= MAX_LISTENERS)
      throw new AppError(
        'service_unavailable',
        'No room for one more listener; try again.',
        {},
        { 'retry-after': '1' },
      );
    const key = `${watched.company_id} ${watched.event_id}`;
    const hub = this.#hubs.get(key) ?? new Hub(watched);
    this.#hubs.set(key, hub);
    const listener = hub.join(first, lifeMs, watched.version);
    this.#listeners++;
    listener.once('close', () => {
      this.#listeners--;
      if (hub.leave(listener)) this.#hubs.delete(key);
    });
    return listener;
  }

  /** Ends all streams, so that the server can close. */
  close(): void {
    this.#closed = true;
    for (const hub of this.#hubs.values()) hub.end();
  }
}

class Hub {
  readonly #listeners = new Set<Readable>();
  readonly #watched: Watched;
  readonly #keepAlive: NodeJS.Timeout;
  #poll: NodeJS.Timeout;
  #done = false;

  constructor(watched: Watched) {
    this.#watched = { ...watched };
    this.#poll = setTimeout(() => this.#look(), POLL_MS);
    this.#keepAlive = setInterval(() => this.#send(': keep-alive\n\n'), KEEP_ALIVE_MS);
  }

  join(first: string, lifeMs: number, version: number): Readable {
    const listener = new Readable({ read() {} });
    const end = setTimeout(() => this.#dismiss(listener), lifeMs);
    listener.once('close', () => clearTimeout(end));
    listener.push(first);
    this.#listeners.add(listener);
    // One look may have been under way that this listener's first message is older than: tell what came since again.
    this.#watched.version = Math.min(this.#watched.version, version);
    return listener;
  }

  /** @returns true when nobody is left, and the hub is done */
  leave(listener: Readable): boolean {
    this.#listeners.delete(listener);
    if (this.#listeners.size) return false;
    this.#done = true;
    clearTimeout(this.#poll);
    clearInterval(this.#keepAlive);
    return true;
  }

  end(): void {
    for (const listener of [...this.#listeners]) this.#dismiss(listener);
  }

  #dismiss(listener: Readable): void {
    this.#listeners.delete(listener);
    listener.push(null);
  }

  async #look(): Promise<void> {
    const { system, company_id, event_id, version: told } = this.#watched;
    try {
      const version = await versionOf(system, company_id, event_id);
      if (version !== told) {
        this.#watched.version = version;
        this.#send(await message(system, company_id, event_id, version, { since: told }));
      }
    } catch (error) {
      this.#watched.version = told;
      system.log.warn({ err: error }, 'the doors of an event could not be read; trying again');
    }
    if (!this.#done) this.#poll = setTimeout(() => this.#look(), POLL_MS);
  }

  #send(text: string): void {
    const bytes = Buffer.from(text);
    for (const listener of this.#listeners) {
      if (listener.readableLength > MAX_BACKLOG) listener.destroy();
      else listener.push(bytes);
    }
  }
}
