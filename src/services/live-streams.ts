import { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { AppError } from '../errors.ts';
import type { Watched } from './oauth/access-watch.ts';

export const KEEP_ALIVE_MS = 15_000;
/** A stream ends after this long; the client comes back by itself, with a token that is looked at anew. */
export const STREAM_SECONDS = 300;
/** After which a client that lost its connection comes back. */
export const RETRY_MS = 1_000;
/** A reader this far behind is let go: it resumes where it stopped. */
const MAX_BACKLOG = 1_048_576;

/** Something that changes, and that many listen to. */
export interface Subject<Version> {
  /** The same for all who listen to the same thing. */
  key: unknown;
  /** What the one who joins has been told by the first message. */
  version: Version;
  /** Looks whether there is more to tell than a version; undefined when not. */
  news(told: Version): Promise<{ version: Version; text: string } | undefined>;
  /** Of what the others know and what the one who joins knows, what all of them know. */
  common(told: Version, joining: Version): Version;
}

interface Options {
  /** How often a subject is looked at, however many listen. */
  pollMs: number;
  /** Of one process. */
  maxListeners: number;
  log: Pick<Logger, 'warn'>;
}

/** One message (WHATWG HTML section 9.2.6). */
export const serverEvent = (event: string, id: string, data: unknown): string =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Server-Sent Events to the listeners of this process: those of one subject share one look at the database, whatever
 * their number.
 */
export class LiveStreams<Version> {
  readonly #hubs = new Map<unknown, Hub<Version>>();
  readonly #options: Options;
  #listeners = 0;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** How many listen. */
  get size(): number {
    return this.#listeners;
  }

  /**
   * @param first what the listener is sent at once
   * @param seconds after which the stream ends
   * @param watched the access of the listener, with which it ends too
   * @throws AppError service_unavailable when this process has no room for one more
   */
  open(subject: Subject<Version>, first: string, seconds: number, watched: Watched): Readable {
    if (this.#closed || this.#listeners >= this.#options.maxListeners) {
      watched.release();
      throw new AppError(
        'service_unavailable',
        'No room for one more listener; try again.',
        {},
        { 'retry-after': '1' },
      );
    }
    const hub = this.#hubs.get(subject.key) ?? new Hub(subject, this.#options);
    this.#hubs.set(subject.key, hub);
    const listener = hub.join(`retry: ${RETRY_MS}\n${first}`, seconds * 1_000, subject.version);
    this.#listeners++;
    watched.signal.addEventListener('abort', () => hub.dismiss(listener), { once: true });
    listener.once('close', () => {
      watched.release();
      this.#listeners--;
      if (hub.leave(listener)) this.#hubs.delete(subject.key);
    });
    return listener;
  }

  /** Ends all streams, so that the server can close. */
  close(): void {
    this.#closed = true;
    for (const hub of this.#hubs.values()) hub.end();
  }
}

class Hub<Version> {
  readonly #listeners = new Set<Readable>();
  readonly #subject: Subject<Version>;
  readonly #options: Options;
  readonly #keepAlive: NodeJS.Timeout;
  #poll: NodeJS.Timeout;
  /** What the listeners know. */
  #told: Version;
  #done = false;

  constructor(subject: Subject<Version>, options: Options) {
    this.#subject = subject;
    this.#options = options;
    this.#told = subject.version;
    this.#poll = setTimeout(() => this.#look(), options.pollMs);
    this.#keepAlive = setInterval(() => this.#send(': keep-alive\n\n'), KEEP_ALIVE_MS);
  }

  join(first: string, lifeMs: number, version: Version): Readable {
    const listener = new Readable({ read() {} });
    const end = setTimeout(() => this.dismiss(listener), lifeMs);
    listener.once('close', () => clearTimeout(end));
    listener.push(first);
    this.#listeners.add(listener);
    this.#told = this.#subject.common(this.#told, version);
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
    for (const listener of [...this.#listeners]) this.dismiss(listener);
  }

  /** Ends the stream of one. */
  dismiss(listener: Readable): void {
    if (this.#listeners.delete(listener)) listener.push(null);
  }

  async #look(): Promise<void> {
    const { pollMs, log } = this.#options;
    const asked = this.#told;
    try {
      const news = await this.#subject.news(asked);
      if (news) {
        this.#send(news.text);
        // Whoever joined meanwhile may know less than was asked for.
        if (this.#told === asked) this.#told = news.version;
      }
    } catch (err) {
      log.warn({ err }, 'what is streamed could not be read; trying again');
    }
    if (!this.#done) this.#poll = setTimeout(() => this.#look(), pollMs);
  }

  #send(text: string): void {
    const bytes = Buffer.from(text);
    for (const listener of this.#listeners) {
      if (listener.readableLength > MAX_BACKLOG) listener.destroy();
      else listener.push(bytes);
    }
  }
}
