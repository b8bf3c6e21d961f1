import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { AppError } from '../../errors.ts';
import { type Rounds, startRounds } from '../../rounds.ts';
import type { System } from '../../system.ts';
import { batcher } from '../batcher.ts';
import { recordChanges } from '../changes.ts';
import { returnCodes } from '../inventory/codes.ts';
import { releaseDueBlocks } from '../inventory/release.ts';
import { returnLines } from '../inventory/return.ts';
import { returnPartPayments } from '../payments/pay-back.ts';
import { sweepQueues } from '../queue/sweep.ts';
import { dropPlans } from '../subscriptions/settle.ts';
import { type CartRow, linesOf } from './row.ts';
import { moveCarts } from './state.ts';

const EVERY_MS = 1_000;
const AT_ONCE = 200;

// SKIP LOCKED: whoever works on a cart right now decides about it; the next round finds it again.
const OVERDUE = statement(
  'cart_overdue',
  `SELECT c.*, true AS overdue FROM cart c
   WHERE c.status IN ('open', 'pending_payment') AND c.expires_at <= now()
   ORDER BY c.expires_at, c.id LIMIT $1 FOR UPDATE SKIP LOCKED`,
);
// Their own hold is over, whatever the status says, and something of the events hangs on it.
const OVERDUE_OF_EVENTS = `FROM cart c
   WHERE c.status IN ('open', 'pending_payment') AND c.expires_at <= now()
     AND (EXISTS (SELECT FROM sale_detail l WHERE l.company_id = c.company_id AND l.cart_id = c.id
                  AND l.event_id = ANY($1::int[]) AND l.status = 'held')
       OR EXISTS (SELECT FROM cart_code k JOIN code d ON d.company_id = k.company_id AND d.id = k.code_id
                  WHERE k.company_id = c.company_id AND k.cart_id = c.id AND k.status = 'held'
                  AND d.event_id = ANY($1::int[])))`;
const ANY_OVERDUE = statement(
  'cart_any_overdue',
  `SELECT c.id ${OVERDUE_OF_EVENTS} AND c.company_id = $2 LIMIT 1`,
);
// Waits for carts in use, in the order of their ids: a buyer is waiting for what they hold.
const LOCK_OVERDUE = statement(
  'cart_overdue_of_events',
  `SELECT c.*, true AS overdue ${OVERDUE_OF_EVENTS} ORDER BY c.company_id, c.id FOR UPDATE OF c`,
);
const RELEASE_LINES = statement(
  'sale_detail_release',
  `UPDATE sale_detail SET status = 'released', updated_at = now()
   WHERE company_id = $1 AND cart_id = ANY($2::uuid[]) AND status = 'held'`,
);

/**
 * Gives back everything that carts hold and moves them to their end: expired, or cancelled. Runs under their locks.
 * A cart whose payment was still under way steps back to open first; a late confirmation finds it expired.
 */
export async function endCarts(
  tx: Tx,
  company_id: number,
  carts: readonly CartRow[],
  to: 'expired' | 'cancelled',
): Promise<void> {
  if (!carts.length) return;
  const ids = carts.map((cart) => cart.id);
  const held = (await linesOf(tx, company_id, ids)).filter((line) => line.status === 'held');
  const pending = carts.filter((cart) => cart.status === 'pending_payment').map((cart) => cart.id);
  if (pending.length) await moveCarts(tx, company_id, pending, 'pending_payment', 'open');
  await moveCarts(tx, company_id, ids, 'open', to);
  await returnLines(tx, company_id, held, 'held');
  await returnCodes(tx, company_id, ids);
  await dropPlans(tx, company_id, held);
  await tx.execute(RELEASE_LINES, [company_id, ids]);
  await returnPartPayments(tx, company_id, carts, { reason: `cart ${to}` });
  const visible = carts.filter((cart) => cart.exchange_id === null); // of a quote's hold nobody knows
  await recordChanges(
    tx,
    visible.map((cart) => ({
      company_id,
      type: `cart.${to}`,
      interface_id: cart.interface_id,
      event_id: null,
      subject_id: cart.id,
      data: { cart_id: cart.id },
    })),
  );
}

async function endOverdue(tx: Tx, carts: CartRow[]): Promise<number> {
  const companies = new Set(carts.map((cart) => cart.company_id).sort((a, b) => a - b)); // one order for all sweepers
  for (const company_id of companies)
    await endCarts(
      tx,
      company_id,
      carts.filter((cart) => cart.company_id === company_id),
      'expired',
    );
  return carts.length;
}

/** One round of housekeeping: overdue carts of any company, oldest first. Gives how many were ended. */
export const sweep = (system: System): Promise<number> =>
  inTransaction(system.db, async (tx) => endOverdue(tx, await tx.query<CartRow>(OVERDUE, [AT_ONCE])));

/** Nothing is left, but overdue carts hold some of it: end them (`endOverdueOf`), then ask again. */
export class OverdueInTheWay extends Error {
  /** What the buyer is told if it comes to that. */
  readonly refusal: AppError;

  constructor(refusal: AppError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/**
 * Does an overdue cart hold something of these events? Asked under the lock of the stock that ran short: its return
 * cannot be on its way then without being seen.
 */
export const anyOverdue = async (
  tx: Tx,
  company_id: number,
  event_ids: readonly number[],
): Promise<boolean> => (await tx.query(ANY_OVERDUE, [event_ids, company_id])).length > 0;

/** Ends the overdue carts that hold something of these events, now. Askers of one moment share a round. */
export const endOverdueOf = (system: System, event_ids: readonly number[]): Promise<void> =>
  system.overdue(event_ids);

/** Ends the overdue carts that hold something of an event, in a transaction that has locked nothing of it yet. */
export async function endOverdueIn(tx: Tx, event_id: number): Promise<void> {
  await endOverdue(tx, await tx.query<CartRow>(LOCK_OVERDUE, [[event_id]]));
}

/** The queue behind endOverdueOf, one a process. */
export const overdueQueue = (getSystem: () => System) =>
  batcher<readonly number[], void>({
    maxInFlight: 1,
    maxSize: 1_000,
    execute: async (asked) => {
      const events = [...new Set(asked.flat())];
      await inTransaction(getSystem().db, async (tx) =>
        endOverdue(tx, await tx.query<CartRow>(LOCK_OVERDUE, [events])),
      );
      return asked.map(() => ({ result: undefined }));
    },
  });

/**
 * Returns overdue stock once a second, of carts and of blocks, and lets the next of each queue in. Housekeeping only: a hold
 * is worth nothing from the second it expires, swept or not.
 */
export const startSweeper = (system: System): Rounds =>
  startRounds(EVERY_MS, async (stopped) => {
    try {
      while (!stopped() && (await sweep(system)) === AT_ONCE);
      await releaseDueBlocks(system);
      await sweepQueues(system, stopped);
    } catch (err) {
      system.log.warn({ err }, 'sweep failed; the next round tries again');
    }
  });
