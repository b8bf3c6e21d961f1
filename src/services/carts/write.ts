import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { CartTotals } from '../pricing/types.ts';
import type { HoldCommand } from './hold-batch.ts';
import type { NewLine } from './judge.ts';
import { CART_COLUMNS, type CartRow } from './row.ts';

const INSERT_CARTS = statement(
  'cart_insert',
  `INSERT INTO cart AS c (company_id, id, interface_id, client_id, user_id, currency, language, notes,
     first_name, last_name, email, phone, document_type, document_number,
     subtotal, discount, fee, tax, total, line_count, expires_at)
   SELECT company_id, id, interface_id, client_id, user_id, currency, language, notes,
     first_name, last_name, email, phone, document_type, document_number,
     subtotal, discount, fee, tax, total, line_count, now() + make_interval(secs => hold_seconds)
   FROM unnest($1::int[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[],
     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
     $15::int[], $16::int[], $17::int[], $18::int[], $19::int[], $20::int[], $21::int[])
     AS r (company_id, id, interface_id, client_id, user_id, currency, language, notes,
       first_name, last_name, email, phone, document_type, document_number,
       subtotal, discount, fee, tax, total, line_count, hold_seconds)
   RETURNING ${CART_COLUMNS}`,
);

/** Writes new carts with the totals of their first lines; their holds run from now. */
export async function insertCarts(
  tx: Tx,
  carts: readonly { command: HoldCommand; verdict: { totals: CartTotals; lines: readonly NewLine[] } }[],
): Promise<Map<string, CartRow>> {
  if (!carts.length) return new Map();
  const column = (value: (cart: (typeof carts)[number]) => unknown) => carts.map(value);
  const rows = await tx.query<CartRow>(INSERT_CARTS, [
    column(({ command }) => command.ctx.company_id),
    column(({ command }) => command.cart_id),
    column(({ command }) => command.ctx.interface.id),
    column(({ command }) => command.ctx.client_id),
    column(({ command }) => command.open?.user_id ?? null),
    column(({ command }) => command.wanted[0]?.offer.currency ?? command.ctx.interface.currency),
    column(({ command }) => command.ctx.language),
    column(({ command }) => command.open?.notes ?? null),
    ...BUYER_FIELDS.map((field) => column(({ command }) => command.open?.buyer[field] ?? null)),
    column(({ verdict }) => verdict.totals.subtotal),
    column(({ verdict }) => verdict.totals.discount),
    column(({ verdict }) => verdict.totals.fee),
    column(({ verdict }) => verdict.totals.tax),
    column(({ verdict }) => verdict.totals.total),
    column(({ verdict }) => verdict.lines.length),
    column(({ command }) => command.ctx.interface.hold_seconds),
  ]);
  return new Map(rows.map((row) => [row.id, row]));
}

export const BUYER_FIELDS = [
  'first_name',
  'last_name',
  'email',
  'phone',
  'document_type',
  'document_number',
] as const;

const INSERT_LINES = statement(
  'sale_detail_insert',
  `INSERT INTO sale_detail (company_id, id, cart_id, kind, event_id, ticket_type_id, product_id, section_id, seat_id,
     quantity, base_price, unit_price, discount, fee, tax, total, terms, price_trace,
     first_name, last_name, email, document_number, guest_id)
   SELECT $1, r.* FROM unnest($2::uuid[], $3::uuid[], $4::line_kind[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
     $10::int[], $11::int[], $12::int[], $13::int[], $14::int[], $15::int[], $16::int[], $17::jsonb[], $18::jsonb[],
     $19::text[], $20::text[], $21::text[], $22::text[], $23::int[]) AS r
   RETURNING company_id, created_at, updated_at`,
);

/**
 * Writes new lines.
 * @returns what the database made of all of them alike: company and times
 */
export async function insertLines(
  tx: Tx,
  company_id: number,
  lines: readonly NewLine[],
): Promise<{ company_id: number; created_at: Date; updated_at: Date } | undefined> {
  if (!lines.length) return undefined;
  const column = (field: keyof NewLine) => lines.map((line) => line[field]);
  const json = (field: 'terms' | 'price_trace') => lines.map((line) => JSON.stringify(line[field]));
  const [stamp] = await tx.query<{ company_id: number; created_at: Date; updated_at: Date }>(INSERT_LINES, [
    company_id,
    ...(
      ['id', 'cart_id', 'kind', 'event_id', 'ticket_type_id', 'product_id', 'section_id', 'seat_id'] as const
    ).map(column),
    ...(['quantity', 'base_price', 'unit_price', 'discount', 'fee', 'tax', 'total'] as const).map(column),
    json('terms'),
    json('price_trace'),
    ...(['first_name', 'last_name', 'email', 'document_number', 'guest_id'] as const).map(column),
  ]);
  return stamp;
}

const ADD = statement(
  'cart_add',
  `UPDATE cart c SET subtotal = c.subtotal + m.subtotal, discount = c.discount + m.discount, fee = c.fee + m.fee,
     tax = c.tax + m.tax, total = c.total + m.total, line_count = c.line_count + m.lines,
     currency = CASE WHEN c.line_count = 0 THEN m.currency ELSE c.currency END,
     updated_at = greatest(now(), c.updated_at + interval '1 millisecond')
   FROM (SELECT id, currency, sum(subtotal)::int AS subtotal, sum(discount)::int AS discount, sum(fee)::int AS fee,
           sum(tax)::int AS tax, sum(total)::int AS total, sum(lines)::int AS lines
         FROM unnest($2::uuid[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[])
           AS r (id, currency, subtotal, discount, fee, tax, total, lines) GROUP BY id, currency) AS m
   WHERE c.company_id = $1 AND c.id = m.id AND c.status = 'open'`,
);

/** Adds the totals of new lines to carts that exist; a cart may come several times. */
export async function addToCarts(
  tx: Tx,
  company_id: number,
  additions: readonly { command: HoldCommand; verdict: { totals: CartTotals; lines: readonly NewLine[] } }[],
): Promise<void> {
  if (!additions.length) return;
  const total = (field: keyof CartTotals) => additions.map(({ verdict }) => verdict.totals[field]);
  await tx.execute(ADD, [
    company_id,
    additions.map(({ command }) => command.cart_id),
    additions.map(({ command }) => command.wanted[0]?.offer.currency),
    ...(['subtotal', 'discount', 'fee', 'tax', 'total'] as const).map(total),
    additions.map(({ verdict }) => verdict.lines.length),
  ]);
}

const REPRICE_LINES = statement(
  'sale_detail_reprice',
  `UPDATE sale_detail l SET unit_price = m.unit_price, discount = m.discount, fee = m.fee, tax = m.tax, total = m.total,
     terms = m.terms, price_trace = m.price_trace,
     updated_at = greatest(now(), l.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::jsonb[], $9::jsonb[])
     AS m (id, unit_price, discount, fee, tax, total, terms, price_trace)
   WHERE l.company_id = $1 AND l.id = m.id AND l.status = 'held'`,
);
const SET_TOTALS = statement(
  'cart_set_totals',
  `UPDATE cart SET subtotal = $3, discount = $4, fee = $5, tax = $6, total = $7, line_count = $8,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'open'`,
);

/** Writes new prices of all lines of an open cart, and its totals. The caller holds the cart's lock. */
export async function writePrices(
  tx: Tx,
  company_id: number,
  cart_id: string,
  lines: readonly NewLine[],
  totals: CartTotals,
): Promise<void> {
  if (lines.length) {
    const column = (field: keyof NewLine) => lines.map((line) => line[field]);
    await tx.execute(REPRICE_LINES, [
      company_id,
      ...(['id', 'unit_price', 'discount', 'fee', 'tax', 'total'] as const).map(column),
      lines.map((line) => JSON.stringify(line.terms)),
      lines.map((line) => JSON.stringify(line.price_trace)),
    ]);
  }
  const { subtotal, discount, fee, tax, total } = totals;
  await tx.execute(SET_TOTALS, [company_id, cart_id, subtotal, discount, fee, tax, total, lines.length]);
}
