import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long one piece of long work may keep everybody else waiting, milliseconds. */
const TURN_MS = 10;

/** Long work that gives way: between its parts, when its turn has lasted long enough, others get theirs. */
export class Turns {
  #until = performance.now() + TURN_MS;

  /** Is the turn over? Then `await next()` before going on. */
  get over(): boolean {
    return performance.now() >= this.#until;
  }

  /** Lets everybody else have a turn. */
  async next(): Promise<void> {
    await nextTurn();
    this.#until = performance.now() + TURN_MS;
  }
}

/**
 * Runs long work a turn at a time: it may be interrupted wherever it yields.
 * @returns what the work gives
 * @throws whatever it throws
 */
export async function inTurns<T>(work: Iterator<unknown, T>): Promise<T> {
  const turns = new Turns();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (turns.over) await turns.next();
  }
}
