import { AppError } from '../errors.ts';

/** Runs work when its turn comes. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Lets a few pieces of work run at once and a bounded number wait, in order.
 * @returns what runs work; it throws AppError service_unavailable when too many wait already
 */
export function createGate(limits: { atOnce: number; waiting: number }): Gate {
  const queue: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < limits.atOnce) running += 1;
    else if (queue.length < limits.waiting) await new Promise<void>((go) => queue.push(go));
    else
      throw new AppError('service_unavailable', 'The server is busy; try again.', {}, { 'retry-after': '1' });
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next)
        next(); // inherits the place, so `running` stands
      else running -= 1;
    }
  };
}
