import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Credit } from '../../schemas/subscriptions.ts';
import { requireReachable } from '../subscriptions/read.ts';

const BALANCES = statement(
  'credit_balances',
  `SELECT currency, balance, updated_at FROM credit_balance WHERE company_id = $1 AND user_id = $2 ORDER BY currency`,
);

/**
 * What the organiser owes a user, by currency; to that user, `sell` and `admin`.
 * @throws AppError not_found, user_required
 */
export async function listCredits(ctx: Context, user_id: number): Promise<z.output<typeof Credit>[]> {
  await requireReachable(ctx, user_id);
  return ctx.system.db.query(BALANCES, [ctx.company_id, user_id]);
}
