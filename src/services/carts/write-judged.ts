import type { Tx } from '../../db/transaction.ts';
import { takeLines } from '../inventory/take.ts';
import type { CartTotals } from '../pricing/types.ts';
import { type Entry, insertEntries } from '../queue/passes.ts';
import type { HoldCommand } from './hold-batch.ts';
import type { NewLine } from './judge.ts';
import type { CartRow, LineRow } from './row.ts';
import { addToCarts, insertCarts, insertLines, repriceLines } from './write.ts';

/** A hold that was judged under the locks of its stock. */
export interface JudgedHold {
  command: HoldCommand;
  /** As it is to be written, if the command opens it. */
  cart: CartRow;
  verdict: {
    /** The new lines. */
    lines: readonly NewLine[];
    totals: CartTotals;
    /** Lines that the cart had, and that cost something else from now on. */
    repriced?: readonly LineRow[];
  };
  /** By which it comes in to events behind a gate. */
  entries: readonly Entry[];
}

/**
 * Writes what was judged, whoever asked for it: carts, their stock, lines, totals, and how they came in at gates.
 * @throws AppError when something is no longer free that was: then its lock was not held
 */
export async function writeJudged(tx: Tx, company_id: number, holds: readonly JudgedHold[]): Promise<void> {
  await Promise.all([
    insertCarts(
      tx,
      holds.flatMap(({ command, cart }) => (command.open ? [cart] : [])),
    ),
    takeLines(
      tx,
      company_id,
      holds.flatMap(({ cart, verdict }) => heldUntil(cart.expires_at, verdict.lines)),
    ),
    insertLines(
      tx,
      company_id,
      holds.flatMap(({ verdict }) => verdict.lines),
    ),
    repriceLines(tx, company_id, newest(holds.flatMap(({ verdict }) => verdict.repriced ?? []))),
    addToCarts(
      tx,
      company_id,
      holds.filter(({ command, verdict }) => !command.open && verdict.lines.length),
    ),
    insertEntries(
      tx,
      company_id,
      holds.flatMap(({ entries }) => entries),
    ),
  ]);
}

/** Of several states of a line the last one. */
export const newest = (lines: readonly LineRow[]): LineRow[] => [
  ...new Map(lines.map((line) => [line.id, line])).values(),
];

/** Lines as inventory takes them. */
const heldUntil = (expires_at: Date, lines: readonly NewLine[]) =>
  lines.map(
    ({
      id,
      cart_id,
      kind,
      event_id,
      ticket_type_id,
      product_id,
      section_id,
      seat_id,
      block_id,
      quantity,
    }) => ({
      ...{ id, cart_id, kind, event_id, ticket_type_id, product_id, section_id, seat_id, block_id, quantity },
      expires_at,
    }),
  );
