import type { Context } from '../../context.ts';
import type { End, Tx } from '../../db/transaction.ts';
import type { PaymentRequest } from '../../schemas/payments.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import type { Outcome } from '../batcher.ts';
import type { CartRow } from '../carts/row.ts';
import { moveCarts } from '../carts/state.ts';
import { createJobs } from '../jobs/job.ts';
import { enqueue } from '../jobs/queue.ts';
import { keyedBatch, type Outcomes } from '../keyed-batch.ts';
import { byCompany, lockedCarts, reachable } from './direct.ts';
import { prolongHolds } from './hold.ts';
import { firstLookUp } from './look-up.ts';
import { insertPayments, type NewPayment, type PaymentRow } from './row.ts';
import { amountToPay, differenceToPay } from './verdict.ts';

/** What a hold must still last when a provider is called: for the call, its time limit and the look-up after it. */
const CALL_SECONDS = 60;

/** A payment that somebody else decides on. */
export interface CardPayment {
  ctx: Context;
  cart_id: string;
  request: Extract<PaymentRequest, { method: 'card' }>;
  /** Name of the provider who will be asked. */
  provider: string;
  /** A card that the provider keeps: charged without its owner, and the token of the request is none. */
  saved?: { id: string; reference: string };
  /** Of a cart that holds for an exchange: what is due is the difference. */
  exchange?: { id: string; amount: number };
}

interface Granted {
  command: CardPayment;
  cart: CartRow;
  payment: NewPayment;
}

/**
 * The first half of card payments, before their provider is asked: the payment is written down, its cart waits for it,
 * and a look-up is due should this process die with the call under way. From here on no charge can get lost, and none
 * can be made twice: a second payment finds the cart no longer open.
 */
export async function executeBegin(
  system: System,
  commands: CardPayment[],
  end: End = 'COMMIT',
): Promise<Outcome<PaymentRow>[]> {
  return keyedBatch<CardPayment, PaymentRow>(
    system,
    commands,
    async (tx, claimed, outcomes) => {
      for (const [company_id, group] of byCompany(claimed)) {
        const granted = await judgeAll(tx, company_id, group, outcomes);
        const rows = new Map((await write(tx, company_id, granted)).map((row) => [row.id, row]));
        for (const { command, payment } of granted)
          outcomes.set(command, { result: rows.get(payment.id) as PaymentRow });
      }
    },
    { end, answered: false },
  );
}

async function judgeAll(
  tx: Tx,
  company_id: number,
  commands: readonly CardPayment[],
  outcomes: Outcomes<CardPayment, PaymentRow>,
): Promise<Granted[]> {
  const carts = await lockedCarts(
    tx,
    company_id,
    commands.map((command) => command.cart_id),
  );
  const granted: Granted[] = [];
  for (const command of commands) {
    const { ctx, cart_id, request, provider, saved, exchange } = command;
    try {
      const cart = reachable(ctx, carts.get(cart_id), exchange?.id);
      const amount = exchange ? differenceToPay(cart, exchange) : amountToPay(ctx, cart, request);
      granted.push({
        command,
        cart,
        payment: {
          company_id,
          id: uuidv7(),
          cart_id,
          method: 'card',
          provider,
          reference: null,
          amount,
          currency: cart.currency,
          status: 'pending',
          job_id: uuidv7(),
          saved_method_id: saved?.id ?? null,
          exchange_id: exchange?.id ?? null,
        },
      });
      carts.set(cart_id, { ...cart, status: 'pending_payment' }); // for a second payment of it in this batch
    } catch (refusal) {
      outcomes.set(command, { refusal });
    }
  }
  return granted;
}

async function write(tx: Tx, company_id: number, granted: readonly Granted[]): Promise<PaymentRow[]> {
  if (!granted.length) return [];
  const ids = granted.map(({ cart }) => cart.id);
  await moveCarts(tx, company_id, ids, 'open', 'pending_payment');
  await prolongHolds(tx, company_id, ids, CALL_SECONDS);
  await createJobs(
    tx,
    granted.map(({ command: { ctx }, payment }) => ({
      company_id,
      id: payment.job_id as string,
      interface_id: ctx.interface.id,
      client_id: ctx.client_id,
      user_id: ctx.user_id ?? null,
      kind: 'payment',
      status: 'running',
      total: 1,
    })),
  );
  await enqueue(
    tx,
    granted.map(({ command: { ctx }, payment }) =>
      firstLookUp(payment, ctx.idempotency && { client_id: ctx.client_id, key: ctx.idempotency.key }),
    ),
  );
  return insertPayments(
    tx,
    granted.map(({ payment }) => payment),
  );
}
