import type { Context } from '../../../context.ts';
import { inSnapshot, type Tx } from '../../../db/transaction.ts';
import { refuseFuture } from '../report.ts';
import { placesGiven, placesSoldAt } from '../report-books.ts';
import { loadEvent, translated } from '../row.ts';
import { countStock, type EventStock } from '../stock.ts';
import { driftOf } from './drift.ts';
import { interfaceShares } from './interfaces.ts';
import { blocksOf, capacitiesOf, interfacesOf, linesTaken, productsOf } from './rows.ts';
import { productStocks, type StockView, sectionStocks, type Taken, totalOf, typeStocks } from './shares.ts';

/**
 * Proves the stock of an event: what lines, courtesies, seats and blocks add up to, beside the counters that it is sold
 * by, all of it as of one moment. Where both differ, `drift` says so.
 * @param as_of what was sold and given away then; the rest has no history, and is null. Absent: now
 * @throws AppError not_found; validation_failed for a time that is yet to come
 */
export const proveStock = (ctx: Context, event_id: number, as_of?: Date): Promise<StockView> =>
  inSnapshot(ctx.system.db, (tx, at) => {
    refuseFuture(as_of, at);
    return prove(tx, ctx, event_id, at, as_of ?? null);
  });

async function prove(
  tx: Tx,
  ctx: Context,
  event_id: number,
  at: Date,
  as_of: Date | null,
): Promise<StockView> {
  const of = { company_id: ctx.company_id, event_id, at };
  const event = await loadEvent(ctx, event_id, tx);
  const interface_id = ctx.scopes.has('admin') ? null : ctx.interface.id;
  const taken = await takenOf(tx, of, as_of);
  const counters = (await countStock(tx, of.company_id, [event_id], at)).get(event_id) as EventStock;
  const blocks = as_of ? null : await blocksOf(tx, of);
  const capacities = await capacitiesOf(tx, of);
  const interfaces = await interfacesOf(tx, of);
  const sections = sectionStocks({ counters, capacities, taken, blocks });
  const types = event.ticket_types.map((type) => ({ ...type, ...translated(type, ctx.language) }));
  const ticket_types = typeStocks(types, { counters, sections, taken, now: blocks !== null });
  const products = productStocks(await productsOf(tx, of), { counters, taken, now: blocks !== null });
  return {
    ...{ event_id, interface_id, as_of: as_of ?? at },
    totals: totalOf(sections),
    ...{ sections, ticket_types },
    interfaces: interfaceShares(interfaces, { sections, taken, blocks, at }).filter(
      (share) => interface_id === null || share.interface_id === interface_id,
    ),
    products,
    drift: blocks && driftOf({ sections, ticket_types, products, blocks }),
  };
}

/** What was taken of an event, by lines and by courtesies; held ones only of now. */
async function takenOf(
  tx: Tx,
  of: { company_id: number; event_id: number; at: Date },
  as_of: Date | null,
): Promise<Taken[]> {
  const { company_id, event_id } = of;
  const lines = as_of
    ? (await placesSoldAt(tx, company_id, event_id, as_of)).map((row) => ({ ...row, held: 0 }))
    : await linesTaken(tx, of);
  const given = await placesGiven(tx, company_id, event_id, as_of);
  return [
    ...lines.map((row) => ({ ...row, courtesy: 0 })),
    ...given.map((row) => ({ ...row, product_id: null, held: 0, sold: 0, kept: 0 })),
  ];
}
