import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { endCarts } from '../carts/expire.ts';
import { type CartRow, linesOf, lockCarts } from '../carts/row.ts';
import { moveCart } from '../carts/state.ts';
import { beyondLimit } from '../carts/user-limits.ts';
import { shareEvents } from '../events/lock.ts';
import { retakeCodes, returnCodes } from '../inventory/codes.ts';
import { retakeLines } from '../inventory/retake.ts';
import { returnLines } from '../inventory/return.ts';
import type { StockLine } from '../inventory/stock.ts';
import { retakePlans } from '../subscriptions/settle.ts';
import type { PaymentRow } from './row.ts';

const HOLD_MS = 60_000; // sold in this very transaction

// What a cart held when it ended was released all at once; lines that its buyer took out before then were not.
const ENDED_LINES = statement(
  'late_lines',
  `SELECT l.id, l.cart_id, l.kind, l.event_id, l.ticket_type_id, l.product_id, l.section_id, l.seat_id, l.quantity, l.total
   FROM sale_detail l
   WHERE l.company_id = $1 AND l.cart_id = $2 AND l.status = 'released'
     AND l.updated_at = (SELECT max(n.updated_at) FROM sale_detail n
                         WHERE n.company_id = $1 AND n.cart_id = $2 AND n.status = 'released')
   ORDER BY l.created_at, l.id`,
);
// The event may have been called off since, or what it sold taken out of its offer.
const OFFERED = statement(
  'late_offered',
  `SELECT l.id FROM sale_detail l
   JOIN event e ON e.company_id = l.company_id AND e.id = l.event_id AND e.status NOT IN ('cancelled', 'draft')
   WHERE l.company_id = $1 AND l.id = ANY($2::uuid[])
     AND (l.ticket_type_id IS NULL OR EXISTS (SELECT FROM ticket_type t WHERE t.company_id = $1 AND t.id = l.ticket_type_id))
     AND (l.product_id IS NULL OR EXISTS (SELECT FROM product p WHERE p.company_id = $1 AND p.id = l.product_id))`,
);
// They keep their price, though others may have used up the phase that made it since: they count no more for it.
const HOLD_LINES = statement(
  'late_hold_lines',
  `UPDATE sale_detail SET status = 'held', price_phase_id = CASE WHEN price_phase_id IS NOT NULL THEN 0 END, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = ANY($2::uuid[]) AND status = 'released'`,
);

/**
 * A payment was confirmed for a cart whose hold is over: what the cart held is held again if all of it is still free.
 * The caller holds the cart's lock.
 * @returns the cart, waiting for this payment as it did before; undefined when the money must go back
 */
export async function retakeCart(tx: Tx, cart: CartRow, payment: PaymentRow): Promise<CartRow | undefined> {
  const { company_id, id, user_id } = cart;
  // Asked before any stock is touched: user and type are locked first, as everywhere.
  const beyond =
    user_id !== null && (await beyondLimit(tx, company_id, user_id, await linesHeldLast(tx, cart)));
  if (cart.status === 'open' || cart.status === 'pending_payment')
    await endCarts(tx, company_id, [cart], 'expired'); // overdue, but no sweeper has come by
  if (beyond) return undefined;
  const [ended] = await lockCarts(tx, company_id, [id]);
  if (!ended || ended.exchange_id || payment.amount !== ended.total - ended.paid) return undefined;
  const lines = await tx.query<StockLine & { total: number }>(ENDED_LINES, [company_id, id]);
  const total = lines.reduce((sum, line) => sum + line.total, 0);
  if (!lines.length || lines.length !== ended.line_count || total !== ended.total) return undefined;
  if (!(await areOffered(tx, company_id, lines))) return undefined;
  if (!(await retakeLines(tx, company_id, lines, new Date(Date.now() + HOLD_MS)))) return undefined;
  if (!(await retakeCodes(tx, company_id, id))) {
    await returnLines(tx, company_id, lines, 'held');
    return undefined;
  }
  if (!(await retakePlans(tx, company_id, lines))) {
    await returnLines(tx, company_id, lines, 'held');
    await returnCodes(tx, company_id, [id]);
    return undefined;
  }
  await tx.execute(HOLD_LINES, [company_id, lines.map((line) => line.id)]);
  await moveCart(tx, company_id, id, ended.status, 'pending_payment');
  return { ...ended, status: 'pending_payment', overdue: false };
}

/** What a cart holds, or held when it ended. */
async function linesHeldLast(tx: Tx, { company_id, id }: CartRow): Promise<{ id: string }[]> {
  const held = (await linesOf(tx, company_id, [id])).filter((line) => line.status === 'held');
  return held.length ? held : tx.query<StockLine>(ENDED_LINES, [company_id, id]);
}

/** Are all lines still something that their events sell? Events stay so until the transaction ends. */
async function areOffered(tx: Tx, company_id: number, lines: readonly StockLine[]): Promise<boolean> {
  const ids = lines.flatMap(({ event_id }) => event_id ?? []);
  const ofEvents = lines.filter(({ event_id }) => event_id !== null).map(({ id }) => id);
  await shareEvents(tx, company_id, [...new Set(ids)]);
  const offered = await tx.query(OFFERED, [company_id, ofEvents]);
  return offered.length === ofEvents.length;
}
