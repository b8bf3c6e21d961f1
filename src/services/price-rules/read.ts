import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Pricing } from '../../schemas/pricing.ts';
import { loadEvent } from '../events/row.ts';

export type PricingView = z.output<typeof Pricing>;

const HEAD = statement(
  'pricing_event',
  'SELECT id AS event_id, currency, updated_at FROM event WHERE company_id = $1 AND id = $2',
);
const PHASES = statement(
  'pricing_phases',
  `SELECT p.id, p.ticket_type_id, p.name, p.price, p.starts_at, p.ends_at, p.until_sold,
     CASE WHEN p.until_sold IS NOT NULL THEN (SELECT count(*)::int FROM sale_detail l
       WHERE l.company_id = p.company_id AND l.ticket_type_id = p.ticket_type_id AND l.price_phase_id IS NOT NULL
         AND (l.status IN ('held', 'paid') OR l.stock_kept)) END AS sold
   FROM price_phase p JOIN ticket_type t ON t.company_id = p.company_id AND t.id = p.ticket_type_id
   WHERE p.company_id = $1 AND t.event_id = $2 ORDER BY t.position, t.id, p.position, p.id`,
);
const RULES = statement(
  'pricing_rules',
  `SELECT id, name, definition FROM quantity_rule WHERE company_id = $1 AND event_id = $2 ORDER BY position, id`,
);

/**
 * What makes prices of an event besides those of its types: phases and quantity rules.
 * @throws AppError not_found
 */
export async function getPricing(
  ctx: Context,
  event_id: number,
  reader: Tx | Database = ctx.system.db,
): Promise<PricingView> {
  await loadEvent(ctx, event_id);
  const of = [ctx.company_id, event_id];
  const query = (reader as Tx).query;
  const [head] = await query<Pick<PricingView, 'event_id' | 'currency' | 'updated_at'>>(HEAD, of);
  if (!head) throw notFound('Event');
  const price_phases = await query<PricingView['price_phases'][number]>(PHASES, of);
  const quantity_rules = await query<PricingView['quantity_rules'][number]>(RULES, of);
  return { ...head, price_phases, quantity_rules };
}
