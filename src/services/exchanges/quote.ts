import type { Context } from '../../context.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError, insufficientScope } from '../../errors.ts';
import type { Exchange, ExchangeRequest } from '../../schemas/exchanges.ts';
import { uuidv7 } from '../../uuid.ts';
import { requireCompanionsGo } from '../carts/companions.ts';
import { anyOverdue, endCarts, OverdueInTheWay } from '../carts/expire.ts';
import type { HoldStock } from '../carts/grant.ts';
import { tryHold } from '../carts/hold.ts';
import type { HoldCommand } from '../carts/hold-batch.ts';
import { blocksMet, countedTypes, eventsOf } from '../carts/hold-locks.ts';
import { judge, locksOf, quantityOf, type Verdict } from '../carts/judge.ts';
import { type Prepared, pickAll } from '../carts/picks.ts';
import {
  type CartCodeRow,
  type CartRow,
  codesOf,
  type LineRow,
  linesOf,
  lockCart,
  lockCarts,
} from '../carts/row.ts';
import { recordSetAside, requireMayOverride } from '../carts/seat-rules.ts';
import { ticketsOfUsers } from '../carts/user-limits.ts';
import { type Wanted, wantedOf } from '../carts/wanted.ts';
import { newCart } from '../carts/write.ts';
import { writeJudged } from '../carts/write-judged.ts';
import { leftInBlocks } from '../inventory/allotments.ts';
import { lockStock, pairKey, type StockRequest } from '../inventory/locks.ts';
import { countForPhases } from '../inventory/phases.ts';
import { stockOfLines } from '../inventory/stock.ts';
import { type Entry, passesFor } from '../queue/passes.ts';
import { requireCurrent, timeOf } from './current.ts';
import { type Given, givenLines, requireBuyersRight, requireUnused } from './given.ts';
import {
  itemsWanted,
  ownPlaces,
  requireCurrency,
  requireSamePlaces,
  withHolders,
  withoutPlace,
} from './places.ts';
import { presentExchange } from './present.ts';
import { closeExchange, type ExchangeRow, findExchange, insertExchange, quotesOf } from './row.ts';

const NOTHING = { subtotal: 0, discount: 0, fee: 0, tax: 0, total: 0 };

/**
 * Quotes an exchange of tickets of a paid cart: what the old ones are worth, what the new ones cost, with the new places
 * held until the quote expires. Nothing of the old tickets changes. A cart has one quote; a new one takes its place.
 * @throws AppError not_found, insufficient_scope, validation_failed, conflict (not paid, used, not allowed by the event,
 *   another exchange being paid), and whatever holding the items throws
 */
export async function quoteExchange(
  ctx: Context,
  cart_id: string,
  request: ExchangeRequest,
): Promise<Exchange> {
  if (request.force && !ctx.scopes.has('sell')) throw insufficientScope('sell');
  requireMayOverride(ctx, request.override_seat_rules);
  const items = await itemsWanted(ctx, cart_id, request);
  const quoted = tryHold(
    ctx,
    () => wantedOf(ctx, items),
    async (wanted) => {
      const picks = await picksFor(ctx, cart_id, wanted);
      return transaction(ctx, (tx) => quote(tx, ctx, cart_id, request, wanted, picks));
    },
  );
  return request.items ? quoted : quoted.catch(asAskedByType);
}

/** Faults of items that the request did not name are those of the type that it did. */
function asAskedByType(refusal: unknown): never {
  const named =
    refusal instanceof AppError && refusal.facts.errors?.some((e) => e.pointer.startsWith('/items'));
  throw named ? fieldError('/ticket_type_id', 'This type is not sold for these places.') : refusal;
}

/** The seats that best available picks, as for any hold: outside the transaction, proved by its lock. */
async function picksFor(ctx: Context, cart_id: string, wanted: Wanted[]): Promise<Picks> {
  const command: HoldCommand = { ctx, cart_id, open: null, wanted, present: () => undefined };
  const [prepared] = await pickAll(ctx.system, [command], (_, refusal) => {
    throw refusal;
  });
  return prepared ?? { picks: new Map(), grounds: new Map() };
}

type Picks = Pick<Prepared, 'picks' | 'grounds'>;

async function quote(
  tx: Tx,
  ctx: Context,
  cart_id: string,
  request: ExchangeRequest,
  wanted: Wanted[],
  picks: Picks,
): Promise<Exchange> {
  const hold_cart_id = uuidv7();
  const entries = await entriesFor(tx, ctx, { hold_cart_id, cart_id, wanted, request });
  const cart = await lockCart(tx, ctx, cart_id);
  const given = await givenLines(tx, cart, request.sale_detail_ids);
  await requireUnused(tx, cart, given.lines, request.force ?? false);
  if (!ctx.scopes.has('sell')) await requireBuyersRight(tx, ctx, cart, given.lines);
  requireCurrency(cart.currency, wanted);
  const keep = !request.items;
  if (keep) requireSamePlaces(given.lines, wanted);
  const quotes = await quotesOf(tx, ctx.company_id, cart_id);
  const holds = await earlierHolds(tx, quotes);
  const override = request.override_seat_rules;
  const terms = { back: seatsChosen(wanted), override: override !== undefined };
  const left = keep ? [] : await requireCompanionsGo(tx, ctx, cart_id, given.lines, terms);
  const asked = { wanted, ...picks, keep, override: override !== undefined };
  const { lines, totals, aside } = await judged(tx, ctx, cart, given, asked, holds);
  await recordSetAside(tx, ctx, cart_id, override, [...left, ...aside]);
  for (const earlier of quotes) await closeExchange(tx, earlier, 'cancelled');

  const id = uuidv7();
  const fresh = withHolders(lines, given.lines).map((line) => ({ ...line, cart_id: hold_cart_id }));
  const held = keep ? fresh.map(withoutPlace) : fresh;
  const open = { buyer: {}, notes: null, user_id: null };
  const command = { ctx, cart_id: hold_cart_id, open, wanted, present: () => undefined };
  const verdict = { lines: held, totals };
  const hold = newCart({ command, verdict }, await timeOf(tx));
  await writeJudged(tx, ctx.company_id, [{ command, cart: hold, verdict, entries }]);
  await insertExchange(tx, {
    ...{ company_id: ctx.company_id, id, cart_id, hold_cart_id, interface_id: ctx.interface.id },
    ...{ client_id: ctx.client_id, keep_places: keep, forced: request.force ?? false },
    reason: request.reason ?? null,
    sale_detail_ids: request.sale_detail_ids,
    new_sale_detail_ids: held.map((line) => line.id),
    ...{ credit: given.credit, price: totals.total, currency: cart.currency },
  });
  return presentExchange(ctx.system, tx, await findExchange(ctx, cart_id, id, tx));
}

/** Whoever exchanges tickets for some of an event behind a gate needs a pass as well: for the cart that holds them, and theirs. */
async function entriesFor(
  tx: Tx,
  ctx: Context,
  asked: { hold_cart_id: string; cart_id: string; wanted: Wanted[]; request: ExchangeRequest },
): Promise<Entry[]> {
  const { hold_cart_id, cart_id, wanted, request } = asked;
  const ask = { ctx, cart_id: hold_cart_id, wanted, place_ids: request.queue_place_ids, spent: true };
  const entries = (await passesFor(tx, ctx.company_id, [ask], true)).require(ask);
  return entries.flatMap((entry) => [entry, { ...entry, cart_id }]);
}

const seatsChosen = (wanted: readonly Wanted[]): number[] =>
  wanted.flatMap((want) => (want.form === 'seats' ? want.seat_ids : []));

/** Judges what is wanted as if the cart had let go of the lines that are given: the same rules as for every sale. */
async function judged(
  tx: Tx,
  ctx: Context,
  cart: CartRow,
  given: Given,
  { wanted, picks, grounds, keep, override }: Picks & { wanted: Wanted[]; keep: boolean; override: boolean },
  holds: readonly CartRow[],
): Promise<Verdict> {
  const { company_id } = ctx;
  const codes = codesKept(await codesOf(tx, company_id, [cart.id]), given, wanted);
  const owned = await ownedElsewhere(tx, cart, wanted);
  await requireCurrent(tx, ctx, wanted);
  const locks = wanted.map((want) => locksOf({ picks, grounds }, want));
  const asked: StockRequest = {
    sections: keep ? [] : locks.flatMap((l) => l.sections),
    ticket_types: locks.flatMap((l) => l.ticket_types),
    products: [],
    seats: keep ? [] : locks.flatMap((l) => l.seats),
  };
  const counted = await countForPhases(tx, company_id, countedTypes({ wanted }));
  if (holds.length) {
    // What earlier quotes hold is locked together with what this one wants, in the one order, and free for it then.
    const ids = holds.map(({ id }) => id);
    await lockStock(tx, company_id, together(asked, await linesOf(tx, company_id, ids)));
    await endCarts(tx, company_id, holds, 'cancelled');
  }
  const real: HoldStock = {
    ...(await lockStock(tx, company_id, asked)),
    blocks: await leftInBlocks(tx, company_id, blocksMet({ wanted })),
    counted,
  };
  const stock = keep ? ownPlaces(real, given.lines) : real;
  try {
    return judge(
      {
        ...{ ctx, cart_id: cart.id, lines: given.rest, codes, totals: NOTHING, picks, owned, override },
        grounds: keep ? new Map() : grounds,
        listed: keep, // places that are kept are nobody else's to wait for
        returning: new Set(given.lines.map((l) => pairKey(l.event_id as number, l.seat_id ?? 0))),
        wanted: keep ? wanted.map(withoutBlocks) : wanted,
      },
      stock,
    );
  } catch (refusal) {
    const soldOut = refusal instanceof AppError && refusal.code === 'sold_out';
    if (soldOut && (await anyOverdue(tx, company_id, eventsOf([{ wanted }]))))
      throw new OverdueInTheWay(refusal);
    throw refusal;
  }
}

/** The codes of a cart were used for so many tickets, and go on for so many: who wants more pays the price for them. */
function codesKept(codes: CartCodeRow[], given: Given, wanted: readonly Wanted[]): CartCodeRow[] {
  const tickets = wanted.reduce((sum, want) => sum + quantityOf(want), 0);
  return tickets <= given.lines.length ? codes : codes.filter(({ kind }) => kind === 'access');
}

/** Places that are kept stay in the allotment that they came from: whose it is, is not asked again. */
const withoutBlocks = (want: Wanted): Wanted => ({ ...want, offer: { ...want.offer, blocks: new Map() } });

/** Tickets that the buyer has in other carts, of types with a limit a person. */
async function ownedElsewhere(
  tx: Tx,
  cart: CartRow,
  wanted: readonly Wanted[],
): Promise<Map<number, number>> {
  const { company_id, user_id } = cart;
  const tickets = new Map<number, number>();
  if (user_id === null) return tickets;
  const types = wanted.flatMap((w) => ('type' in w && w.type.max_per_user !== null ? [w.type.id] : []));
  const asked = [...new Set(types)].map((type_id) => ({ user_id, type_id }));
  for (const o of await ticketsOfUsers(tx, company_id, asked))
    if (o.cart_id !== cart.id) tickets.set(o.type_id, (tickets.get(o.type_id) ?? 0) + o.tickets);
  return tickets;
}

/** The carts that hold for earlier quotes of a cart, locked. @throws AppError conflict while one of them is being paid */
async function earlierHolds(tx: Tx, quotes: readonly ExchangeRow[]): Promise<CartRow[]> {
  const [first] = quotes;
  if (!first) return [];
  const holds = await lockCarts(
    tx,
    first.company_id,
    quotes.map((quote) => quote.hold_cart_id),
  );
  const paying = holds.find((hold) => hold.status === 'pending_payment' && !hold.overdue);
  if (paying)
    throw new AppError('conflict', 'An exchange of this cart is being paid: wait for its end.', {
      exchange_id: paying.exchange_id,
    });
  return holds.filter((hold) => hold.status === 'open' || hold.status === 'pending_payment');
}

function together(asked: StockRequest, lines: readonly LineRow[]): StockRequest {
  const held = stockOfLines(lines);
  return {
    sections: [...asked.sections, ...held.sections],
    ticket_types: [...asked.ticket_types, ...held.ticket_types],
    products: [],
    seats: [...asked.seats, ...held.seats],
  };
}
