import { LRUCache } from 'lru-cache';

/** Bytes kept by one process. */
const MAX_BYTES = 64 * 1_048_576;
/** About what an entry costs beside its bytes. */
const OVERHEAD = 1_024;

export type Coding = 'br' | 'gzip';

/** An answer as it goes over the wire. */
export interface PublishedEntry {
  readonly body: Buffer;
  /** The same as text where it is short: with its head before it, Node sends that at once. */
  readonly text: string | undefined;
  readonly etag: string;
  /** Its media type. */
  readonly type: string;
  /** What else the answer carries because of its content (pagination): header lines, each ended by CRLF. */
  readonly lines: string;
  /** Compressed variants made so far. They outlive a refresh that brings the same bytes. */
  readonly variants: Map<Coding, Buffer | Promise<Buffer>>;
}

interface Kept {
  entry: PublishedEntry;
  /** performance.now() until which it may be served. */
  until: number;
}

/** What the first of several equal requests is to come back with: the entry, or null when there is none to keep. */
interface Flight {
  readonly result: Promise<PublishedEntry | null>;
  readonly land: (entry: PublishedEntry | null) => void;
}

/**
 * Published answers as bytes, each fresh for a second, however many ask. What a write changes is gone from the process
 * that wrote at once (`clear`), and from others within that second.
 */
export class PublishedCache {
  readonly #freshMs: number;
  readonly #kept = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ entry }, key) => OVERHEAD + key.length * 2 + entry.body.length * 2,
  });
  readonly #flights = new Map<string, Flight>();

  constructor(freshMs = 1_000) {
    this.#freshMs = freshMs;
  }

  /** The entry, if it is still fresh at a moment of performance.now(). */
  fresh(key: string, now: number): PublishedEntry | undefined {
    const kept = this.#kept.get(key);
    return kept && now < kept.until ? kept.entry : undefined;
  }

  /** What the request under way for the same key will bring; undefined when there is none. */
  underWay(key: string): Promise<PublishedEntry | null> | undefined {
    return this.#flights.get(key)?.result;
  }

  /**
   * Announces that the caller fetches the answer for all who ask meanwhile.
   * @returns how to hand it in; to be called once, whatever happens, with null when there is no answer to keep
   */
  begin(key: string): (entry: PublishedEntry | null) => PublishedEntry | null {
    let land: Flight['land'] = () => {};
    const result = new Promise<PublishedEntry | null>((resolve) => {
      land = resolve;
    });
    const flight = { result, land };
    this.#flights.set(key, flight);
    return (entry) => {
      const current = this.#flights.get(key) === flight; // else cleared meanwhile: what was read may be old
      if (current) this.#flights.delete(key);
      const known = entry && this.#sameBytes(key, entry);
      if (known && current) this.#kept.set(key, { entry: known, until: performance.now() + this.#freshMs });
      land(known);
      return known;
    };
  }

  /** Forgets everything: for services, after the commit of a change that published answers show. */
  clear(): void {
    this.#kept.clear();
    this.#flights.clear(); // those under way still land with those who wait, and are not kept
  }

  #sameBytes(key: string, entry: PublishedEntry): PublishedEntry {
    const old = this.#kept.peek(key)?.entry;
    return old?.etag === entry.etag ? { ...entry, variants: old.variants } : entry;
  }
}
