import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError, insufficientScope, notFound } from '../../errors.ts';
import type { PatchSaleDetail } from '../../schemas/carts.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { returnLines } from '../inventory/return.ts';
import { dropPlans } from '../subscriptions/settle.ts';
import { requireCompanionsGo } from './companions.ts';
import { guestAsHolder, type Holder, NOBODY, namedHolder } from './holder.ts';
import type { SaleDetailView } from './present.ts';
import { getSaleDetail } from './read.ts';
import { reprice } from './reprice.ts';
import { type LineRow, linesOf, lockCart, requireOpen } from './row.ts';

const SET_HOLDER = statement(
  'sale_detail_holder',
  `UPDATE sale_detail SET first_name = $3, last_name = $4, email = $5, document_number = $6, guest_id = $7,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'held'`,
);
const SET_TERMS = statement(
  'sale_detail_terms',
  `UPDATE sale_detail SET terms = $3, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'held'`,
);
// The row goes: what was taken out is no part of the cart's history, and must not be held again with it.
const REMOVE = statement(
  'sale_detail_remove',
  "DELETE FROM sale_detail WHERE company_id = $1 AND id = ANY($2::uuid[]) AND status = 'held'",
);

/**
 * Changes the holder of a line of an open cart; `sell` may also set its price by hand, with a reason.
 * @throws AppError not_found, cart_expired, cart_not_open, precondition_failed, validation_failed, insufficient_scope;
 *   limit_exceeded when the cart would cost more than an amount can be
 */
export async function patchSaleDetail(
  ctx: Context,
  cart_id: string,
  sale_detail_id: string,
  body: PatchSaleDetail,
): Promise<SaleDetailView> {
  if (body.price_override !== undefined && !ctx.scopes.has('sell')) throw insufficientScope('sell');
  if (body.holder && body.guest_id) throw fieldError('/guest_id', 'Name either a holder or a guest.');
  return transaction(ctx, async (tx) => {
    const line = await lockLine(tx, ctx, cart_id, sale_detail_id);
    assertFresh(ctx, line.updated_at);
    const holder = await newHolder(tx, ctx, body);
    if (holder) {
      const { first_name, last_name, email, document_number, guest_id } = holder;
      await tx.execute(SET_HOLDER, [
        ctx.company_id,
        line.id,
        first_name,
        last_name,
        email,
        document_number,
        guest_id,
      ]);
    }
    if (body.price_override !== undefined) {
      const { override: _, ...terms } = line.terms;
      const next = body.price_override ? { ...terms, override: body.price_override } : terms;
      await tx.execute(SET_TERMS, [ctx.company_id, line.id, JSON.stringify(next)]);
      await reprice(tx, ctx, cart_id);
    }
    const after = await getSaleDetail(ctx, cart_id, line.id, tx);
    if (body.price_override !== undefined) await recordOverride(tx, ctx, line, after, body.price_override);
    return after;
  });
}

/** Who set a price by hand, or took that back, is written down with what the line costs before and after. */
const recordOverride = (
  tx: Tx,
  ctx: Context,
  { cart_id, id, unit_price, total, terms }: LineRow,
  after: SaleDetailView,
  override: PatchSaleDetail['price_override'],
): Promise<void> =>
  recordAudit(tx, ctx, {
    ...{ action: 'cart.override_price', subject_type: 'cart', subject_id: cart_id },
    before: { sale_detail_id: id, unit_price, total, override: terms.override ?? null },
    after: {
      sale_detail_id: id,
      unit_price: after.unit_price,
      total: after.total,
      override: override ?? null,
    },
  });

async function newHolder(tx: Tx, ctx: Context, body: PatchSaleDetail): Promise<Holder | undefined> {
  if (body.guest_id) {
    const guest = await guestAsHolder(tx, ctx, body.guest_id);
    if (!guest) throw fieldError('/guest_id', 'No such guest.', 'not_found');
    return guest;
  }
  if (body.holder) return namedHolder(body.holder);
  return body.holder === null || body.guest_id === null ? NOBODY : undefined;
}

/**
 * Takes a line out of an open cart; what it held is on sale again when this returns. A plan goes with all it includes.
 * @throws AppError not_found, cart_expired, cart_not_open; conflict for a ticket that a plan includes, and for an accessible
 *   seat whose companion's would stay
 */
export function deleteSaleDetail(ctx: Context, cart_id: string, sale_detail_id: string): Promise<void> {
  return transaction(ctx, async (tx) => {
    const line = await lockLine(tx, ctx, cart_id, sale_detail_id);
    assertFresh(ctx, line.updated_at);
    const gone = await withIncluded(tx, ctx, line);
    await requireCompanionsGo(tx, ctx, line.cart_id, gone);
    await returnLines(tx, ctx.company_id, gone, 'held');
    await dropPlans(tx, ctx.company_id, gone);
    await tx.execute(REMOVE, [ctx.company_id, gone.map((each) => each.id)]);
    await reprice(tx, ctx, cart_id);
  });
}

/** A line with all that goes when it goes. */
async function withIncluded(tx: Tx, ctx: Context, line: LineRow): Promise<LineRow[]> {
  if (line.subscription_id === null) return [line];
  if (line.kind !== 'plan')
    throw new AppError('conflict', 'This ticket is part of a plan: take the plan out, and all of it goes.');
  const lines = await linesOf(tx, ctx.company_id, [line.cart_id]);
  return lines.filter((each) => each.subscription_id === line.subscription_id);
}

/** Locks the cart and gives its line. */
async function lockLine(tx: Tx, ctx: Context, cart_id: string, sale_detail_id: string): Promise<LineRow> {
  requireOpen(await lockCart(tx, ctx, cart_id));
  const line = (await linesOf(tx, ctx.company_id, [cart_id])).find((l) => l.id === sale_detail_id);
  if (!line) throw notFound('Sale detail');
  return line;
}
