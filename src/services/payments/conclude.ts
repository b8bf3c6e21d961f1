import { answerKeys, type Keyed } from '../../db/idempotency.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { System } from '../../system.ts';
import type { Outcome } from '../batcher.ts';
import type { CartRow } from '../carts/row.ts';
import { moveCarts } from '../carts/state.ts';
import { type Completion, completeExchange, obstacleTo } from '../exchanges/complete.ts';
import { presentExchange } from '../exchanges/present.ts';
import { type HeldExchange, lockWithExchanged, readExchanges } from '../exchanges/row.ts';
import { answerOf, type ReturnReason } from './answer.ts';
import { bookCaptures, type StoredCapture } from './capture.ts';
import { decide, isWaitedFor } from './decide.ts';
import { type KnownEvent, recordEvents } from './events.ts';
import { follow } from './follow.ts';
import { prolongHolds } from './hold.ts';
import { retakeCart } from './late.ts';
import { returnUnwanted } from './pay-back.ts';
import type { ChargeState } from './provider.ts';
import { lockPayments, movePayments, type PaymentMove, type PaymentRow } from './row.ts';

/** How a charge stands, as the provider says; or that there is none to wait for, as only we can tell. */
export type News =
  | ChargeState
  | { status: 'pending'; reference: null }
  | { status: 'failed'; reference: null; reason: string };

/** News of a payment: from the call itself, a webhook or a look-up. Whoever comes first concludes it. */
export interface Conclusion {
  payment: Pick<PaymentRow, 'company_id' | 'id' | 'cart_id' | 'exchange_id'>;
  news: News;
  /** The webhook that brought the news: a second delivery of it changes nothing. */
  event?: KnownEvent;
  /** Who is still to be answered under an Idempotency-Key. */
  asker?: Keyed | undefined;
  /** How often the payment was looked up so far: while it is under way, the next look-up is made due. */
  lookedUp?: number;
}

/**
 * Applies news of payments to them and to their carts, in one transaction for any number: the only code that decides
 * what a confirmation means, whichever way and in whatever order it comes.
 * @returns per conclusion the payment as it stands then
 */
export async function executeConclusions(
  system: System,
  conclusions: Conclusion[],
): Promise<Outcome<PaymentRow>[]> {
  const payments = await inTransaction(system.db, async (tx) => {
    const payments = new Map<string, PaymentRow>();
    const fresh = await recordEvents(tx, conclusions);
    for (const round of rounds(conclusions))
      for (const row of await apply(tx, round, fresh)) payments.set(row.id, row);
    const asked = conclusions.filter(({ asker }) => asker);
    const answers = await Promise.all(
      asked.map(({ payment }) => answerToKeep(system, tx, payments.get(payment.id) as PaymentRow)),
    );
    await answerKeys(
      tx,
      asked.map(({ asker }, i) => ({ ctx: asker as Keyed, result: answers[i] })),
    );
    return payments;
  });
  return conclusions.map(({ payment, asker }) => {
    if (asker?.idempotency) asker.idempotency.state = 'answered';
    return { result: payments.get(payment.id) as PaymentRow };
  });
}

/** One company and no cart twice a round: news of one cart is judged in turn, each on what the one before left. */
function rounds(conclusions: readonly Conclusion[]): Conclusion[][] {
  const rounds = new Map<string, Conclusion[]>();
  const seen = new Map<string, number>();
  const sorted = conclusions.toSorted((a, b) => a.payment.company_id - b.payment.company_id);
  for (const conclusion of sorted) {
    const { company_id, cart_id } = conclusion.payment;
    const turn = (seen.get(cart_id) ?? 0) + 1;
    seen.set(cart_id, turn);
    rounds.set(`${company_id} ${turn}`, [...(rounds.get(`${company_id} ${turn}`) ?? []), conclusion]);
  }
  return [...rounds.values()];
}

/** What a repetition of the request is told: the payment, or the exchange that it paid the difference of. */
async function answerToKeep(system: System, tx: Tx, payment: PaymentRow): Promise<unknown> {
  const answer = answerOf(payment);
  if (answer instanceof AppError || payment.exchange_id === null) return answer;
  const [exchange] = await readExchanges(tx, payment.company_id, [payment.exchange_id]);
  return presentExchange(system, tx, exchange as HeldExchange);
}

/** What to write for one round. */
interface Plan {
  moves: PaymentMove[];
  captures: StoredCapture[];
  exchanges: Completion[];
  unwanted: (StoredCapture & { reason: ReturnReason })[];
  reopened: string[];
  waiting: string[];
}

async function apply(tx: Tx, round: Conclusion[], fresh: ReadonlySet<Conclusion>): Promise<PaymentRow[]> {
  const company_id = (round[0] as Conclusion).payment.company_id;
  const carts = await lockWithExchanged(
    tx,
    company_id,
    round.map(({ payment }) => payment.cart_id),
  );
  const payments = await lockPayments(
    tx,
    company_id,
    round.map(({ payment }) => payment.id),
  );
  const byId = new Map(payments.map((row) => [row.id, row]));
  const plan: Plan = { moves: [], captures: [], exchanges: [], unwanted: [], reopened: [], waiting: [] };
  for (const conclusion of round) {
    const payment = byId.get(conclusion.payment.id) as PaymentRow;
    if (fresh.has(conclusion)) await planFor(tx, plan, payment, carts, conclusion.news);
  }
  const moved = new Set(plan.moves.map((move) => move.payment.id));

  await movePayments(tx, company_id, plan.moves);
  if (plan.reopened.length) await moveCarts(tx, company_id, plan.reopened, 'pending_payment', 'open');
  await prolongHolds(tx, company_id, plan.waiting);
  await bookCaptures(tx, company_id, plan.captures);
  for (const completion of plan.exchanges) await completeExchange(tx, completion);
  await returnUnwanted(tx, company_id, plan.unwanted);
  await follow(
    tx,
    round.map(({ payment, lookedUp }) => ({
      payment: byId.get(payment.id) as PaymentRow,
      moved: moved.has(payment.id),
      lookedUp,
    })),
  );
  return payments;
}

async function planFor(
  tx: Tx,
  plan: Plan,
  payment: PaymentRow,
  carts: ReadonlyMap<string, CartRow>,
  news: News,
): Promise<void> {
  const cart = carts.get(payment.cart_id) as CartRow;
  const move: PaymentMove = { payment, to: news.status, provider_reference: news.reference };
  const giveBack = (reason: ReturnReason) => {
    plan.moves.push({ ...move, failure_reason: reason });
    plan.unwanted.push({ cart, payment, reason });
  };
  switch (decide(payment, cart, news)) {
    case 'wait':
      if (isWaitedFor(payment, cart) && !cart.overdue) plan.waiting.push(cart.id);
      plan.moves.push({ ...move, ...('action_url' in news && { action_url: news.action_url }) });
      return;
    case 'refuse':
      if (isWaitedFor(payment, cart)) plan.reopened.push(cart.id);
      plan.moves.push({ ...move, ...('reason' in news && { failure_reason: news.reason }) });
      return;
    case 'capture':
      if (cart.exchange_id) {
        const completion = await exchangeOf(tx, cart, carts, payment);
        if (completion) plan.exchanges.push(completion);
        else {
          plan.reopened.push(cart.id);
          return giveBack('cart_not_open');
        }
        plan.moves.push(move);
        return;
      }
      plan.moves.push(move);
      plan.captures.push({ cart, payment });
      return;
    case 'capture_late': {
      const retaken = await retakeCart(tx, cart, payment);
      if (!retaken) return giveBack('cart_expired');
      plan.moves.push(move);
      plan.captures.push({ cart: retaken, payment });
      return;
    }
    case 'give_back':
      return giveBack('cart_not_open');
  }
}

/** The exchange whose difference has come, if it can still be carried out; else the money goes back. */
async function exchangeOf(
  tx: Tx,
  hold: CartRow,
  carts: ReadonlyMap<string, CartRow>,
  payment: PaymentRow,
): Promise<Completion | undefined> {
  const [exchange] = await readExchanges(tx, hold.company_id, [hold.exchange_id as string]);
  const cart = exchange && carts.get(exchange.cart_id);
  if (!cart) return undefined;
  const obstacle = await obstacleTo(tx, { exchange, cart, hold });
  return obstacle ? undefined : { exchange, cart, hold, payment };
}
