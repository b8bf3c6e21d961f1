import type { Context } from '../../context.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import { anyOverdue, OverdueInTheWay } from '../carts/expire.ts';
import { tryHold } from '../carts/hold.ts';
import type { HoldCommand } from '../carts/hold-batch.ts';
import { eventsOf, lockForHolds } from '../carts/hold-locks.ts';
import { judge, type Verdict } from '../carts/judge.ts';
import { pickAll } from '../carts/picks.ts';
import type { CartRow } from '../carts/row.ts';
import { requireCurrentOffers } from '../carts/stale-offer.ts';
import { type Wanted, wantedOf } from '../carts/wanted.ts';
import { newCart } from '../carts/write.ts';
import { writeJudged } from '../carts/write-judged.ts';
import type { Entry } from '../queue/passes.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import type { PartyRow } from './row.ts';

/** Why a party was passed over, and the facts behind it. */
export interface PassedOver {
  reason: string;
  data: Record<string, unknown>;
}

/** What was held for a party. */
export interface HeldForParty {
  cart: CartRow;
  lines: Verdict['lines'];
}

/** How a party's places are held. */
export interface Holding<T> {
  /** How long the cart is held. */
  minutes: number;
  /** It is offered to the list, which has its head start. */
  listed: boolean;
  /** Runs one try as one transaction. */
  run(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Comes first in the transaction: takes the locks of the list, and throws where there is nothing to do any more. */
  guard(tx: Tx): Promise<void>;
  /** Comes last in the transaction. */
  keep(tx: Tx, held: HeldForParty): Promise<T>;
}

/** A whole party fits, at a price above its ceiling. */
class AboveCeiling extends Error {
  readonly price: number;

  constructor(price: number) {
    super('above the ceiling');
    this.price = price;
  }
}

/** Who a party is to the services that sell: a buyer on the channel that it joined on. */
export const contextOfParty = (system: System, party: PartyRow, minutes: number): Context => ({
  ...{ system, company_id: party.company_id, client_id: party.client_id, language: party.language },
  user_id: party.user_id ?? undefined,
  scopes: new Set(['public', 'buy'] as const),
  interface: { ...party.channel, hold_seconds: minutes * 60 },
  request_id: `waitlist ${party.id}`,
  now: new Date(),
});

/**
 * Holds places for a whole party by the first of its types that has them: the same picking, rules, locks and prices as
 * for any cart.
 * @returns what `keep` made of it, or why the party is passed over
 */
export async function holdParty<T>(
  system: System,
  party: PartyRow,
  holding: Holding<T>,
): Promise<{ held: T } | { passed: PassedOver }> {
  const ctx = contextOfParty(system, party, holding.minutes);
  const offer = await system.offers.get(system, party.company_id, party.event_id);
  const refusals: PassedOver[] = [];
  for (const candidate of candidatesOf(offer, party)) {
    const refusal = await tryCandidate(ctx, party, candidate, holding);
    if ('held' in refusal) return refusal;
    refusals.push(refusal.passed);
  }
  return { passed: foremost(refusals) };
}

/** In the order of how far a party got. */
const REASONS = ['above_ceiling', 'not_together', 'too_few_places'];

/** Of several reasons the one that came closest; without any, no type of the party's is sold to so many. */
export function foremost(refusals: readonly PassedOver[]): PassedOver {
  const rank = ({ reason }: PassedOver) =>
    (REASONS.indexOf(reason) + REASONS.length + 1) % (REASONS.length + 1);
  const [first] = refusals.toSorted((a, b) => rank(a) - rank(b));
  return first ?? { reason: 'type_not_available', data: {} };
}

async function tryCandidate<T>(
  ctx: Context,
  party: PartyRow,
  { type, item }: Candidate,
  holding: Holding<T>,
): Promise<{ held: T } | { passed: PassedOver }> {
  const facts = { ticket_type_id: type.id };
  try {
    const held = await tryHold(
      ctx,
      () => wantedOf(ctx, [item], party.user_id),
      (wanted) => holdOnce(ctx, party, wanted, holding),
    );
    return { held };
  } catch (refusal) {
    if (refusal instanceof AboveCeiling) {
      const { price } = refusal;
      return { passed: { reason: 'above_ceiling', data: { ...facts, price, max_price: party.max_price } } };
    }
    if (!(refusal instanceof AppError) || refusal.code === 'service_unavailable') throw refusal;
    if (refusal.code !== 'sold_out') {
      const gone = ['not_on_sale', 'validation_failed', 'not_found'].includes(refusal.code);
      return { passed: { reason: gone ? 'type_not_available' : refusal.code, data: facts } };
    }
    const available = Number(refusal.facts.available ?? 0);
    const reason = available >= party.party_size ? 'not_together' : 'too_few_places';
    return { passed: { reason, data: { ...facts, available, party_size: party.party_size } } };
  }
}

async function holdOnce<T>(
  ctx: Context,
  party: PartyRow,
  wanted: Wanted[],
  { run, guard, keep, listed }: Holding<T>,
): Promise<T> {
  const { system, company_id } = ctx;
  const open = { buyer: party.email ? { email: party.email } : {}, notes: null, user_id: party.user_id };
  const command: HoldCommand = { ctx, cart_id: uuidv7(), open, wanted, present: () => undefined };
  // As for any hold, seats are picked outside the transaction and proved by its locks.
  const prepared = await pickAll(system, [command], (_, refusal) => {
    throw refusal;
  });
  return run(async (tx) => {
    await guard(tx);
    const { owned, versions, stock, now } = await lockForHolds(tx, company_id, prepared);
    requireCurrentOffers(
      system,
      wanted.map(({ offer }) => offer),
      versions,
    );
    const { picks = new Map(), grounds = new Map() } = prepared[0] ?? {};
    const verdict = await judged(tx, command, () =>
      judge(
        {
          ...{ ctx, cart_id: command.cart_id, lines: [], codes: [], totals: NOTHING, wanted, picks, grounds },
          ...{ owned: new Map(owned.map((o) => [o.type_id, ticketsOf(owned, o.type_id)])), listed },
        },
        stock,
      ),
    );
    const price = Math.max(...verdict.lines.map((line) => line.total));
    if (party.max_price !== null && price > party.max_price) throw new AboveCeiling(price);
    const cart = { ...newCart({ command, verdict }, now), extended: true }; // its time is the offer's
    await writeJudged(tx, company_id, [{ command, cart, verdict, entries: entriesOf(cart.id, wanted) }]);
    return keep(tx, { cart, lines: verdict.lines });
  });
}

/** Whoever waited here need not queue at the gate of the event as well. */
const entriesOf = (cart_id: string, wanted: readonly Wanted[]): Entry[] =>
  wanted.flatMap(({ offer: { gated, event_id } }) => (gated ? [{ cart_id, event_id, place_id: null }] : []));

const NOTHING = { subtotal: 0, discount: 0, fee: 0, tax: 0, total: 0 };

const ticketsOf = (owned: readonly { type_id: number; tickets: number }[], type_id: number): number =>
  owned.reduce((n, o) => n + (o.type_id === type_id ? o.tickets : 0), 0);

/** Nothing is called sold out while overdue holds lie about. */
async function judged(tx: Tx, command: HoldCommand, decide: () => Verdict): Promise<Verdict> {
  try {
    return decide();
  } catch (refusal) {
    const soldOut = refusal instanceof AppError && refusal.code === 'sold_out';
    if (soldOut && (await anyOverdue(tx, command.ctx.company_id, eventsOf([command]))))
      throw new OverdueInTheWay(refusal);
    throw refusal;
  }
}
