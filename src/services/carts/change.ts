import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { ExtendCart, PatchCart } from '../../schemas/carts.ts';
import { assertFresh } from '../fresh.ts';
import { prolongSeats } from '../inventory/prolong.ts';
import { endCarts } from './expire.ts';
import type { CartView } from './present.ts';
import { cartAfter } from './read.ts';
import { type CartRow, linesOf, lockCart, requireOpen } from './row.ts';
import { beyondLimit } from './user-limits.ts';
import { BUYER_FIELDS } from './write.ts';

const PATCH = statement(
  'cart_patch',
  `UPDATE cart SET first_name = $3, last_name = $4, email = $5, phone = $6, document_type = $7, document_number = $8,
     notes = $9, user_id = $10, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2`,
);

/**
 * Changes buyer or notes of an open cart. A user's token adopts by it a cart that its client opened for nobody.
 * @throws AppError not_found, cart_expired, cart_not_open, precondition_failed, limit_exceeded
 */
export function patchCart(
  ctx: Context,
  cart_id: string,
  { buyer = {}, notes }: PatchCart,
): Promise<CartView> {
  return transaction(ctx, async (tx) => {
    const cart = await lockCart(tx, ctx, cart_id);
    assertFresh(ctx, cart.updated_at);
    requireOpen(cart);
    const owner = cart.user_id ?? ctx.user_id ?? null;
    if (owner !== cart.user_id) await requireRoomForUser(tx, ctx, cart, owner as number);
    const merged = { ...cart, ...withoutUndefined(buyer) };
    await tx.execute(PATCH, [
      ctx.company_id,
      cart_id,
      ...BUYER_FIELDS.map((field) => merged[field]),
      notes === undefined ? cart.notes : notes,
      owner,
    ]);
    return cartAfter(tx, ctx, cart_id);
  });
}

const withoutUndefined = (fields: object): Partial<CartRow> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** An adopted cart counts against the limits of its new owner. */
async function requireRoomForUser(tx: Tx, ctx: Context, cart: CartRow, user_id: number): Promise<void> {
  const lines = await linesOf(tx, ctx.company_id, [cart.id]);
  const beyond = await beyondLimit(tx, ctx.company_id, user_id, lines);
  if (beyond)
    throw new AppError('limit_exceeded', `At most ${beyond.max} of this ticket type a person.`, {
      ticket_type_id: beyond.type_id,
      max_per_user: beyond.max,
    });
}

/**
 * Cancels an unpaid cart; everything it held is on sale again when this returns.
 * @throws AppError not_found, cart_expired, cart_not_open
 */
export function cancelCart(ctx: Context, cart_id: string): Promise<void> {
  return transaction(ctx, async (tx) => {
    const cart = await lockCart(tx, ctx, cart_id);
    assertFresh(ctx, cart.updated_at);
    requireOpen(cart);
    if (cart.paid > cart.refunded)
      throw new AppError('cart_not_open', 'A part of this cart is paid: pay the rest, or refund it first.');
    await endCarts(tx, ctx.company_id, [cart], 'cancelled');
  });
}

const EXTEND = statement(
  'cart_extend',
  `UPDATE cart SET expires_at = $3, extended = true, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'open' RETURNING expires_at`,
);
/**
 * Prolongs the hold of an open cart: once, and up to the interface's limit in all, for `buy`; `sell` as it likes.
 * @throws AppError not_found, cart_expired, cart_not_open, limit_exceeded
 */
export function extendCart(ctx: Context, cart_id: string, body: ExtendCart): Promise<CartView> {
  return transaction(ctx, async (tx) => {
    const cart = await lockCart(tx, ctx, cart_id);
    requireOpen(cart);
    const seller = ctx.scopes.has('sell');
    const { hold_seconds, max_hold_seconds } = ctx.interface;
    const latest = cart.created_at.getTime() + max_hold_seconds * 1_000;
    if (!seller && (cart.extended || cart.expires_at.getTime() >= latest))
      throw new AppError('limit_exceeded', 'This cart cannot be held any longer.', {
        max_hold_seconds,
        expires_at: cart.expires_at.toISOString(),
      });
    const wanted = cart.expires_at.getTime() + (body?.seconds ?? hold_seconds) * 1_000;
    await holdUntil(tx, ctx.company_id, cart_id, new Date(seller ? wanted : Math.min(wanted, latest)));
    return cartAfter(tx, ctx, cart_id);
  });
}

const SEATS_LOST = statement(
  'cart_seats_lost',
  `SELECT l.seat_id FROM sale_detail l
   JOIN event_seat s ON s.company_id = l.company_id AND s.event_id = l.event_id AND s.seat_id = l.seat_id
   WHERE l.company_id = $1 AND l.cart_id = $2 AND l.status = 'held'
     AND (s.status, s.cart_id) IS DISTINCT FROM ('held', l.cart_id) LIMIT 1`,
);

/** Moves the end of a cart's hold, of the cart and of every seat it holds. The caller holds the cart's lock. */
async function holdUntil(tx: Tx, company_id: number, cart_id: string, expires_at: Date): Promise<void> {
  await tx.execute(EXTEND, [company_id, cart_id, expires_at]);
  await prolongSeats(tx, company_id, [{ id: cart_id, expires_at }]);
  // The hold may have run out while we waited for a lock, by a clock that stands still in a transaction.
  if ((await tx.query(SEATS_LOST, [company_id, cart_id])).length)
    throw new AppError('cart_expired', 'A seat of this cart is no longer held by it; open a new one.');
}
