import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { CartTotals } from '../pricing/types.ts';
import type { HoldCommand } from './hold-batch.ts';
import type { NewLine } from './judge.ts';
import type { CartRow } from './row.ts';

const INSERT_CARTS = statement(
  'cart_insert',
  `INSERT INTO cart AS c (company_id, id, interface_id, client_id, user_id, currency, language, notes,
     first_name, last_name, email, phone, document_type, document_number,
     subtotal, discount, fee, tax, total, line_count, expires_at, extended)
   SELECT * FROM unnest($1::int[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[],
     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
     $15::int[], $16::int[], $17::int[], $18::int[], $19::int[], $20::int[], $21::timestamptz[], $22::boolean[])`,
);

interface Opening {
  command: HoldCommand;
  verdict: { totals: CartTotals; lines: readonly NewLine[] };
}

/** Writes new carts. */
export async function insertCarts(tx: Tx, carts: readonly CartRow[]): Promise<void> {
  if (carts.length)
    await tx.execute(
      INSERT_CARTS,
      COLUMNS.map((field) => carts.map((cart) => cart[field])),
    );
}

/**
 * A new cart with the totals of its first lines; its hold runs from now.
 * @param now of the transaction that writes it
 */
export const newCart = ({ command, verdict }: Opening, now: Date): CartRow => {
  const { ctx, cart_id, open, wanted } = command;
  const { subtotal, discount, fee, tax, total } = verdict.totals;
  const { first_name, last_name, email, phone, document_type, document_number } = open?.buyer ?? {};
  return {
    company_id: ctx.company_id,
    id: cart_id,
    interface_id: ctx.interface.id,
    client_id: ctx.client_id,
    user_id: open?.user_id ?? null,
    status: 'open',
    currency: wanted[0]?.offer.currency ?? ctx.interface.currency,
    first_name: first_name ?? null,
    last_name: last_name ?? null,
    email: email ?? null,
    phone: phone ?? null,
    document_type: document_type ?? null,
    document_number: document_number ?? null,
    notes: open?.notes ?? null,
    language: ctx.language,
    subtotal,
    discount,
    fee,
    tax,
    total,
    paid: 0,
    refunded: 0,
    exchanged: 0,
    exchange_id: null,
    line_count: verdict.lines.length,
    extended: false,
    expires_at: new Date(now.getTime() + ctx.interface.hold_seconds * 1_000),
    created_at: now,
    updated_at: now,
    paid_at: null,
    overdue: false,
  };
};

/** In the order of the statement's parameters. */
const COLUMNS = [
  ...(['company_id', 'id', 'interface_id', 'client_id', 'user_id', 'currency', 'language', 'notes'] as const),
  ...(['first_name', 'last_name', 'email', 'phone', 'document_type', 'document_number'] as const),
  ...(['subtotal', 'discount', 'fee', 'tax', 'total', 'line_count', 'expires_at', 'extended'] as const),
];

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
     plan_setting_id, subscription_id, block_id, price_phase_id, quantity, base_price, unit_price, discount, fee, tax,
     total, terms, price_trace, first_name, last_name, email, document_number, guest_id)
   SELECT $1, r.id, r.cart_id, r.kind, r.event_id, r.ticket_type_id, r.product_id, r.section_id, r.seat_id,
     r.plan_setting_id, r.subscription_id, r.block_id, r.price_phase_id, r.quantity, r.base_price, r.unit_price,
     r.discount, r.fee, r.tax, r.total, d.texts[r.terms], d.texts[r.price_trace],
     r.first_name, r.last_name, r.email, r.document_number, r.guest_id
   FROM (SELECT $28::jsonb[] AS texts) AS d,
     unnest($2::uuid[], $3::uuid[], $4::line_kind[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
     $10::int[], $11::uuid[], $12::int[], $13::int[], $14::int[], $15::int[], $16::int[], $17::int[], $18::int[],
     $19::int[], $20::int[], $21::int[], $22::int[], $23::text[], $24::text[], $25::text[], $26::text[], $27::int[])
     AS r (id, cart_id, kind, event_id, ticket_type_id, product_id, section_id, seat_id, plan_setting_id,
       subscription_id, block_id, price_phase_id, quantity, base_price, unit_price, discount, fee, tax, total, terms,
       price_trace, first_name, last_name, email, document_number, guest_id)`,
);

/** Writes new lines. */
export async function insertLines(tx: Tx, company_id: number, lines: readonly NewLine[]): Promise<void> {
  if (!lines.length) return;
  const column = (field: keyof NewLine) => lines.map((line) => line[field]);
  // Most lines of a batch are priced alike: each different text goes over once, and lines name it by its place.
  const places = new Map<string, number>();
  const place = (value: unknown) => {
    const text = JSON.stringify(value);
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, places.size + 1);
    return places.size;
  };
  await tx.execute(INSERT_LINES, [
    company_id,
    ...(
      ['id', 'cart_id', 'kind', 'event_id', 'ticket_type_id', 'product_id', 'section_id', 'seat_id'] as const
    ).map(column),
    ...(['plan_setting_id', 'subscription_id', 'block_id', 'price_phase_id'] as const).map(column),
    ...(['quantity', 'base_price', 'unit_price', 'discount', 'fee', 'tax', 'total'] as const).map(column),
    lines.map(({ terms }) => place(terms)),
    lines.map(({ price_trace }) => place(price_trace)),
    ...(['first_name', 'last_name', 'email', 'document_number', 'guest_id'] as const).map(column),
    [...places.keys()],
  ]);
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
   WHERE c.company_id = $1 AND c.id = ANY($2) AND c.id = m.id AND c.status = 'open'`,
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
   WHERE l.company_id = $1 AND l.id = ANY($2) AND l.id = m.id AND l.status = 'held'`,
);
const SET_TOTALS = statement(
  'cart_set_totals',
  `UPDATE cart SET subtotal = $3, discount = $4, fee = $5, tax = $6, total = $7, line_count = $8,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'open'`,
);

/** Writes new prices of lines, each of which comes once. The caller holds the locks of their carts. */
export async function repriceLines(tx: Tx, company_id: number, lines: readonly NewLine[]): Promise<void> {
  if (!lines.length) return;
  const column = (field: keyof NewLine) => lines.map((line) => line[field]);
  await tx.execute(REPRICE_LINES, [
    company_id,
    ...(['id', 'unit_price', 'discount', 'fee', 'tax', 'total'] as const).map(column),
    lines.map((line) => JSON.stringify(line.terms)),
    lines.map((line) => JSON.stringify(line.price_trace)),
  ]);
}

/** Writes new prices of all lines of an open cart, and its totals. The caller holds the cart's lock. */
export async function writePrices(
  tx: Tx,
  company_id: number,
  cart_id: string,
  lines: readonly NewLine[],
  totals: CartTotals,
): Promise<void> {
  await repriceLines(tx, company_id, lines);
  const { subtotal, discount, fee, tax, total } = totals;
  await tx.execute(SET_TOTALS, [company_id, cart_id, subtotal, discount, fee, tax, total, lines.length]);
}

const COUNT_LINES = statement(
  'cart_count_lines',
  `UPDATE cart c SET line_count = c.line_count + m.n, updated_at = greatest(now(), c.updated_at + interval '1 millisecond')
   FROM (SELECT id, count(*)::int AS n FROM unnest($2::uuid[]) AS r (id) GROUP BY id) AS m
   WHERE c.company_id = $1 AND c.id = m.id`,
);

/** Counts lines that carts have got and that cost nothing, whatever their state. The caller holds their locks. */
export async function countLines(
  tx: Tx,
  company_id: number,
  lines: readonly Pick<NewLine, 'cart_id'>[],
): Promise<void> {
  if (lines.length) await tx.execute(COUNT_LINES, [company_id, lines.map((line) => line.cart_id)]);
}
