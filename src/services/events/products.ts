import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Product } from '../../schemas/events.ts';
import { priceOf } from '../pricing/price.ts';
import { type EventRow, eventWindow, loadEvent, saleTo, stockOf, translated } from './row.ts';
import { availabilityLevel, salesStatus } from './sales.ts';
import { type EventStock, leftOfCounter } from './stock.ts';
import { type Priced, productTerms } from './terms.ts';

export type ProductView = z.output<typeof Product>;

interface ProductRow extends Priced {
  id: number;
  event_id: number;
  description: string | null;
  translations: EventRow['translations'];
  max_per_cart: number;
}

const LOAD = statement(
  'event_products',
  `SELECT id, event_id, name, description, translations, price, fee_fixed, fee_rate, fee_payer, tax_rate,
     tax_inclusive, max_per_cart
   FROM product WHERE company_id = $1 AND event_id = ANY($2::int[]) ORDER BY event_id, position, id`,
);

/**
 * What an event sells beside tickets, in the organiser's order.
 * @throws AppError not_found
 */
export async function listProducts(ctx: Context, event_id: number): Promise<ProductView[]> {
  const [event, stocks] = await Promise.all([loadEvent(ctx, event_id), stockOf(ctx, [event_id])]);
  return (await productsOf(ctx, [event], stocks)).get(event_id) ?? [];
}

/** The products of several events, by event; one statement. */
export async function productsOf(
  ctx: Context,
  events: readonly EventRow[],
  stocks: ReadonlyMap<number, EventStock>,
): Promise<Map<number, ProductView[]>> {
  const rows = await ctx.system.db.query<ProductRow>(LOAD, [ctx.company_id, events.map((event) => event.id)]);
  const present = (event: EventRow) =>
    rows
      .filter((row) => row.event_id === event.id)
      .map((row) => presentProduct(ctx, event, row, stocks.get(event.id) as EventStock));
  return new Map(events.map((event) => [event.id, present(event)]));
}

function presentProduct(ctx: Context, event: EventRow, product: ProductRow, stock: EventStock): ProductView {
  const { remaining, capacity } = leftOfCounter(stock.products.get(product.id));
  const { price, fee, tax, total } = priceOf(productTerms(product));
  return {
    id: product.id,
    event_id: event.id,
    ...translated(product, ctx.language),
    price,
    fee,
    tax,
    tax_inclusive: product.tax_inclusive,
    total,
    currency: event.currency,
    max_per_cart: product.max_per_cart,
    sales_status: salesStatus(event, eventWindow(event), remaining, saleTo(ctx)),
    availability: availabilityLevel(remaining, capacity),
    ...(seesEverything(ctx) && { remaining }),
  };
}
