import type { Context } from '../../context.ts';
import { type Database, type Statement, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import { accessValues, CART_ACCESS, CART_COLUMNS, type CartRow } from '../carts/row.ts';

export interface ExchangeRow {
  company_id: number;
  id: string;
  cart_id: string;
  hold_cart_id: string;
  interface_id: number;
  client_id: string;
  status: 'quoted' | 'completed' | 'cancelled';
  keep_places: boolean;
  forced: boolean;
  reason: string | null;
  sale_detail_ids: string[];
  new_sale_detail_ids: string[];
  credit: number;
  price: number;
  currency: string;
  refund_ids: string[];
  created_at: Date;
  updated_at: Date;
  completed_at: Date | null;
}

/** An exchange with what its hidden cart says of the hold. */
export interface HeldExchange extends ExchangeRow {
  hold_status: CartRow['status'];
  hold_over: boolean;
  expires_at: Date;
}

export type Reader = Tx | Database;

const WITH_HOLD = `SELECT x.*, h.status AS hold_status, h.expires_at, h.expires_at <= now() AS hold_over
  FROM exchange x JOIN cart h ON h.company_id = x.company_id AND h.id = x.hold_cart_id`;
const OF_CART = `JOIN cart c ON c.company_id = x.company_id AND c.id = x.cart_id WHERE ${CART_ACCESS} AND c.id = $6`;

const FIND = statement('exchange_find', `${WITH_HOLD} ${OF_CART} AND x.id = $7`);
const LIST = statement(
  'exchange_list',
  `${WITH_HOLD} ${OF_CART} ORDER BY x.created_at, x.id LIMIT $7 OFFSET $8`,
);
const COUNT = statement('exchange_count', `SELECT count(*) AS total FROM exchange x ${OF_CART}`);
const READ = statement('exchange_read', `${WITH_HOLD} WHERE x.company_id = $1 AND x.id = ANY($2::uuid[])`);

const rows = <Row>(reader: Reader, s: Statement, values: unknown[]): Promise<Row[]> =>
  reader.query<Row>(s, values);

/**
 * An exchange of a cart that the caller may reach.
 * @throws AppError not_found
 */
export async function findExchange(
  ctx: Context,
  cart_id: string,
  id: string,
  reader: Reader = ctx.system.db,
): Promise<HeldExchange> {
  const [row] = await rows<HeldExchange>(reader, FIND, [...accessValues(ctx), cart_id, id]);
  if (!row) throw notFound('Exchange');
  return row;
}

export async function pageOfExchanges(
  ctx: Context,
  cart_id: string,
  limit: number,
  offset: number,
): Promise<{ found: HeldExchange[]; total: number }> {
  const { db } = ctx.system;
  const values = [...accessValues(ctx), cart_id];
  const [count] = await db.query<{ total: number }>(COUNT, values);
  const found = await db.query<HeldExchange>(LIST, [...values, limit, offset]);
  return { found, total: count?.total ?? 0 };
}

/** Exchanges by their ids, whoever may reach them. */
export const readExchanges = (
  reader: Reader,
  company_id: number,
  ids: readonly string[],
): Promise<HeldExchange[]> => rows<HeldExchange>(reader, READ, [company_id, ids]);

const INSERT = statement(
  'exchange_insert',
  `INSERT INTO exchange (company_id, id, cart_id, hold_cart_id, interface_id, client_id, keep_places, forced, reason,
     sale_detail_ids, new_sale_detail_ids, credit, price, currency)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
);
const HIDE = statement(
  'exchange_hide_hold',
  'UPDATE cart SET exchange_id = $3 WHERE company_id = $1 AND id = $2',
);

export type NewExchange = Omit<
  ExchangeRow,
  'status' | 'refund_ids' | 'created_at' | 'updated_at' | 'completed_at'
>;

/** Writes a quote; the cart that holds for it is hidden from then on. */
export async function insertExchange(tx: Tx, x: NewExchange): Promise<void> {
  await tx.execute(INSERT, [
    ...[x.company_id, x.id, x.cart_id, x.hold_cart_id, x.interface_id, x.client_id, x.keep_places, x.forced],
    ...[x.reason, x.sale_detail_ids, x.new_sale_detail_ids, x.credit, x.price, x.currency],
  ]);
  await tx.execute(HIDE, [x.company_id, x.hold_cart_id, x.id]);
}

const CLOSE = statement(
  'exchange_close',
  `UPDATE exchange SET status = $3, refund_ids = $4, updated_at = greatest(now(), updated_at + interval '1 millisecond'),
     completed_at = CASE WHEN $3 = 'completed' THEN now() END
   WHERE company_id = $1 AND id = $2 AND status = 'quoted'`,
);

/** Ends a quote, once; false when it has ended already. */
export const closeExchange = async (
  tx: Tx,
  { company_id, id }: Pick<ExchangeRow, 'company_id' | 'id'>,
  status: 'completed' | 'cancelled',
  refund_ids: readonly string[] = [],
): Promise<boolean> => (await tx.execute(CLOSE, [company_id, id, status, refund_ids])) === 1;

const LOCK_BOTH = statement(
  'exchange_lock_carts',
  `SELECT ${CART_COLUMNS} FROM cart c
   WHERE c.company_id = $1 AND c.id = ANY($2::uuid[] || ARRAY(
     SELECT x.cart_id FROM cart h JOIN exchange x ON x.company_id = h.company_id AND x.id = h.exchange_id
     WHERE h.company_id = $1 AND h.id = ANY($2::uuid[])))
   ORDER BY c.id FOR UPDATE`,
);

/** Locks carts and, of those that hold for an exchange, the carts it is of: all in the order of their ids. */
export async function lockWithExchanged(
  tx: Tx,
  company_id: number,
  ids: readonly string[],
): Promise<Map<string, CartRow>> {
  const carts = await tx.query<CartRow>(LOCK_BOTH, [company_id, [...new Set(ids)]]);
  return new Map(carts.map((cart) => [cart.id, cart]));
}

const OPEN_QUOTES = statement(
  'exchange_open_quotes',
  "SELECT x.* FROM exchange x WHERE x.company_id = $1 AND x.cart_id = $2 AND x.status = 'quoted' FOR UPDATE",
);

/** The quote that a cart has, under the cart's lock. */
export const quotesOf = (tx: Tx, company_id: number, cart_id: string): Promise<ExchangeRow[]> =>
  tx.query<ExchangeRow>(OPEN_QUOTES, [company_id, cart_id]);

/** What is to be paid, and what is given back, when an exchange is carried out. */
export const difference = ({ credit, price }: Pick<ExchangeRow, 'credit' | 'price'>) => ({
  amount_due: Math.max(0, price - credit),
  refund_due: Math.max(0, credit - price),
});
