import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

// One cart that applies a code is one use: held while the cart is open, used once it is paid, free again if it ends.

const HOLD = statement(
  'code_hold',
  `UPDATE code SET held = held + 1
   WHERE company_id = $1 AND id = $2 AND active AND (max_uses IS NULL OR held + used < max_uses)
     AND (starts_at IS NULL OR starts_at <= now()) AND (ends_at IS NULL OR ends_at > now())`,
);
const MARK = statement(
  'cart_code_mark',
  `UPDATE cart_code SET status = $4::line_status
   WHERE company_id = $1 AND cart_id = ANY($2::uuid[]) AND status = $3::line_status RETURNING code_id`,
);
const LOCK = statement(
  'code_lock',
  'SELECT id FROM code WHERE company_id = $1 AND id = ANY($2::int[]) ORDER BY id FOR UPDATE',
);
const MOVE = statement(
  'code_move',
  `UPDATE code c SET held = c.held + $3 * m.carts, used = c.used + $4 * m.carts
   FROM (SELECT id, count(*)::int AS carts FROM unnest($2::int[]) AS r (id) GROUP BY id) AS m
   WHERE c.company_id = $1 AND c.id = m.id`,
);

/** Locks codes in the order of their ids: a second look at their uses then sees what the one before it left. */
export async function lockCodes(tx: Tx, company_id: number, code_ids: readonly number[]): Promise<void> {
  await tx.query(LOCK, [company_id, code_ids]);
}

/** Claims one use of a code; false when it is spent, inactive or outside its window. */
export async function holdCode(tx: Tx, company_id: number, code_id: number): Promise<boolean> {
  return (await tx.execute(HOLD, [company_id, code_id])) === 1;
}

/** The codes of carts that are being paid: held → used. */
export const useCodes = (tx: Tx, company_id: number, cart_ids: string[]): Promise<void> =>
  moveCodes(tx, company_id, cart_ids, 'held', 'paid', { held: -1, used: 1 });

/** The codes of carts that end unpaid: their uses are free again. */
export const returnCodes = (tx: Tx, company_id: number, cart_ids: string[]): Promise<void> =>
  moveCodes(tx, company_id, cart_ids, 'held', 'released', { held: -1, used: 0 });

/** The codes of carts that were refunded whole: nothing was bought with them, so their uses are free again. */
export const returnUsedCodes = (tx: Tx, company_id: number, cart_ids: string[]): Promise<void> =>
  moveCodes(tx, company_id, cart_ids, 'paid', 'released', { held: 0, used: -1 });

const LOCK_RETURNED = statement(
  'code_lock_returned',
  `SELECT c.max_uses IS NULL OR c.held + c.used < c.max_uses AS free
   FROM cart_code cc JOIN code c ON c.company_id = cc.company_id AND c.id = cc.code_id
   WHERE cc.company_id = $1 AND cc.cart_id = $2 AND cc.status = 'released' ORDER BY c.id FOR UPDATE`,
);

/**
 * Holds once more the codes that an ended cart had, for a payment that was confirmed late; the price they made is
 * locked, so whether they still run is not asked, but a limit is a limit.
 * @returns false when one of them is used up: none is held then
 */
export async function retakeCodes(tx: Tx, company_id: number, cart_id: string): Promise<boolean> {
  const codes = await tx.query<{ free: boolean }>(LOCK_RETURNED, [company_id, cart_id]);
  if (!codes.every(({ free }) => free)) return false;
  await moveCodes(tx, company_id, [cart_id], 'released', 'held', { held: 1, used: 0 });
  return true;
}

/** Gives back one use of each code, for a cart that goes on without them. */
export const letGoOfCodes = (tx: Tx, company_id: number, code_ids: number[]): Promise<void> =>
  moveUses(tx, company_id, code_ids, { held: -1, used: 0 });

async function moveCodes(
  tx: Tx,
  company_id: number,
  cart_ids: string[],
  from: string,
  to: string,
  move: Uses,
): Promise<void> {
  const rows = await tx.query<{ code_id: number }>(MARK, [company_id, cart_ids, from, to]);
  const code_ids = rows.map((row) => row.code_id);
  if (code_ids.length) await moveUses(tx, company_id, code_ids, move);
}

interface Uses {
  held: number;
  used: number;
}

/** @param code_ids one for each cart: a code may come several times */
async function moveUses(tx: Tx, company_id: number, code_ids: number[], { held, used }: Uses): Promise<void> {
  if (code_ids.length > 1) await lockCodes(tx, company_id, code_ids);
  await tx.execute(MOVE, [company_id, code_ids, held, used]);
}
