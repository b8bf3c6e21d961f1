import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { inSnapshot, type Tx } from '../../db/transaction.ts';
import { fieldError } from '../../errors.ts';
import type { Report } from '../../schemas/events.ts';
import {
  type BookRow,
  type Books,
  type GivenRow,
  type HourRow,
  placesGiven,
  placesSoldAt,
  readBooks,
} from './report-books.ts';
import { loadEvent, translated } from './row.ts';
import { countStock, type EventStock, leftOfCounter, leftOfType, type SectionStock } from './stock.ts';

export type ReportView = z.output<typeof Report>;

// Types without a limit of their own keep no counter: what is held of them is in the live carts.
const HELD = statement(
  'report_held',
  `SELECT d.ticket_type_id, d.product_id, sum(d.quantity) AS held
   FROM cart c JOIN sale_detail d ON d.company_id = c.company_id AND d.cart_id = c.id
   WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment') AND d.event_id = $2 AND d.status = 'held'
     AND c.expires_at > $3
   GROUP BY d.ticket_type_id, d.product_id`,
);

const PRODUCTS = statement(
  'report_products',
  'SELECT id, name FROM product WHERE company_id = $1 AND event_id = $2 ORDER BY position, id',
);

interface HeldRow {
  ticket_type_id: number | null;
  product_id: number | null;
  held: number;
}

/**
 * What has become of the stock of an event, and what it brought in, all of it as of one moment. `admin` sees the books of
 * all interfaces, `sell` those of its own; the stock is one for all.
 * @param as_of as the ledger had it then: what was held and blocked is not in it, and null. Absent: now
 * @throws AppError not_found; validation_failed for a time that is yet to come
 */
export const getReport = (ctx: Context, event_id: number, as_of?: Date): Promise<ReportView> =>
  inSnapshot(ctx.system.db, (tx, at) => {
    refuseFuture(as_of, at);
    return readReport(tx, ctx, event_id, as_of, at);
  });

/**
 * Nobody knows what will be.
 * @throws AppError validation_failed
 */
export function refuseFuture(as_of: Date | undefined, at: Date): void {
  if (as_of && as_of > at) throw fieldError('/query/as_of', 'That is yet to come.');
}

async function readReport(
  tx: Tx,
  ctx: Context,
  event_id: number,
  as_of: Date | undefined,
  at: Date,
): Promise<ReportView> {
  const { company_id } = ctx;
  const interface_id = ctx.scopes.has('admin') ? null : ctx.interface.id;
  const event = await loadEvent(ctx, event_id, tx);
  const stocks = await countStock(tx, company_id, [event_id], at);
  const filter = { company_id, event_id, interface_id, as_of: as_of ?? null };
  const { books, hours, interfaces } = await readBooks(tx, filter, event.time_zone);
  const held = as_of ? null : await tx.query<HeldRow>(HELD, [company_id, event_id, at]);
  const given = await placesGiven(tx, company_id, event_id, as_of ?? null);
  const sold = as_of ? await placesSoldAt(tx, company_id, event_id, as_of) : null;
  const products = await tx.query<{ id: number; name: string }>(PRODUCTS, [company_id, event_id]);
  const stock = stocks.get(event_id) as EventStock;
  const of = (match: (row: BookRow) => boolean) => addUp(books.filter(match));
  const heldOf = (match: (row: HeldRow) => boolean) =>
    held?.filter(match).reduce((n, row) => n + row.held, 0) ?? null;
  const givenOf = (match: (row: GivenRow) => boolean) =>
    given.filter(match).reduce((n, row) => n + row.courtesy, 0);
  const places = [...stock.sections.values()].map((section) => {
    const here = ({ section_id }: { section_id: number | null }) => section_id === section.id;
    const then = sold?.filter(here).reduce((n, row) => n + row.sold, 0);
    return placesOf(section, givenOf(here), then);
  });
  const { refunded, refunded_amount, revenue, discount, fee, tax } = of(() => true);
  return {
    ...{ event_id, interface_id, currency: event.currency, as_of: as_of ?? at },
    totals: { ...totalOf(places), refunded, refunded_amount, revenue, discount, fee, tax },
    ticket_types: event.ticket_types.map((type) => {
      const { remaining, capacity } = leftOfType(stock, type);
      const mine = (row: HeldRow | BookRow) => row.ticket_type_id === type.id;
      const { name } = translated(type, ctx.language);
      const courtesy = givenOf((row) => row.ticket_type_id === type.id);
      const left = { courtesy, held: heldOf(mine), free: held && remaining };
      return { ticket_type_id: type.id, name, capacity, ...left, ...sales(of(mine)) };
    }),
    sections: [...stock.sections.values()].map(({ id, name, kind }, i) => {
      const { refunded, refunded_amount, revenue } = of((row) => row.section_id === id);
      return {
        ...{ section_id: id, name, kind, ...(places[i] as Places) },
        ...{ refunded, refunded_amount, revenue },
      };
    }),
    products: products.map(({ id, name }) => {
      const { remaining, capacity } = leftOfCounter(stock.products.get(id));
      const mine = (row: HeldRow | BookRow) => row.product_id === id;
      const left = { held: heldOf(mine), free: held && remaining };
      return { product_id: id, name, capacity, ...left, ...sales(of(mine)) };
    }),
    interfaces: interfaces.flatMap(({ id, name }) => {
      const own = hours.filter((row) => row.interface_id === id);
      return own.length ? [{ interface_id: id, name, ...sum(own) }] : [];
    }),
    days: grouped(hours, ({ day }) => day).map(([day, rows]) => ({ day, ...sum(rows) })),
    hours: grouped(hours, ({ hour }) => hour.getTime()).map(([time, rows]) => ({
      ...{ hour: new Date(time), ...sum(rows) },
    })),
  };
}

const NOTHING: Books = { sold: 0, refunded: 0, refunded_amount: 0, revenue: 0, discount: 0, fee: 0, tax: 0 };

const addUp = (rows: readonly Books[]): Books =>
  rows.reduce(
    (sum, row) => ({
      sold: sum.sold + row.sold,
      refunded: sum.refunded + row.refunded,
      refunded_amount: sum.refunded_amount + row.refunded_amount,
      revenue: sum.revenue + row.revenue,
      discount: sum.discount + row.discount,
      fee: sum.fee + row.fee,
      tax: sum.tax + row.tax,
    }),
    NOTHING,
  );

const sales = ({ sold, refunded, refunded_amount, revenue }: Books) => ({
  ...{ sold, refunded, refunded_amount, revenue },
});

const sum = (rows: readonly HourRow[]) => ({
  sold: rows.reduce((n, row) => n + row.sold, 0),
  refunded: rows.reduce((n, row) => n + row.refunded, 0),
  refunded_amount: rows.reduce((n, row) => n + row.refunded_amount, 0),
  revenue: rows.reduce((n, row) => n + row.revenue, 0),
});

function grouped<Key>(rows: readonly HourRow[], keyOf: (row: HourRow) => Key): [Key, HourRow[]][] {
  const groups = new Map<Key, HourRow[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return [...groups];
}

/** Places of a section; what no ledger tells of the past is null. */
interface Places {
  capacity: number;
  sold: number;
  courtesy: number;
  held: number | null;
  blocked: number | null;
  free: number | null;
}

/** @param then what was sold of it at the time that is asked for; absent: now */
function placesOf(
  { capacity, sold, held, blocked, available }: SectionStock,
  courtesy: number,
  then: number | undefined,
): Places {
  if (then !== undefined) return { capacity, sold: then, courtesy, held: null, blocked: null, free: null };
  return { capacity, sold: sold - courtesy, courtesy, held, blocked, free: available };
}

function totalOf(places: readonly Places[]): Places {
  const total = (field: keyof Places) =>
    places.some((each) => each[field] === null)
      ? null
      : places.reduce((n, each) => n + (each[field] as number), 0);
  return {
    capacity: total('capacity') ?? 0,
    sold: total('sold') ?? 0,
    courtesy: total('courtesy') ?? 0,
    held: total('held'),
    blocked: total('blocked'),
    free: total('free'),
  };
}
