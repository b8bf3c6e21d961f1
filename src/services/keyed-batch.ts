import type { Context } from '../context.ts';
import { answerKeys, claimKeys, releaseKeys } from '../db/idempotency.ts';
import { type End, inTransaction, type Tx } from '../db/transaction.ts';
import type { System } from '../system.ts';
import type { Outcome } from './batcher.ts';

/** What the commands of a batch come to, as `work` fills it in. */
export type Outcomes<Command, Result> = Map<Command, Outcome<Result>>;

/**
 * Runs the commands of one batch as one transaction under their Idempotency-Keys: those whose key is in use are refused,
 * the others are handed to `work`, and what they come to is kept under their keys; keys of refused ones are free again.
 * @param work judges the commands it is given, writes what it grants, and gives each its outcome
 * @param more.answered false when the commands go on in a later transaction, which will answer their keys
 * @returns one outcome a command, in order
 */
export async function keyedBatch<Command extends { ctx: Context }, Result>(
  system: System,
  commands: readonly Command[],
  work: (tx: Tx, claimed: Command[], outcomes: Outcomes<Command, Result>) => Promise<void>,
  { end = 'COMMIT', answered = true }: { end?: End; answered?: boolean } = {},
): Promise<Outcome<Result>[]> {
  const outcomes: Outcomes<Command, Result> = new Map();
  await inTransaction(
    system.db,
    async (tx) => {
      const refusals = await claimKeys(tx, commands.map(contextOf));
      const claimed = commands.filter((command, i) => {
        if (refusals[i]) outcomes.set(command, { refusal: refusals[i] });
        return !refusals[i];
      });
      await work(tx, claimed, outcomes);
      const made = claimed.map((command) => ({ ctx: command.ctx, ...outcomeOf(outcomes, command) }));
      await releaseKeys(tx, made.filter((one) => 'refusal' in one).map(contextOf));
      if (answered)
        await answerKeys(
          tx,
          made.flatMap((one) => ('result' in one ? [one] : [])),
        );
    },
    end,
  );
  return commands.map((command) => {
    const outcome = outcomeOf(outcomes, command);
    const { idempotency } = command.ctx;
    if (idempotency && 'result' in outcome) idempotency.state = answered ? 'answered' : 'claimed';
    return outcome;
  });
}

const contextOf = ({ ctx }: { ctx: Context }): Context => ctx;

const outcomeOf = <Command, Result>(outcomes: Outcomes<Command, Result>, command: Command) =>
  outcomes.get(command) as Outcome<Result>;
