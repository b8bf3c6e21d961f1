import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

// Two carts of one user must not both see room for the last ticket: they queue on a lock of user and type.
const LOCK = statement(
  'user_limit_lock',
  `SELECT pg_advisory_xact_lock(hashtextextended('user-limit ' || k.user_id || ' ' || k.type_id, $1))
   FROM (SELECT DISTINCT user_id, type_id FROM unnest($2::int[], $3::int[]) AS u (user_id, type_id)
         ORDER BY user_id, type_id) AS k`,
);
const COUNT = statement(
  'user_limit_count',
  `SELECT c.user_id, l.ticket_type_id AS type_id, c.id AS cart_id, sum(l.quantity)::int AS tickets
   FROM (SELECT DISTINCT user_id, type_id FROM unnest($2::int[], $3::int[]) AS u (user_id, type_id)) AS k
   JOIN cart c ON c.company_id = $1 AND c.user_id = k.user_id
   JOIN sale_detail l ON l.company_id = c.company_id AND l.cart_id = c.id AND l.ticket_type_id = k.type_id
   WHERE l.status = 'paid' OR (l.status = 'held' AND c.expires_at > now())
   GROUP BY 1, 2, 3`,
);

/** Tickets of one type in one cart of a user. */
export interface Owned {
  user_id: number;
  type_id: number;
  cart_id: string;
  tickets: number;
}

/**
 * What users own of ticket types that limit a person, cart by cart; user and type stay locked until the transaction
 * ends. Asked for nothing, it costs nothing.
 */
export async function ticketsOfUsers(
  tx: Tx,
  company_id: number,
  asked: readonly Pick<Owned, 'user_id' | 'type_id'>[],
): Promise<Owned[]> {
  if (!asked.length) return [];
  const keys = [company_id, asked.map((a) => a.user_id), asked.map((a) => a.type_id)];
  await tx.query(LOCK, keys);
  return tx.query<Owned>(COUNT, keys);
}

const LIMITED = statement(
  'user_limit_lines',
  `SELECT t.id AS type_id, t.max_per_user AS max, sum(l.quantity)::int AS tickets
   FROM sale_detail l JOIN ticket_type t ON t.company_id = l.company_id AND t.id = l.ticket_type_id
   WHERE l.company_id = $1 AND l.id = ANY($2::uuid[]) AND t.max_per_user IS NOT NULL
   GROUP BY t.id, t.max_per_user`,
);

/**
 * Would these lines give a user more of a ticket type than a person may have? They are not counted as owned yet.
 * @returns the first such type and its limit; undefined when there is room for all
 */
export async function beyondLimit(
  tx: Tx,
  company_id: number,
  user_id: number,
  lines: readonly { id: string }[],
): Promise<{ type_id: number; max: number } | undefined> {
  const ids = lines.map((line) => line.id);
  const limited = await tx.query<{ type_id: number; max: number; tickets: number }>(LIMITED, [
    company_id,
    ids,
  ]);
  const asked = limited.map(({ type_id }) => ({ user_id, type_id }));
  const owned = await ticketsOfUsers(tx, company_id, asked);
  return limited.find(({ type_id, max, tickets }) => {
    const others = owned.filter((o) => o.type_id === type_id).reduce((n, o) => n + o.tickets, 0);
    return tickets + others > max;
  });
}
