import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { Refund, RefundRequest } from '../../schemas/payments.ts';
import { recordAudit } from '../audit.ts';
import { requireCompanionsGo } from '../carts/companions.ts';
import { type CartRow, type LineRow, linesOf, lockCart } from '../carts/row.ts';
import { recordSetAside } from '../carts/seat-rules.ts';
import { type CartStatus, moveCart } from '../carts/state.ts';
import { recordChanges } from '../changes.ts';
import { returnUsedCodes } from '../inventory/codes.ts';
import { returnLines } from '../inventory/return.ts';
import { allocate, payBack, returnPartPayments } from '../payments/pay-back.ts';
import { lockTaken } from '../payments/row.ts';
import { refundPlans } from '../subscriptions/end.ts';
import { ticketChange } from '../tickets/tell.ts';
import { voidTicketsOfLines } from '../tickets/void.ts';
import { planRefund, type RefundPlan } from './plan.ts';
import { reverseLines } from './reverse.ts';
import { presentRefund, type RefundRow } from './row.ts';

const ADD_REFUNDED = statement(
  'cart_add_refunded',
  `UPDATE cart SET refunded = refunded + $3 WHERE company_id = $1 AND id = $2 AND refunded + $3 <= paid`,
);
const REFUND_LINES = statement(
  'refund_lines',
  `UPDATE sale_detail l SET refunded = l.refunded + r.amount,
     status = CASE WHEN r.closed THEN 'refunded'::line_status ELSE l.status END,
     stock_kept = r.closed AND $3, updated_at = greatest(now(), l.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $4::int[], $5::bool[]) AS r (id, amount, closed)
   WHERE l.company_id = $1 AND l.id = ANY($2) AND l.id = r.id AND l.status = 'paid' AND l.refunded + r.amount <= l.total`,
);

/**
 * Refunds a paid cart: all of it, some of its lines, or an amount. Lines that are refunded lose their tickets, and their
 * places are on sale again unless they are to be kept. What goes back through a provider is `pending` until the provider
 * has done it. A part payment of a cart that is still open can be given back, too.
 * @returns the refund, with its part of each payment
 * @throws AppError not_found, refund_exceeds_paid, validation_failed, conflict (a used ticket without force; an accessible
 *   seat whose companion's would stay; a cart that nothing was paid for, or that a payment is under way for)
 */
export function refundCart(ctx: Context, cart_id: string, request: RefundRequest): Promise<Refund> {
  return transaction(ctx, async (tx) => {
    const cart = await lockCart(tx, ctx, cart_id);
    if (isSale(cart)) await requireCompanions(tx, ctx, cart_id, request);
    return presentRefund(await refundLocked(tx, ctx, cart, request));
  });
}

/** Whoever asks for some lines of a cart leaves no companion's seat without its accessible seat by it. */
async function requireCompanions(
  tx: Tx,
  ctx: Context,
  cart_id: string,
  { sale_detail_ids, override_seat_rules }: RefundRequest,
): Promise<void> {
  if (!sale_detail_ids) return;
  const lines = await linesOf(tx, ctx.company_id, [cart_id]);
  const gone = lines.filter(({ id, status }) => status === 'paid' && sale_detail_ids.includes(id));
  const override = override_seat_rules !== undefined;
  const aside = await requireCompanionsGo(tx, ctx, cart_id, gone, { override });
  await recordSetAside(tx, ctx, cart_id, override_seat_rules, aside);
}

/**
 * The same for a cart that the caller has locked, whoever may reach it.
 * @returns its part of each payment; none when nothing was paid
 */
export async function refundLocked(
  tx: Tx,
  ctx: Context,
  cart: CartRow,
  request: RefundRequest,
): Promise<RefundRow[]> {
  const refunds = await (isSale(cart) ? refundSale : refundPart)(tx, ctx, cart, request);
  await recordAudit(tx, ctx, {
    action: 'cart.refund',
    subject_type: 'cart',
    subject_id: cart.id,
    before: { status: cart.status, paid: cart.paid, refunded: cart.refunded },
    after: { ...request, refund_ids: refunds.map(({ id }) => id) },
  });
  return refunds;
}

const isSale = ({ status }: CartRow): boolean => ['paid', 'partially_refunded', 'refunded'].includes(status);

/**
 * Refunds a paid cart in the caller's transaction, who holds its lock.
 * @throws AppError as refundCart
 */
export async function refundSale(
  tx: Tx,
  ctx: Context,
  cart: CartRow,
  request: RefundRequest,
): Promise<RefundRow[]> {
  const { company_id, id } = cart;
  const { keep_inventory = false, force = false, reason } = request;
  const lines = await linesOf(tx, company_id, [id]);
  const plan = planRefund(cart, lines, withIncluded(lines, request));
  const closed = plan.closed.map((line) => line.id);

  if (!keep_inventory) await returnLines(tx, company_id, plan.closed, 'sold');
  const tickets = closed.length
    ? await voidTicketsOfLines(tx, company_id, id, closed, force, 'refunded')
    : [];
  await refundLines(tx, company_id, plan, keep_inventory);
  const payments = await lockTaken(tx, company_id, [id]);
  const share = { cart, reason, sale_detail_ids: closed, client_id: ctx.client_id };
  const refunds = await payBack(
    tx,
    company_id,
    allocate(plan.amount, payments).map((part) => ({ ...share, ...part })),
  );
  await reverseLines(tx, cart, plan, refunds[0]?.id);
  await refundPlans(tx, company_id, plan.closed);

  if (!(await tx.execute(ADD_REFUNDED, [company_id, id, plan.amount])))
    throw new AppError('refund_exceeds_paid', 'Less of this cart is left than was to be given back.');
  const open = lines.some((line) => line.status === 'paid' && !closed.includes(line.id));
  const to: CartStatus = open ? 'partially_refunded' : 'refunded';
  await moveCart(tx, company_id, id, cart.status, to);
  if (to === 'refunded') await returnUsedCodes(tx, company_id, [id]);
  await recordChanges(tx, [
    {
      company_id,
      type: 'cart.refunded',
      interface_id: cart.interface_id,
      event_id: null,
      subject_id: id,
      data: {
        cart_id: id,
        status: to,
        amount: plan.amount,
        currency: cart.currency,
        sale_detail_ids: closed,
        refund_ids: refunds.map((refund) => refund.id),
      },
    },
    ...tickets.map((ticket) => ticketChange('ticket.voided', ticket)),
  ]);
  return refunds;
}

/** A plan that is refunded takes the tickets with it that it includes. */
function withIncluded(lines: readonly LineRow[], request: RefundRequest): RefundRequest {
  const { sale_detail_ids } = request;
  if (!sale_detail_ids) return request;
  const named = new Set(sale_detail_ids);
  const plans = new Set(
    lines.flatMap((l) => (l.kind === 'plan' && named.has(l.id) ? [l.subscription_id] : [])),
  );
  const included = lines.filter(
    (l) => l.kind !== 'plan' && l.status === 'paid' && plans.has(l.subscription_id) && !named.has(l.id),
  );
  return { ...request, sale_detail_ids: [...sale_detail_ids, ...included.map((l) => l.id)] };
}

async function refundLines(tx: Tx, company_id: number, plan: RefundPlan, stock_kept: boolean): Promise<void> {
  const { shares, closed } = plan;
  const written = await tx.execute(REFUND_LINES, [
    company_id,
    shares.map(({ line }) => line.id),
    stock_kept,
    shares.map(({ amount }) => amount),
    shares.map(({ line }) => closed.includes(line)),
  ]);
  if (written !== shares.length)
    throw new AppError('refund_exceeds_paid', 'A line was refunded already; read the cart again.');
}

/** A cart that is not paid in full has no tickets yet: only money goes back, and the cart goes on. */
async function refundPart(tx: Tx, ctx: Context, cart: CartRow, request: RefundRequest): Promise<RefundRow[]> {
  if (cart.status !== 'open' || !cart.paid)
    throw new AppError('conflict', 'Nothing was paid for this cart.', { cart_status: cart.status });
  if (request.sale_detail_ids)
    throw fieldError('/sale_detail_ids', 'The lines of this cart are not paid yet: name an amount.');
  if ((request.amount ?? 0) > cart.paid)
    throw new AppError('refund_exceeds_paid', 'That is more than was paid.', { refundable: cart.paid });
  const why = { reason: request.reason, client_id: ctx.client_id };
  return returnPartPayments(tx, ctx.company_id, [cart], why, request.amount);
}
