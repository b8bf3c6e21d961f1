import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { fieldError } from '../../errors.ts';
import type { Report } from '../../schemas/events.ts';
import { type BookRow, type Books, type HourRow, placesSoldAt, readBooks } from './report-books.ts';
import { loadEvent, translated } from './row.ts';
import { countStock, type EventStock, leftOfCounter, leftOfType, type SectionStock } from './stock.ts';

export type ReportView = z.output<typeof Report>;

// Types without a limit of their own keep no counter: what is held of them is in the live carts.
const HELD = statement(
  'report_held',
  `SELECT d.ticket_type_id, d.product_id, sum(d.quantity) AS held
   FROM cart c JOIN sale_detail d ON d.company_id = c.company_id AND d.cart_id = c.id
   WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment') AND d.event_id = $2 AND d.status = 'held'
     AND (c.status = 'pending_payment' OR c.expires_at > now())
   GROUP BY d.ticket_type_id, d.product_id`,
);

// They take places like what is sold, without an entry in the books.
const GIVEN = statement(
  'report_courtesies',
  `SELECT ticket_type_id, section_id, count(*)::int AS courtesy FROM courtesy
   WHERE company_id = $1 AND event_id = $2 AND status = 'issued' GROUP BY ticket_type_id, section_id`,
);

interface GivenRow {
  ticket_type_id: number;
  section_id: number | null;
  courtesy: number;
}

interface HeldRow {
  ticket_type_id: number | null;
  product_id: number | null;
  held: number;
}

/**
 * What has become of the stock of an event, and what it brought in. `admin` sees the books of all interfaces, `sell`
 * those of its own; the stock is one for all.
 * @param as_of as the ledger had it then: what was held and blocked is not in it, and null. Absent: now
 * @throws AppError not_found; validation_failed for a time that is yet to come
 */
export async function getReport(ctx: Context, event_id: number, as_of?: Date): Promise<ReportView> {
  if (as_of && as_of > ctx.now) throw fieldError('/query/as_of', 'That is yet to come.');
  const { db } = ctx.system;
  const interface_id = ctx.scopes.has('admin') ? null : ctx.interface.id;
  const event = await loadEvent(ctx, event_id);
  const filter = { company_id: ctx.company_id, event_id, interface_id, as_of: as_of ?? null };
  const [stocks, { books, hours, interfaces }, held, given, sold, products] = await Promise.all([
    countStock(ctx.system.db, ctx.company_id, [event_id]),
    readBooks(ctx.system, filter, event.time_zone),
    as_of ? null : db.query<HeldRow>(HELD, [ctx.company_id, event_id]),
    as_of ? null : db.query<GivenRow>(GIVEN, [ctx.company_id, event_id]),
    as_of ? placesSoldAt(ctx.system, ctx.company_id, event_id, as_of) : null,
    db.prisma.product.findMany({
      where: { company_id: ctx.company_id, event_id },
      orderBy: [{ position: 'asc' }, { id: 'asc' }],
    }),
  ]);
  const stock = stocks.get(event_id) as EventStock;
  const of = (match: (row: BookRow) => boolean) => addUp(books.filter(match));
  const heldOf = (match: (row: HeldRow) => boolean) =>
    held?.filter(match).reduce((n, row) => n + row.held, 0) ?? null;
  const givenOf = (match: (row: GivenRow) => boolean) =>
    given?.filter(match).reduce((n, row) => n + row.courtesy, 0) ?? null;
  const places = [...stock.sections.values()].map((section) =>
    placesOf(
      section,
      givenOf((row) => row.section_id === section.id),
      sold,
    ),
  );
  const { refunded, revenue, discount, fee, tax } = of(() => true);
  return {
    ...{ event_id, interface_id, currency: event.currency, as_of: as_of ?? ctx.now },
    totals: { ...totalOf(places), refunded, revenue, discount, fee, tax },
    ticket_types: event.ticket_types.map((type) => {
      const { remaining, capacity } = leftOfType(stock, type);
      const mine = (row: HeldRow | BookRow) => row.ticket_type_id === type.id;
      const { name } = translated(type, ctx.language);
      const courtesy = givenOf((row) => row.ticket_type_id === type.id);
      const left = { courtesy, held: heldOf(mine), free: held && remaining };
      return { ticket_type_id: type.id, name, capacity, ...left, ...sales(of(mine)) };
    }),
    sections: [...stock.sections.values()].map(({ id, name, kind }, i) => ({
      ...{ section_id: id, name, kind, ...(places[i] as Places) },
      revenue: of((row) => row.section_id === id).revenue,
    })),
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

const NOTHING: Books = { sold: 0, refunded: 0, revenue: 0, discount: 0, fee: 0, tax: 0 };

const addUp = (rows: readonly Books[]): Books =>
  rows.reduce(
    (sum, row) => ({
      sold: sum.sold + row.sold,
      refunded: sum.refunded + row.refunded,
      revenue: sum.revenue + row.revenue,
      discount: sum.discount + row.discount,
      fee: sum.fee + row.fee,
      tax: sum.tax + row.tax,
    }),
    NOTHING,
  );

const sales = ({ sold, refunded, revenue }: Books) => ({ sold, refunded, revenue });

const sum = (rows: readonly HourRow[]) => ({
  sold: rows.reduce((n, row) => n + row.sold, 0),
  refunded: rows.reduce((n, row) => n + row.refunded, 0),
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
  courtesy: number | null;
  held: number | null;
  blocked: number | null;
  free: number | null;
}

function placesOf(
  { id, capacity, sold, held, blocked, available }: SectionStock,
  courtesy: number | null,
  soldThen: ReadonlyMap<number, number> | null,
): Places {
  if (soldThen)
    return { capacity, sold: soldThen.get(id) ?? 0, courtesy: null, held: null, blocked: null, free: null };
  return { capacity, sold: sold - (courtesy ?? 0), courtesy, held, blocked, free: available };
}

function totalOf(places: readonly Places[]): Places {
  const total = (field: keyof Places) =>
    places.some((each) => each[field] === null)
      ? null
      : places.reduce((n, each) => n + (each[field] as number), 0);
  return {
    capacity: total('capacity') ?? 0,
    sold: total('sold') ?? 0,
    courtesy: total('courtesy'),
    held: total('held'),
    blocked: total('blocked'),
    free: total('free'),
  };
}
