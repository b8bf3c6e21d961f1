import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Report } from '../../schemas/events.ts';
import { loadEvent, translated } from './row.ts';
import { countStock, type EventStock, leftOfCounter, leftOfType, type SectionStock } from './stock.ts';

export type ReportView = z.output<typeof Report>;

/** Sums of the books; reversals of sales are negative in them. */
interface Books {
  sold: number;
  refunded: number;
  revenue: number;
  discount: number;
  fee: number;
  tax: number;
}

interface BookRow extends Books {
  ticket_type_id: number | null;
  product_id: number | null;
  section_id: number | null;
}

const BOOKS = statement(
  'report_books',
  `SELECT ticket_type_id, product_id, section_id, sum(quantity) AS sold,
     coalesce(-sum(quantity) FILTER (WHERE kind = 'reversal' AND exchange_id IS NULL), 0) AS refunded,
     sum(amount) AS revenue, sum(discount) AS discount, sum(fee) AS fee, sum(tax) AS tax
   FROM ledger_entry
   WHERE company_id = $1 AND event_id = $2 AND kind IN ('sale', 'reversal') AND ($3::int IS NULL OR interface_id = $3)
   GROUP BY ticket_type_id, product_id, section_id`,
);

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
 * @throws AppError not_found
 */
export async function getReport(ctx: Context, event_id: number): Promise<ReportView> {
  const { db } = ctx.system;
  const interface_id = ctx.scopes.has('admin') ? null : ctx.interface.id;
  const event = await loadEvent(ctx, event_id);
  const [stocks, books, held, given, products] = await Promise.all([
    countStock(ctx.system.db, ctx.company_id, [event_id]),
    db.query<BookRow>(BOOKS, [ctx.company_id, event_id, interface_id]),
    db.query<HeldRow>(HELD, [ctx.company_id, event_id]),
    db.query<GivenRow>(GIVEN, [ctx.company_id, event_id]),
    db.prisma.product.findMany({
      where: { company_id: ctx.company_id, event_id },
      orderBy: [{ position: 'asc' }, { id: 'asc' }],
    }),
  ]);
  const stock = stocks.get(event_id) as EventStock;
  const of = (match: (row: BookRow) => boolean) => addUp(books.filter(match));
  const heldOf = (match: (row: HeldRow) => boolean) => held.filter(match).reduce((n, row) => n + row.held, 0);
  const givenOf = (match: (row: GivenRow) => boolean) =>
    given.filter(match).reduce((n, row) => n + row.courtesy, 0);
  const places = [...stock.sections.values()].map((section) =>
    placesOf(
      section,
      givenOf((row) => row.section_id === section.id),
    ),
  );
  const all = of(() => true);
  return {
    event_id,
    interface_id,
    currency: event.currency,
    as_of: ctx.now,
    totals: {
      ...totalOf(places),
      refunded: all.refunded,
      revenue: all.revenue,
      discount: all.discount,
      fee: all.fee,
      tax: all.tax,
    },
    ticket_types: event.ticket_types.map((type) => {
      const { remaining, capacity } = leftOfType(stock, type);
      const mine = (row: HeldRow | BookRow) => row.ticket_type_id === type.id;
      return {
        ticket_type_id: type.id,
        name: translated(type, ctx.language).name,
        capacity,
        courtesy: givenOf((row) => row.ticket_type_id === type.id),
        held: heldOf(mine),
        free: remaining,
        ...sales(of(mine)),
      };
    }),
    sections: [...stock.sections.values()].map((section, i) => ({
      section_id: section.id,
      name: section.name,
      kind: section.kind,
      ...(places[i] as Places),
      revenue: of((row) => row.section_id === section.id).revenue,
    })),
    products: products.map(({ id, name }) => {
      const { remaining, capacity } = leftOfCounter(stock.products.get(id));
      const mine = (row: HeldRow | BookRow) => row.product_id === id;
      return { product_id: id, name, capacity, held: heldOf(mine), free: remaining, ...sales(of(mine)) };
    }),
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

interface Places {
  capacity: number;
  sold: number;
  courtesy: number;
  held: number;
  blocked: number;
  free: number;
}

const placesOf = ({ capacity, sold, held, blocked, available }: SectionStock, courtesy: number): Places => ({
  capacity,
  sold: sold - courtesy,
  courtesy,
  held,
  blocked,
  free: available,
});

const totalOf = (sections: readonly Places[]): Places => {
  const sum = (field: keyof Places) => sections.reduce((n, section) => n + section[field], 0);
  return {
    ...{ capacity: sum('capacity'), sold: sum('sold'), courtesy: sum('courtesy') },
    ...{ held: sum('held'), blocked: sum('blocked'), free: sum('free') },
  };
};
