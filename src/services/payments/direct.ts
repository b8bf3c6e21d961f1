import type { Context } from '../../context.ts';
import type { End, Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Payment, PaymentRequest } from '../../schemas/payments.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import type { Outcome } from '../batcher.ts';
import { type CartRow, lockCarts, mayReach } from '../carts/row.ts';
import { recordCash } from '../cash/record.ts';
import { type CreditEntry, creditKey, enterCredit, lockCredit } from '../credit/books.ts';
import { keyedBatch, type Outcomes } from '../keyed-batch.ts';
import { bookCaptures } from './capture.ts';
import { insertPayments, type NewPayment, presentPayment } from './row.ts';
import { amountToPay } from './verdict.ts';

/** A payment that is final at once, for nobody else is asked: free, cash, external. */
export interface DirectPayment {
  ctx: Context;
  cart_id: string;
  request: Exclude<PaymentRequest, { method: 'card' }>;
}

interface Granted {
  command: DirectPayment;
  cart: CartRow;
  payment: NewPayment;
}

/** Books the payments of one batch in one transaction: verdicts in memory, then a few set-based statements. */
export async function executeDirect(
  system: System,
  commands: DirectPayment[],
  end: End = 'COMMIT',
): Promise<Outcome<Payment>[]> {
  return keyedBatch<DirectPayment, Payment>(
    system,
    commands,
    async (tx, claimed, outcomes) => {
      for (const [company_id, group] of byCompany(claimed)) {
        const granted = await judgeAll(tx, company_id, group, outcomes);
        for (const { command, payment } of await book(tx, company_id, granted))
          outcomes.set(command, { result: payment });
      }
    },
    { end },
  );
}

/** Commands by company, in its order. */
export function byCompany<C extends { ctx: Context }>(commands: readonly C[]): Map<number, C[]> {
  const groups = new Map<number, C[]>();
  for (const command of commands) {
    const { company_id } = command.ctx;
    groups.set(company_id, [...(groups.get(company_id) ?? []), command]);
  }
  return new Map([...groups].sort(([a], [b]) => a - b));
}

async function judgeAll(
  tx: Tx,
  company_id: number,
  commands: readonly DirectPayment[],
  outcomes: Outcomes<DirectPayment, Payment>,
): Promise<Granted[]> {
  const carts = await lockedCarts(
    tx,
    company_id,
    commands.map((command) => command.cart_id),
  );
  const credit = await creditOf(tx, company_id, commands, carts);
  const taken = new Map<string, number>();
  const granted: Granted[] = [];
  for (const command of commands) {
    const { ctx, cart_id, request } = command;
    try {
      const cart = reachable(ctx, carts.get(cart_id));
      const own = creditKey(cart.user_id ?? 0, cart.currency);
      const amount = amountToPay(ctx, cart, request, taken.get(cart_id), credit.get(own));
      if (request.method === 'credit') credit.set(own, (credit.get(own) ?? 0) - amount);
      taken.set(cart_id, (taken.get(cart_id) ?? 0) + amount);
      granted.push({
        command,
        cart,
        payment: {
          company_id,
          id: uuidv7(),
          cart_id,
          method: request.method,
          provider: request.method,
          reference: request.method === 'external' ? request.reference : null,
          amount,
          currency: cart.currency,
          status: 'captured',
          job_id: null,
          saved_method_id: null,
        },
      });
    } catch (refusal) {
      outcomes.set(command, { refusal });
    }
  }
  return granted;
}

/** The credit of those whose carts are to be paid by it. */
const creditOf = (
  tx: Tx,
  company_id: number,
  commands: readonly DirectPayment[],
  carts: ReadonlyMap<string, CartRow>,
): Promise<Map<string, number>> =>
  lockCredit(
    tx,
    company_id,
    commands.flatMap(({ request, cart_id }) =>
      request.method === 'credit' ? (carts.get(cart_id)?.user_id ?? []) : [],
    ),
  );

/** Locks carts, each once, in the order of their ids. */
export async function lockedCarts(tx: Tx, company_id: number, ids: string[]): Promise<Map<string, CartRow>> {
  const carts = await lockCarts(tx, company_id, [...new Set(ids)]);
  return new Map(carts.map((cart) => [cart.id, cart]));
}

/**
 * @param exchange_id of the exchange that the cart must hold for: the right to it was checked by its own cart
 * @throws AppError not_found
 */
export function reachable(ctx: Context, cart: CartRow | undefined, exchange_id?: string): CartRow {
  const mine = cart && (exchange_id ? cart.exchange_id === exchange_id : mayReach(ctx, cart));
  if (!mine) throw notFound('Cart');
  return cart;
}

async function book(tx: Tx, company_id: number, granted: readonly Granted[]) {
  if (!granted.length) return [];
  await enterCredit(
    tx,
    company_id,
    granted.flatMap(({ cart, payment }): CreditEntry[] =>
      payment.method === 'credit'
        ? [
            {
              ...{ user_id: cart.user_id as number, currency: payment.currency, amount: -payment.amount },
              ...{ kind: 'payment', payment_id: payment.id },
            },
          ]
        : [],
    ),
  );
  const [rows] = await Promise.all([
    insertPayments(
      tx,
      granted.map(({ payment }) => payment),
    ),
    bookCaptures(tx, company_id, granted),
    recordCash(
      tx,
      company_id,
      granted.flatMap(({ command: { ctx, request }, payment: { id, amount, currency } }) =>
        request.method === 'cash'
          ? [
              {
                client_id: ctx.client_id,
                interface_id: ctx.interface.id,
                currency,
                kind: 'payment',
                id,
                amount,
              },
            ]
          : [],
      ),
    ),
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return granted.map(({ command, payment }) => ({
    command,
    payment: presentPayment(byId.get(payment.id) as (typeof rows)[number]),
  }));
}
