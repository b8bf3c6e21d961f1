/** Work that goes on in the background until it is stopped. */
export interface Rounds {
  /** Lets the round that is under way end, and begins no other. */
  stop(): Promise<void>;
}

/**
 * Does something again and again, each time some while after it has ended.
 * @param round given a way to ask whether it should come to an end; must not throw
 */
export function startRounds(everyMs: number, round: (stopped: () => boolean) => Promise<void>): Rounds {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const schedule = () => {
    timer = setTimeout(() => {
      running = round(() => stopped).then(() => {
        if (!stopped) schedule();
      });
    }, everyMs);
  };
  schedule();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
