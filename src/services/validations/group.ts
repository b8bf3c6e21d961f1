import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';
import type { GroupScan } from '../../schemas/validations.ts';
import type { Door } from './door.ts';
import type { Claims } from './judge.ts';
import { claimsIn, doorAt, forceOf } from './prepare.ts';
import type { ValidationView } from './row.ts';
import { momentOfScan, retryNonce } from './scan.ts';
import { keepScans, type ScanCommand } from './scan-batch.ts';

/** Scans that one request may make. */
const MOST = 500;

// Bought together, and still in the same hands: what was passed on goes with somebody else.
const OF_CART = statement(
  'group_of_cart',
  `SELECT t.id FROM cart c JOIN ticket t ON t.company_id = c.company_id AND t.cart_id = c.id
   WHERE c.company_id = $1 AND c.id = $2 AND t.event_id = $3 AND t.status IN ('valid', 'used')
     AND t.user_id IS NOT DISTINCT FROM c.user_id ORDER BY t.id`,
);
// A code that is no longer the ticket's own speaks for nobody else, nor does that of one that was passed on.
const BEHIND_CODE = statement(
  'group_behind_code',
  `SELECT c.id AS cart_id FROM ticket t LEFT JOIN cart c ON c.company_id = t.company_id AND c.id = t.cart_id
     AND c.user_id IS NOT DISTINCT FROM t.user_id
   WHERE t.company_id = $1 AND t.id = $2 AND t.event_id = $3 AND t.serial = $4 AND t.status IN ('valid', 'used')`,
);

/**
 * Judges a whole group in one request: several codes, or all tickets that were bought together. Each ticket is judged by
 * itself, in the order given, and all is kept at once.
 * @returns one scan a ticket, or as many as people pass on it
 * @throws AppError not_found when the event does not take place on this interface or the cart has no ticket for it;
 *   validation_failed; conflict when the nonce belongs to another scan
 */
export async function scanGroup(ctx: Context, body: GroupScan): Promise<ValidationView[]> {
  const { gate_id = null, direction = 'entry', people = 1 } = body;
  const scanned_at = momentOfScan(ctx, body.scanned_at);
  const door = await doorAt(ctx, body.event_id, gate_id);
  const { force, force_reason } = forceOf(body.force);
  const members = await membersOf(ctx, body, door);
  if (members.length * people > MOST)
    throw fieldError('/people', `At most ${MOST} people in one request.`, 'too_big');
  const commands = members.flatMap((claims, i) =>
    Array.from({ length: people }, (_, n): ScanCommand => {
      const attempt = { door, claims, gate_id, direction, scanned_at, force };
      const nonce = body.nonce === undefined ? null : `${body.nonce}/${claims?.ticketId ?? i}/${n}`;
      return { ctx, attempt, nonce, force_reason };
    }),
  );
  return retryNonce(() =>
    transaction(ctx, async (tx) => {
      const kept = await keepScans(tx, ctx.system, ctx.company_id, commands);
      const refused = kept.find((it) => it instanceof AppError);
      if (refused) throw refused;
      return kept as ValidationView[];
    }),
  );
}

async function membersOf(ctx: Context, body: GroupScan, door: Door): Promise<(Claims | undefined)[]> {
  const { qr_codes, qr_code, cart_id, event_id } = body;
  const read = (code: string | undefined) => claimsIn(ctx, { qr_code: code }, door, ctx.now);
  if (qr_codes) return Promise.all(qr_codes.map(read));
  if (cart_id !== undefined) {
    const members = await ofCart(ctx, cart_id, event_id);
    if (!members.length) throw notFound('Cart with tickets for this event');
    return members;
  }
  const claims = await read(qr_code);
  if (!claims || claims.outdated) return [claims]; // a picture speaks for nobody else
  const [ticket] = await ctx.system.db.query<{ cart_id: string | null }>(BEHIND_CODE, [
    ctx.company_id,
    claims.ticketId,
    event_id,
    claims.serial,
  ]);
  return ticket?.cart_id ? ofCart(ctx, ticket.cart_id, event_id) : [claims];
}

async function ofCart({ system, company_id }: Context, cart_id: string, event_id: number): Promise<Claims[]> {
  const rows = await system.db.query<{ id: string }>(OF_CART, [company_id, cart_id, event_id]);
  return rows.map(({ id }) => ({ ticketId: id, eventId: null, serial: null }));
}
