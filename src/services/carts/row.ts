import { type Context, seesEverything } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { PriceTerms, TraceEntry } from '../pricing/types.ts';
import type { CartStatus } from './state.ts';

export interface CartRow {
  company_id: number;
  id: string;
  interface_id: number;
  client_id: string;
  user_id: number | null;
  status: CartStatus;
  currency: string;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  phone: string | null;
  document_type: string | null;
  document_number: string | null;
  notes: string | null;
  language: string;
  subtotal: number;
  discount: number;
  fee: number;
  tax: number;
  total: number;
  paid: number;
  refunded: number;
  exchanged: number;
  exchange_id: string | null;
  line_count: number;
  extended: boolean;
  expires_at: Date;
  created_at: Date;
  updated_at: Date;
  paid_at: Date | null;
  /** By the database's clock: the hold is over, whatever the status column says. */
  overdue: boolean;
}

export interface LineRow {
  company_id: number;
  id: string;
  cart_id: string;
  kind: 'ticket' | 'product' | 'plan';
  status: 'held' | 'paid' | 'refunded' | 'released' | 'exchanged';
  event_id: number | null;
  ticket_type_id: number | null;
  product_id: number | null;
  plan_setting_id: number | null;
  /** The subscription that the line pays for, or that includes the ticket. */
  subscription_id: string | null;
  section_id: number | null;
  seat_id: number | null;
  /** The allotment that the place came from. */
  block_id: number | null;
  /** The phase that made the price of a type whose price depends on how many are sold; 0: the type's own. */
  price_phase_id: number | null;
  quantity: number;
  base_price: number;
  unit_price: number;
  discount: number;
  fee: number;
  tax: number;
  total: number;
  refunded: number;
  terms: LineTerms;
  price_trace: TraceEntry[];
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  document_number: string | null;
  guest_id: number | null;
  created_at: Date;
  updated_at: Date;
}

/** What a line locks: the rules of its price, and the price a seller set instead, if one did. */
export interface LineTerms extends PriceTerms {
  override?: { unit_price: number; reason: string };
}

/** A cart as SQL gives it, with the clock's verdict on its hold. */
export const CART_COLUMNS =
  "c.*, c.status IN ('open', 'pending_payment') AND c.expires_at <= now() AS overdue";

/**
 * Who may reach a cart, as SQL over `c`: its interface always, and never what holds for an exchange; then `sell` every cart, a user the own ones, and a client
 * those that it opened for nobody yet. Parameters $1 to $5 are those of `accessValues`.
 */
export const CART_ACCESS = `c.company_id = $1 AND c.interface_id = $2 AND c.exchange_id IS NULL
  AND ($3 OR c.user_id = $4 OR (c.user_id IS NULL AND c.client_id = $5))`;

export const accessValues = (ctx: Context): unknown[] => [
  ctx.company_id,
  ctx.interface.id,
  seesEverything(ctx),
  ctx.user_id ?? null,
  ctx.client_id,
];

/** The same rule for a cart already read. */
export const mayReach = (ctx: Context, cart: CartRow): boolean =>
  cart.company_id === ctx.company_id &&
  cart.interface_id === ctx.interface.id &&
  cart.exchange_id === null &&
  (seesEverything(ctx) ||
    (cart.user_id === null ? cart.client_id === ctx.client_id : cart.user_id === ctx.user_id));

const LOCK_CARTS = statement(
  'cart_lock',
  `SELECT ${CART_COLUMNS} FROM cart c
   WHERE c.company_id = $1 AND c.id = ANY($2::uuid[]) ORDER BY c.id FOR UPDATE`,
);
const LINES = statement(
  'cart_lines',
  `SELECT l.* FROM sale_detail l
   WHERE l.company_id = $1 AND l.cart_id = ANY($2::uuid[]) AND l.status <> 'released' ORDER BY l.created_at, l.id`,
);
const CODES = statement(
  'cart_codes',
  `SELECT cc.cart_id, cc.status, d.id, d.event_id, d.code, d.kind, d.value, d.ticket_type_ids, d.stackable
   FROM cart_code cc JOIN code d ON d.company_id = cc.company_id AND d.id = cc.code_id
   WHERE cc.company_id = $1 AND cc.cart_id = ANY($2::uuid[]) AND cc.status <> 'released'
   ORDER BY cc.created_at, d.id`,
);

export interface CartCodeRow {
  cart_id: string;
  id: number;
  event_id: number;
  code: string;
  kind: 'percentage' | 'fixed' | 'price_override' | 'access';
  value: number;
  ticket_type_ids: number[];
  stackable: boolean;
}

/** Locks carts in the order of their ids, whoever may reach them. */
export const lockCarts = (tx: Tx, company_id: number, ids: readonly string[]): Promise<CartRow[]> =>
  tx.query<CartRow>(LOCK_CARTS, [company_id, ids]);

/**
 * Locks one cart that the caller may reach.
 * @throws AppError not_found
 */
export async function lockCart(tx: Tx, ctx: Context, cart_id: string): Promise<CartRow> {
  const [cart] = await lockCarts(tx, ctx.company_id, [cart_id]);
  if (!cart || !mayReach(ctx, cart)) throw notFound('Cart');
  return cart;
}

/** The lines of carts that were not released, oldest first. Read after the carts are locked. */
export const linesOf = (tx: Tx, company_id: number, cart_ids: readonly string[]): Promise<LineRow[]> =>
  tx.query<LineRow>(LINES, [company_id, cart_ids]);

/** The codes on carts, in the order they were applied. */
export const codesOf = (tx: Tx, company_id: number, cart_ids: readonly string[]): Promise<CartCodeRow[]> =>
  tx.query<CartCodeRow>(CODES, [company_id, cart_ids]);

/**
 * A cart must be open and unexpired to be changed.
 * @throws AppError cart_expired, cart_not_open
 */
export function requireOpen(cart: CartRow): void {
  if (cart.status === 'expired' || (cart.overdue && cart.status === 'open'))
    throw new AppError('cart_expired', 'The hold of this cart has run out; open a new one.');
  if (cart.status !== 'open')
    throw new AppError('cart_not_open', `This cart is ${cart.status}.`, { cart_status: cart.status });
}
