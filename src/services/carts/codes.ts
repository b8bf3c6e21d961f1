import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import { holdCode, letGoOfCodes, lockCodes } from '../inventory/codes.ts';
import { anyOverdue, endOverdueOf, OverdueInTheWay } from './expire.ts';
import type { CartView } from './present.ts';
import { cartAfter } from './read.ts';
import { reprice } from './reprice.ts';
import { type CartRow, codesOf, linesOf, lockCart, requireOpen } from './row.ts';

const FIND = statement(
  'code_find',
  `SELECT d.id, d.event_id, d.code, d.kind, d.stackable, d.ticket_type_ids, d.max_uses, d.max_uses_per_user,
     d.active AND (d.starts_at IS NULL OR d.starts_at <= now()) AND (d.ends_at IS NULL OR d.ends_at > now()) AS running,
     d.starts_at
   FROM code d
   JOIN event_interface i ON i.company_id = d.company_id AND i.event_id = d.event_id AND i.interface_id = $2
   JOIN event e ON e.company_id = d.company_id AND e.id = d.event_id AND e.status <> 'draft'
   WHERE d.company_id = $1 AND upper(d.code) = upper($3) ORDER BY d.event_id, d.id`,
);
const USES_OF_USER = statement(
  'code_uses_of_user',
  `SELECT count(*)::int AS uses FROM cart_code cc JOIN cart c ON c.company_id = cc.company_id AND c.id = cc.cart_id
   WHERE cc.company_id = $1 AND cc.code_id = $2 AND c.user_id = $3 AND cc.cart_id <> $4
     AND (cc.status = 'paid' OR (cc.status = 'held' AND c.expires_at > now()))`,
);
const APPLY = statement(
  'cart_code_apply',
  `INSERT INTO cart_code (company_id, cart_id, code_id, code, user_id)
   SELECT company_id, $3, id, code, $4 FROM code WHERE company_id = $1 AND id = $2
   ON CONFLICT (company_id, cart_id, code_id) DO UPDATE SET status = 'held', created_at = now()`,
);

interface Candidate {
  id: number;
  event_id: number;
  code: string;
  kind: 'percentage' | 'fixed' | 'price_override' | 'access';
  stackable: boolean;
  ticket_type_ids: number[];
  max_uses: number | null;
  max_uses_per_user: number | null;
  running: boolean;
  starts_at: Date | null;
}

/**
 * Applies a promotion or access code to an open cart and prices it anew. One cart is one use of the code, held as the
 * seats are and free again if the cart ends unpaid.
 * @throws AppError not_found for an unknown code, code_not_applicable with the reason, cart_expired, cart_not_open
 */
export async function applyCode(ctx: Context, cart_id: string, code: string): Promise<CartView> {
  try {
    return await applyOnce(ctx, cart_id, code);
  } catch (error) {
    if (!(error instanceof OverdueInTheWay)) throw error;
    await endOverdueOf(ctx.system, [error.refusal.facts.event_id as number]);
    return await applyOnce(ctx, cart_id, code).catch((again: unknown) => {
      throw again instanceof OverdueInTheWay ? again.refusal : again;
    });
  }
}

function applyOnce(ctx: Context, cart_id: string, text: string): Promise<CartView> {
  return transaction(ctx, async (tx) => {
    const cart = await lockCart(tx, ctx, cart_id);
    requireOpen(cart);
    const code = await chooseCode(tx, ctx, cart, text);
    await requireUsable(tx, ctx, cart, code);
    if (!(await holdCode(tx, ctx.company_id, code.id))) {
      const spent = notApplicable('spent', 'This code is used up.', code);
      throw (await anyOverdue(tx, ctx.company_id, [code.event_id])) ? new OverdueInTheWay(spent) : spent;
    }
    await tx.execute(APPLY, [ctx.company_id, code.id, cart_id, cart.user_id]);
    const { price, lines } = await reprice(tx, ctx, cart_id);
    const changes = price.lines.some((line) =>
      line.price_trace.some((t) => t.rule === 'code' && t.name === code.code),
    );
    const tickets = lines.some((line) => line.event_id === code.event_id && line.kind === 'ticket');
    if (code.kind !== 'access' && tickets && !changes)
      throw notApplicable('no_effect', 'This code does not lower the price of anything in this cart.', code);
    return cartAfter(tx, ctx, cart_id);
  });
}

/** Of the events that know the code, the one that the cart buys for; for an empty cart the only or next one. */
async function chooseCode(tx: Tx, ctx: Context, cart: CartRow, text: string): Promise<Candidate> {
  const found = await tx.query<Candidate>(FIND, [ctx.company_id, ctx.interface.id, text]);
  if (!found.length) throw notFound('Code');
  const lines = await linesOf(tx, ctx.company_id, [cart.id]);
  const events = new Set(lines.map((line) => line.event_id));
  const meant = events.size ? found.filter((c) => events.has(c.event_id)) : found;
  const code = meant.find((c) => c.running) ?? meant[0];
  if (!code) throw notApplicable('other_event', 'This code is for another event.', found[0] as Candidate);
  return code;
}

async function requireUsable(tx: Tx, ctx: Context, cart: CartRow, code: Candidate): Promise<void> {
  if (!code.running) {
    const early = code.starts_at !== null && code.starts_at > ctx.now;
    throw notApplicable(
      early ? 'not_yet_valid' : 'not_valid',
      early ? 'This code is not valid yet.' : 'This code is no longer valid.',
      code,
    );
  }
  const applied = await codesOf(tx, ctx.company_id, [cart.id]);
  if (applied.some((c) => c.id === code.id))
    throw notApplicable('already_applied', 'This code is applied already.', code);
  const rival = applied.find(
    (c) => c.event_id === code.event_id && c.kind !== 'access' && !(c.stackable && code.stackable),
  );
  if (rival && code.kind !== 'access')
    throw notApplicable(
      'not_stackable',
      `This code cannot be combined with ${rival.code}: remove that one first.`,
      code,
    );
  // Uses are counted under the lock of the code: nobody takes or returns one meanwhile.
  if (code.max_uses !== null || code.max_uses_per_user !== null)
    await lockCodes(tx, ctx.company_id, [code.id]);
  if (code.max_uses_per_user === null) return;
  if (cart.user_id === null) throw notApplicable('user_required', 'This code is for signed-in users.', code);
  const [row] = await tx.query<{ uses: number }>(USES_OF_USER, [
    ctx.company_id,
    code.id,
    cart.user_id,
    cart.id,
  ]);
  if ((row?.uses ?? 0) >= code.max_uses_per_user)
    throw notApplicable('spent_by_user', 'You have used this code as often as it allows.', code);
}

const notApplicable = (reason: string, detail: string, code: Pick<Candidate, 'event_id'>): AppError =>
  new AppError('code_not_applicable', detail, { reason, event_id: code.event_id });

// The row goes: a code that was taken off is no part of the cart's history, and must not be held again with it.
const REMOVE = statement(
  'cart_code_remove',
  `DELETE FROM cart_code WHERE company_id = $1 AND cart_id = $2 AND upper(code) = upper($3) AND status = 'held'
   RETURNING code_id`,
);

/**
 * Takes a code off an open cart and prices it anew. Tickets that only the code unlocked must go first.
 * @throws AppError not_found, conflict, cart_expired, cart_not_open
 */
export function removeCode(ctx: Context, cart_id: string, text: string): Promise<void> {
  return transaction(ctx, async (tx) => {
    requireOpen(await lockCart(tx, ctx, cart_id));
    await requireUnneeded(tx, ctx, cart_id, text);
    const removed = await tx.query<{ code_id: number }>(REMOVE, [ctx.company_id, cart_id, text]);
    if (!removed.length) throw notFound('Code');
    await letGoOfCodes(
      tx,
      ctx.company_id,
      removed.map((row) => row.code_id),
    );
    await reprice(tx, ctx, cart_id);
  });
}

const UNLOCKED = statement(
  'cart_unlocked_lines',
  `SELECT l.id FROM sale_detail l
   JOIN ticket_type t ON t.company_id = l.company_id AND t.id = l.ticket_type_id AND t.access_code_required
   WHERE l.company_id = $1 AND l.cart_id = $2 AND l.status = 'held' AND NOT EXISTS (
     SELECT FROM cart_code cc JOIN code d ON d.company_id = cc.company_id AND d.id = cc.code_id
     WHERE cc.company_id = $1 AND cc.cart_id = $2 AND cc.status = 'held' AND upper(cc.code) <> upper($3)
       AND d.kind = 'access' AND d.event_id = l.event_id
       AND (d.ticket_type_ids = '{}' OR l.ticket_type_id = ANY(d.ticket_type_ids)))`,
);

async function requireUnneeded(tx: Tx, ctx: Context, cart_id: string, text: string): Promise<void> {
  const lines = await tx.query<{ id: string }>(UNLOCKED, [ctx.company_id, cart_id, text]);
  if (lines.length)
    throw new AppError('conflict', 'Remove the tickets that this code unlocked first.', {
      sale_detail_ids: lines.map((line) => line.id),
    });
}
