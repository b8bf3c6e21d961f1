import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { LineRow } from './row.ts';
import type { SetAside } from './seat-rules.ts';

const STAYING = statement(
  'cart_companions_staying',
  `SELECT l.id, l.event_id, l.seat_id FROM sale_detail g
   JOIN event e ON e.company_id = g.company_id AND e.id = g.event_id
   JOIN sale_detail l ON l.company_id = g.company_id AND l.cart_id = g.cart_id AND l.event_id = g.event_id
   JOIN seat s ON s.company_id = l.company_id AND s.id = l.seat_id
   WHERE g.company_id = $1 AND g.cart_id = $2 AND g.id = ANY($3::uuid[]) AND g.seat_id IS NOT NULL
     AND l.id <> ALL($3::uuid[]) AND l.status IN ('held', 'paid') AND s.companion_of = g.seat_id
     AND (e.accessible_until IS NULL OR e.accessible_until > $4) AND s.companion_of <> ALL($5::int[])
   ORDER BY l.id`,
);

/**
 * An accessible seat does not leave a cart whose companion's seat stays, unless a seller sets the rule aside.
 * @param gone lines that leave
 * @param back seats that come into the cart with it
 * @returns what was set aside
 * @throws AppError conflict naming the lines that would stay
 */
export async function requireCompanionsGo(
  tx: Tx,
  ctx: Context,
  cart_id: string,
  gone: readonly LineRow[],
  { back = [], override = false }: { back?: readonly number[]; override?: boolean } = {},
): Promise<SetAside[]> {
  if (!gone.some((line) => line.seat_id !== null)) return [];
  const ids = gone.map((line) => line.id);
  const staying = await tx.query<{ id: string; event_id: number; seat_id: number }>(STAYING, [
    ...[ctx.company_id, cart_id, ids, ctx.now, back],
  ]);
  if (staying.length && !override)
    throw new AppError('conflict', "A companion's seat would stay without its accessible seat.", {
      reason: 'companion_stays',
      sale_detail_ids: staying.map(({ id }) => id),
    });
  return staying.map(({ event_id, seat_id }) => ({ rule: 'companion_seat', event_id, seat_ids: [seat_id] }));
}
