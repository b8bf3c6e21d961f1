import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;

interface Waiter<For> {
  what: For;
  resume(): void;
}

/**
 * Those in this process who wait for something that the database will tell (long polls, streams). One look a fifth of a
 * second for all of them, and none while nobody waits. (NOTIFY would be told sooner, but its lock lets only one
 * transaction of the whole server commit at a time.)
 */
export class Waits<For> {
  readonly #waiters = new Set<Waiter<For>>();
  readonly #look: (waited: readonly For[]) => Promise<(what: For) => boolean>;
  #polling = false;
  /** The server shuts down: nobody waits any more. */
  released = false;

  /** @param look one look at the database for all who wait: it gives who need not wait any longer */
  constructor(look: (waited: readonly For[]) => Promise<(what: For) => boolean>) {
    this.#look = look;
  }

  /** Resolves when it has come about, `ms` have passed, the signal aborts, or the server shuts down. */
  until(what: For, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      if (this.released || signal.aborted) return resolve();
      const waiter: Waiter<For> = {
        what,
        resume: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', waiter.resume);
          resolve();
        },
      };
      const timer = setTimeout(waiter.resume, ms);
      this.#waiters.add(waiter);
      signal.addEventListener('abort', waiter.resume);
      if (!this.#polling) void this.#poll();
    });
  }

  /** Lets everybody go, and waits for nobody from now on. */
  release(): void {
    this.released = true;
    for (const waiter of this.#waiters) waiter.resume();
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    while (this.#waiters.size) {
      const asked = [...this.#waiters];
      // A database away for a moment: the next look may see it again, and every wait ends in time.
      const isOver = await this.#look(asked.map(({ what }) => what)).catch(() => () => false);
      for (const waiter of asked) if (isOver(waiter.what)) waiter.resume();
      await sleep(POLL_MS);
    }
    this.#polling = false;
  }
}
