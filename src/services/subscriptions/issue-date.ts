import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { anyOverdue } from '../carts/expire.ts';
import type { HoldStock } from '../carts/grant.ts';
import { blocksMet } from '../carts/hold-locks.ts';
import { type Holder, NOBODY } from '../carts/holder.ts';
import { judge, locksOf, type NewLine } from '../carts/judge.ts';
import { type CartRow, lockCarts } from '../carts/row.ts';
import { countLines, insertLines } from '../carts/write.ts';
import { recordChanges } from '../changes.ts';
import { shareEvents } from '../events/lock.ts';
import type { Offer } from '../events/offer.ts';
import { leftInBlocks } from '../inventory/allotments.ts';
import { lockStock } from '../inventory/locks.ts';
import { takeLines } from '../inventory/take.ts';
import { enqueueMails } from '../mail/enqueue.ts';
import { settleIncluded } from '../payments/settle.ts';
import { type PlanRow, type PlanSettingRow, plansById, settingsById } from '../plans/row.ts';
import { holdersLacking, type SeasonHolder } from './holders.ts';
import { subscriptionChange } from './row.ts';
import { isToCome, placeAt } from './wanted.ts';

/** Holders of one step: their carts are locked while it runs. */
const AT_ONCE = 25;
/** Longer than any step: what is held in it is sold in it. */
const HELD_MS = 60_000;

/** Who did not get a date, and why. */
export interface Refused {
  subscription_id: string;
  event_id: number;
  seat_id: number | null;
  reason: 'seat_taken' | 'sold_out' | 'no_place';
}

export interface Batch {
  /** Whom the next batch comes after; null: nobody is left. */
  last: string | null;
  looked: number;
  issued: number;
  tickets: number;
  refused: Refused[];
  /** Places were short while holds that have ended lay about: those who got none are tried again. */
  overdue: boolean;
}

interface Asked {
  plan_id: number;
  event_id: number;
  after: string;
  subscription_ids?: string[];
}

const VERSION = statement(
  'season_date_version',
  'SELECT version FROM event WHERE company_id = $1 AND id = $2',
);
const HOLDERS_OF = statement(
  'season_date_line_holders',
  `SELECT DISTINCT ON (l.subscription_id) l.subscription_id, l.first_name, l.last_name, l.email, l.document_number,
     l.guest_id FROM sale_detail l
   WHERE l.company_id = $1 AND l.subscription_id = ANY($2::uuid[]) AND l.kind = 'ticket' AND l.status <> 'released'
   ORDER BY l.subscription_id, l.created_at DESC, l.id DESC`,
);

/**
 * Issues one date of a season to the next few of its holders, in the caller's transaction: the place is theirs, the line
 * is in the cart of their season, paid with it, and the ticket exists. Who has one already is passed over, asked under
 * the lock of the cart: nobody gets two, however often and by however many this is run.
 */
export async function issueDate(tx: Tx, ctx: Context, asked: Asked): Promise<Batch> {
  const { company_id } = ctx;
  const { event_id } = asked;
  const done: Batch = { last: null, looked: 0, issued: 0, tickets: 0, refused: [], overdue: false };
  const offer = await ctx.system.offers.get(ctx.system, company_id, event_id);
  if (!isToCome(offer, ctx.now)) return done; // a draft is issued when it is published
  const find = (ids: readonly string[] | undefined) =>
    holdersLacking(tx, company_id, { ...asked, ids }, AT_ONCE);
  const seen = await find(asked.subscription_ids);
  const last = seen.at(-1);
  if (!last) return done;
  const carts = await lockCarts(tx, company_id, [...new Set(seen.map((holder) => holder.season_cart_id))]);
  const holders = await find(seen.map((holder) => holder.id)); // as they are under the locks
  await shareEvents(tx, company_id, [event_id]);
  const [event] = await tx.query<{ version: number }>(VERSION, [company_id, event_id]);
  if (event?.version !== offer.version) {
    ctx.system.offers.drop(company_id, event_id);
    return { ...done, last: asked.after }; // once more, by what it offers now
  }
  const granted = await grantAll(tx, ctx, offer, holders, carts);
  if (
    granted.refused.some(({ reason }) => reason === 'sold_out') &&
    (await anyOverdue(tx, company_id, [event_id]))
  )
    return { ...done, last: asked.after, overdue: true };
  await write(tx, ctx, offer, granted);
  return {
    ...{ last: last.id, looked: seen.length, issued: granted.served.length, overdue: false },
    ...{ tickets: granted.lines.length, refused: granted.refused },
  };
}

interface Granted {
  served: { holder: SeasonHolder; cart: CartRow; plan: PlanRow }[];
  lines: NewLine[];
  refused: Refused[];
}

/** Judges holder by holder what of the stock they get, all of which is locked here. */
async function grantAll(
  tx: Tx,
  ctx: Context,
  offer: Offer,
  holders: readonly SeasonHolder[],
  carts: readonly CartRow[],
): Promise<Granted> {
  const { company_id } = ctx;
  const cartOf = new Map(carts.map((cart) => [cart.id, cart]));
  const setting_ids = [...new Set(holders.map((holder) => holder.season_setting_id))];
  const settings = await settingsById(tx, company_id, setting_ids);
  const plan_ids = [...new Set([...settings.values()].map((setting) => setting.plan_id))];
  const plans = await plansById(tx, company_id, plan_ids);
  const named = await namesOf(tx, company_id, holders);
  const asked = holders.map((holder) => {
    const setting = settings.get(holder.season_setting_id) as PlanSettingRow;
    const plan = plans.get(setting.plan_id) as PlanRow;
    const { id, seat_id, section_id, auto_renew, season_period: period } = holder;
    const terms = { subscription_id: id, plan, setting, seat_id, section_id, auto_renew, period, kept: true };
    const want = placeAt(offer, {
      ...{ item: 0, holder: named.get(id) ?? NOBODY, plan: { ...terms, holders: holder.holders } },
    });
    return { holder, plan, want, cart: cartOf.get(holder.season_cart_id) as CartRow };
  });
  const wanted = asked.flatMap(({ want }) => want ?? []);
  const locks = wanted.map((want) => locksOf({ picks: NO_PICKS }, want));
  const stock: HoldStock = {
    ...(await lockStock(tx, company_id, {
      sections: locks.flatMap((l) => l.sections),
      ticket_types: locks.flatMap((l) => l.ticket_types),
      products: [],
      seats: locks.flatMap((l) => l.seats),
    })),
    blocks: await leftInBlocks(tx, company_id, blocksMet({ wanted })),
    counted: new Map(),
  };
  const granted: Granted = { served: [], lines: [], refused: [] };
  for (const { holder, plan, want, cart } of asked) {
    const refuse = (reason: Refused['reason']) =>
      granted.refused.push({
        ...{ subscription_id: holder.id, event_id: offer.event_id, seat_id: holder.seat_id, reason },
      });
    if (!want) {
      refuse('no_place');
      continue;
    }
    try {
      const channel = { ...ctx.interface, id: cart.interface_id };
      const { lines } = judge(
        {
          ...{ ctx: { ...ctx, interface: channel }, cart_id: cart.id, lines: [], codes: [], wanted: [want] },
          ...{ totals: NOTHING, picks: NO_PICKS, owned: new Map() },
        },
        stock,
      );
      granted.lines.push(...lines);
      granted.served.push({ holder, cart, plan });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refuse(REASONS[error.code] ?? 'no_place');
    }
  }
  return granted;
}

const NO_PICKS = new Map<number, readonly number[]>();
const NOTHING = { subtotal: 0, discount: 0, fee: 0, tax: 0, total: 0 };
const REASONS: Partial<Record<string, Refused['reason']>> = {
  ...{ seats_unavailable: 'seat_taken', sold_out: 'sold_out' },
};

/** Whose name the tickets of a subscription carry: as on the latest one of it. */
async function namesOf(
  tx: Tx,
  company_id: number,
  holders: readonly SeasonHolder[],
): Promise<Map<string, Holder>> {
  const rows = await tx.query<Holder & { subscription_id: string }>(HOLDERS_OF, [
    company_id,
    holders.map((holder) => holder.id),
  ]);
  return new Map(rows.map(({ subscription_id, ...holder }) => [subscription_id, holder]));
}

async function write(tx: Tx, ctx: Context, offer: Offer, { served, lines }: Granted): Promise<void> {
  if (!served.length) return;
  const { company_id } = ctx;
  const expires_at = new Date(Date.now() + HELD_MS);
  await takeLines(
    tx,
    company_id,
    lines.map((line) => ({ ...line, expires_at })),
  );
  await insertLines(tx, company_id, lines);
  await countLines(tx, company_id, lines);
  await settleIncluded(tx, company_id, [...new Set(served.map(({ cart }) => cart))]);
  await recordChanges(
    tx,
    served.map(({ holder }) => ({ ...subscriptionChange(holder, 'date_added'), event_id: offer.event_id })),
  );
  await tell(tx, ctx, offer, { served, lines });
}

const TIME_ZONE = statement(
  'season_date_time_zone',
  'SELECT time_zone FROM event WHERE company_id = $1 AND id = $2',
);

async function tell(
  tx: Tx,
  ctx: Context,
  offer: Offer,
  { served, lines }: Pick<Granted, 'served' | 'lines'>,
): Promise<void> {
  const { company_id } = ctx;
  const [event] = await tx.query<{ time_zone: string }>(TIME_ZONE, [company_id, offer.event_id]);
  const seats = lines.flatMap((line) => line.seat_id ?? []);
  const labels = await ctx.system.seatLabels.of(tx, company_id, seats);
  await enqueueMails(
    tx,
    served.map(({ holder, plan }) => {
      const own = lines.filter((line) => line.subscription_id === holder.id);
      const seat = labels.get(own[0]?.seat_id ?? 0);
      const section = offer.sections.get(own[0]?.section_id ?? 0)?.name ?? '';
      return {
        ...{ company_id, to: holder.email, template: 'season_date' as const, language: holder.locale },
        ...{ user_id: holder.user_id, key: `subscription:${holder.id}:date:${offer.event_id}` },
        data: {
          ...{ first_name: holder.first_name, plan: plan.name, event: offer.name, tickets: own.length },
          starts_at: offer.starts_at.toISOString(),
          time_zone: event?.time_zone ?? 'UTC',
          place: seat ? [seat.section, seat.row, seat.number].join(' · ') : section,
        },
      };
    }),
  );
}
