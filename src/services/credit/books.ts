import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { uuidv7 } from '../../uuid.ts';

// What the organiser owes users. The balance is a convenience that a check keeps above nothing; the entries say what was
// at any time. Balances are locked after carts and payments, in the order of their keys.

/** A line of the books of credit. Positive: owed to the user. */
export interface CreditEntry {
  user_id: number;
  currency: string;
  amount: number;
  kind: 'give_back' | 'proration' | 'payment' | 'refund';
  give_back_id?: string;
  subscription_id?: string;
  payment_id?: string;
}

const ENTER = statement(
  'credit_enter',
  `INSERT INTO credit_entry (company_id, id, user_id, currency, amount, kind, give_back_id, subscription_id, payment_id)
   SELECT $1, r.* FROM jsonb_to_recordset($2::jsonb) AS r (id uuid, user_id int, currency text, amount int, kind text,
     give_back_id uuid, subscription_id uuid, payment_id uuid)`,
);
const OPEN = statement(
  'credit_open',
  `INSERT INTO credit_balance (company_id, user_id, currency)
   SELECT DISTINCT $1::int, r.user_id, r.currency
   FROM jsonb_to_recordset($2::jsonb) AS r (user_id int, currency text) ORDER BY 2, 3
   ON CONFLICT (company_id, user_id, currency) DO NOTHING`,
);
const MOVE = statement(
  'credit_move',
  `UPDATE credit_balance b SET balance = b.balance + m.amount, updated_at = now()
   FROM (SELECT user_id, currency, sum(amount)::int AS amount
         FROM jsonb_to_recordset($2::jsonb) AS r (user_id int, currency text, amount int)
         GROUP BY user_id, currency) AS m
   WHERE b.company_id = $1 AND b.user_id = m.user_id AND b.currency = m.currency`,
);
const LOCK = statement(
  'credit_lock',
  `SELECT user_id, currency, balance FROM credit_balance
   WHERE company_id = $1 AND user_id = ANY($2::int[]) ORDER BY user_id, currency FOR UPDATE`,
);

export const creditKey = (user_id: number, currency: string): string => `${user_id} ${currency}`;

/** Locks the credit of users; by user and currency. */
export async function lockCredit(
  tx: Tx,
  company_id: number,
  user_ids: readonly number[],
): Promise<Map<string, number>> {
  if (!user_ids.length) return new Map();
  const rows = await tx.query<{ user_id: number; currency: string; balance: number }>(LOCK, [
    company_id,
    [...new Set(user_ids)],
  ]);
  return new Map(rows.map((row) => [creditKey(row.user_id, row.currency), row.balance]));
}

/** Moves credit and writes its books. What is taken must be there: see lockCredit. */
export async function enterCredit(
  tx: Tx,
  company_id: number,
  entries: readonly CreditEntry[],
): Promise<void> {
  const moved = entries.filter(({ amount }) => amount !== 0);
  if (!moved.length) return;
  await tx.execute(OPEN, [company_id, JSON.stringify(moved)]);
  await tx.execute(MOVE, [company_id, JSON.stringify(moved)]);
  await tx.execute(ENTER, [company_id, JSON.stringify(moved.map((entry) => ({ ...entry, id: uuidv7() })))]);
}
