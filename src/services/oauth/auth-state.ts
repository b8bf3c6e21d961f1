import { LRUCache } from 'lru-cache';
import type { Config } from '../../config.ts';
import type { Database } from '../../db/client.ts';
import type { RememberedToken } from './access-token.ts';
import { NOTHING, readSnapshot, type Snapshot } from './snapshot.ts';

/** No process acts on older knowledge: the most that a revocation made elsewhere takes to arrive. */
const FRESH_MS = 1_000;

/** Verified tokens that a process remembers: about a kilobyte each. */
const TOKENS = 20_000;

/**
 * What this process remembers of who may do what. Requests find it in memory; once a second at most, and only when
 * one asks, a single query compares revisions for all of them.
 */
export class AuthState {
  /** Access tokens verified before. */
  readonly tokens = new LRUCache<string, RememberedToken>({ max: TOKENS });
  /** The last reading, however old: for what is told to anybody. Access is decided on `fresh` ones only. */
  latest: Snapshot = NOTHING;
  readonly #db: Database;
  readonly #tokenSeconds: number;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Snapshot> | undefined;

  constructor(db: Database, config: Config) {
    this.#db = db;
    this.#tokenSeconds = config.ACCESS_TOKEN_SECONDS;
  }

  /** The snapshot if it is less than a second old; else undefined: `refresh` first. */
  fresh(): Snapshot | undefined {
    return performance.now() - this.#readAt < FRESH_MS ? this.latest : undefined;
  }

  /** Reads once for everybody who waits. */
  refresh(): Promise<Snapshot> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** After a change of our own: a reading under way may have begun before it, so another one follows. */
  async reload(): Promise<Snapshot> {
    await this.#reading?.catch(() => {});
    return this.refresh();
  }

  async #read(): Promise<Snapshot> {
    const began = performance.now();
    this.latest = await readSnapshot(this.#db, this.latest, this.#tokenSeconds);
    this.#readAt = began;
    return this.latest;
  }
}
