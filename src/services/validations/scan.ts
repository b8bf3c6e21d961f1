import type { Context } from '../../context.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { Scan } from '../../schemas/validations.ts';
import { type Batcher, batcher } from '../batcher.ts';
import type { Attempt } from './judge.ts';
import { claimsIn, doorAt, forceOf } from './prepare.ts';
import type { ValidationView } from './row.ts';
import { executeScans, type ScanCommand } from './scan-batch.ts';
import { NonceTaken } from './write.ts';

/** How far the clock of a gate may run ahead of ours. */
const MAX_SKEW_MS = 5 * 60_000;

/** How often a scan starts again because its nonce was taken meanwhile: the second time it is found. */
const MAX_ATTEMPTS = 3;

/** Scans waiting for their batch, by company. */
export type ScanQueues = Map<number, Batcher<Asked, ValidationView>>;

/**
 * Judges one scan at the door and keeps it, whatever the verdict: accepted and rejected are both good answers.
 * The same nonce of the same client is one scan, and is answered as the first one was judged.
 * @throws AppError not_found when the event does not take place on this interface; validation_failed for a gate of
 *   another event or a time ahead of ours; conflict when the nonce belongs to another scan
 */
export async function scan(ctx: Context, body: Scan): Promise<ValidationView> {
  const { gate_id = null, direction = 'entry', nonce = null } = body;
  const scanned_at = momentOfScan(ctx, body.scanned_at);
  const door = await doorAt(ctx, body.event_id, gate_id);
  const { force, force_reason } = forceOf(body.force);
  const attempt = { door, gate_id, direction, scanned_at, force };
  return retryNonce(() => queueOf(ctx)({ ctx, body, attempt, nonce, force_reason }));
}

/** A scan whose event and gate have been looked up. */
interface Asked extends Omit<ScanCommand, 'attempt'> {
  body: Scan;
  attempt: Omit<Attempt, 'claims'>;
}

/** Codes are proved a batch at a time. A gate's own clock is trusted with no code. */
async function proved({ body, attempt, ...command }: Asked): Promise<ScanCommand> {
  const { ctx } = command;
  const claims = await claimsIn(ctx, body, attempt.door, ctx.now);
  return { ...command, attempt: { ...attempt, claims } };
}

/**
 * When a code was scanned, by the clock of the gate.
 * @throws AppError validation_failed for a time ahead of ours
 */
export function momentOfScan({ now }: Context, scanned_at = now): Date {
  if (scanned_at.getTime() > now.getTime() + MAX_SKEW_MS)
    throw fieldError('/scanned_at', 'More than 5 minutes ahead: set the clock of the gate.');
  return scanned_at;
}

/**
 * Runs what keeps scans, again when another has kept one under its nonce meanwhile: then it is found.
 * @throws AppError conflict when that goes on
 */
export async function retryNonce<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NonceTaken)) throw error;
      if (attempt === MAX_ATTEMPTS)
        throw new AppError('conflict', 'This nonce is being used by another scan.');
    }
  }
}

/** Tickets rarely meet, so two batches run at once: one computes while the other waits for the disk. */
function queueOf({ system, company_id }: Context): Batcher<Asked, ValidationView> {
  let queue = system.scans.get(company_id);
  if (!queue) {
    queue = batcher({
      maxInFlight: 2,
      maxSize: 128,
      execute: async (asked) => executeScans(system, company_id, await Promise.all(asked.map(proved))),
    });
    system.scans.set(company_id, queue);
  }
  return queue;
}
