import type { Context } from '../../context.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';
import type { Scan } from '../../schemas/validations.ts';
import { type Batcher, batcher } from '../batcher.ts';
import type { ValidationView } from './row.ts';
import { executeScans, type ScanCommand } from './scan-batch.ts';
import { NonceTaken } from './write.ts';

/** How far the clock of a gate may run ahead of ours. */
const MAX_SKEW_MS = 5 * 60_000;

/** How often a scan starts again because its nonce was taken meanwhile: the second time it is found. */
const MAX_ATTEMPTS = 3;

/** Scans waiting for their batch, by company. */
export type ScanQueues = Map<number, Batcher<ScanCommand, ValidationView>>;

/**
 * Judges one scan at the door and keeps it, whatever the verdict: accepted and rejected are both good answers.
 * The same nonce of the same client is one scan, and is answered as the first one was judged.
 * @throws AppError not_found when the event does not take place on this interface; validation_failed for a gate of
 *   another event or a time ahead of ours; conflict when the nonce belongs to another scan
 */
export async function scan(ctx: Context, body: Scan): Promise<ValidationView> {
  const { system, company_id } = ctx;
  const { gate_id = null, scanned_at = ctx.now, force = false } = body;
  const [door, claims] = await Promise.all([
    system.doors.of(system, company_id, body.event_id),
    system.ticketKeys.prove(company_id, body.qr_code),
  ]);
  if (!door.interface_ids.has(ctx.interface.id)) throw notFound('Event');
  if (gate_id !== null && !door.gate_ids.has(gate_id))
    throw fieldError('/gate_id', 'No gate of this event.', 'not_found');
  if (scanned_at.getTime() > ctx.now.getTime() + MAX_SKEW_MS)
    throw fieldError('/scanned_at', 'More than 5 minutes ahead: set the clock of the gate.');
  const command: ScanCommand = {
    ctx,
    attempt: {
      door,
      claims,
      gate_id,
      direction: body.direction ?? 'entry',
      scanned_at,
      force: force !== false,
    },
    nonce: body.nonce ?? null,
    force_reason: typeof force === 'object' ? force.reason : null,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await queueOf(ctx)(command);
    } catch (error) {
      if (!(error instanceof NonceTaken)) throw error;
      if (attempt === MAX_ATTEMPTS)
        throw new AppError('conflict', 'This nonce is being used by another scan.');
    }
  }
}

/** Tickets rarely meet, so two batches run at once: one computes while the other waits for the disk. */
function queueOf({ system, company_id }: Context): Batcher<ScanCommand, ValidationView> {
  let queue = system.scans.get(company_id);
  if (!queue) {
    queue = batcher({
      maxInFlight: 2,
      maxSize: 128,
      execute: (commands) => executeScans(system, company_id, commands),
    });
    system.scans.set(company_id, queue);
  }
  return queue;
}
