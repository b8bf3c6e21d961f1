import type { Context } from '../../context.ts';
import { inTransaction, type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { CommitExchange, Exchange } from '../../schemas/exchanges.ts';
import type { PaymentRequest } from '../../schemas/payments.ts';
import { uuidv7 } from '../../uuid.ts';
import { recordAudit } from '../audit.ts';
import { type CartRow, requireOpen } from '../carts/row.ts';
import { recordCash } from '../cash/record.ts';
import { refusalOf } from '../payments/answer.ts';
import { payDifferenceByCard } from '../payments/pay.ts';
import { requireCardProvider } from '../payments/providers.ts';
import { insertPayments, type PaymentRow } from '../payments/row.ts';
import { requireMethod } from '../payments/verdict.ts';
import { completeExchange, obstacleTo } from './complete.ts';
import { presentExchange } from './present.ts';
import { difference, findExchange, type HeldExchange, lockWithExchanged } from './row.ts';

/**
 * Carries out a quoted exchange: the old tickets become void and the new ones exist in one transaction, with the
 * difference paid or given back in it. A card that is not final yet leaves the exchange `pending`; its end is that of the
 * payment's job. A declined one leaves everything as it was.
 * @throws AppError not_found, insufficient_scope, validation_failed, amount_mismatch, payment_declined, cart_expired;
 *   conflict when the exchange has ended or its tickets have changed since the quote
 */
export async function commitExchange(
  ctx: Context,
  cart_id: string,
  exchange_id: string,
  body: CommitExchange,
): Promise<Exchange> {
  const exchange = await findExchange(ctx, cart_id, exchange_id);
  const request = body?.payment;
  if (request) requireMethod(ctx, request);
  requireQuoted(exchange);
  requireAmount(exchange, request);
  // A dry run supposes that the card is good: what it would say nobody can know without charging it.
  if (request?.method === 'card' && !ctx.dry_run) return commitByCard(ctx, exchange, request);
  return transaction(ctx, async (tx) => {
    const both = await lockBoth(tx, ctx, cart_id, exchange_id);
    const payment = request && request.method !== 'free' ? await take(tx, ctx, both, request) : null;
    await completeExchange(tx, { ...both, payment, client_id: ctx.client_id });
    await recordAudit(tx, ctx, {
      ...{ action: 'cart.exchange', subject_type: 'cart', subject_id: cart_id },
      before: { sale_detail_ids: both.exchange.sale_detail_ids, credit: both.exchange.credit },
      after: { sale_detail_ids: both.exchange.new_sale_detail_ids, price: both.exchange.price, exchange_id },
    });
    return presentExchange(ctx.system, tx, await findExchange(ctx, cart_id, exchange_id, tx));
  });
}

interface Both {
  exchange: HeldExchange;
  cart: CartRow;
  hold: CartRow;
}

/** Locks both carts and sees that nothing stands in the way. */
async function lockBoth(tx: Tx, ctx: Context, cart_id: string, exchange_id: string): Promise<Both> {
  const { hold_cart_id } = await findExchange(ctx, cart_id, exchange_id, tx);
  const carts = await lockWithExchanged(tx, ctx.company_id, [hold_cart_id]);
  const exchange = await findExchange(ctx, cart_id, exchange_id, tx); // as it stands under the locks
  requireQuoted(exchange);
  const both = { exchange, cart: carts.get(cart_id) as CartRow, hold: carts.get(hold_cart_id) as CartRow };
  requireOpen(both.hold);
  const obstacle = await obstacleTo(tx, both);
  if (obstacle) throw obstacle;
  return both;
}

function requireQuoted({ status, hold_status, hold_over, id }: HeldExchange): void {
  if (status !== 'quoted')
    throw new AppError('conflict', `This exchange was ${status} already.`, { exchange_id: id });
  if (hold_over || (hold_status !== 'open' && hold_status !== 'pending_payment'))
    throw new AppError('cart_expired', 'This quote has expired; ask for a new one.', { exchange_id: id });
  if (hold_status === 'pending_payment')
    throw new AppError('conflict', 'The difference is being paid by card already.', { exchange_id: id });
}

/** The difference is paid whole and in one way. */
function requireAmount(exchange: HeldExchange, request: PaymentRequest | undefined): void {
  const { amount_due } = difference(exchange);
  const refuse = (detail: string) => {
    throw new AppError('amount_mismatch', detail, { amount_due, currency: exchange.currency });
  };
  if (!amount_due) {
    if (request && request.method !== 'free') refuse('Nothing is to be paid for this exchange.');
    return;
  }
  if (!request || request.method === 'free') refuse('The difference is to be paid: name a payment.');
  else if (request.amount !== undefined && request.amount !== amount_due) refuse('Pay the whole difference.');
}

/** Takes the difference; by card in a dry run only. */
async function take(
  tx: Tx,
  { system, client_id }: Context,
  { exchange, cart }: Both,
  request: Exclude<PaymentRequest, { method: 'free' }>,
): Promise<PaymentRow> {
  const { method } = request;
  const provider = method === 'card' ? requireCardProvider(system) : method;
  const [payment] = await insertPayments(tx, [
    {
      ...{ company_id: cart.company_id, id: uuidv7(), cart_id: cart.id, method },
      ...{ provider, reference: method === 'external' ? request.reference : null },
      ...{ amount: difference(exchange).amount_due, currency: exchange.currency, status: 'captured' },
      ...{ job_id: null, saved_method_id: null, exchange_id: exchange.id },
    },
  ]);
  const { id, currency, amount } = payment as PaymentRow;
  const { company_id, interface_id } = cart;
  if (method === 'cash')
    await recordCash(tx, company_id, [{ client_id, interface_id, currency, kind: 'payment', id, amount }]);
  return payment as PaymentRow;
}

async function commitByCard(
  ctx: Context,
  { cart_id, hold_cart_id, id, ...exchange }: HeldExchange,
  request: Extract<PaymentRequest, { method: 'card' }>,
): Promise<Exchange> {
  const { amount_due } = difference(exchange);
  // Nobody is charged for what could not be carried out anyway; what changes after it gives the money back.
  await inTransaction(ctx.system.db, (tx) => lockBoth(tx, ctx, cart_id, id), 'ROLLBACK');
  const payment = await payDifferenceByCard(ctx, hold_cart_id, request, { id, amount: amount_due });
  const refusal = refusalOf(payment);
  if (refusal) throw refusal;
  return presentExchange(ctx.system, ctx.system.db, await findExchange(ctx, cart_id, id));
}
