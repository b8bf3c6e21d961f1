import { type Context, seesEverything } from '../../context.ts';
import { type Database, type Statement, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import { type CartView, presentCart, presentLine, type SaleDetailView } from './present.ts';
import { accessValues, CART_ACCESS, CART_COLUMNS, type CartRow, type LineRow } from './row.ts';

const CART = statement('cart_get', `SELECT ${CART_COLUMNS} FROM cart c WHERE ${CART_ACCESS} AND c.id = $6`);

// An expired or cancelled cart is shown as it was: a history with holes would explain nothing.
const LINES = statement(
  'cart_lines_shown',
  `SELECT l.*, t.id AS ticket_id FROM sale_detail l
   JOIN cart c ON c.company_id = l.company_id AND c.id = l.cart_id
   LEFT JOIN ticket t ON t.company_id = l.company_id AND t.cart_id = l.cart_id AND t.sale_detail_id = l.id
     AND t.status <> 'transferred'
   WHERE l.company_id = $1 AND l.cart_id = ANY($2::uuid[])
     AND (l.status <> 'released' OR c.status IN ('expired', 'cancelled'))
   ORDER BY l.created_at, l.id`,
);
const CODES = statement(
  'cart_codes_shown',
  `SELECT k.cart_id, k.code FROM cart_code k
   JOIN cart c ON c.company_id = k.company_id AND c.id = k.cart_id
   WHERE k.company_id = $1 AND k.cart_id = ANY($2::uuid[])
     AND (k.status <> 'released' OR c.status IN ('expired', 'cancelled'))
   ORDER BY k.created_at, k.code_id`,
);

/** Something that can run a statement: a transaction, or the database outside any. */
type Reader = Tx | Database;
const read = <Row>(reader: Reader, s: Statement, values: unknown[]): Promise<Row[]> =>
  reader.query<Row>(s, values);

/**
 * A cart with its lines and codes.
 * @throws AppError not_found
 */
export async function getCart(
  ctx: Context,
  cart_id: string,
  reader: Reader = ctx.system.db,
): Promise<CartView> {
  const [cart] = await read<CartRow>(reader, CART, [...accessValues(ctx), cart_id]);
  if (!cart) throw notFound('Cart');
  const [view] = await withLines(ctx, [cart], reader);
  return view as CartView;
}

/** The cart and its lines as a transaction has just left them: what a write answers. */
export const cartAfter = (tx: Tx, ctx: Context, cart_id: string): Promise<CartView> =>
  getCart(ctx, cart_id, tx);

async function withLines(ctx: Context, carts: CartRow[], reader: Reader): Promise<CartView[]> {
  const values = [ctx.company_id, carts.map((cart) => cart.id)];
  const lines = await read<LineRow & { ticket_id: string | null }>(reader, LINES, values);
  const codes = await read<{ cart_id: string; code: string }>(reader, CODES, values);
  const views = await presentLines(ctx, lines, reader);
  return carts.map((cart) =>
    presentCart(
      cart,
      views.filter((line) => line.cart_id === cart.id),
      codes.filter((row) => row.cart_id === cart.id).map((row) => row.code),
    ),
  );
}

async function presentLines(
  ctx: Context,
  lines: readonly (LineRow & { ticket_id: string | null })[],
  reader: Reader,
): Promise<SaleDetailView[]> {
  const seat_ids = lines.flatMap((line) => line.seat_id ?? []);
  const labels = await ctx.system.seatLabels.of(reader, ctx.company_id, seat_ids);
  return lines.map((line) => presentLine(line, labels, line.ticket_id));
}

/**
 * The lines of a cart, a page at a time.
 * @throws AppError not_found
 */
export async function listSaleDetails(
  ctx: Context,
  cart_id: string,
  page: PageRequest,
): Promise<Page<SaleDetailView>> {
  const { sale_details } = await getCart(ctx, cart_id);
  return { items: sale_details.slice(page.offset, page.offset + page.limit), total: sale_details.length };
}

/**
 * One line of a cart.
 * @throws AppError not_found
 */
export async function getSaleDetail(
  ctx: Context,
  cart_id: string,
  sale_detail_id: string,
  reader: Reader = ctx.system.db,
): Promise<SaleDetailView> {
  const { sale_details } = await getCart(ctx, cart_id, reader);
  const line = sale_details.find((l) => l.id === sale_detail_id);
  if (!line) throw notFound('Sale detail');
  return line;
}

export interface CartFilter {
  status?: string[] | undefined;
  event_id?: number | undefined;
  user_id?: number | undefined;
  email?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

// An overdue hold counts as expired here too, swept or not.
const MATCHING = `FROM cart c WHERE ${CART_ACCESS}
  AND ($6::text[] IS NULL OR CASE WHEN c.status = 'open' AND c.expires_at <= now() THEN 'expired'
       ELSE c.status::text END = ANY($6))
  AND ($7::int IS NULL OR EXISTS (SELECT FROM sale_detail l
       WHERE l.company_id = c.company_id AND l.cart_id = c.id AND l.event_id = $7))
  AND ($8::int IS NULL OR c.user_id = $8) AND ($9::text IS NULL OR lower(c.email) = lower($9))
  AND ($10::timestamptz IS NULL OR c.created_at >= $10) AND ($11::timestamptz IS NULL OR c.created_at < $11)`;
const LIST = statement(
  'cart_list',
  `SELECT ${CART_COLUMNS} ${MATCHING} ORDER BY c.created_at DESC, c.id DESC LIMIT $12 OFFSET $13`,
);
const COUNT = statement('cart_count', `SELECT count(*) AS total ${MATCHING}`);

/**
 * The history of carts, newest first: a user's own, or all of the interface for `sell`.
 * @throws AppError user_required for a token that speaks for nobody
 */
export async function listCarts(
  ctx: Context,
  filter: CartFilter,
  page: PageRequest,
): Promise<Page<CartView>> {
  if (!seesEverything(ctx) && ctx.user_id === undefined)
    throw new AppError('user_required', 'Carts are listed for a user; reach this one by its id.');
  const own = ctx.user_id !== undefined && !seesEverything(ctx) ? ctx.user_id : undefined;
  if (own !== undefined && filter.user_id !== undefined && filter.user_id !== own)
    return { items: [], total: 0 };
  const values = [
    ...accessValues(ctx),
    filter.status ?? null,
    filter.event_id ?? null,
    own ?? filter.user_id ?? null,
    filter.email ?? null,
    filter.from ?? null,
    filter.to ?? null,
  ];
  const { db } = ctx.system;
  const [count] = await db.query<{ total: number }>(COUNT, values);
  const carts = await db.query<CartRow>(LIST, [...values, page.limit, page.offset]);
  return { items: await withLines(ctx, carts, db), total: count?.total ?? 0 };
}
