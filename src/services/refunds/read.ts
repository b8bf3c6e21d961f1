import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Refund } from '../../schemas/payments.ts';
import { requireCart } from '../payments/read.ts';
import { presentRefund, type RefundRow } from './row.ts';

// A cart has few: the parts of one refund, written by one transaction, are put together in memory.
const LIST = statement(
  'refunds_list',
  'SELECT * FROM refund WHERE company_id = $1 AND cart_id = $2 ORDER BY created_at, id',
);

/**
 * The refunds of a cart, oldest first.
 * @throws AppError not_found
 */
export async function listRefunds(ctx: Context, cart_id: string, page: PageRequest): Promise<Page<Refund>> {
  await requireCart(ctx, cart_id);
  const rows = await ctx.system.db.query<RefundRow>(LIST, [ctx.company_id, cart_id]);
  const refunds = byStep(rows).map(presentRefund);
  return { items: refunds.slice(page.offset, page.offset + page.limit), total: refunds.length };
}

function byStep(rows: readonly RefundRow[]): RefundRow[][] {
  const steps = new Map<string, RefundRow[]>();
  for (const row of rows) steps.set(row.step_id, [...(steps.get(row.step_id) ?? []), row]);
  return [...steps.values()];
}
