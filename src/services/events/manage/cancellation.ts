import { attempt } from '../../../db/attempt.ts';
import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { AppError } from '../../../errors.ts';
import { endCarts } from '../../carts/expire.ts';
import { CART_COLUMNS, type CartRow, linesOf, lockCarts } from '../../carts/row.ts';
import { recordChanges } from '../../changes.ts';
import { revokeOfEvent } from '../../courtesies/end.ts';
import type { StepJob, Stepped, Steps } from '../../jobs/steps.ts';
import { refundLocked } from '../../refunds/refund.ts';
import { ticketChange } from '../../tickets/tell.ts';
import { voidTicketsLeft } from '../../tickets/void.ts';

// The work of calling an event off. Nobody holds anything more of it once it is cancelled, so its unpaid carts come to an
// end; after the last of them nothing more is sold, so the books of its sales come to an end, too. Carts that cannot be
// refunded lose their tickets all the same, and are tried again some times, ever later; what is left then, the result
// names. Money goes back through providers by tasks of their own, which go on until it has.

interface Input {
  event_id: number;
  reason: string;
}

/** What was done so far. */
interface Sums {
  carts_ended: number;
  refunds: number;
  amount: number;
  tickets_voided: number;
  /** Carts that could not be refunded, with the last refusal: their tickets are void, their money is still here. */
  failed: { cart_id: string; code: string; detail: string }[];
}

interface Cursor {
  phase: 'carts' | 'sales' | 'courtesies' | 'tickets';
  /** How often the books were gone through from the beginning. */
  passes: number;
  /** The last entry of the books that was looked at. */
  after: [created_at: string, id: string];
  sums: Sums;
}

type Job = StepJob<Input, Cursor>;

const NONE: Sums = { carts_ended: 0, refunds: 0, amount: 0, tickets_voided: 0, failed: [] };
const BEGINNING: Cursor = {
  phase: 'carts',
  passes: 0,
  after: ['-infinity', '00000000-0000-0000-0000-000000000000'],
  sums: NONE,
};

/** Seconds before each further try of what could not be refunded. */
const WAITS = [5, 60, 600];

/** Bounded so that a step takes well below a second. */
const CARTS_ENDED = 50;
const ENTRIES = 40;
const TICKETS = 200;
const FAILURES_TOLD = 100;

const UNPAID = statement(
  'event_cancel_carts',
  `SELECT ${CART_COLUMNS} FROM cart c
   WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment')
     AND EXISTS (SELECT FROM sale_detail l WHERE l.company_id = c.company_id AND l.cart_id = c.id
                 AND l.event_id = $2 AND l.status = 'held')
   ORDER BY c.id LIMIT $3 FOR UPDATE OF c`,
);
const SALES = statement(
  'event_cancel_sales',
  `SELECT e.created_at::text AS at, e.id, e.cart_id FROM ledger_entry e
   WHERE e.company_id = $1 AND e.event_id = $2 AND e.kind = 'sale'
     AND (e.created_at, e.id) > ($3::timestamptz, $4::uuid)
   ORDER BY e.created_at, e.id LIMIT $5`,
);

const LIVE = statement(
  'event_cancel_live',
  `SELECT t.cart_id, count(*) AS tickets FROM ticket t
   WHERE t.company_id = $1 AND t.cart_id = ANY($3::uuid[]) AND t.event_id = $2 AND t.status IN ('valid', 'used')
   GROUP BY t.cart_id`,
);

export const CANCELLATION: Steps<Input, Cursor> = {
  kind: 'event_cancellation',
  step(tx, job) {
    const cursor = job.cursor ?? BEGINNING;
    if (cursor.phase === 'carts') return endSome(tx, job, cursor);
    if (cursor.phase === 'sales') return refundSome(tx, job, cursor);
    return cursor.phase === 'courtesies' ? revokeSome(tx, job, cursor) : voidSome(tx, job, cursor);
  },
};

/** Ends carts that are not paid yet, with all they hold. A payment under way finds its cart ended, and goes back. */
async function endSome(tx: Tx, { ctx, input, done }: Job, cursor: Cursor): Promise<Stepped<Cursor>> {
  const carts = await tx.query<CartRow>(UNPAID, [ctx.company_id, input.event_id, CARTS_ENDED]);
  await endCarts(tx, ctx.company_id, carts, 'expired');
  const sums = { ...cursor.sums, carts_ended: cursor.sums.carts_ended + carts.length };
  return { done, cursor: { ...cursor, sums, phase: carts.length ? 'carts' : 'sales' } };
}

/** Refunds the carts of the next sales in the books. One that cannot be refunded keeps none of the others waiting. */
async function refundSome(tx: Tx, { ctx, input, done }: Job, cursor: Cursor): Promise<Stepped<Cursor>> {
  const { event_id, reason } = input;
  const sales = await tx.query<{ at: string; id: string; cart_id: string }>(SALES, [
    ...[ctx.company_id, event_id, ...cursor.after, ENTRIES],
  ]);
  const last = sales.at(-1);
  if (!last) return { done, cursor: { ...cursor, phase: 'courtesies' } };
  const sums: Sums = { ...cursor.sums, failed: [...cursor.sums.failed] };
  let closed = 0;
  const carts = await lockCarts(tx, ctx.company_id, [...new Set(sales.map(({ cart_id }) => cart_id))]);
  const live = await tx.query<{ cart_id: string; tickets: number }>(LIVE, [
    ...[ctx.company_id, event_id, carts.map(({ id }) => id)],
  ]);
  const ticketsOf = new Map(live.map(({ cart_id, tickets }) => [cart_id, tickets]));
  for (const cart of carts) {
    const lines = (await linesOf(tx, ctx.company_id, [cart.id])).filter(
      (line) => line.event_id === event_id && line.status === 'paid',
    );
    if (!lines.length) continue; // refunded before, or with an earlier entry of the books
    const outcome = await attempt(
      tx,
      () =>
        refundLocked(tx, ctx, cart, {
          sale_detail_ids: lines.map(({ id }) => id),
          ...{ reason, force: true },
        }),
      (err) =>
        ctx.system.log.error({ err, cart_id: cart.id, event_id }, 'a cart of a cancelled event is odd'),
    );
    if (outcome instanceof AppError) {
      if (sums.failed.length < FAILURES_TOLD)
        sums.failed.push({ cart_id: cart.id, code: outcome.code, detail: outcome.message });
      continue;
    }
    closed += lines.length;
    sums.refunds += outcome.made.length;
    sums.amount += outcome.made.reduce((sum, { amount }) => sum + amount, 0);
    sums.tickets_voided += ticketsOf.get(cart.id) ?? 0;
  }
  return { done: done + closed, cursor: { ...cursor, sums, after: [last.at, last.id] } };
}

/** Revokes courtesies, whose places and quotas are free again. */
async function revokeSome(tx: Tx, { ctx, input, done }: Job, cursor: Cursor): Promise<Stepped<Cursor>> {
  const { event_id, reason } = input;
  const of = { company_id: ctx.company_id, event_id };
  const { ended, voided } = await revokeOfEvent(tx, of, { reason, by: ctx.client_id });
  const sums = { ...cursor.sums, tickets_voided: cursor.sums.tickets_voided + voided };
  return { done: done + voided, cursor: { ...cursor, sums, phase: ended ? 'courtesies' : 'tickets' } };
}

/** Voids what is left: tickets that nobody paid for, and those of carts that could not be refunded. */
async function voidSome(tx: Tx, { ctx, input, done }: Job, cursor: Cursor): Promise<Stepped<Cursor>> {
  const voided = await voidTicketsLeft(tx, ctx.company_id, input.event_id, TICKETS);
  await recordChanges(
    tx,
    voided.map((ticket) => ticketChange('ticket.voided', ticket)),
  );
  const sums = { ...cursor.sums, tickets_voided: cursor.sums.tickets_voided + voided.length };
  const unpaid = voided.filter(({ sale_detail_id }) => sale_detail_id === null).length;
  if (voided.length) return { done: done + unpaid, cursor: { ...cursor, sums } };
  const wait = sums.failed.length ? WAITS[cursor.passes] : undefined;
  if (wait === undefined) return { result: { cancellation: { event_id: input.event_id, ...sums } } };
  const { after } = BEGINNING;
  const next: Cursor = { phase: 'sales', passes: cursor.passes + 1, after, sums: { ...sums, failed: [] } };
  return { done, cursor: next, wait };
}
