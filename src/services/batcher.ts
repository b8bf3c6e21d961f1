import { CommitUnknown } from '../db/errors.ts';

/** The outcome of one command of a batch: its result, or the refusal that its caller gets. */
export type Outcome<Result> = { result: Result } | { refusal: unknown };

/** The result of a command that ran by itself, past any queue; throws the refusal that it got. */
export function resultOf<Result>(outcomes: readonly Outcome<Result>[]): Result {
  const outcome = outcomes[0] as Outcome<Result>;
  if ('result' in outcome) return outcome.result;
  throw outcome.refusal;
}

export interface BatcherOptions<Command, Result> {
  /** Batches under way at once. 1 where all commands meet on one row. */
  maxInFlight: number;
  /** Commands of one batch. */
  maxSize: number;
  /** Runs a batch as one transaction and gives one outcome a command, in order. */
  execute(commands: Command[]): Promise<Outcome<Result>[]>;
}

/** How long a batch may wait to become as large as those under way. */
const PATIENCE_MS = 50;

/** Submits a command; gives its result once its batch is committed. */
export type Batcher<Command, Result> = (command: Command) => Promise<Result>;

/**
 * Natural batching: commands that arrive while `maxInFlight` batches are under way wait, and go together as soon as one
 * ends. With no load a batch holds one command and nothing waits; under load batches grow by themselves and share one
 * lock of a hot row, one flush of the log and one round trip a statement. It is group commit, one level up.
 *
 * A batch that fails as a whole (not by verdicts) is run again command by command, so that one poisoned command cannot
 * fail its neighbours; not so one that may have been committed, for its commands would then be carried out twice.
 */
export function batcher<Command, Result>({
  maxInFlight,
  maxSize,
  execute,
}: BatcherOptions<Command, Result>): Batcher<Command, Result> {
  type Waiting = { command: Command; resolve: (result: Result) => void; reject: (reason: unknown) => void };
  let queue: Waiting[] = [];
  let inFlight = 0;
  let carried = 0; // commands under way
  let patience: NodeJS.Timeout | undefined;
  let scheduled = false;

  async function send(batch: Waiting[]): Promise<void> {
    try {
      const outcomes = await execute(batch.map(({ command }) => command));
      batch.forEach(({ resolve, reject }, i) => {
        const outcome = outcomes[i] as Outcome<Result>;
        if ('result' in outcome) resolve(outcome.result);
        else reject(outcome.refusal);
      });
    } catch (error) {
      if (batch.length === 1 || error instanceof CommitUnknown) for (const { reject } of batch) reject(error);
      else for (const waiting of batch) await send([waiting]);
    }
  }

  // What a batch costs beside its commands is best shared by many: beside others, one starts when it is as large as they
  // are on average.
  const mayStart = () => inFlight === 0 || (inFlight < maxInFlight && queue.length * inFlight >= carried);

  function start(): void {
    const batch = queue.slice(0, maxSize);
    queue = queue.slice(maxSize);
    inFlight++;
    carried += batch.length;
    void send(batch).finally(() => {
      inFlight--;
      carried -= batch.length;
      pump();
    });
  }

  function pump(): void {
    scheduled = false;
    while (queue.length && mayStart()) start();
    if (queue.length && inFlight < maxInFlight && !patience) patience = setTimeout(endPatience, PATIENCE_MS);
  }

  /** Those under way may be waiting for a lock. */
  function endPatience(): void {
    patience = undefined;
    if (queue.length && inFlight < maxInFlight) start();
    pump();
  }

  return (command) =>
    new Promise((resolve, reject) => {
      queue.push({ command, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      setImmediate(pump); // requests read in the same turn of the event loop go together
    });
}
