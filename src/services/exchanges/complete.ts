import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { type CartRow, type LineRow, linesOf } from '../carts/row.ts';
import { moveCart } from '../carts/state.ts';
import { recordChanges } from '../changes.ts';
import { exchangeStock } from '../inventory/exchange.ts';
import { bookExchange } from '../payments/exchange.ts';
import type { PaymentRow } from '../payments/row.ts';
import { issueTickets, ticketsIssued, withTicketIds } from '../tickets/issue.ts';
import { mailExchangedTickets } from '../tickets/mail.ts';
import { ticketChange } from '../tickets/tell.ts';
import { voidTicketsOfLines } from '../tickets/void.ts';
import { beyondUserLimit, isSold, requireUnused, stillGiven } from './given.ts';
import { withPlaces } from './places.ts';
import { closeExchange, difference, type ExchangeRow } from './row.ts';

/** An exchange under the locks of its cart and of the hidden one that holds the new places. */
export interface Completion {
  exchange: ExchangeRow;
  cart: CartRow;
  hold: CartRow;
  /** The captured payment of the difference. */
  payment: PaymentRow | null;
  /** Who carries it out, if not who quoted it. */
  client_id?: string;
}

/** Lines of an exchange, each in the order in which they were named. */
interface Lines {
  old: LineRow[];
  fresh: LineRow[];
}

/**
 * Why an exchange can no longer be carried out; undefined when it can. Asked before any money is believed to be its own.
 */
export async function obstacleTo(tx: Tx, asked: Omit<Completion, 'payment'>): Promise<AppError | undefined> {
  const { exchange, cart } = asked;
  const { old, fresh } = await linesOfBoth(tx, asked);
  if (exchange.status !== 'quoted' || !isSold(cart) || !stillGiven(exchange, old))
    return new AppError(
      'conflict',
      'The tickets to exchange have changed since the quote; ask for a new one.',
      {
        reason: 'quote_outdated',
      },
    );
  if (fresh.length !== exchange.new_sale_detail_ids.length)
    return new AppError('cart_expired', 'This exchange is no longer held; ask for a new one.');
  if (await beyondUserLimit(tx, cart, old, fresh))
    return new AppError('limit_exceeded', 'The buyer would have more of a ticket type than a person may.');
  try {
    await requireUnused(tx, cart, old, exchange.forced);
    return undefined;
  } catch (refusal) {
    if (refusal instanceof AppError) return refusal;
    throw refusal;
  }
}

async function linesOfBoth(tx: Tx, { exchange, cart, hold }: Omit<Completion, 'payment'>): Promise<Lines> {
  const all = await linesOf(tx, exchange.company_id, [cart.id, hold.id]);
  const byId = new Map(all.map((line) => [line.id, line]));
  const of = (ids: string[], cart_id: string) =>
    ids.flatMap((id) => byId.get(id) ?? []).filter((line) => line.cart_id === cart_id);
  return {
    old: of(exchange.sale_detail_ids, cart.id),
    fresh: of(exchange.new_sale_detail_ids, hold.id).filter(({ status }) => status === 'held'),
  };
}

const GIVE_LINES = statement(
  'exchange_give_lines',
  `UPDATE sale_detail SET status = 'exchanged', refunded = total,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND cart_id = $2 AND id = ANY($3::uuid[]) AND status = 'paid'`,
);
const TAKE_LINES = statement(
  'exchange_take_lines',
  `UPDATE sale_detail l SET cart_id = $3, status = 'paid', section_id = r.section_id, seat_id = r.seat_id,
     updated_at = greatest(now(), l.updated_at + interval '1 millisecond')
   FROM unnest($4::uuid[], $5::int[], $6::int[]) AS r (id, section_id, seat_id)
   WHERE l.company_id = $1 AND l.cart_id = $2 AND l.id = r.id AND l.status = 'held'`,
);

/**
 * Carries an exchange out: stock, tickets, lines and books in the caller's transaction, so that never both tickets live
 * and no money is without its ticket. The caller holds the locks of both carts and has seen that nothing stands in the
 * way (`obstacleTo`).
 * @throws AppError cart_expired when a place is no longer held, conflict when a ticket was used meanwhile: nothing is kept
 */
export async function completeExchange(tx: Tx, completion: Completion): Promise<void> {
  const { exchange, cart, hold, payment } = completion;
  const { company_id, keep_places } = exchange;
  const lines = await linesOfBoth(tx, completion);
  const { old } = lines;
  const placed = keep_places ? withPlaces(lines.fresh, old) : lines.fresh;
  const fresh = withTicketIds(placed);

  await exchangeStock(tx, company_id, { cart_id: cart.id, hold_cart_id: hold.id, old, fresh, keep_places });
  const ids = old.map(({ id }) => id);
  const voided = await voidTicketsOfLines(tx, company_id, cart.id, ids, exchange.forced, 'exchanged');
  await moveLines(tx, cart, hold, old, fresh);
  const issued = fresh.map((line) => ({ ...line, cart_id: cart.id }));
  await issueTickets(tx, company_id, issued, new Map([[cart.id, cart]]));
  const ticket_ids = issued.flatMap(({ ticket_id }) => ticket_id ?? []);
  await mailExchangedTickets(tx, cart, exchange.id, ticket_ids);
  const refunds = await bookExchange(tx, {
    ...{ id: exchange.id, cart, payment, old, fresh: placed, credit: exchange.credit, price: exchange.price },
    ...{ reason: exchange.reason ?? 'exchange', client_id: completion.client_id ?? exchange.client_id },
  });
  if (hold.status === 'pending_payment') await moveCart(tx, company_id, hold.id, 'pending_payment', 'open');
  await moveCart(tx, company_id, hold.id, 'open', 'cancelled');
  const refund_ids = refunds.map(({ id }) => id);
  if (!(await closeExchange(tx, exchange, 'completed', refund_ids)))
    throw new AppError('conflict', 'This exchange has ended already.');
  await recordChanges(tx, [
    {
      company_id,
      type: 'cart.exchanged',
      interface_id: cart.interface_id,
      event_id: null,
      subject_id: cart.id,
      data: {
        ...{ cart_id: cart.id, exchange_id: exchange.id, currency: exchange.currency },
        ...difference(exchange),
        old_sale_detail_ids: ids,
        new_sale_detail_ids: fresh.map(({ id }) => id),
        refund_ids,
      },
    },
    ...voided.map((ticket) => ticketChange('ticket.voided', ticket)),
    ...ticketsIssued(company_id, cart.interface_id, issued),
  ]);
}

async function moveLines(
  tx: Tx,
  cart: CartRow,
  hold: CartRow,
  old: readonly LineRow[],
  fresh: readonly LineRow[],
): Promise<void> {
  const { company_id } = cart;
  const given = await tx.execute(GIVE_LINES, [company_id, cart.id, old.map(({ id }) => id)]);
  if (given !== old.length) throw new AppError('conflict', 'A line was refunded or exchanged meanwhile.');
  const taken = await tx.execute(TAKE_LINES, [
    ...[company_id, hold.id, cart.id, fresh.map(({ id }) => id)],
    fresh.map((line) => line.section_id),
    fresh.map((line) => line.seat_id),
  ]);
  if (taken !== fresh.length) throw new Error(`took ${taken} of ${fresh.length} lines of an exchange`);
}
