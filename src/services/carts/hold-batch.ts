import type { Context } from '../../context.ts';
import type { End, Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { Buyer, SeatRulesOverride } from '../../schemas/carts.ts';
import type { System } from '../../system.ts';
import type { Outcome } from '../batcher.ts';
import { keyedBatch, type Outcomes } from '../keyed-batch.ts';
import type { SeatLabel } from '../maps/seat-labels.ts';
import { addTotals } from '../pricing/price.ts';
import type { CartTotals } from '../pricing/types.ts';
import { type Entry, passesFor } from '../queue/passes.ts';
import { openSubscriptions } from '../subscriptions/open.ts';
import { isReserved } from '../waitlist/reserved.ts';
import { anyOverdue, OverdueInTheWay } from './expire.ts';
import { seatsWanted } from './grant.ts';
import { eventsOf, limitsOf, lockForHolds, userOf } from './hold-locks.ts';
import { type Case, judge, type Verdict } from './judge.ts';
import { type Prepared, pickAll } from './picks.ts';
import { type CartRow, type LineRow, mayReach, requireOpen } from './row.ts';
import { recordSetAside } from './seat-rules.ts';
import { requireCurrentOffers } from './stale-offer.ts';
import type { Owned } from './user-limits.ts';
import type { Wanted } from './wanted.ts';
import { newCart } from './write.ts';
import { newest, writeJudged } from './write-judged.ts';

/** A request to hold: for an existing cart, or for one that is opened by it. */
export interface HoldCommand {
  ctx: Context;
  cart_id: string;
  /** What a new cart is opened with; null for a cart that exists. */
  open: { buyer: Buyer; notes: string | null; user_id: number | null } | null;
  wanted: Wanted[];
  /** A seller sets the rules about seats aside, and why. */
  override?: SeatRulesOverride | undefined;
  /** Places in queues whose passes it goes by. */
  place_ids?: readonly string[] | undefined;
  /** Makes the answer, inside the transaction: it is stored under the Idempotency-Key with the effect. */
  present: (result: HoldResult) => unknown;
}

export interface HoldResult {
  cart: CartRow;
  /** The new lines. */
  lines: LineRow[];
  labels: ReadonlyMap<number, SeatLabel>;
}

const NOTHING: CartTotals = { subtotal: 0, discount: 0, fee: 0, tax: 0, total: 0 };

/**
 * Runs the holds of one batch as one transaction: locks (carts, then stock), judges each command in order in memory,
 * and writes all that was granted by a few set-based statements.
 */
export async function executeHolds(
  system: System,
  company_id: number,
  commands: HoldCommand[],
  end: End = 'COMMIT',
): Promise<Outcome<unknown>[]> {
  const unpicked: Outcomes<HoldCommand, unknown> = new Map();
  const prepared = await pickAll(system, commands, (command, refusal) => unpicked.set(command, { refusal }));
  const seat_ids = prepared.flatMap(({ command, picks }) =>
    command.wanted.flatMap((w) => seatsWanted({ picks }, w)),
  );
  const labels = await system.seatLabels.of(system.db, company_id, seat_ids);
  const picked = new Map(prepared.map((it) => [it.command, it]));

  const outcomes = await keyedBatch<HoldCommand, unknown>(
    system,
    [...picked.keys()],
    async (tx, claimed, outcomes) => {
      const asked = claimed.map((command) => picked.get(command) as Prepared);
      const granted = await decide(tx, company_id, asked, (command, refusal) =>
        outcomes.set(command, { refusal }),
      );
      for (const { command, result } of await write(tx, company_id, granted, labels))
        outcomes.set(command, { result });
    },
    { end },
  );
  const judged = outcomes[Symbol.iterator]();
  return commands.map((command) => unpicked.get(command) ?? (judged.next().value as Outcome<unknown>));
}

interface Granted {
  command: HoldCommand;
  /** As it was locked; or as it is to be written, if the command opens it. */
  cart: CartRow;
  verdict: Verdict;
  /** By which it comes in to events behind a gate. */
  entries: Entry[];
}

/** Takes every lock of the batch, then judges its commands one by one. */
async function decide(
  tx: Tx,
  company_id: number,
  prepared: Prepared[],
  refuse: (command: HoldCommand, refusal: unknown) => void,
): Promise<Granted[]> {
  const commands = prepared.map(({ command }) => command);
  const passes = await passesFor(tx, company_id, commands, true);
  const { carts, lines, codes, owned, versions, stock, now } = await lockForHolds(tx, company_id, prepared);
  const granted: Granted[] = [];
  const soldOut: [HoldCommand, AppError][] = [];
  for (const { command, picks, grounds } of prepared) {
    try {
      const cart = command.open ? null : reachableCart(command, carts);
      requireCurrent(command, versions);
      const entries = passes.require(command);
      const asked: Case = {
        ctx: command.ctx,
        cart_id: command.cart_id,
        lines: lines.get(command.cart_id) ?? [],
        codes: codes.get(command.cart_id) ?? [],
        totals: cart ?? NOTHING,
        wanted: command.wanted,
        ...{ picks, grounds, override: command.override !== undefined },
        owned: ownedElsewhere(command, carts, owned),
      };
      requireOneCurrency(command, cart, asked.lines);
      const verdict = judge(asked, stock);
      granted.push({ command, cart: cart ?? newCart({ command, verdict }, now), verdict, entries });
      passes.take(entries);
      for (const line of verdict.lines) Object.assign(line, { company_id, created_at: now, updated_at: now });
      // What a later command for the same cart or user in this batch must see.
      lines.set(command.cart_id, [
        ...newest([...asked.lines, ...verdict.repriced]),
        ...(verdict.lines as LineRow[]),
      ]);
      if (cart) carts.set(cart.id, grown(cart, command, verdict));
      for (const { user_id, type_id } of limitsOf(command, carts))
        owned.push({ user_id, type_id, cart_id: command.cart_id, tickets: ticketsOf(verdict, type_id) });
    } catch (refusal) {
      refuse(command, refusal);
      if (refusal instanceof AppError && refusal.code === 'sold_out' && !isReserved(refusal))
        soldOut.push([command, refusal]);
    }
  }
  if (soldOut.length && (await anyOverdue(tx, company_id, eventsOf(soldOut.map(([command]) => command)))))
    for (const [command, refusal] of soldOut) refuse(command, new OverdueInTheWay(refusal));
  return granted;
}

/** A cart with what it was granted, as the database will have it. */
const grown = (cart: CartRow, { wanted }: HoldCommand, { totals }: Verdict): CartRow => ({
  ...cart,
  ...addTotals(cart, totals),
  currency: wanted[0]?.offer.currency ?? cart.currency,
});

function ownedElsewhere(
  command: HoldCommand,
  carts: Map<string, CartRow>,
  owned: Owned[],
): Map<number, number> {
  const user_id = userOf(command, carts);
  const tickets = new Map<number, number>();
  for (const o of owned)
    if (o.user_id === user_id && o.cart_id !== command.cart_id)
      tickets.set(o.type_id, (tickets.get(o.type_id) ?? 0) + o.tickets);
  return tickets;
}

const ticketsOf = ({ lines }: Verdict, type_id: number): number =>
  lines.filter((line) => line.ticket_type_id === type_id).length;

function reachableCart({ ctx, cart_id }: HoldCommand, carts: Map<string, CartRow>): CartRow {
  const cart = carts.get(cart_id);
  if (!cart || !mayReach(ctx, cart)) throw notFound('Cart');
  requireOpen(cart);
  return cart;
}

/** Plans are no offers of events. @throws StaleOffer */
function requireCurrent({ ctx, wanted }: HoldCommand, versions: Map<number, number>): void {
  const offers = wanted.flatMap(({ offer, form }) => (form === 'plan' ? [] : [offer]));
  requireCurrentOffers(ctx.system, offers, versions);
}

/** A cart is paid in one currency: that of its first item, or of what was paid towards it already. */
function requireOneCurrency({ wanted }: HoldCommand, cart: CartRow | null, lines: readonly LineRow[]): void {
  const held = cart && (lines.length || cart.paid) ? cart.currency : wanted[0]?.offer.currency;
  const other = wanted.find(({ offer }) => offer.currency !== held);
  if (other)
    throw new AppError(
      'conflict',
      `This cart is in ${held}; buy what costs ${other.offer.currency} in another.`,
      {
        item: other.item,
      },
    );
}

/** Writes what was granted: carts, stock, lines, totals. */
async function write(
  tx: Tx,
  company_id: number,
  granted: Granted[],
  labels: ReadonlyMap<number, SeatLabel>,
): Promise<{ command: HoldCommand; result: unknown }[]> {
  if (!granted.length) return [];
  await writeJudged(tx, company_id, granted);
  await openSubscriptions(
    tx,
    company_id,
    granted.map(({ command, cart }) => ({ cart, wanted: command.wanted })),
  );
  for (const { command, cart, verdict } of granted)
    await recordSetAside(tx, command.ctx, cart.id, command.override, verdict.aside);
  return granted.map(({ command, cart, verdict }) => ({
    command,
    result: command.present({ cart, lines: verdict.lines as LineRow[], labels }),
  }));
}
