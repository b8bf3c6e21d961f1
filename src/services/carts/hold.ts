import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, fieldError, insufficientScope } from '../../errors.ts';
import type { AddSaleDetails, OpenCart, SeatRulesOverride } from '../../schemas/carts.ts';
import { uuidv7 } from '../../uuid.ts';
import { type Batcher, batcher, resultOf } from '../batcher.ts';
import { releaseInTheWay } from '../inventory/release.ts';
import { requirePasses } from '../queue/passes.ts';
import { buyerOf } from '../subscriptions/benefits.ts';
import { isReserved } from '../waitlist/reserved.ts';
import { endOverdueOf, OverdueInTheWay } from './expire.ts';
import { explained } from './explain.ts';
import { executeHolds, type HoldCommand, type HoldResult } from './hold-batch.ts';
import { eventsOf } from './hold-locks.ts';
import { PickLost } from './picks.ts';
import { type CartView, presentCart, presentLine, type SaleDetailView } from './present.ts';
import { requireMayOverride } from './seat-rules.ts';
import { StaleOffer } from './stale-offer.ts';
import { type Wanted, wantedOf } from './wanted.ts';

/** How often a hold starts again: because prices moved, a picked seat went, or overdue holds were in the way. */
const MAX_ATTEMPTS = 5;

const USER = statement(
  'cart_buyer_account',
  'SELECT id FROM user_account WHERE company_id = $1 AND id = $2 AND active',
);

/**
 * Opens a cart, with items or without; its hold runs from now.
 * @throws AppError insufficient_scope and validation_failed for a `user_id`, insufficient_scope for an override, and whatever holding the items throws: no
 *   cart is opened then
 */
export async function openCart(ctx: Context, body: OpenCart): Promise<CartView> {
  const { items = [], buyer = {}, user_id, notes = null, override_seat_rules, queue_place_ids } = body ?? {};
  requireMayOverride(ctx, override_seat_rules);
  if (user_id !== undefined) await requireBuyer(ctx, user_id);
  const cart_id = uuidv7();
  const owner = user_id ?? ctx.user_id ?? null;
  const wanted = () => wantedOf(ctx, items, owner);
  return hold(
    ctx,
    cart_id,
    wanted,
    { buyer, notes, user_id: owner },
    ({ cart, lines, labels }) =>
      presentCart(
        cart,
        lines.map((line) => presentLine(line, labels)),
        [],
      ),
    override_seat_rules,
    queue_place_ids,
  );
}

/** A seller opens carts for any account of the company. */
export async function requireBuyer(ctx: Context, user_id: number): Promise<void> {
  if (!ctx.scopes.has('sell')) throw insufficientScope('sell');
  const [user] = await ctx.system.db.query(USER, [ctx.company_id, user_id]);
  if (!user) throw fieldError('/user_id', 'No such user.', 'not_found');
}

/**
 * Holds items for a cart: all of them or nothing.
 * @throws AppError not_found, cart_expired, cart_not_open, seats_unavailable, sold_out, not_on_sale, limit_exceeded,
 *   orphan_seat, companion_seat, code_not_applicable, queue_required, validation_failed, insufficient_scope
 */
export async function addSaleDetails(
  ctx: Context,
  cart_id: string,
  { items, override_seat_rules, queue_place_ids }: AddSaleDetails,
): Promise<SaleDetailView[]> {
  requireMayOverride(ctx, override_seat_rules);
  const wanted = async () => wantedOf(ctx, items, await buyerOf(ctx, cart_id));
  return hold(
    ctx,
    cart_id,
    wanted,
    null,
    ({ lines, labels }) => lines.map((line) => presentLine(line, labels)),
    override_seat_rules,
    queue_place_ids,
  );
}

/**
 * Holds what is wanted, for a new cart or one that exists, and answers with what `present` makes of it inside the
 * transaction.
 * @param read reads the offers; again when they moved
 * @param override why a seller sets the rules about seats aside
 * @param place_ids places in queues whose passes it goes by
 * @throws AppError as addSaleDetails
 */
export async function hold<View>(
  ctx: Context,
  cart_id: string,
  read: () => Promise<Wanted[]>,
  open: HoldCommand['open'],
  present: (result: HoldResult) => View,
  override?: SeatRulesOverride,
  place_ids?: readonly string[],
): Promise<View> {
  return tryHold(ctx, read, async (wanted) => {
    await requirePasses({ ctx, cart_id, wanted, place_ids });
    return submit(ctx, { ctx, cart_id, open, wanted, override, place_ids, present }) as Promise<View>;
  });
}

/**
 * Reads what is wanted and holds it, again where prices moved, a picked seat went, or overdue holds were in the way.
 * @param read reads the offers; again when they moved
 * @param hold one try; throws StaleOffer, PickLost or OverdueInTheWay to be called anew
 */
export async function tryHold<Result>(
  ctx: Context,
  read: () => Promise<Wanted[]>,
  hold: (wanted: Wanted[]) => Promise<Result>,
): Promise<Result> {
  const asked = new Date();
  for (let attempt = 1; ; attempt++) {
    const wanted = await read();
    try {
      return await hold(wanted);
    } catch (error) {
      if (isReserved(error)) throw error;
      const last = attempt === MAX_ATTEMPTS;
      if (error instanceof OverdueInTheWay) {
        // Nobody is told "sold out" while overdue holds lie about.
        if (last) throw await explained(ctx, wanted, error.refusal);
        await endOverdueOf(ctx.system, eventsOf([{ wanted }]));
      } else if (isShort(error)) {
        // Nor while a block lies about whose time has come.
        const { system, company_id } = ctx;
        if (last || !(await releaseInTheWay(system, company_id, eventsOf([{ wanted }]), asked)))
          throw await explained(ctx, wanted, error);
      } else if (!(error instanceof StaleOffer || error instanceof PickLost))
        throw await explained(ctx, wanted, error);
      else if (last) throw tooMuchAtOnce();
    }
  }
}

/** Refused for want of stock. */
const isShort = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'sold_out' || error.code === 'seats_unavailable');

const tooMuchAtOnce = (): AppError =>
  new AppError('service_unavailable', 'Too much is changing at once; try again.', {}, { 'retry-after': '1' });

/**
 * Commands queue by event, those for chosen seats apart from those that meet on counters. Two batches are under way at
 * once: while the database works on one, the other is prepared or answered here.
 */
export type HoldQueues = Map<string, Batcher<HoldCommand, unknown>>;

function submit(ctx: Context, command: HoldCommand): Promise<unknown> {
  if (ctx.dry_run) return tryOut(command);
  const first = command.wanted[0];
  const seated = first?.form === 'seats' || !first;
  const lane = `${ctx.company_id} ${first?.offer.event_id ?? 0} ${first?.form === 'plan' ? 'plan' : seated}`;
  const { holds } = ctx.system;
  let queue = holds.get(lane);
  if (!queue) {
    queue = batcher({
      maxInFlight: 2,
      maxSize: 128,
      execute: (commands) => executeHolds(ctx.system, ctx.company_id, commands),
    });
    holds.set(lane, queue);
  }
  return queue(command);
}

/** A dry run is a batch of its own, for nothing of it is kept. */
async function tryOut(command: HoldCommand): Promise<unknown> {
  const { ctx } = command;
  return resultOf(await executeHolds(ctx.system, ctx.company_id, [command], 'ROLLBACK'));
}
