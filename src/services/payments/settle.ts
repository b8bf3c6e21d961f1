import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { CartRow } from '../carts/row.ts';
import { type CartStatus, moveCarts } from '../carts/state.ts';
import { type Change, recordChanges } from '../changes.ts';
import { useCodes } from '../inventory/codes.ts';
import { sellLines } from '../inventory/sell.ts';
import { creditGivenBack } from '../subscriptions/give-back.ts';
import { activatePlans } from '../subscriptions/settle.ts';
import { issueTickets, type LineToIssue, ticketsIssued, withTicketIds } from '../tickets/issue.ts';
import { mailPaidTickets } from '../tickets/mail.ts';
import { aboutLine, type Entry, enter, type Priced, type Sold } from './ledger.ts';

type Line = Priced & LineToIssue;

const LINES = statement(
  'settle_lines',
  `SELECT l.id, l.cart_id, l.kind, l.event_id, l.ticket_type_id, l.product_id, l.section_id, l.seat_id, l.quantity,
     l.subscription_id, l.total, l.discount, l.fee, l.tax, l.first_name, l.last_name, l.email, l.document_number
   FROM sale_detail l
   WHERE l.company_id = $1 AND l.cart_id = ANY($2::uuid[]) AND l.status = 'held' ORDER BY l.created_at, l.id`,
);
const PAY_LINES = statement(
  'settle_pay_lines',
  `UPDATE sale_detail SET status = 'paid', updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = ANY($2::uuid[]) AND status = 'held'`,
);

/**
 * Turns carts that are paid in full into sales: stock sold, codes used, tickets issued and mailed, books written. All of it in the
 * transaction that books the last payment, for any number of carts by the same few statements.
 * The caller holds the locks of the carts, has seen that their holds are alive, and has added up their payments.
 * @throws AppError cart_expired when a seat is no longer held by its cart: nothing is kept then
 */
export async function settleCarts(tx: Tx, company_id: number, carts: readonly CartRow[]): Promise<void> {
  if (!carts.length) return;
  const ids = carts.map((cart) => cart.id);
  const cartOf = new Map(carts.map((cart) => [cart.id, cart]));
  const lines = withTicketIds(await tx.query<Line>(LINES, [company_id, ids]));

  // Sent together; carried out in this order.
  await Promise.all([
    sellLines(tx, company_id, lines),
    useCodes(tx, company_id, ids),
    issueTickets(tx, company_id, lines, cartOf),
    mailPaidTickets(tx, carts, lines),
    payLines(tx, company_id, lines),
    creditGivenBack(tx, company_id, lines),
    enter(
      tx,
      company_id,
      lines.map((line) => sale(line, cartOf.get(line.cart_id) as CartRow)),
    ),
    ...(['open', 'pending_payment'] satisfies CartStatus[]).map((from) => {
      const moving = carts.filter((cart) => cart.status === from).map((cart) => cart.id);
      return moving.length ? moveCarts(tx, company_id, moving, from, 'paid') : undefined;
    }),
    recordChanges(
      tx,
      carts.flatMap((cart) => changesOf(cart, lines)),
    ),
  ]);
  await activatePlans(tx, company_id, lines); // after the stock, whose locks come first
}

/**
 * Sells lines that carts which are paid already were given, and that cost nothing: dates that a season has gained. The
 * caller holds the locks of the carts and has just held the places.
 */
export async function settleIncluded(tx: Tx, company_id: number, carts: readonly CartRow[]): Promise<void> {
  const cartOf = new Map(carts.map((cart) => [cart.id, cart]));
  const lines = withTicketIds(await tx.query<Line>(LINES, [company_id, [...cartOf.keys()]]));
  await Promise.all([
    sellLines(tx, company_id, lines),
    issueTickets(tx, company_id, lines, cartOf),
    payLines(tx, company_id, lines),
    enter(
      tx,
      company_id,
      lines.map((line) => sale(line, cartOf.get(line.cart_id) as CartRow)),
    ),
    recordChanges(
      tx,
      carts.flatMap(({ id, interface_id }) =>
        ticketsIssued(
          company_id,
          interface_id,
          lines.filter((line) => line.cart_id === id),
        ),
      ),
    ),
  ]);
}

async function payLines(tx: Tx, company_id: number, lines: readonly Line[]): Promise<void> {
  const paid = await tx.execute(PAY_LINES, [company_id, lines.map((line) => line.id)]);
  if (paid !== lines.length) throw new Error(`paid ${paid} of ${lines.length} lines`);
}

/** What the books say of a line that is sold. */
export const sale = (line: Priced & Sold, cart: Pick<CartRow, 'interface_id' | 'currency'>): Entry => ({
  kind: 'sale',
  ...aboutLine(line, cart),
  quantity: line.quantity,
  amount: line.total,
  discount: line.discount,
  fee: line.fee,
  tax: line.tax,
});

function changesOf(cart: CartRow, lines: readonly Line[]): Change[] {
  const { company_id, interface_id, id, total, currency } = cart;
  const own = lines.filter((line) => line.cart_id === id);
  const events = new Set(own.map((line) => line.event_id));
  return [
    {
      company_id,
      type: 'cart.paid',
      interface_id,
      event_id: events.size === 1 ? (own[0]?.event_id ?? null) : null,
      subject_id: id,
      data: { cart_id: id, total, currency, ticket_ids: own.flatMap((line) => line.ticket_id ?? []) },
    },
    ...ticketsIssued(company_id, interface_id, own),
  ];
}
